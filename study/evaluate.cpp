#include "study/evaluate.h"

#include "compiler/compile.h"
#include "sim/simulate.h"

namespace systole {

Result evaluate(const ChipSpec& chip, const Network& network, const EvaluateOptions& options) {
  const auto stage = [&](std::string_view name) {
    if (options.on_stage) {
      options.on_stage(name);
    }
  };
  stage("compiling");
  const Program program = compile(chip, network.graph);
  stage("simulating");
  return {.chip = chip, .graph = network.graph, .counters = simulate(chip, program), .check = {}};
}

}  // namespace systole
