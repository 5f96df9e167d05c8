#include "study/generate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "study/evaluate.h"
#include "study/figure_json.h"
#include "study/result_rows.h"
#include "study/workers.h"

namespace systole {

namespace {

/// Steps rise in stairs: one middle may lie near the line by chance, three seldom do.
constexpr int kHalvings = 2;

/// Contexts with nothing simulated between them, and how far the middle of the interval that they
/// come from was off.
struct Interval {
  std::int64_t from = 0;
  std::int64_t to = 0;
  int halvings = 0;  ///< of the whole that led here
  double error = 0;

  [[nodiscard]] std::int64_t middle() const { return from + (to - from) / 2; }
  [[nodiscard]] bool has_middle() const { return to - from > 1; }
};

/// Halves intervals, the one with the largest error first, as long as that is wanted and allowed.
class StepChoice {
 public:
  using Runs = std::function<std::vector<PhaseRun>(const std::vector<std::int64_t>&)>;

  StepChoice(const GenerateOptions& options, const Runs& runs) : options_(options), runs_(runs) {}

  void choose(std::int64_t first, std::int64_t last, Generation& generation) {
    simulate(first == last ? std::vector{first} : std::vector{first, last});
    std::vector<Interval> open{{.from = first, .to = last, .error = HUGE_VAL}};
    double error = 0;
    while (!open.empty()) {
      std::stable_sort(open.begin(), open.end(),
                       [](const Interval& a, const Interval& b) { return a.error > b.error; });
      std::vector<Interval> halved;
      for (const Interval& interval : open) {
        const bool doubtful = interval.halvings < kHalvings || interval.error > options_.tolerance;
        const bool wanted =
            interval.has_middle() && doubtful && steps_.size() + halved.size() < most_steps();
        if (wanted) {
          halved.push_back(interval);
        } else if (interval.has_middle()) {
          error = std::max(error, interval.error);
        }
      }
      open = halves_of(halved);
    }
    for (const auto& [context, run] : steps_) {
      generation.steps.push_back(run);
    }
    if (static_cast<std::int64_t>(steps_.size()) < last - first + 1) {
      generation.error = error;
    }
  }

 private:
  [[nodiscard]] std::size_t most_steps() const {
    return std::max<std::size_t>(options_.most_steps, 3);
  }

  void simulate(const std::vector<std::int64_t>& contexts) {
    const std::vector<PhaseRun> runs = runs_(contexts);
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      steps_.emplace(contexts[i], runs.at(i));
    }
  }

  [[nodiscard]] double cycles(std::int64_t context) const {
    return static_cast<double>(steps_.at(context).cycles.count());
  }

  /// Simulates the middles; the error of both halves is that of the middle.
  std::vector<Interval> halves_of(const std::vector<Interval>& intervals) {
    std::vector<std::int64_t> middles;
    for (const Interval& interval : intervals) {
      middles.push_back(interval.middle());
    }
    if (!middles.empty()) {
      simulate(middles);
    }
    std::vector<Interval> halves;
    for (const Interval& whole : intervals) {
      const std::int64_t middle = whole.middle();
      const double share =
          static_cast<double>(middle - whole.from) / static_cast<double>(whole.to - whole.from);
      const double line = cycles(whole.from) + (cycles(whole.to) - cycles(whole.from)) * share;
      const double error = std::abs(line - cycles(middle)) / cycles(middle);
      const int halvings = whole.halvings + 1;
      halves.push_back({.from = whole.from, .to = middle, .halvings = halvings, .error = error});
      halves.push_back({.from = middle, .to = whole.to, .halvings = halvings, .error = error});
    }
    return halves;
  }

  const GenerateOptions& options_;
  const Runs& runs_;
  std::map<std::int64_t, PhaseRun> steps_;  ///< by context
};

/// Runs in processes of their own, in the order of the choices.
std::vector<PhaseRun> phase_runs(const ChipSpec& chip, const NetworkInPhase& network,
                                 const std::vector<DimChoice>& choices, std::size_t parallel) {
  std::vector<WorkerJob> jobs;
  for (const DimChoice& choice : choices) {
    jobs.emplace_back([&chip, &network, choice] {
      return figure_json<RowsOf::File>(phase_run(evaluate(chip, network(choice)))).dump();
    });
  }
  std::vector<PhaseRun> runs;
  for (const WorkerOutcome& outcome : run_in_workers(jobs, parallel)) {
    if (!outcome.error.empty()) {
      throw UserError(outcome.error);
    }
    read_figure(nlohmann::ordered_json::parse(outcome.text), runs.emplace_back());
  }
  return runs;
}

}  // namespace

DimChoice prefill_choice(std::int64_t prompt) {
  return {.values = {{"prompt", prompt}}, .phase = std::string(name_of(LanguagePhase::Prefill))};
}

DimChoice decode_choice(std::int64_t context) {
  return {.values = {{"context", context}}, .phase = std::string(name_of(LanguagePhase::Decode))};
}

void choose_steps(
    const GenerateOptions& options,
    const std::function<std::vector<PhaseRun>(const std::vector<std::int64_t>&)>& runs,
    Generation& generation) {
  SYSTOLE_CHECK(options.prompt > 0 && options.generated > 0, "{} tokens behind {}",
                options.generated, options.prompt);
  generation.prompt = options.prompt;
  generation.generated = options.generated;
  if (options.generated > 1) {
    StepChoice(options, runs)
        .choose(options.prompt + 1, options.prompt + options.generated - 1, generation);
  }
}

Generation generate(const ChipSpec& chip, const NetworkInPhase& network,
                    const GenerateOptions& options) {
  const auto tell = [&](const std::string& stage) {
    if (options.on_stage) {
      options.on_stage(stage);
    }
  };
  Generation generation;
  tell("simulating the prompt");
  generation.prefill =
      phase_runs(chip, network, {prefill_choice(options.prompt)}, options.parallel).front();
  std::size_t done = 0;
  choose_steps(
      options,
      [&](const std::vector<std::int64_t>& contexts) {
        std::vector<DimChoice> choices;
        std::transform(contexts.begin(), contexts.end(), std::back_inserter(choices),
                       decode_choice);
        done += contexts.size();
        tell(fmt::format("simulating steps, {} so far", done));
        return phase_runs(chip, network, choices, options.parallel);
      },
      generation);
  return generation;
}

}  // namespace systole
