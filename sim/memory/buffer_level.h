#pragma once

#include <cstdint>
#include <vector>

#include "arch/isa/completion_order.h"

namespace systole {

/// Bytes of a core's unified buffer that hold data which somebody will still read, while a program
/// runs: from the completion of the instruction that writes them to that of the last one that reads
/// them.
///
/// The future is in the program: which instructions read a byte before it is written again is the
/// same in every order that the semaphores of a verified program allow (arch/isa/buffer_lives.h).
/// Of other programs the level is what one of those orders would make of it.
class BufferLevel {
 public:
  explicit BufferLevel(const Program& program, std::uint16_t core = 0);

  void completed(const InstructionRef& instruction);
  /// A reference, because waveforms follow the variable.
  [[nodiscard]] const std::int64_t& bytes() const { return bytes_; }

 private:
  struct Life {
    std::int64_t bytes = 0;
    int engines_left = 0;  // whose last reader has not completed
  };
  struct Effects {  // of an instruction's completion
    std::int64_t written = 0;
    std::vector<std::size_t> ends;  // lives of which it is its engine's last reader
  };
  [[nodiscard]] Effects& effects_of(const InstructionRef& instruction) {
    return effects_[instruction.engine][instruction.index];
  }

  std::int64_t bytes_ = 0;
  std::vector<Life> lives_;
  PerEngine<std::vector<Effects>> effects_;  // by engine and index
};

}  // namespace systole
