#include "study/language.h"

#include <algorithm>

#include "arch/diag/check.h"
#include "arch/units/seconds.h"
#include "arch/units/shares.h"
#include "study/limits.h"
#include "study/result.h"
#include "study/run_figures.h"

namespace systole {

namespace {

/// All layers as one.
LayerCounters whole_of(const Counters& counters) {
  LayerCounters whole = counters.layers.front();
  whole.engines = counters.engines;
  return whole;
}

void add_generation(const Generation& generation, const Result& result, LanguageFigures& figures) {
  const auto batch = static_cast<double>(result.graph.batch);
  figures.phase = "generate";
  figures.prompt = generation.prompt;
  figures.generated = generation.generated;
  figures.context = generation.prompt + generation.generated - 1;
  figures.prefill = generation.prefill;
  figures.prefill_seconds = generation.prefill.seconds;
  figures.time_to_first_token = generation.prefill.seconds;
  double seconds = generation.prefill.seconds;
  figures.decode.reset();
  if (!generation.steps.empty()) {
    const double period = seconds_of(result.chip.clock(), CoreCycles(1));
    figures.decode = generation.steps.back();
    figures.decode_seconds = generation.step_cycles() * period;
    figures.time_per_output_token =
        *figures.decode_seconds / static_cast<double>(generation.generated - 1);
    seconds += *figures.decode_seconds;
  }
  figures.tokens_per_second = ratio(batch * static_cast<double>(generation.generated), seconds);
  figures.steps = generation.steps;
  figures.step_error = generation.error;
}

}  // namespace

double Generation::cycles_at(std::int64_t context) const {
  const auto after = std::lower_bound(
      steps.begin(), steps.end(), context,
      [](const PhaseRun& step, std::int64_t wanted) { return step.context < wanted; });
  SYSTOLE_CHECK(after != steps.end(), "no step up to a context of {}", context);
  const auto to = static_cast<double>(after->cycles.count());
  if (after->context == context) {
    return to;
  }
  SYSTOLE_CHECK(after != steps.begin(), "no step below a context of {}", context);
  const PhaseRun& before = *(after - 1);
  const auto from = static_cast<double>(before.cycles.count());
  return from + (to - from) * static_cast<double>(context - before.context) /
                    static_cast<double>(after->context - before.context);
}

double Generation::step_cycles() const {
  double sum = 0;
  for (std::int64_t token = 1; token < generated; ++token) {
    sum += cycles_at(prompt + token);
  }
  return sum;
}

std::int64_t weight_bytes(const Graph& graph) {
  std::int64_t bytes = 0;
  for (const GraphTensor& tensor : graph.tensors) {
    bytes += tensor.role == GraphTensorRole::Parameter ? tensor.bytes() : 0;
  }
  return bytes;
}

std::int64_t cache_bytes(const Graph& graph) {
  std::int64_t bytes = 0;
  for (const Node& node : graph.nodes) {
    const Work work = node.work();
    if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
      const std::int64_t images = matmul->b.image == 0 ? 1 : matmul->images;
      bytes += bytes_of(graph.tensor(node.inputs.at(kRightInput)).type.element,
                        images * (matmul->heads / matmul->b.sharing) * matmul->k * matmul->n);
    }
  }
  return bytes;
}

PhaseRun phase_run(const Result& result) {
  SYSTOLE_CHECK(result.graph.phase.has_value(), "{} has no phases", result.graph.name);
  const TokenPhase& phase = *result.graph.phase;
  const RunFigures figures = run_figures(result);
  return {.context = phase.context,
          .tokens = phase.tokens * result.graph.batch,
          .cycles = figures.cycles,
          .seconds = figures.seconds,
          .bound = layer_bound(whole_of(result.counters)),
          .roofline = figures.roofline.fraction,
          .dram = dram_rates(result).utilisation};
}

std::optional<LanguageFigures> language_figures(const Result& result) {
  if (!result.graph.phase) {
    return std::nullopt;
  }
  const TokenPhase& phase = *result.graph.phase;
  const PhaseRun run = phase_run(result);
  LanguageFigures figures{.phase = name_of(phase.phase), .context = phase.context};
  figures.weight_bytes = weight_bytes(result.graph);
  figures.cache_bytes = cache_bytes(result.graph);
  figures.cache_bytes_per_token = figures.cache_bytes / (phase.context * result.graph.batch);
  figures.tokens_per_second = ratio(static_cast<double>(run.tokens), run.seconds);
  if (result.generation) {
    add_generation(*result.generation, result, figures);
  } else if (phase.phase == LanguagePhase::Prefill) {
    figures.prompt = phase.tokens;
    figures.prefill = run;
    figures.prefill_seconds = figures.time_to_first_token = run.seconds;
  } else {
    figures.decode = run;
    figures.decode_seconds = figures.time_per_output_token = run.seconds;
  }
  return figures;
}

}  // namespace systole
