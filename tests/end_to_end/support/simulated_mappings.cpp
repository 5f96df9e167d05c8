#include "tests/end_to_end/support/simulated_mappings.h"

#include <string>

#include "arch/diag/error.h"
#include "compiler/compilation.h"
#include "sim/simulate.h"
#include "study/workers.h"

namespace systole {

FastestMapping fastest_mapping(const ChipSpec& chip, const Graph& graph,
                               const std::vector<Mapping>& mappings) {
  std::vector<WorkerJob> jobs;
  for (const Mapping& mapping : mappings) {
    jobs.emplace_back([&] {
      const Compilation compiled = compile_mapped(chip, graph, {.mapping = &mapping});
      return std::to_string(simulate(chip, compiled.program).elapsed.count());
    });
  }
  FastestMapping fastest;
  const std::vector<WorkerOutcome> outcomes = run_in_workers(jobs, 2);
  for (std::size_t index = 0; index < outcomes.size(); ++index) {
    if (!outcomes[index].error.empty()) {
      throw UserError(outcomes[index].error);
    }
    const std::int64_t cycles = std::stoll(outcomes[index].text);
    if (fastest.cycles == 0 || cycles < fastest.cycles) {
      fastest = {.index = index, .cycles = cycles};
    }
  }
  return fastest;
}

}  // namespace systole
