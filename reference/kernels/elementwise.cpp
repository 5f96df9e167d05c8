#include "reference/kernels/elementwise.h"

#include <algorithm>

#include "arch/diag/check.h"
#include "reference/kernels/activation.h"
#include "reference/kernels/fixed_scale.h"

namespace systole::reference {

namespace {

std::int8_t look_up(const ActivationTable& table, std::int8_t value) {
  return table[static_cast<std::size_t>(value + 128)];
}

std::vector<std::int8_t> looked_up(std::span<const std::int8_t> values,
                                   const ActivationTable& table) {
  std::vector<std::int8_t> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(),
                 [&](std::int8_t value) { return look_up(table, value); });
  return out;
}

}  // namespace

std::vector<std::int8_t> requantize(std::span<const std::int32_t> accumulators,
                                    const WeightScales& units, const FusedActivation& activation,
                                    const Quantization& output) {
  const bool by_table = is_looked_up(activation.kind);
  const Quantization& to = by_table ? activation.before : output;
  std::vector<FixedScale> scales;  // of the channels, if they differ
  for (const double unit : units.all()) {
    scales.push_back(nearest_scale(unit / to.scale));
  }
  const Range range = activation_range(activation.kind, to);
  std::vector<std::int8_t> out(accumulators.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const FixedScale& scale = scales[i % scales.size()];
    out[i] = clamp_to(range, to.zero_point + scaled(accumulators[i], scale));
  }
  return by_table ? looked_up(out, activation_table(activation.kind, to, output)) : out;
}

std::vector<std::int8_t> activate(std::span<const std::int8_t> values, const Quantization& input,
                                  ActivationKind kind, const Quantization& output) {
  if (is_looked_up(kind)) {
    return looked_up(values, activation_table(kind, input, output));
  }
  const FixedScale scale = nearest_scale(input.scale / output.scale);
  const Range range = activation_range(kind, output);
  std::vector<std::int8_t> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(), [&](std::int8_t value) {
    return clamp_to(range, output.zero_point + scaled(value - input.zero_point, scale));
  });
  return out;
}

std::vector<std::int8_t> add(std::span<const std::int8_t> a, const Quantization& a_quantization,
                             std::span<const std::int8_t> b, const Quantization& b_quantization,
                             ActivationKind kind, const Quantization& output) {
  SYSTOLE_CHECK(a.size() == b.size(), "{} against {} elements", a.size(), b.size());
  SYSTOLE_CHECK(!is_looked_up(kind), "add with activation {}", static_cast<int>(kind));
  const FixedScalePair scales =
      nearest_scale_pair(a_quantization.scale / output.scale, b_quantization.scale / output.scale);
  const Range range = activation_range(kind, output);
  std::vector<std::int8_t> out(a.size());
  std::transform(a.begin(), a.end(), b.begin(), out.begin(), [&](std::int8_t x, std::int8_t y) {
    const std::int64_t sum = (x - a_quantization.zero_point) * scales.first +
                             (y - b_quantization.zero_point) * scales.second;
    return clamp_to(range, output.zero_point + shift_half_away(sum, scales.shift));
  });
  return out;
}

void concatenate(std::span<const std::int8_t> values, std::int64_t channels,
                 const Quantization& input, std::vector<std::int8_t>& output,
                 std::int64_t output_channels, std::int64_t first_channel,
                 const Quantization& output_quantization) {
  const std::vector<std::int8_t> rescaled =
      activate(values, input, ActivationKind::None, output_quantization);
  const auto pixels = static_cast<std::int64_t>(values.size()) / channels;
  SYSTOLE_CHECK(static_cast<std::int64_t>(output.size()) == pixels * output_channels &&
                    first_channel + channels <= output_channels,
                "{} values of {} channels at channel {} of {}", values.size(), channels,
                first_channel, output_channels);
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    std::copy_n(rescaled.data() + pixel * channels, channels,
                output.data() + pixel * output_channels + first_channel);
  }
}

}  // namespace systole::reference
