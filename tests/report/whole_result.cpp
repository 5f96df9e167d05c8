#include "tests/report/whole_result.h"

#include "silicon/area/area.h"
#include "silicon/energy/energy.h"
#include "study/compare_chip.h"
#include "tests/report/sample_result.h"

namespace systole {

namespace {

void add_silicon(Result& result) {
  if (result.chip.silicon) {
    result.area = chip_area(result.chip);
    result.energy = energy_report(result.chip, result.counters, result.graph.batch);
  }
  if (result.chip.cost) {
    result.chip.cost->rent = UsdPerHour(1.5);
    result.cost =
        cost_report(*result.chip.cost, {.technology = result.chip.silicon->technology.name,
                                        .die = result.area->die,
                                        .memory_gb = 8,
                                        .inferences_per_second = 1000,
                                        .busy = Watts(2),
                                        .idle = Watts(1),
                                        .tdp = Watts(4)});
  }
}

}  // namespace

WholeResult whole_result(const std::string& chip) {
  WholeResult whole{.result = sample_result(), .extras = {}};
  Result& result = whole.result;
  result.chip = read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/" + chip + ".yaml");
  add_silicon(result);
  result.check =
      CheckResult{.tensors = 6,
                  .elements = 10'276,
                  .mismatches = 1,
                  .first = {{.tensor = "conv1", .row = 2, .expected = -17, .actual = 5}},
                  .quality = {{.tensor = "conv1", .elements = 8, .error = TensorError{}}}};
  result.comparison =
      UserComparison{.directory = "own", .tensors = {{.tensor = "fc"}}, .ignored = {"x.npy"}};
  result.made_by = Provenance{
      .version = "1.2.3",
      .seed = 7,
      .chip = {.file = "configs/chips/" + chip + ".yaml", .shipped = true, .hash = "00ab"},
      .network = {.file = "./sample", .replaces_shipped = true, .hash = "11cd"}};
  result.graph.phase = TokenPhase{.phase = LanguagePhase::Decode, .tokens = 1, .context = 12};
  const PhaseRun run{.context = 12, .tokens = 2, .cycles = CoreCycles(4000), .roofline = 0.5};
  result.generation =
      Generation{.prompt = 8, .generated = 5, .prefill = run, .steps = {run}, .error = 0.001};
  result.generation->steps.front().context = 9;
  result.generation->steps.push_back(run);
  whole.extras.own = compared_run(result);
  whole.extras.deadline = DeadlineResult{.deadline = Femtoseconds(2'000'000'000'000),
                                         .time = Femtoseconds(1'900'000'000'000)};
  whole.extras.devices = {whole.extras.own};
  return whole;
}

}  // namespace systole
