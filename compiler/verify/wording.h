#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "arch/isa/program.h"

namespace systole::verification {

/// An instruction of a program; index -1 stands for what was there before the run.
struct Place {
  EngineId engine;
  std::int32_t index = -1;

  bool operator==(const Place&) const = default;
};

/// What some bytes mean: a tensor of the program or a weight tile.
class Label {
 public:
  constexpr Label() = default;
  static constexpr Label of_tensor(TensorId tensor) { return Label(tensor); }
  static constexpr Label of_tile(std::int32_t tile) { return Label(-2 - tile); }

  [[nodiscard]] bool is_tensor() const { return code_ >= 0; }
  [[nodiscard]] bool is_tile() const { return code_ <= -2; }
  [[nodiscard]] TensorId tensor() const { return code_; }
  [[nodiscard]] std::int32_t tile() const { return -2 - code_; }
  bool operator==(const Label&) const = default;

 private:
  constexpr explicit Label(std::int32_t code) : code_(code) {}
  std::int32_t code_ = -1;
};

[[nodiscard]] inline StreamInstruction instruction_at(const Program& program, Place place) {
  return program.stream(place.engine)[static_cast<std::size_t>(place.index)];
}
/// `matrix[3] fold of layer 'conv1'`
[[nodiscard]] std::string name_of(const Program& program, Place place);
/// `'conv1_out'` or `tile 3`
[[nodiscard]] std::string name_of(const Program& program, Label label);

}  // namespace systole::verification
