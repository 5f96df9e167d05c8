#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "arch/enum_names.h"

namespace systole {

/// The order in which a report shows layers: as the network has them, or those first that took,
/// cost or lost most, or by name.
enum class LayerOrder : std::uint8_t { Network, Time, Energy, Loss, Name };

template <>
inline constexpr auto kEnumNames<LayerOrder> = std::to_array<EnumName<LayerOrder>>({
    {LayerOrder::Network, "network"},
    {LayerOrder::Time, "time"},
    {LayerOrder::Energy, "energy"},
    {LayerOrder::Loss, "loss"},
    {LayerOrder::Name, "name"},
});

/// No line of a text report is longer than this where nobody says how wide the terminal is.
inline constexpr std::size_t kReportWidth = 100;

/// Narrower than this no report is made; wider than that no line is filled.
inline constexpr std::size_t kNarrowest = 60;
inline constexpr std::size_t kWidest = 160;

/// Networks of more layers than this show kShownLayers of them unless more are wanted.
inline constexpr std::size_t kManyLayers = 150;
inline constexpr std::size_t kShownLayers = 30;

struct TextOptions {
  bool colour = false;  ///< escape sequences of a terminal; the words are the same without
  std::size_t width = kReportWidth;   ///< of a line
  std::optional<std::size_t> layers;  ///< how many are shown; none: as many as kManyLayers says
  std::optional<LayerOrder> by;       ///< none: the network's where all are shown, else by loss
};

}  // namespace systole
