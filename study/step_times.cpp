#include "study/step_times.h"

#include <algorithm>
#include <cmath>
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
};

struct Timed {
  double seconds = 0;
  std::optional<double> own;
  std::optional<double> rent;
};

template <class Value>
std::vector<Value> sorted(const std::set<Value>& values) {
  return {values.begin(), values.end()};
}

std::vector<std::int64_t> ends_and_middle(std::int64_t least, std::int64_t most) {
  return sorted(std::set<std::int64_t>{least, least + (most - least) / 2, most});
}

std::vector<std::int64_t> powers_up_to(std::int64_t most) {
  std::set<std::int64_t> powers{most};
  for (std::int64_t power = 1; power < most; power *= 2) {
    powers.insert(power);
  }
  return sorted(powers);
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

/// Between all points: prompts; batches at the middle context; contexts at the largest batch.
std::vector<Point> points_between(const StepTable& table,
                                  const std::vector<std::int64_t>& prompts) {
  std::vector<Point> points;
  for (const std::int64_t tokens : middles(prompts)) {
    points.push_back({.is_prompt = true, .tokens = tokens});
  }
  const std::int64_t context = table.contexts[table.contexts.size() / 2];
  for (const std::int64_t batch : middles(table.batches)) {
    points.push_back({.batch = batch, .tokens = context});
  }
  for (const std::int64_t tokens : middles(table.contexts)) {
    points.push_back({.batch = table.batches.back(), .tokens = tokens});
  }
  return points;
}

}  // namespace

StepTimes step_times(const ChipSpec& chip, const NetworkInBatch& network,
                     const StepTimesOptions& options) {
  const auto tell = [&](const std::string& stage) {
    if (options.on_stage) {
      options.on_stage(stage);
    }
  };
  StepTimes times;
  StepTable& table = times.table;
  const std::vector<std::int64_t> prompts =
      ends_and_middle(options.shortest_prompt, options.longest_prompt);
  table.batches = powers_up_to(options.slots);
  table.contexts = ends_and_middle(std::min(options.shortest_prompt + 1, options.longest_context),
                                   options.longest_context);
  std::vector<Point> points;
  for (const std::int64_t tokens : prompts) {
    points.push_back({.is_prompt = true, .tokens = tokens});
  }
  for (const std::int64_t batch : table.batches) {
    for (const std::int64_t context : table.contexts) {
      points.push_back({.batch = batch, .tokens = context});
    }
  }
  tell(fmt::format("simulating {} points", points.size()));
  const std::vector<Timed> runs = timed(chip, network, points, options.parallel);
  auto run = runs.begin();
  for (const std::int64_t tokens : prompts) {
    table.prompts.push_back({.tokens = tokens, .seconds = (run++)->seconds});
  }
  for (std::size_t batch = 0; batch < table.batches.size(); ++batch) {
    std::vector<double>& row = table.steps.emplace_back();
    for (std::size_t context = 0; context < table.contexts.size(); ++context) {
      row.push_back((run++)->seconds);
    }
  }
  times.simulated = static_cast<std::int64_t>(points.size());
  times.own_usd_per_hour = runs.back().own;
  times.rent_usd_per_hour = runs.back().rent;
  const std::vector<Point> checks = points_between(table, prompts);
  tell(fmt::format("simulating {} points between them", checks.size()));
  const std::vector<Timed> exact = timed(chip, network, checks, options.parallel);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const auto tokens = static_cast<double>(checks[i].tokens);
    const double line = checks[i].is_prompt
                            ? table.prompt_seconds(tokens)
                            : table.step_seconds(static_cast<double>(checks[i].batch), tokens);
    times.error =
        std::max(times.error.value_or(0.0), std::abs(line - exact[i].seconds) / exact[i].seconds);
  }
  times.checked = static_cast<std::int64_t>(checks.size());
  return times;
}

}  // namespace systole
