#include "study/mapping_search.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "compiler/compilation.h"
#include "compiler/mapping/mapping_check.h"
#include "compiler/mapping/mapping_neighbours.h"
#include "compiler/schedule/interleave.h"
#include "silicon/energy/energy.h"
#include "sim/simulate.h"
#include "study/lower_bounds.h"
#include "study/workers.h"

namespace systole {

namespace {

using SortedJson = nlohmann::json;

constexpr double kWorthwhile = 32;    ///< one that is not simulated wins by one in as many
constexpr std::size_t kPrograms = 6;  ///< that are looked at where nothing is simulated
constexpr std::size_t kEnergies = 2;  ///< by the model of energy that are simulated for it
constexpr std::size_t kBatch = 8;     ///< neighbours that are simulated together

std::optional<double> joules_of(const ChipSpec& chip, const Counters& counters,
                                std::int64_t batch) {
  return chip.silicon ? std::optional(energy_report(chip, counters, batch).total.total().count())
                      : std::nullopt;
}

/// The energy of a run that has these cycles and bytes, and else what no run can do without.
std::optional<double> estimated_joules(const ChipSpec& chip, const Graph& graph, CoreCycles cycles,
                                       std::int64_t dram_bytes) {
  Counters counters = least_counters(chip, graph);
  counters.elapsed = std::max(cycles, CoreCycles(1));
  counters.dram.read_bytes = dram_bytes;
  counters.dram.reads = dram_bytes / chip.dram.standard.organization.burst_bytes().count();
  return joules_of(chip, counters, graph.batch);
}

/// What ways to run a layer are compared by.
Weights weights_of(MappingObjective objective) {
  constexpr std::int64_t kAlone = 65'536;  ///< the DRAM's work, and time among equals
  switch (objective) {
    case MappingObjective::Latency:
      return {.dram = 0};
    case MappingObjective::Dram:
      return {.dram = kAlone};
    case MappingObjective::Energy:
    case MappingObjective::Edp:
      break;
  }
  return {.dram = 8};
}

/// A simulated mapping: its figures, and the cycles that each layer takes of the run.
struct Simulated {
  CoreCycles cycles{0};
  std::int64_t dram_bytes = 0;
  std::optional<double> joules;
  std::vector<std::int64_t> exposed;
};

std::string simulated_text(const ChipSpec& chip, const Graph& graph, const Mapping& mapping) {
  const Compilation compiled = compile_mapped(chip, graph, {.mapping = &mapping});
  const Counters counters = simulate(chip, compiled.program);
  std::vector<std::int64_t> exposed;
  for (const LayerCounters& layer : counters.layers) {
    exposed.push_back(layer.exposed.count());
  }
  const auto joules = joules_of(chip, counters, graph.batch);
  return SortedJson{{"cycles", counters.elapsed.count()},
                    {"dram", counters.dram.read_bytes + counters.dram.write_bytes},
                    {"joules", joules ? SortedJson(*joules) : SortedJson()},
                    {"exposed", exposed}}
      .dump();
}

Simulated read_simulated(const std::string& text) {
  const SortedJson json = SortedJson::parse(text);
  Simulated result{.cycles = CoreCycles(json.at("cycles").get<std::int64_t>()),
                   .dram_bytes = json.at("dram").get<std::int64_t>(),
                   .joules = {},
                   .exposed = json.at("exposed").get<std::vector<std::int64_t>>()};
  if (!json.at("joules").is_null()) {
    result.joules = json.at("joules").get<double>();
  }
  return result;
}

class Search {
 public:
  Search(const ChipSpec& chip, const Network& network, const MappingSearch& search)
      : chip_(chip), graph_(network.graph), search_(search) {}

  SearchedMappings run() {
    stage("looking for mappings");
    std::vector<TriedMapping> found = estimated(candidate_mappings(chip_, graph_, search_.kept));
    SYSTOLE_CHECK(!found.empty(), "no mapping of {}", graph_.name);
    std::size_t own = add_given(found);
    const bool by_energy =
        search_.objective == MappingObjective::Energy || search_.objective == MappingObjective::Edp;
    if (search_.simulated == 0) {
      return by_energy ? by_energies(std::move(found), own)
                       : by_the_model(std::move(found), search_.objective);
    }
    if (by_energy) {
      // What is best for latency comes first of the others: the model knows little of energy.
      SearchedMappings fast = by_the_model(std::move(found), MappingObjective::Latency);
      found = std::move(fast.tried);
      if (fast.best >= own) {
        const auto begin = found.begin();
        std::rotate(begin + static_cast<std::ptrdiff_t>(own),
                    begin + static_cast<std::ptrdiff_t>(fast.best),
                    begin + static_cast<std::ptrdiff_t>(fast.best) + 1);
        ++own;
      }
    }
    std::stable_sort(found.begin() + static_cast<std::ptrdiff_t>(own), found.end(),
                     [&](const TriedMapping& a, const TriedMapping& b) { return better(a, b); });
    const auto all = static_cast<std::size_t>(search_.simulated);
    const std::size_t first = std::max({all / 2, std::min<std::size_t>(2, all), own});
    found.resize(std::min({found.size(), first, all}));
    simulate_all(std::move(found));
    improve();
    return std::move(result_);
  }

 private:
  void stage(std::string_view name) const {
    if (search_.on_stage) {
      search_.on_stage(name);
    }
  }

  /// Those that are given come behind the compiler's own; how many these are together.
  std::size_t add_given(std::vector<TriedMapping>& found) const {
    std::size_t end = 1;
    for (const Mapping& mapping : search_.also) {
      if (check_mapping(chip_, graph_, mapping)) {
        continue;
      }
      const auto known = std::find_if(found.begin(), found.end(), [&](const TriedMapping& one) {
        return one.mapping == mapping;
      });
      TriedMapping given{.how = "a mapping that was given", .mapping = mapping};
      given.estimate = mapping_cost(chip_, graph_, mapping);
      given.estimated_time = mapping_time(chip_, graph_, mapping);
      if (known == found.end()) {
        found.insert(found.begin() + static_cast<std::ptrdiff_t>(end), std::move(given));
        ++end;
      } else if (known - found.begin() >= static_cast<std::ptrdiff_t>(end)) {
        std::rotate(found.begin() + static_cast<std::ptrdiff_t>(end), known, known + 1);
        ++end;
      }
    }
    return end;
  }

  [[nodiscard]] bool better(const TriedMapping& a, const TriedMapping& b) const {
    return better(a, b, search_.objective);
  }
  static bool better(const TriedMapping& a, const TriedMapping& b, MappingObjective objective) {
    const double one = objective_of(a, objective);
    const double other = objective_of(b, objective);
    return one < other || (one == other && a.cycles < b.cycles);
  }

  [[nodiscard]] std::vector<TriedMapping> estimated(
      std::vector<MappingCandidate> candidates) const {
    std::vector<TriedMapping> tried;
    for (MappingCandidate& candidate : candidates) {
      tried.push_back(
          {.how = std::move(candidate.how),
           .mapping = std::move(candidate.mapping),
           .estimate = candidate.cost,
           .estimated_time = candidate.time,
           .cycles = candidate.time,
           .dram_bytes = candidate.cost.dram.count(),
           .joules = estimated_joules(chip_, graph_, candidate.time, candidate.cost.dram.count())});
    }
    return tried;
  }

  /// All but the first in the order of an objective.
  [[nodiscard]] static std::vector<std::size_t> ordered(const std::vector<TriedMapping>& found,
                                                        MappingObjective objective) {
    std::vector<std::size_t> order(found.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin() + 1, order.end(), [&](std::size_t a, std::size_t b) {
      return better(found[a], found[b], objective);
    });
    return order;
  }

  [[nodiscard]] SearchedMappings by_the_model(std::vector<TriedMapping> found,
                                              MappingObjective objective) const {
    std::vector<std::size_t> order = ordered(found, objective);
    if (objective == MappingObjective::Latency) {
      look_at_programs(found, order);
    }
    const std::size_t best = order.size() > 1 ? order[1] : 0;
    const double own = objective_of(found[0], objective);
    const double least = objective_of(found[best], objective);
    return {.tried = std::move(found), .best = least < own - own / kWorthwhile ? best : 0};
  }

  /// The model knows little of energy: the compiler's own and what was given, what is best for
  /// latency and for DRAM, and what the model takes for best are simulated.
  SearchedMappings by_energies(std::vector<TriedMapping> found, std::size_t own) {
    std::vector<bool> chosen(found.size(), false);
    std::fill(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(own), true);
    const std::vector<std::size_t> order = ordered(found, search_.objective);
    for (std::size_t rank = 0; rank < std::min(order.size(), kEnergies + 1); ++rank) {
      chosen[order[rank]] = true;
    }
    for (const MappingObjective other : {MappingObjective::Latency, MappingObjective::Dram}) {
      SearchedMappings searched = by_the_model(std::move(found), other);
      chosen[searched.best] = true;
      found = std::move(searched.tried);
    }
    std::vector<TriedMapping> simulated;
    std::vector<TriedMapping> others;
    for (std::size_t index = 0; index < found.size(); ++index) {
      (chosen[index] ? simulated : others).push_back(std::move(found[index]));
    }
    simulate_all(std::move(simulated));
    std::move(others.begin(), others.end(), std::back_inserter(result_.tried));
    return std::move(result_);
  }

  /// Of the compiler's own and the first of the others the programs say how long they take: a
  /// layer's time knows nothing of the others that its engines serve beside it. The fastest of the
  /// others comes first.
  void look_at_programs(std::vector<TriedMapping>& found, std::vector<std::size_t>& order) const {
    order.resize(std::min(order.size(), kPrograms));
    for (const std::size_t index : order) {
      TriedMapping& tried = found[index];
      tried.estimated_time =
          program_time(chip_, unverified_program(chip_, graph_, {.mapping = &tried.mapping}));
      tried.cycles = tried.estimated_time;
      tried.joules = estimated_joules(chip_, graph_, tried.cycles, tried.dram_bytes);
    }
    std::stable_sort(order.begin() + 1, order.end(), [&](std::size_t a, std::size_t b) {
      return better(found[a], found[b], MappingObjective::Latency);
    });
  }

  /// Adds them to what was tried.
  void simulate_all(std::vector<TriedMapping> mappings) {
    stage("simulating mappings");
    std::vector<WorkerJob> jobs;
    for (const TriedMapping& tried : mappings) {
      jobs.emplace_back([&] { return simulated_text(chip_, graph_, tried.mapping); });
    }
    const std::vector<WorkerOutcome> outcomes = run_in_workers(jobs, search_.parallel);
    for (std::size_t index = 0; index < mappings.size(); ++index) {
      TriedMapping& tried = mappings[index];
      if (tried.estimated_time == CoreCycles(0)) {
        tried.estimate = mapping_cost(chip_, graph_, tried.mapping);
        tried.estimated_time = mapping_time(chip_, graph_, tried.mapping);
      }
      if (!outcomes[index].error.empty()) {
        throw UserError(outcomes[index].error);
      }
      const Simulated simulated = read_simulated(outcomes[index].text);
      tried.simulated = true;
      tried.cycles = simulated.cycles;
      tried.dram_bytes = simulated.dram_bytes;
      tried.joules = simulated.joules;
      result_.tried.push_back(std::move(tried));
      exposed_.push_back(simulated.exposed);
      if (better(result_.tried.back(), result_.tried[result_.best])) {
        result_.best = result_.tried.size() - 1;
      }
    }
  }

  /// The neighbours of the best, a few at a time, until none of a round is better or the budget is
  /// spent.
  void improve() {
    std::vector<TriedMapping> next = neighbours();
    while (!next.empty() && budget() > 0) {
      const std::size_t before = result_.best;
      const std::size_t some = std::min({next.size(), kBatch, budget()});
      std::vector<TriedMapping> now(
          std::make_move_iterator(next.begin()),
          std::make_move_iterator(next.begin() + static_cast<std::ptrdiff_t>(some)));
      next.erase(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(some));
      simulate_all(std::move(now));
      if (result_.best != before) {
        next = neighbours();
      }
    }
  }

  [[nodiscard]] std::size_t budget() const {
    const auto all = static_cast<std::size_t>(search_.simulated);
    return all > result_.tried.size() ? all - result_.tried.size() : 0;
  }

  /// Not tried yet: of the layer that loses most the first, of the next the first, ..., then the
  /// second of each.
  [[nodiscard]] std::vector<TriedMapping> neighbours() const {
    const TriedMapping& best = result_.tried[result_.best];
    std::vector<std::int32_t> layers(graph_.nodes.size());
    std::iota(layers.begin(), layers.end(), 0);
    std::stable_sort(layers.begin(), layers.end(),
                     [&](std::int32_t a, std::int32_t b) { return lost_at(a) > lost_at(b); });
    layers.resize(std::min(layers.size(), budget()));
    std::vector<std::vector<TriedMapping>> of_layers;
    std::size_t most = 0;
    const std::size_t each = std::max(budget() / layers.size(), kBatch);
    for (const std::int32_t layer : layers) {
      std::vector<TriedMapping>& of_layer = of_layers.emplace_back();
      for (MappingCandidate& other :
           neighbours_at(chip_, graph_, best.mapping, layer, each, weights_of(search_.objective))) {
        of_layer.push_back({.how = std::move(other.how), .mapping = std::move(other.mapping)});
      }
      most = std::max(most, of_layers.back().size());
    }
    std::vector<TriedMapping> found;
    for (std::size_t rank = 0; rank < most; ++rank) {
      for (std::vector<TriedMapping>& of_layer : of_layers) {
        if (rank < of_layer.size() && !is_tried(of_layer[rank].mapping)) {
          found.push_back(std::move(of_layer[rank]));
        }
      }
    }
    return found;
  }

  [[nodiscard]] std::int64_t lost_at(std::int32_t layer) const {
    const auto index = static_cast<std::size_t>(layer);
    return exposed_[result_.best][index] -
           layer_time_bound(chip_, graph_, graph_.nodes[index]).cycles().count();
  }

  [[nodiscard]] bool is_tried(const Mapping& mapping) const {
    return std::any_of(result_.tried.begin(), result_.tried.end(),
                       [&](const TriedMapping& tried) { return tried.mapping == mapping; });
  }

  const ChipSpec& chip_;
  const Graph& graph_;
  const MappingSearch& search_;
  SearchedMappings result_;
  std::vector<std::vector<std::int64_t>> exposed_;  ///< by what was tried, of each layer
};

/// Whether `a` makes `b` superfluous.
bool dominates(const TriedMapping& a, const TriedMapping& b) {
  const double a_joules = a.joules.value_or(0);
  const double b_joules = b.joules.value_or(0);
  const bool no_worse =
      a.cycles <= b.cycles && a.dram_bytes <= b.dram_bytes && a_joules <= b_joules;
  return no_worse && (a.cycles < b.cycles || a.dram_bytes < b.dram_bytes || a_joules < b_joules);
}

}  // namespace

SearchedMappings search_mappings(const ChipSpec& chip, const Network& network,
                                 const MappingSearch& search) {
  const bool by_energy =
      search.objective == MappingObjective::Energy || search.objective == MappingObjective::Edp;
  if (by_energy && !chip.silicon) {
    throw UserError(fmt::format(
        "systole: --objective: expected latency or dram, as {} has no technology, got {}",
        printable(chip.name), name_of(search.objective)));
  }
  return Search(chip, network, search).run();
}

double objective_of(const TriedMapping& mapping, MappingObjective objective) {
  const auto cycles = static_cast<double>(mapping.cycles.count());
  switch (objective) {
    case MappingObjective::Latency:
      return cycles;
    case MappingObjective::Energy:
      return mapping.joules.value_or(0);
    case MappingObjective::Dram:
      return static_cast<double>(mapping.dram_bytes);
    case MappingObjective::Edp:
      break;
  }
  return mapping.joules.value_or(0) * cycles;
}

std::vector<std::size_t> mapping_front(const std::vector<TriedMapping>& tried) {
  std::vector<std::size_t> front;
  for (std::size_t one = 0; one < tried.size(); ++one) {
    const auto beaten = [&](std::size_t other) {
      const bool same = tried[other].cycles == tried[one].cycles &&
                        tried[other].dram_bytes == tried[one].dram_bytes &&
                        tried[other].joules == tried[one].joules;
      return dominates(tried[other], tried[one]) || (same && other < one);
    };
    bool stays = true;
    for (std::size_t other = 0; stays && other < tried.size(); ++other) {
      stays = !beaten(other);
    }
    if (stays) {
      front.push_back(one);
    }
  }
  std::stable_sort(front.begin(), front.end(),
                   [&](std::size_t a, std::size_t b) { return tried[a].cycles < tried[b].cycles; });
  return front;
}

}  // namespace systole
