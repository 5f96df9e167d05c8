#include "study/step_times.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <iterator>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/diag/error.h"
#include "study/evaluate.h"
#include "study/run_figures.h"
#include "study/workers.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

/// A run to be simulated.
struct Point {
  bool is_prompt = false;
  std::int64_t batch = 1;
  std::int64_t tokens = 1;  ///< of the prompt, or of the context

  auto operator<=>(const Point&) const = default;
};

struct Timed {
  double seconds = 0;
  std::optional<double> own;
  std::optional<double> rent;
};

/// What is farther off between two points gets a point there, in at most so many rounds: runs of
/// large models take tens of seconds each.
constexpr double kTolerance = 0.05;
constexpr int kMostRounds = 2;

std::vector<std::int64_t> sorted(const std::set<std::int64_t>& values) {
  return {values.begin(), values.end()};
}

std::set<std::int64_t> ends_and_middle(std::int64_t least, std::int64_t most) {
  return {least, least + (most - least) / 2, most};
}

std::set<std::int64_t> powers_up_to(std::int64_t most) {
  std::set<std::int64_t> powers{most};
  for (std::int64_t power = 1; power < most; power *= 2) {
    powers.insert(power);
  }
  return powers;
}

/// Whole numbers in the middle between neighbours that have one.
std::vector<std::int64_t> middles(const std::vector<std::int64_t>& points) {
  std::vector<std::int64_t> between;
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (points[i] - points[i - 1] > 1) {
      between.push_back(points[i - 1] + (points[i] - points[i - 1]) / 2);
    }
  }
  return between;
}

std::string timed_run(const ChipSpec& chip, const NetworkInBatch& network, const Point& point) {
  const DimChoice choice =
      point.is_prompt ? prefill_choice(point.tokens) : decode_choice(point.tokens);
  const Result result = evaluate(chip, network(choice, point.batch));
  Json json{{"seconds", run_figures(result).seconds}};
  if (result.cost) {
    json["own"] = result.cost->own.hourly.total().count();
    if (result.cost->rent) {
      json["rent"] = result.cost->rent->hourly.total().count();
    }
  }
  return json.dump();
}

std::optional<double> optional_number(const Json& json, const char* key) {
  return json.contains(key) ? std::optional(json.at(key).get<double>()) : std::nullopt;
}

std::vector<Timed> timed(const ChipSpec& chip, const NetworkInBatch& network,
                         const std::vector<Point>& points, std::size_t parallel) {
  std::vector<WorkerJob> jobs;
  jobs.reserve(points.size());
  for (const Point& point : points) {
    jobs.emplace_back([&chip, &network, point] { return timed_run(chip, network, point); });
  }
  std::vector<Timed> all;
  for (const WorkerOutcome& outcome : run_in_workers(jobs, parallel)) {
    if (!outcome.error.empty()) {
      throw UserError(outcome.error);
    }
    const Json json = Json::parse(outcome.text);
    all.push_back({.seconds = json.at("seconds").get<double>(),
                   .own = optional_number(json, "own"),
                   .rent = optional_number(json, "rent")});
  }
  return all;
}

/// Where the table has points.
struct Axes {
  std::set<std::int64_t> prompts;
  std::set<std::int64_t> batches;
  std::set<std::int64_t> contexts;

  /// A value for what the point is in the middle of.
  void add(const Point& point) {
    if (point.is_prompt) {
      prompts.insert(point.tokens);
    } else {
      batches.insert(point.batch);
      contexts.insert(point.tokens);
    }
  }
  [[nodiscard]] std::vector<Point> points() const {
    std::vector<Point> all;
    for (const std::int64_t tokens : prompts) {
      all.push_back({.is_prompt = true, .tokens = tokens});
    }
    for (const std::int64_t batch : batches) {
      for (const std::int64_t context : contexts) {
        all.push_back({.batch = batch, .tokens = context});
      }
    }
    return all;
  }
  /// Between all points: prompts; batches at the middle context; contexts at the largest batch.
  [[nodiscard]] std::vector<Point> between() const {
    std::vector<Point> points;
    for (const std::int64_t tokens : middles(sorted(prompts))) {
      points.push_back({.is_prompt = true, .tokens = tokens});
    }
    const std::int64_t context = sorted(contexts)[contexts.size() / 2];
    for (const std::int64_t batch : middles(sorted(batches))) {
      points.push_back({.batch = batch, .tokens = context});
    }
    for (const std::int64_t tokens : middles(sorted(contexts))) {
      points.push_back({.batch = *batches.rbegin(), .tokens = tokens});
    }
    return points;
  }
};

/// Runs, each simulated once.
class TimedPoints {
 public:
  TimedPoints(const ChipSpec& chip, const NetworkInBatch& network, const StepTimesOptions& options)
      : chip_(chip), network_(network), options_(options) {}

  void simulate(const std::vector<Point>& points, std::string_view what) {
    std::vector<Point> missing;
    std::copy_if(points.begin(), points.end(), std::back_inserter(missing),
                 [&](const Point& point) { return known_.count(point) == 0; });
    if (missing.empty()) {
      return;
    }
    if (options_.on_stage) {
      options_.on_stage(fmt::format("simulating {} {}", missing.size(), what));
    }
    const std::vector<Timed> runs = timed(chip_, network_, missing, options_.parallel);
    for (std::size_t i = 0; i < missing.size(); ++i) {
      known_.emplace(missing[i], runs[i]);
    }
  }
  [[nodiscard]] const Timed& at(const Point& point) const { return known_.at(point); }

 private:
  const ChipSpec& chip_;
  const NetworkInBatch& network_;
  const StepTimesOptions& options_;
  std::map<Point, Timed> known_;
};

StepTable table_of(const Axes& axes, const TimedPoints& runs) {
  StepTable table{.prompts = {},
                  .batches = sorted(axes.batches),
                  .contexts = sorted(axes.contexts),
                  .steps = {}};
  for (const std::int64_t tokens : axes.prompts) {
    table.prompts.push_back(
        {.tokens = tokens, .seconds = runs.at({.is_prompt = true, .tokens = tokens}).seconds});
  }
  for (const std::int64_t batch : axes.batches) {
    std::vector<double>& row = table.steps.emplace_back();
    for (const std::int64_t context : axes.contexts) {
      row.push_back(runs.at({.batch = batch, .tokens = context}).seconds);
    }
  }
  return table;
}

/// How far the table is off the run, as a share of its time.
double error_at(const StepTable& table, const Point& point, double seconds) {
  const auto tokens = static_cast<double>(point.tokens);
  const double line = point.is_prompt
                          ? table.prompt_seconds(tokens)
                          : table.step_seconds(static_cast<double>(point.batch), tokens);
  return std::abs(line - seconds) / seconds;
}

}  // namespace

StepTimes step_times(const ChipSpec& chip, const NetworkInBatch& network,
                     const StepTimesOptions& options) {
  Axes axes{
      .prompts = ends_and_middle(options.shortest_prompt, options.longest_prompt),
      .batches = powers_up_to(options.slots),
      .contexts = ends_and_middle(std::min(options.shortest_prompt + 1, options.longest_context),
                                  options.longest_context)};
  TimedPoints runs(chip, network, options);
  StepTimes times;
  for (int round = 0;; ++round) {
    const std::vector<Point> points = axes.points();
    runs.simulate(points, "points");
    times.table = table_of(axes, runs);
    times.simulated = static_cast<std::int64_t>(points.size());
    const std::vector<Point> checks = axes.between();
    runs.simulate(checks, "points between them");
    times.checked = static_cast<std::int64_t>(checks.size());
    times.error = std::nullopt;
    bool is_near = true;
    for (const Point& check : checks) {
      const double error = error_at(times.table, check, runs.at(check).seconds);
      times.error = std::max(times.error.value_or(0.0), error);
      if (error > kTolerance) {
        is_near = false;
        axes.add(check);
      }
    }
    if (is_near || round == kMostRounds) {
      const Timed& last = runs.at(points.back());
      times.own_usd_per_hour = last.own;
      times.rent_usd_per_hour = last.rent;
      return times;
    }
  }
}

}  // namespace systole
