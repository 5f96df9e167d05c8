#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "compiler/ops/infer.h"
#include "compiler/ops/work.h"

namespace systole {

struct OpEntry;

/// Two tensors element by element. One of them may have a single pixel for each image of the other
/// (a gate for each channel), a single channel (a factor for each pixel), or both.
struct CombineTensors {
  PairKind kind = PairKind::Multiply;
  std::int64_t channels = 0;     ///< of the output, once that is known
  std::array<bool, 2> single{};  ///< which inputs have one channel where the output has more

  static std::vector<OpEntry> entries();
  [[nodiscard]] Inferred infer(const InferInputs& in);
  [[nodiscard]] Work work() const;
  GraphTensorId train(Forward& forward) const;
};

}  // namespace systole
