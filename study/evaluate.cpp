#include "study/evaluate.h"

#include <algorithm>
#include <utility>

#include "arch/diag/check.h"
#include "arch/units/seconds.h"
#include "compiler/compilation.h"
#include "reference/compare/check_run.h"
#include "reference/compare/recorder.h"
#include "reference/compare/run_tensors.h"
#include "sim/simulate.h"
#include "study/samples.h"

namespace systole {

namespace {

/// Hands what the simulator computes to the reference's recorder: neither room may see the other.
class RecordingObserver final : public RunObserver {
 public:
  explicit RecordingObserver(Recorder* recorder) : recorder_(recorder) {}

  void on_result(TensorId tensor, std::int64_t offset, std::int64_t rows, std::int64_t cols,
                 std::int64_t pitch, std::span<const std::int8_t> values) override {
    recorder_->record_result(tensor, offset, rows, cols, pitch, values);
  }
  void on_accumulators(TensorId tensor, std::int64_t offset, std::int64_t rows, std::int64_t cols,
                       std::int64_t pitch, std::span<const std::int32_t> values) override {
    recorder_->record_accumulators(tensor, offset, rows, cols, pitch, values);
  }

 private:
  Recorder* recorder_;
};

void begin_stage(const EvaluateOptions& options, std::string_view name) {
  if (options.on_stage) {
    options.on_stage(name);
  }
}

/// A chip whose cost is described has its silicon described too.
CostSubject cost_subject(const Result& result) {
  constexpr double kBytesPerGigabyte = 1e9;
  const ChipSpec& chip = result.chip;
  const double femtoseconds = static_cast<double>(result.counters.elapsed.count()) *
                              static_cast<double>(chip.clock().period().count());
  const auto batch = static_cast<double>(samples_of(result.graph));
  return {.technology = chip.silicon->technology.name,
          .die = result.area->die,
          .memory_gb = static_cast<double>(chip.dram.capacity.count()) / kBytesPerGigabyte,
          .inferences_per_second =
              femtoseconds > 0.0 ? batch * kFemtosecondsInASecond / femtoseconds : 0.0,
          .busy = result.energy->average_power,
          .idle = result.energy->idle_power,
          .tdp = chip.silicon->tdp};
}

bool keeps_io_in_dram(const Program& program) {
  return std::any_of(program.tensors.begin(), program.tensors.end(), [](const ProgramTensor& t) {
    return t.io == IoMemory::Device || t.role == TensorRole::State;
  });
}

Result run_program(const ChipSpec& chip, const Network& network, const Program& program,
                   const EvaluateOptions& options) {
  Result result{.chip = chip, .graph = network.graph, .counters = {}, .check = {}};
  const RunRecording recording{
      .trace = options.record == nullptr ? nullptr : &options.record->trace,
      .waveform = options.waveform};
  if (!options.check && options.tensors.empty()) {
    begin_stage(options, "simulating");
    result.counters = simulate(chip, program, nullptr, recording);
    add_figures_of_silicon(result);
    return result;
  }
  begin_stage(options, "generating weights");
  std::vector<std::int8_t> dram = dram_image(program, network.graph, *network.data);
  std::vector<std::int8_t> host = host_image(program, network.graph, *network.data);
  Recorder recorder(program);
  RecordingObserver observer(&recorder);
  const RunData data{.dram = &dram, .host = &host, .observer = &observer};
  begin_stage(options, "simulating with data");
  result.counters = simulate(chip, program, &data, recording);
  add_figures_of_silicon(result);
  if (!keeps_io_in_dram(program)) {
    dram = {};  // the comparison needs as much again
  }
  const MemoriesAfterRun memories{.host = host, .dram = dram};
  result.tensors = run_tensors(network.graph, program, recorder, memories, options.tensors);
  if (!options.check) {
    return result;
  }
  begin_stage(options, "comparing with the reference");
  result.check = check_run(network.graph, *network.data, program, std::move(recorder), memories);
  return result;
}

}  // namespace

void add_figures_of_silicon(Result& result) {
  if (result.chip.silicon) {
    result.area = chip_area(result.chip);
    result.energy = energy_report(result.chip, result.counters, samples_of(result.graph));
  }
  if (result.chip.cost) {
    result.cost = cost_report(*result.chip.cost, cost_subject(result));
  }
}

Result evaluate(const ChipSpec& chip, const Network& network, const EvaluateOptions& options) {
  begin_stage(options, "compiling");
  Compilation compiled =
      compile_mapped(chip, network.graph,
                     {.fuse = options.fuse, .kept = options.tensors, .mapping = options.mapping});
  if (options.on_compiled) {
    options.on_compiled(compiled);
  }
  Program& program = compiled.program;
  Result result = run_program(chip, network, program, options);
  for (std::size_t layer = 0; layer < network.graph.nodes.size(); ++layer) {
    const Node& node = network.graph.nodes[layer];
    const std::int64_t executed = result.counters.layers[layer].macs;
    SYSTOLE_CHECK(executed == macs_of(network.graph, node), "{} executed {} MACs", node.name,
                  executed);
  }
  if (options.record != nullptr) {
    options.record->program = std::move(program);
  }
  return result;
}

Result evaluate_program(const ChipSpec& chip, const Network& network, const Program& program,
                        const EvaluateOptions& options) {
  if (options.record != nullptr) {
    options.record->program = program;
  }
  return run_program(chip, network, program, options);
}

}  // namespace systole
