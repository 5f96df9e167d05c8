#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "study/limits.h"
#include "study/result.h"
#include "study/time_parts.h"

namespace systole {

/// Useful MACs over MAC slots, 0..1, wherever something is called utilisation. A slot is what a PE
/// could have multiplied: one product in the `pace` cycles that its kind of operands takes. It is
/// thus the achieved share of the peak rate of the network's operands.
[[nodiscard]] double utilisation(const ChipSpec& chip, const ActionCounters& actions,
                                 CoreCycles cycles);

/// Lower bounds of a whole run.
struct RunRoofline {
  Roofline bounds;
  std::int64_t compulsory_bytes = 0;  ///< of DRAM, whatever the schedule
  std::optional<double> fraction;     ///< roofline cycles over elapsed ones; none without a bound
};

/// Figures of a whole run that follow from its counters; every format shows the same ones.
/// Doubles, because they are shown and never counted with.
struct RunFigures {
  CoreCycles cycles{0};  ///< elapsed
  double seconds = 0;    ///< elapsed core cycles times the period of the core clock
  double inferences_per_second = 0;
  std::int64_t macs = 0;
  double utilisation = 0;  ///< of the elapsed cycles
  double tops = 0;         ///< 1e12 operations per second, 2 per MAC
  double peak_tops = 0;    ///< of the network's operands
  RunRoofline roofline;
  CoreCycles bound_cycles{0};      ///< that no mapping beats (study/lower_bounds.h)
  Bound bound_by = Bound::None;    ///< what they are spent on
  std::optional<double> distance;  ///< elapsed cycles over these; none without a bound
  std::array<CoreCycles, kTimePartCount> time{};    ///< together the elapsed cycles
  std::array<CoreCycles, kTimePartCount> beyond{};  ///< together those beyond the bound
  /// The bound and what is inherent beyond it, over the bound; none without one.
  std::optional<double> inherent_distance;
  std::int64_t bound_dram_bytes = 0;
  std::optional<double> bound_joules;  ///< none for a chip without a technology
};
[[nodiscard]] RunFigures run_figures(const Result& result);

/// What a run reached of the memory.
struct DramRates {
  double bytes_per_second = 0;  ///< asked for
  double peak_bytes_per_second = 0;
  double utilisation = 0;   ///< of the two before, 0..1
  double row_hit_rate = 0;  ///< bursts that found their row open, 0..1
};
[[nodiscard]] DramRates dram_rates(const Result& result);

/// Figures of one layer.
struct LayerFigures {
  double seconds = 0;      ///< active cycles times the period of the core clock
  double utilisation = 0;  ///< of the active cycles
  Bound bound = Bound::None;
  EngineKind main_engine = EngineKind::Matrix;
  Stall stall;
  double stall_share = 0;  ///< stall cycles over active ones (or the main engine's, where these
                           ///< are more), 0..1
  Roofline roofline;
  bool view = false;
  bool fused = false;  ///< a view whose work is that of the layer before
};
[[nodiscard]] LayerFigures layer_figures(const Result& result, std::size_t layer);

struct LayerDram {
  std::int64_t read_bytes = 0;
  std::int64_t write_bytes = 0;
};
struct LayerHost {
  std::int64_t bytes = 0;
};

/// A layer as the JSON and CSV reports have it.
struct LayerReport {
  std::string name;
  std::string kind;
  std::vector<std::int64_t> output_shape;  ///< batch, rows, columns, channels
  bool view = false;
  bool fused = false;
  std::int64_t macs = 0;
  CoreCycles cycles{0};  ///< active
  CoreCycles exposed_cycles{0};
  CoreCycles first_start{0};
  CoreCycles last_end{0};
  double seconds = 0;
  double utilisation = 0;
  Bound bound = Bound::None;
  Roofline roofline;
  CoreCycles bound_cycles{0};      ///< that no mapping of it beats
  std::optional<double> distance;  ///< active cycles over these; none of a view or without products
  std::array<CoreCycles, kTimePartCount> time{};     ///< together the active cycles
  std::array<CoreCycles, kTimePartCount> beyond{};   ///< together those beyond the bound
  std::optional<double> inherent_distance;           ///< as of a run
  std::optional<EngineKind> main_engine;             ///< none of a view
  std::array<CoreCycles, kEngineKindCount> busy{};   ///< all engines of a kind together
  std::array<CoreCycles, kCauseCount - 1> stalls{};  ///< every cause but busy
  std::optional<Cause> largest_stall;
  CoreCycles largest_stall_cycles{0};
  LayerDram dram;
  LayerHost host;
  std::optional<Joules> joules;
};
[[nodiscard]] LayerReport layer_report(const Result& result, std::size_t layer);

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
  std::string name;
  std::string meaning;
  CoreCycles cycles{0};
  std::int64_t tenths_of_percent = 0;
};
/// All of them, of all units: cycles add up to the elapsed cycles of each, and shares to exactly
/// 100.0 %. `busy` comes in two parts: useful MACs and MAC slots without work (tiles smaller than
/// the array), in proportion to the slots.
[[nodiscard]] std::vector<MatrixShare> matrix_shares(const ChipSpec& chip,
                                                     const Counters& counters);

/// What a cause of `Cause` means, in a few words.
[[nodiscard]] std::string_view meaning_of(Cause cause);

}  // namespace systole
