#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "arch/chip_spec.h"
#include "compiler/frontend/dims.h"
#include "compiler/frontend/read_network.h"
#include "study/language.h"

namespace systole {

/// What is generated, and how much of it is simulated.
struct GenerateOptions {
  std::int64_t prompt = 0;
  std::int64_t generated = 1;
  /// At most so many steps are simulated, at least 3.
  std::size_t most_steps = 9;
  /// An interval is halved while the step in its middle is farther off the straight line.
  double tolerance = 0.01;
  std::size_t parallel = 1;                        ///< processes at a time
  std::function<void(std::string_view)> on_stage;  ///< may stay empty
};

/// The network in a phase, with a prompt or a context in place of its own.
using NetworkInPhase = std::function<Network(const DimChoice& choice)>;

/// The phase and sizes of the run of a prompt, and of the step whose token attends to `context`.
[[nodiscard]] DimChoice prefill_choice(std::int64_t prompt);
[[nodiscard]] DimChoice decode_choice(std::int64_t context);

/// Simulates the prompt and some steps behind it, each in a process of its own: the first, the
/// last, those in the middle of the whole and of its halves, and so on in each half of what had its
/// middle off the line by more than the tolerance, the farthest first. Throws UserError and
/// WorkloadError as `evaluate`.
[[nodiscard]] Generation generate(const ChipSpec& chip, const NetworkInPhase& network,
                                  const GenerateOptions& options);

/// The part of it that needs no simulator: `runs` gives runs of contexts, as many at once as are
/// asked for. Cycles of the simulated steps in Generation::steps, and the error.
void choose_steps(
    const GenerateOptions& options,
    const std::function<std::vector<PhaseRun>(const std::vector<std::int64_t>&)>& runs,
    Generation& generation);

}  // namespace systole
