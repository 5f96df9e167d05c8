#pragma once

#include <cstdint>

namespace systole {

/// Index into Program::tensors; kNoTensor where an operand is no network tensor.
using TensorId = std::int32_t;
inline constexpr TensorId kNoTensor = -1;

/// Where an operand lies, and what it is: the byte at `address` holds the byte `offset` of
/// `tensor` in its packed form (pixels x channels, row-major). Hardware reads `address` alone; the
/// other two let the verifier and the data check tell a right address from a plausible one.
struct Operand {
  std::int64_t address = 0;
  TensorId tensor = kNoTensor;
  std::int64_t offset = 0;

  bool operator==(const Operand&) const = default;
};

}  // namespace systole
