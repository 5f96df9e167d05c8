#pragma once

#include <utility>
#include <vector>

#include "arch/isa/program.h"

namespace systole::testing {

/// A program whose instructions lie open, to be changed in place; `closed` makes it a program
/// again.
class OpenProgram : private Program {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): the same program
  OpenProgram(Program program) : Program(std::move(program)), open_(engines()) {
    for (const EngineId engine : engines()) {
      for (const StreamInstruction instruction : streams[engine]) {
        open_[engine].push_back(instruction.whole());
      }
      streams[engine] = Stream();
    }
  }

  using Program::batch;
  using Program::dram_bytes;
  using Program::engines;
  using Program::host_bytes;
  using Program::layers;
  using Program::semaphores;
  using Program::tensors;
  using Program::tiles;

  [[nodiscard]] std::vector<Instruction>& stream(EngineId engine) { return open_[engine]; }

  [[nodiscard]] Program closed() const {
    Program program = *this;
    for (const EngineId engine : engines()) {
      for (const Instruction& instruction : open_[engine]) {
        program.streams[engine].push_back(instruction);
      }
    }
    return program;
  }

 private:
  PerEngine<std::vector<Instruction>> open_;
};

}  // namespace systole::testing
