#include "study/training.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "arch/units/operations.h"
#include "arch/units/shares.h"
#include "compiler/allocation/lifetimes.h"
#include "reference/compare/check_run.h"
#include "study/result.h"
#include "study/run_figures.h"
#include "study/workers.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

double number_in(const RunTensor& tensor) {
  return tensor.reals().front();
}

const RunTensor& tensor_named(const std::vector<RunTensor>& tensors, const std::string& name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const RunTensor& tensor) { return tensor.name == name; });
  SYSTOLE_CHECK(found != tensors.end(), "the run has not kept {}", name);
  return *found;
}

/// What a step leaves for the next one, a line of JSON and the bytes of its states.
std::string leave(const Result& result, const TrainingGraph& step) {
  Json json{{"loss", number_in(tensor_named(result.tensors, step.graph.tensor(step.loss).name))}};
  if (result.check) {
    json["tensors"] = result.check->tensors;
    json["elements"] = result.check->elements;
    json["mismatches"] = result.check->mismatches;
    json["first"] = Json::array();
    for (const Mismatch& at : result.check->first) {
      json["first"].push_back(
          {at.tensor, at.batch, at.row, at.col, at.channel, at.expected, at.actual, at.missing});
    }
  }
  std::string text = json.dump() + '\n';
  for (const GraphTensorId state : step.graph.states) {
    const auto& stored = tensor_named(result.tensors, step.graph.tensor(state).name).stored;
    text.append(reinterpret_cast<const char*>(stored.data()), stored.size());
  }
  return text;
}

void add_check(const Json& json, CheckResult& check) {
  check.tensors += json.at("tensors").get<std::int64_t>();
  check.elements += json.at("elements").get<std::int64_t>();
  check.mismatches += json.at("mismatches").get<std::int64_t>();
  for (const Json& at : json.at("first")) {
    const auto number = [&](std::size_t i) {
      return at.at(i).is_number() ? at.at(i).get<double>() : 0.0;
    };
    check.first.push_back({.tensor = at.at(0).get<std::string>(),
                           .batch = at.at(1).get<std::int64_t>(),
                           .row = at.at(2).get<std::int64_t>(),
                           .col = at.at(3).get<std::int64_t>(),
                           .channel = at.at(4).get<std::int64_t>(),
                           .expected = number(5),
                           .actual = number(6),
                           .missing = at.at(7).get<bool>()});
  }
}

/// Takes up what a step left; returns its loss.
double take_up(const std::string& text, const TrainingGraph& step, TrainingData& data,
               CheckResult& before) {
  const std::size_t end = text.find('\n');
  const Json json = Json::parse(text.substr(0, end));
  std::size_t at = end + 1;
  for (const GraphTensorId state : step.graph.states) {
    const TensorType& type = step.graph.tensor(state).type;
    const auto size = static_cast<std::size_t>(type.bytes());
    SYSTOLE_CHECK(at + size <= text.size(), "a step left {} bytes", text.size());
    const auto first = text.begin() + static_cast<std::ptrdiff_t>(at);
    data.set_state(state,
                   {.type = type, .bytes = {first, first + static_cast<std::ptrdiff_t>(size)}});
    at += size;
  }
  if (json.contains("tensors")) {
    add_check(json, before);
  }
  // A loss that is no number has none in JSON.
  return json.at("loss").is_number() ? json.at("loss").get<double>()
                                     : std::numeric_limits<double>::quiet_NaN();
}

void add_check_of_steps(const CheckResult& before, CheckResult& last) {
  last.tensors += before.tensors;
  last.elements += before.elements;
  last.mismatches += before.mismatches;
  last.first.insert(last.first.begin(), before.first.begin(), before.first.end());
  last.first.resize(std::min(last.first.size(), kReportedMismatches));
}

double share(const Result& result, StepPhase phase) {
  CoreCycles cycles{0};
  for (std::size_t layer = 0; layer < result.counters.layers.size(); ++layer) {
    if (result.graph.step->phases[layer] == phase) {
      cycles += result.counters.layers[layer].exposed;
    }
  }
  return ratio(static_cast<double>(cycles.count()),
               static_cast<double>(result.counters.elapsed.count()));
}

/// Products that the network asks for in a step: forward, by each operand that something trained
/// stands behind, and no more; the same ones computed again and zeros between pixels or off
/// diagonals are not among them.
std::int64_t needed_macs(const Graph& graph) {
  const TrainingStep& step = *graph.step;
  std::vector<bool> is_trained(graph.tensors.size(), false);
  const auto trained = [&](GraphTensorId tensor) {
    return is_trained[static_cast<std::size_t>(tensor)];
  };
  for (const GraphTensorId state : graph.states) {
    is_trained[static_cast<std::size_t>(state)] = true;
  }
  std::int64_t all = 3 * step.forward_macs;
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    const Node& node = graph.nodes[index];
    if (step.phases[index] != StepPhase::Forward) {
      continue;
    }
    const auto inputs = graph.data_inputs(node);
    is_trained[static_cast<std::size_t>(node.output())] =
        std::any_of(inputs.begin(), inputs.end(), trained);
    if (gemm_shape(graph, node)) {
      const auto unwanted =
          std::count_if(inputs.begin(), inputs.end(), [&](GraphTensorId i) { return !trained(i); });
      all -= unwanted * macs_of(graph, node);
    }
  }
  return std::max(all, step.forward_macs);
}

std::optional<double> times(const std::optional<double>& one, double count) {
  return one ? std::optional(*one * count) : std::nullopt;
}

std::optional<double> dollars(const std::optional<Usd>& of_one, double samples) {
  return of_one ? std::optional(of_one->count() * samples) : std::nullopt;
}

EndOnDevice end_on(const ComparedDevice& device, double steps) {
  EndOnDevice end{.device = device.name,
                  .kind = device.kind,
                  .type = device.type,
                  .calibrated = device.calibrated,
                  .error = device.error};
  if (!device.error.empty()) {
    return end;
  }
  constexpr double kMillion = 1e6;
  const double millions = steps * static_cast<double>(device.batch) / kMillion;
  end.step_seconds = device.seconds();
  end.seconds = device.seconds() * steps;
  if (device.power) {
    end.joules = device.power->count() * *end.seconds;
  }
  end.dollars = dollars(device.own_per_million, millions);
  end.rented_dollars = dollars(device.rent_per_million, millions);
  return end;
}

}  // namespace

std::optional<TrainingFigures> training_figures(const Result& result) {
  if (!result.graph.step) {
    return std::nullopt;
  }
  const TrainingStep& step = *result.graph.step;
  const RunFigures run = run_figures(result);
  const auto samples = static_cast<double>(step.samples);
  TrainingFigures figures{
      .step_seconds = run.seconds,
      .forward_share = share(result, StepPhase::Forward),
      .backward_share = share(result, StepPhase::Backward) + share(result, StepPhase::Again),
      .update_share = share(result, StepPhase::Update),
      .samples_per_second = ratio(samples, run.seconds),
      .parameters = step.parameters};
  if (step.tokens > 0) {
    figures.tokens_per_second = ratio(static_cast<double>(step.tokens), run.seconds);
  }
  const double peak = run.peak_tops * kTera * run.seconds;
  const auto seen = static_cast<double>(step.tokens > 0 ? step.tokens : step.samples);
  constexpr double kOperationsOfARule = 6;
  figures.mfu = ratio(kOperationsPerMac * static_cast<double>(needed_macs(result.graph)), peak);
  figures.hfu = ratio(kOperationsPerMac * static_cast<double>(run.macs), peak);
  figures.mfu_6nd = ratio(kOperationsOfARule * static_cast<double>(step.parameters) * seen, peak);
  figures.forward_factor =
      ratio(static_cast<double>(run.macs), static_cast<double>(step.forward_macs));
  for (const GraphTensorId state : result.graph.states) {
    figures.state_bytes += result.graph.tensor(state).bytes();
  }
  if (result.energy) {
    figures.joules_per_step = result.energy->total.total().count();
  }
  if (result.cost && result.cost->own.per_inference) {
    figures.dollars_per_step = result.cost->own.per_inference->count() * samples;
  }
  if (result.training) {
    figures.losses = result.training->losses;
    if (!figures.losses.empty()) {
      figures.first_loss = figures.losses.front();
      figures.last_loss = figures.losses.back();
    }
    if (result.training->all_samples) {
      const double steps = std::ceil(*result.training->all_samples / samples);
      figures.end_steps = steps;
      figures.end_samples = result.training->all_samples;
      figures.end_seconds = run.seconds * steps;
      figures.end_joules = times(figures.joules_per_step, steps);
      if (result.cost) {
        const CostReport& cost = *result.cost;
        figures.end_dollars = dollars(cost.own.per_inference, samples * steps);
        figures.end_rented_dollars =
            cost.rent ? dollars(cost.rent->per_inference, samples * steps) : std::nullopt;
        figures.end_built_dollars = dollars(cost.build.per_inference, samples * steps);
      }
      for (const ComparedDevice& device : result.training->devices) {
        figures.end_devices.push_back(end_on(device, steps));
      }
    }
  }
  return figures;
}

Bytes most_bytes_alive(const Graph& graph) {
  const TensorLives lives = tensor_lives(graph);
  std::vector<std::int64_t> change(graph.nodes.size() + 1);  // of the bytes, by layer
  std::int64_t always = 0;
  for (std::size_t index = 0; index < graph.tensors.size(); ++index) {
    const auto tensor = static_cast<GraphTensorId>(index);
    if (graph.tensor(tensor).role == GraphTensorRole::State) {
      always += graph.tensor(tensor).bytes();
    } else if (lives.root(tensor) == tensor && !graph.is_parameter(tensor)) {
      const Lifetime& life = lives.of(tensor);
      change[static_cast<std::size_t>(std::max(life.first, 0))] += graph.tensor(tensor).bytes();
      change[static_cast<std::size_t>(life.last) + 1] -= graph.tensor(tensor).bytes();
    }
  }
  std::int64_t most = 0;
  std::int64_t now = 0;
  for (const std::int64_t by : change) {
    now += by;
    most = std::max(most, now);
  }
  return Bytes(always + most);
}

Result train(const ChipSpec& chip, const TrainingGraph& step,
             const std::shared_ptr<TrainingData>& data, std::int64_t steps, bool numbers,
             const EvaluateOptions& options) {
  const Network network{.graph = step.graph, .data = data};
  if (!numbers) {
    Result result = evaluate(chip, network, options);
    result.training.emplace();
    return result;
  }
  const std::string loss = step.graph.tensor(step.loss).name;
  TrainingCourse course;
  CheckResult before;
  for (std::int64_t number = 1; number < steps; ++number) {
    if (options.on_stage) {
      options.on_stage(fmt::format("step {} of {}", number, steps));
    }
    data->set_step(number);
    EvaluateOptions quiet{.check = options.check, .tensors = {loss}};
    for (const GraphTensorId state : step.graph.states) {
      quiet.tensors.insert(step.graph.tensor(state).name);
    }
    const WorkerJob job = [&] { return leave(evaluate(chip, network, quiet), step); };
    const WorkerOutcome outcome = run_in_workers({job}, 1).front();
    if (!outcome.error.empty()) {
      throw UserError(outcome.error);
    }
    course.losses.push_back(take_up(outcome.text, step, *data, before));
  }
  data->set_step(steps);
  EvaluateOptions last = options;
  last.tensors.insert(loss);
  Result result = evaluate(chip, network, last);
  course.losses.push_back(number_in(tensor_named(result.tensors, loss)));
  if (options.tensors.count(loss) == 0) {
    std::erase_if(result.tensors, [&](const RunTensor& tensor) { return tensor.name == loss; });
  }
  if (result.check) {
    add_check_of_steps(before, *result.check);
  }
  result.training = std::move(course);
  return result;
}

}  // namespace systole
