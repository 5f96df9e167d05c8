#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/isa/program.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/tensor_error.h"

namespace systole {

struct Mismatch {
  std::string tensor;  ///< `conv1`, `conv1 (accumulators)`, or `prob (host)`
  std::int64_t batch = 0;
  std::int64_t row = 0;
  std::int64_t col = 0;
  std::int64_t channel = 0;
  double expected = 0;  ///< holds int8, int32, bf16 and fp32 exactly
  double actual = 0;
  bool missing = false;  ///< the run never wrote this element; `actual` means nothing
};

/// What int8 (or bf16) makes of a tensor's real numbers: of a layer's result, or of an input.
struct TensorQuality {
  std::string tensor;
  std::int64_t elements = 0;
  std::int64_t saturated = 0;        ///< values that int8 cut off
  std::int64_t clipped_weights = 0;  ///< weights of float files beyond 127 steps of their scale
  /// Against the float network, all layers before it included; empty where there are no files of
  /// floats to compare with.
  std::optional<TensorError> error;
};

/// The outcome of comparing a data-carrying run with the reference kernels.
struct CheckResult {
  std::int64_t tensors = 0;   ///< compared, accumulator tensors included
  std::int64_t elements = 0;  ///< compared
  std::int64_t mismatches = 0;
  std::vector<Mismatch> first;  ///< the first few, in network order
  /// Inputs from files of floats, then every layer that is no view, in network order. Says nothing
  /// of whether the run computed what it should: that is what `mismatches` counts.
  std::vector<TensorQuality> quality;

  [[nodiscard]] bool passed() const { return tensors > 0 && mismatches == 0; }
};

}  // namespace systole
