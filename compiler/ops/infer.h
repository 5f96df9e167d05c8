#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "arch/isa/limits.h"
#include "compiler/graph/tensor.h"
#include "compiler/ops/functions.h"
#include "compiler/ops/place.h"

namespace systole {

class Forward;   // compiler/ops/gradient.h
class Backward;  // the same
class Composer;  // compiler/ops/composer.h

/// Most features of an input or a dense layer, as large vocabularies have them.
inline constexpr std::int64_t kMaxFeatures = std::int64_t{1} << 20;
/// Largest number of elements of a tensor, so that no product of sizes overflows.
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;
/// Most input values (kernel positions x channels, or pooled values) behind one output value: the
/// products of 65536 int8 pairs and their zero-point correction stay within int32.
inline constexpr std::int64_t kMaxReduction = 65536;

/// A quantisation of which the file gives all, some or nothing.
struct PartialQuantization {
  std::optional<double> scale;
  std::optional<std::int32_t> zero_point;

  [[nodiscard]] Quantization over(const Quantization& other) const {
    return {.scale = scale.value_or(other.scale),
            .zero_point = zero_point.value_or(other.zero_point)};
  }
};

/// Quantisations where an operator says nothing.
struct QuantizationDefaults {
  Quantization output{.scale = 0.0625, .zero_point = 0};
  Quantization relu_output{.scale = 0.0625, .zero_point = -128};
  std::array<Quantization, kActivationCount> before;  ///< what a fused function looks up

  QuantizationDefaults();
  /// Of results behind the function.
  [[nodiscard]] Quantization behind(ActivationKind kind) const;
};

/// What an operator is inferred from.
struct InferInputs {
  std::span<const TensorType> types;
  std::span<const Quantization> quantizations;
  const QuantizationDefaults& defaults;
  PartialQuantization before;  ///< what the file says of a fused function's
  const OpPlace& where;
  std::int64_t batch = 1;  ///< of the network

  [[nodiscard]] Shape image(std::size_t input) const { return image_of(types[input]); }
  /// Fills in `activation.before`.
  void settle(FusedActivation& activation) const;
};

/// Its output, quantised as it is where the file says nothing.
struct Inferred {
  TensorType type;
  Quantization quantization;
};

/// `56 x 56 x 64`: rows, columns, channels.
[[nodiscard]] std::string shape_text(const Shape& shape);

/// Throws unless the tensor of `place` has a bearable size.
void check_size(const Shape& shape, const Place& place);

/// Of a tensor that is copied in parts along `axis`: its rank. Throws unless it has at most four
/// axes and `axis` is one of them, but not the batch.
[[nodiscard]] std::int64_t check_copied(const Extents& extents, std::int64_t axis,
                                        const OpPlace& where);

/// Throws where more than kMaxReduction input values make an output value.
void check_reduction(std::int64_t reduction, const OpPlace& where);

/// Throws unless `ratio`, by which values are scaled on their way to the output, can be held as a
/// fixed-point multiplier with all its bits: 2^-32 <= ratio < 2^30. `what` stands behind the ratio.
void check_ratio(double ratio, const Place& where, std::string_view what = {});

}  // namespace systole
