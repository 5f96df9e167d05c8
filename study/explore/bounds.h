#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/frontend/read_network.h"
#include "study/figures.h"

namespace systole {

/// What is known of a figure before its run.
enum class BoundKind : std::uint8_t {
  None,     ///< nothing
  Exact,    ///< the chip alone decides it
  AtLeast,  ///< the run has this much or more
  AtMost,
};

struct FigureBound {
  std::string key;
  double value = 0;
  BoundKind kind = BoundKind::None;
  std::string unit;  ///< as Figure has it
};
using FigureBounds = std::vector<FigureBound>;

/// Bounds of every figure that a run of the network on the chip would have, without running it:
/// the figures of a run that has what no run can do without, and nothing else:
///  - cycles: what array, DRAM, vector unit, host link or the chain of products need at least
///    (`network_time_bound`, study/lower_bounds.h), whichever is most;
///  - energy: its products, its compulsory bytes, and clocks, leakage and idle ports over those
///    cycles, the DRAM never refreshed, and in power-down throughout where its controller has it;
///  - area, unit cost, peak and idle power: exact;
///  - dollars an inference: of that time and energy (silicon/cost/ownership.h grows with both);
///  - latencies under load: none is below the time of a batch.
/// Average power has no bound: a run may draw less by taking longer. Its time does not depend on
/// the size of the array, and is below a millisecond a layer.
/// Throws WorkloadError where the network cannot run on the chip for its type.
[[nodiscard]] FigureBounds figure_bounds(const ChipSpec& chip, const Network& network,
                                         std::optional<double> arrival_rate = {});

/// Figures of a device that serves single requests in batches of the run's size, arriving by
/// themselves `arrival_rate` times a second (study/batch_queue.h): `load.mean_seconds`,
/// `load.p50_seconds`, `load.p99_seconds`. None where that is beyond its capacity.
void add_load_figures(std::vector<Figure>& figures, double arrival_rate);

/// What a study says about a network beyond its file.
struct NetworkChoice {
  std::int64_t batch = 0;        ///< 0: the file's
  std::optional<DataType> type;  ///< else what the chip multiplies best
};
/// Throws WorkloadError for a type that the chip does not multiply.
[[nodiscard]] Network read_network_for(const ChipSpec& chip, const std::string& file,
                                       const NetworkChoice& choice);

}  // namespace systole
