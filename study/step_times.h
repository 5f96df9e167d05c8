#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "arch/chip_spec.h"
#include "study/generate.h"
#include "study/token_server.h"

namespace systole {

/// The network of so many sequences in a phase.
using NetworkInBatch = std::function<Network(const DimChoice& choice, std::int64_t batch)>;

struct StepTimesOptions {
  std::int64_t shortest_prompt = 1;
  std::int64_t longest_prompt = 1;
  std::int64_t longest_context = 1;
  std::int64_t slots = 1;
  std::size_t parallel = 1;
  std::function<void(std::string_view)> on_stage;
};

/// Simulated times, and what is between them.
struct StepTimes {
  StepTable table;
  std::int64_t simulated = 0;  ///< runs in the table
  std::int64_t checked = 0;    ///< runs beside it
  /// The farthest that one of these was off the table, as a share of its time; none where there is
  /// nothing between the points.
  std::optional<double> error;
  std::optional<double> own_usd_per_hour;   ///< of a chip whose cost is described
  std::optional<double> rent_usd_per_hour;  ///< where it is offered
};

/// Simulates prompts of the shortest, the middle and the longest size, and steps of 1, 2, 4, ...
/// sequences up to the slots at three contexts, each in a process of its own; then prompts, batches
/// and contexts in the middle between points, which the table is compared with. Where it is off by
/// more than 5 % these become points, and what is between them is compared, twice at most. Throws
/// UserError as `generate`.
[[nodiscard]] StepTimes step_times(const ChipSpec& chip, const NetworkInBatch& network,
                                   const StepTimesOptions& options);

}  // namespace systole
