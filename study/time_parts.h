#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "arch/enum_names.h"
#include "arch/units/units.h"
#include "study/result.h"

namespace systole {

/// What cycles are spent on, as the matrix units see them.
enum class TimePart : std::uint8_t {
  Least,
  Edges,
  FillAndDrain,
  LateWeights,
  Unpacked,
  Weights,
  Dram,
  Host,
  Vector,
  Ports,
  Idle,
};

template <>
inline constexpr auto kEnumNames<TimePart> = std::to_array<EnumName<TimePart>>({
    {TimePart::Least, "least"},
    {TimePart::Edges, "edges"},
    {TimePart::FillAndDrain, "fill_and_drain"},
    {TimePart::LateWeights, "late_weights"},
    {TimePart::Unpacked, "unpacked"},
    {TimePart::Weights, "weights"},
    {TimePart::Dram, "dram"},
    {TimePart::Host, "host"},
    {TimePart::Vector, "vector"},
    {TimePart::Ports, "ports"},
    {TimePart::Idle, "idle"},
});
inline constexpr std::size_t kTimePartCount = kEnumNames<TimePart>.size();

[[nodiscard]] std::string_view meaning_of(TimePart part);
/// What this array takes for these shapes, whoever maps the network: the first four.
[[nodiscard]] bool is_inherent(TimePart part);

/// Cycles by what they are spent on, all matrix units on average.
struct TimeParts {
  /// Together the elapsed cycles of a run, the active ones of a layer.
  std::array<CoreCycles, kTimePartCount> cycles{};
  /// Of these what is beyond the bound: together the cycles less the bound's. The bound's own are
  /// taken from the steps that it has, from what limits it, and from the others in their order.
  std::array<CoreCycles, kTimePartCount> beyond{};

  [[nodiscard]] CoreCycles operator[](TimePart part) const {
    return cycles[static_cast<std::size_t>(part)];
  }
  /// All that is inherent beyond the bound.
  [[nodiscard]] CoreCycles inherent_beyond() const;
};

/// Of a run:
///  - least: steps of the array that no mapping does without (`array_steps`), as far as it worked;
///  - edges: steps more that the folds of the closest packing have (`packed_steps`): extents that
///    rows and columns do not divide;
///  - fill_and_drain: causes `issue`, `shift` and `drain`;
///  - late_weights: of the waits for weights those that a bound by DRAM has beside all of these;
///  - unpacked: steps beyond these, of groups and positions that are not side by side, and of what
///    a training step computes again;
///  - the other causes of the matrix units; idle: the rest.
[[nodiscard]] TimeParts time_parts(const Result& result);
/// Of a layer, against its own bound; idle: it moved data, or was in the vector unit, while the
/// array had nothing of it to do.
[[nodiscard]] TimeParts layer_time_parts(const Result& result, std::size_t layer);

}  // namespace systole
