#pragma once

#include <cstdint>
#include <vector>

#include "study/limits.h"
#include "study/result.h"

namespace systole {

/// Useful MACs over MAC slots, 0..1, wherever something is called utilisation. A slot is what a PE
/// could have multiplied: one product in the `pace` cycles that its kind of operands takes. It is
/// thus the achieved share of the peak rate of the network's operands.
[[nodiscard]] double utilisation(const ChipSpec& chip, const ActionCounters& actions,
                                 CoreCycles cycles);

/// Figures of a whole run that follow from its counters; every format shows the same ones.
/// Doubles, because they are shown and never counted with.
struct RunFigures {
  double seconds = 0;  ///< elapsed core cycles times the period of the core clock
  double inferences_per_second = 0;
  std::int64_t macs = 0;
  double utilisation = 0;  ///< of the elapsed cycles
  double tops = 0;         ///< 1e12 operations per second, 2 per MAC
  double peak_tops = 0;    ///< of the network's operands
  Roofline roofline;
  double roofline_fraction = 0;  ///< roofline cycles over elapsed cycles, 0..1
  double dram_bandwidth = 0;     ///< bytes asked for per second
  double dram_peak_bandwidth = 0;
  double dram_utilisation = 0;  ///< of the two before, 0..1
  double row_hit_rate = 0;      ///< bursts that found their row open, 0..1
};
[[nodiscard]] RunFigures run_figures(const Result& result);

/// Figures of one layer.
struct LayerFigures {
  double seconds = 0;      ///< active cycles times the period of the core clock
  double utilisation = 0;  ///< of the active cycles
  Bound bound = Bound::None;
  Engine main_engine = Engine::Matrix;
  Stall stall;
  double stall_share = 0;  ///< stall cycles over active ones (or the main engine's, where these
                           ///< are more), 0..1
  Roofline roofline;
  bool view = false;
};
[[nodiscard]] LayerFigures layer_figures(const Result& result, std::size_t layer);

/// Peak rates that a chip's description alone decides.
struct ChipFigures {
  MacKind fastest = MacKind::Int8;  ///< of the kinds that it multiplies; among equals the first
  double macs_per_second = 0;       ///< of that kind
  double peak_tops = 0;
  double ridge = 0;  ///< MACs per DRAM byte at which compute and memory take equally long
};
/// Throws InternalError for a matrix unit that multiplies nothing.
[[nodiscard]] ChipFigures chip_figures(const ChipSpec& chip);

/// Peak of one kind that the chip multiplies.
[[nodiscard]] double peak_macs_per_second(const ChipSpec& chip, MacKind kind);

/// One share of the matrix unit's cycles.
struct MatrixShare {
  std::string_view name;
  std::string_view meaning;
  CoreCycles cycles{0};
  std::int64_t tenths_of_percent = 0;
};
/// All of them: cycles add up to the elapsed cycles and shares to exactly 100.0 %. `busy` comes in
/// two parts: useful MACs and MAC slots without work (tiles smaller than the array), in proportion
/// to the slots.
[[nodiscard]] std::vector<MatrixShare> matrix_shares(const ChipSpec& chip,
                                                     const Counters& counters);

/// What a cause of `Cause` means, in a few words.
[[nodiscard]] std::string_view meaning_of(Cause cause);

}  // namespace systole
