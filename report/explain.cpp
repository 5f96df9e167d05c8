#include "report/explain.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "report/buffer_map.h"
#include "report/format.h"
#include "report/labelled.h"
#include "report/layer_table.h"
#include "report/table.h"
#include "report/time_parts.h"
#include "study/figure_json.h"
#include "study/lower_bounds.h"
#include "study/run_figures.h"

namespace systole {

namespace {

using Align = Column::Align;
using Json = nlohmann::ordered_json;

constexpr std::size_t kNests = 3;

std::string_view words_of(NestLevel level) {
  switch (level) {
    case NestLevel::Dram:
      return "DRAM";
    case NestLevel::Buffer:
      return "unified buffer";
    case NestLevel::Accumulators:
      return "accumulators";
    case NestLevel::Array:
      return "array";
    case NestLevel::Vector:
      break;
  }
  return "vector unit";
}

std::string words_of(Home home) {
  switch (home) {
    case Home::None:
      return "stays in the unified buffer";
    case Home::Passing:
      return "stays in the unified buffer, over the host link as a whole";
    case Home::PassingDram:
      return "stays in the unified buffer, from or to DRAM as a whole";
    case Home::Dram:
      return "streams, band by band, DRAM its home";
    case Home::Host:
      return "streams, band by band, over the host link";
    case Home::Tiles:
      return "in DRAM, from where the array takes it tile by tile";
  }
  return "";
}

std::string_view key_of(Home home) {
  switch (home) {
    case Home::None:
      return "buffer";
    case Home::Passing:
      return "buffer_over_host_link";
    case Home::PassingDram:
      return "buffer_over_dram";
    case Home::Dram:
      return "dram";
    case Home::Host:
      return "host";
    case Home::Tiles:
      return "dram_tiles";
  }
  return "";
}

std::string times_text(std::int64_t moved, std::int64_t least) {
  return least == 0
             ? std::string("-")
             : fmt::format("{:.2f}", static_cast<double>(moved) / static_cast<double>(least));
}

std::string change_text(std::int64_t cycles, std::int64_t than) {
  const double share =
      than == 0 ? 0.0 : static_cast<double>(cycles - than) / static_cast<double>(than);
  return fmt::format("{:+.1f} %", share * kHundred);
}

/// `2 bands`, `1 chunk`, `3 slices of k`.
std::string turns_text(const NestLoop& loop) {
  const bool slice = loop.axis == "n" || loop.axis == "k";
  const std::string noun = slice ? std::string("slice") : loop.axis;
  return fmt::format("{} {}{}{}", grouped(loop.count), noun, loop.count == 1 ? "" : "s",
                     slice ? " of " + loop.axis : std::string());
}

/// `1 image`, `256 positions`.
std::string amount_text(std::int64_t amount, const std::string& unit) {
  return fmt::format("{} {}", grouped(amount),
                     amount == 1 ? unit.substr(0, unit.size() - 1) : unit);
}

std::string loop_text(const NestLoop& loop) {
  if (loop.axis == "fold" || loop.axis == "vector") {
    return fmt::format("{} of {}{}", turns_text(loop), loop.axis == "vector" ? "up to " : "",
                       amount_text(loop.size, loop.unit));
  }
  if (loop.axis == "position" || loop.axis == "group") {
    return fmt::format("for each of {}", turns_text(loop));
  }
  if (loop.count == 1) {
    return fmt::format("{}: {}", turns_text(loop), amount_text(loop.total, loop.unit));
  }
  return fmt::format("for each of {}: {} of {}", turns_text(loop), grouped(loop.size),
                     amount_text(loop.total, loop.unit));
}

std::string nest_text(const LayerExplanation& layer) {
  constexpr std::size_t kLevelWidth = 16;
  std::string text;
  std::size_t depth = 0;
  for (const NestLoop& loop : layer.nest) {
    text += fmt::format("    {:<{}}{:{}}{}\n", words_of(loop.level), kLevelWidth, "", 2 * depth,
                        loop_text(loop));
    ++depth;
  }
  return text;
}

std::string_view role_of(const NestOperand& operand) {
  return operand.is_output ? "result" : operand.is_added ? "added" : "operand";
}

std::string operand_lines(const LayerExplanation& layer, const TextOptions& options) {
  std::string text;
  for (const NestOperand& operand : layer.operands) {
    text +=
        labelled(role_of(operand),
                 fmt::format("{}: {}", on_one_line(operand.name), words_of(operand.home)), options);
  }
  return text;
}

std::string traffic_table(const LayerExplanation& layer, const TextOptions& options) {
  Table table({{"  level", Align::Left}, {"moved"}, {"least"}, {"times"}});
  for (const LevelTraffic& row : layer.traffic) {
    if (row.moved == 0) {
      continue;
    }
    const std::string_view unit = row.unit == "B" ? "B" : "";
    std::string name = row.level;
    std::replace(name.begin(), name.end(), '_', ' ');
    table.add({fmt::format("  {}{}", name, row.unit == "B" ? "" : ", " + row.unit),
               scaled(row.moved, unit), row.least ? scaled(*row.least, unit) : "-",
               row.least ? times_text(row.moved, *row.least) : "-"});
  }
  return table.print(options.width, options.colour);
}

std::string candidates_table(const std::string& heading, const LayerExplanation& layer,
                             const std::vector<LayerCandidate>& candidates,
                             const TextOptions& options) {
  if (candidates.empty()) {
    return "";
  }
  Table table({{"  " + heading, Align::Left}, {"cycles"}, {"more"}, {"DRAM"}, {"buffer"}});
  const auto row = [&](const std::string& name, const LayerCandidate& one) {
    const std::int64_t cycles = (one.cost.cycles * layer.parts).count();
    table.add({"  " + on_one_line(name), grouped(cycles),
               change_text(cycles, (layer.chosen.cost.cycles * layer.parts).count()),
               scaled(one.cost.dram.count() * layer.parts, "B"), scaled(one.stream_bytes, "B")});
  };
  row("as it is mapped", layer.chosen);
  for (const LayerCandidate& one : candidates) {
    row(one.change, one);
  }
  return table.print(options.width, options.colour);
}

std::string choice_text(const LayerExplanation& layer) {
  const LayerMapping& mapping = layer.chosen.mapping;
  if (mapping.pixels > 1) {
    return fmt::format(", {} neighbouring positions as one", mapping.pixels);
  }
  if (mapping.rows_first) {
    return ", pooled rows first";
  }
  return mapping.side_by_side > 1
             ? fmt::format(", {} groups side by side in a tile", mapping.side_by_side)
             : std::string();
}

std::string extents_of(const Shape& shape) {
  return shape.rows == 1 && shape.cols == 1
             ? fmt::format("{}", shape.channels)
             : fmt::format("{}x{}x{}", shape.rows, shape.cols, shape.channels);
}

/// What a layer's cycles beyond its bound are spent on.
std::string beyond_line(const Result& result, std::size_t index, const TextOptions& options) {
  const std::string beyond = beyond_text(layer_time_parts(result, index).beyond);
  return beyond.empty() ? beyond : labelled("beyond it", beyond, options);
}

std::string layer_block(const Explanation& explanation, std::size_t index,
                        const TextOptions& options) {
  const Result& result = explanation.result;
  const LayerExplanation& layer = explanation.layers[index];
  const Node& node = result.graph.nodes[index];
  std::string text =
      styled(fmt::format("{}", on_one_line(node.name)), Style::Heading, options.colour) +
      fmt::format(" ({}, {}){}\n", node.kind,
                  extents_of(result.graph.tensor(node.output()).shape()), choice_text(layer));
  if (layer.nest.empty()) {
    return text + (layer.fused
                       ? "  computed by the layer before, on the way out of the accumulators\n\n"
                       : "  a view: nothing moves\n\n");
  }
  const CoreCycles active = result.counters.layers[index].active;
  const TimeBound bound = layer_time_bound(result.chip, result.graph, node);
  std::string time = fmt::format("{} cycles", grouped(active.count()));
  if (bound.cycles() > CoreCycles(0)) {
    time += fmt::format(", {} times the {} that no mapping beats ({})",
                        times_text(active.count(), bound.cycles().count()),
                        grouped(bound.cycles().count()), name_of(bound.by()));
  }
  time += fmt::format("; the cost model expected {}",
                      grouped((layer.chosen.cost.cycles * layer.parts).count()));
  text += labelled("time", time, options) + beyond_line(result, index, options) +
          operand_lines(layer, options);
  text += nest_text(layer) + traffic_table(layer, options);
  text += candidates_table("other ways, as the cost model sees them", layer, layer.others, options);
  text += candidates_table("with an operand elsewhere", layer, layer.residency, options);
  return text + '\n';
}

std::string layer_rows(const Explanation& explanation, const TextOptions& options) {
  const Result& result = explanation.result;
  Table table({{"layer", Align::Left},
               {"output"},
               {"cycles"},
               {"distance"},
               {"model"},
               {"parts"},
               {"bands"},
               {"operands", Align::Left},
               {"DRAM"},
               {"least"}});
  for (const std::size_t index : shown_layers(result, options)) {
    const LayerExplanation& layer = explanation.layers[index];
    const LayerCounters& counted = result.counters.layers[index];
    const Node& node = result.graph.nodes[index];
    const std::string shape = extents_of(result.graph.tensor(node.output()).shape());
    if (layer.nest.empty()) {
      table.add({on_one_line(node.name), shape, "-", "-", "-", "-", "-",
                 layer.fused ? "fused" : "view", "-", "-"},
                Style::Faint);
      continue;
    }
    const auto bands = std::find_if(layer.nest.begin(), layer.nest.end(),
                                    [](const NestLoop& loop) { return loop.axis == "band"; });
    std::string operands;
    for (const NestOperand& operand : layer.operands) {
      const std::string_view how = operand.home == Home::Tiles ? "tiles"
                                   : streams(operand.home)     ? "streams"
                                                               : "stays";
      operands += fmt::format("{}{}",
                              operands.empty()    ? ""
                              : operand.is_output ? " > "
                              : operand.is_added  ? " + "
                                                  : ", ",
                              how);
    }
    const TimeBound bound = layer_time_bound(result.chip, result.graph, node);
    const std::int64_t moved = counted.dram_read_bytes + counted.dram_write_bytes;
    table.add({on_one_line(node.name), shape, grouped(counted.active.count()),
               times_text(counted.active.count(), bound.cycles().count()),
               grouped((layer.chosen.cost.cycles * layer.parts).count()),
               fmt::format("{}", layer.parts), fmt::format("{}", bands->count), operands,
               scaled(moved, "B"), scaled(*layer.traffic.front().least, "B")});
  }
  return table.print(options.width, options.colour) + '\n';
}

std::string heading(const Explanation& explanation, const TextOptions& options) {
  const Result& result = explanation.result;
  const RunFigures figures = run_figures(result);
  const ShareMapping& share = explanation.compiled.mapping.shares.front();
  const MemoryPlan& plan = explanation.compiled.plans.front();
  std::string text =
      styled(fmt::format("{} on {}: how it is mapped", on_one_line(result.graph.name),
                         on_one_line(result.chip.name)),
             Style::Heading, options.colour);
  text += fmt::format("\nbatch {}, {} layers, {}\n\n", result.graph.batch,
                      result.graph.nodes.size(), name_of(result.graph.input_type()));
  text += labelled(
      "time",
      fmt::format(
          "{} cycles{}; the cost model expected {}", grouped(figures.cycles.count()),
          figures.distance
              ? fmt::format(", {:.2f} times the {} that no mapping beats ({})", *figures.distance,
                            grouped(figures.bound_cycles.count()), name_of(figures.bound_by))
              : std::string(),
          grouped(explanation.estimated().count())),
      options);
  const std::int64_t moved = result.counters.dram.read_bytes + result.counters.dram.write_bytes;
  text += labelled("DRAM",
                   fmt::format("{} moved; {} have to be", scaled(moved, "B"),
                               scaled(figures.bound_dram_bytes, "B")),
                   options);
  text += labelled(
      "unified buffer",
      fmt::format("{} of {} used; {} tensors stay", binary_bytes(plan.buffer_bytes),
                  binary_bytes(result.chip.buffer.capacity.count()), share.resident.size()),
      options);
  for (const Segment& segment : share.segments) {
    const auto& nodes = result.graph.nodes;
    text += labelled(
        "parts",
        fmt::format("{} to {} run {} times, each for {} images{}",
                    on_one_line(nodes[static_cast<std::size_t>(segment.first)].name),
                    on_one_line(nodes[static_cast<std::size_t>(segment.end - 1)].name),
                    segment.parts, share.images / segment.parts,
                    segment.in_flight > 1 ? fmt::format(", {} at a time", segment.in_flight)
                                          : std::string()),
        options);
  }
  return text + '\n';
}

std::string changes_table(const Explanation& explanation, const TextOptions& options) {
  if (explanation.changes.empty()) {
    return "";
  }
  const Result& result = explanation.result;
  Table table({{"with", Align::Left},
               {"cycles"},
               {"time"},
               {"distance"},
               {"DRAM"},
               {"energy"},
               {"--set", Align::Left}});
  std::string refused;
  for (const HardwareChange& change : explanation.changes) {
    if (!change.error.empty()) {
      refused += labelled("no such chip",
                          fmt::format("{}: {}", change.what, on_one_line(change.error)), options);
      continue;
    }
    table.add({change.what, grouped(change.cycles.count()),
               change_text(change.cycles.count(), result.counters.elapsed.count()),
               times_text(change.cycles.count(), change.bound_cycles.count()),
               scaled(change.dram_bytes, "B"),
               change.joules ? engineering(*change.joules, "J") : "-",
               fmt::format("{}", fmt::join(change.sets, ", "))});
  }
  return styled("what more hardware would win", Style::Heading, options.colour) + '\n' +
         table.print(options.width, options.colour) + refused;
}

std::string map_block(const Explanation& explanation, const TextOptions& options) {
  return styled("unified buffer over time", Style::Heading, options.colour) + '\n' +
         buffer_map_text(explanation.result, explanation.compiled.plans.front(), options.width) +
         '\n';
}

std::vector<std::size_t> worst_layers(const Explanation& explanation, std::size_t most) {
  TextOptions by_loss;
  by_loss.by = LayerOrder::Loss;
  by_loss.layers = most;
  return shown_layers(explanation.result, by_loss);
}

// --- JSON ---

Json candidate_json(const LayerCandidate& candidate, const LayerExplanation& layer) {
  return {{"change", candidate.change},
          {"cycles", (candidate.cost.cycles * layer.parts).count()},
          {"dram_bytes", candidate.cost.dram.count() * layer.parts},
          {"buffer_bytes", candidate.stream_bytes}};
}

Json loops_json(const LayerExplanation& layer) {
  Json loops = Json::array();
  for (const NestLoop& loop : layer.nest) {
    loops.push_back({{"level", name_of(loop.level)},
                     {"axis", loop.axis},
                     {"count", loop.count},
                     {"size", loop.size},
                     {"of", loop.total},
                     {"unit", loop.unit}});
  }
  return loops;
}

Json layer_json(const Explanation& explanation, std::size_t index) {
  const Result& result = explanation.result;
  const LayerExplanation& layer = explanation.layers[index];
  const LayerReport figures = layer_report(result, index);
  Json operands = Json::array();
  for (const NestOperand& operand : layer.operands) {
    operands.push_back({{"name", operand.name},
                        {"role", operand.is_output  ? "output"
                                 : operand.is_added ? "added"
                                                    : "input"},
                        {"home", key_of(operand.home)}});
  }
  Json traffic = Json::array();
  for (const LevelTraffic& row : layer.traffic) {
    traffic.push_back({{"level", row.level},
                       {"unit", row.unit},
                       {"moved", row.moved},
                       {"least", row.least ? Json(*row.least) : Json()}});
  }
  Json others = Json::array();
  for (const LayerCandidate& one : layer.others) {
    others.push_back(candidate_json(one, layer));
  }
  Json residency = Json::array();
  for (const LayerCandidate& one : layer.residency) {
    residency.push_back(candidate_json(one, layer));
  }
  return {{"name", figures.name},
          {"kind", figures.kind},
          {"output", figures.output_shape},
          {"view", figures.view},
          {"fused", layer.fused},
          {"cycles", figures.cycles.count()},
          {"bound_cycles", figures.bound_cycles.count()},
          {"distance", figures.distance ? Json(*figures.distance) : Json()},
          {"time", figure_json(named<TimePart>(figures.time))},
          {"beyond_bound", figure_json(named<TimePart>(figures.beyond))},
          {"estimated_cycles", (layer.chosen.cost.cycles * layer.parts).count()},
          {"parts", layer.parts},
          {"side_by_side", layer.chosen.mapping.side_by_side},
          {"pixels", layer.chosen.mapping.pixels},
          {"rows_first", layer.chosen.mapping.rows_first},
          {"operands", std::move(operands)},
          {"loops", loops_json(layer)},
          {"traffic", std::move(traffic)},
          {"room_bytes", layer.room},
          {"others", std::move(others)},
          {"residency", std::move(residency)}};
}

std::string_view key_of(BlockUse use) {
  switch (use) {
    case BlockUse::Resident:
      return "resident";
    case BlockUse::Input:
      return "input_band";
    case BlockUse::Output:
      return "output_band";
    case BlockUse::Maxima:
      return "maxima";
    case BlockUse::Constants:
      break;
  }
  return "constants";
}

Json blocks_json(const Explanation& explanation) {
  const Graph& graph = explanation.result.graph;
  Json blocks = Json::array();
  for (const BufferBlock& drawn :
       buffer_blocks(explanation.result, explanation.compiled.plans.front())) {
    const PlannedBlock& block = drawn.planned;
    blocks.push_back({{"use", key_of(block.use)},
                      {"tensor", block.tensor < 0 ? Json() : Json(graph.tensor(block.tensor).name)},
                      {"layer", graph.node(block.layer).name},
                      {"address", block.address},
                      {"bytes", block.bytes},
                      {"first_layer", graph.node(block.life.first).name},
                      {"last_layer", graph.node(block.life.last).name},
                      {"begin_cycle", drawn.begin},
                      {"end_cycle", drawn.end}});
  }
  return blocks;
}

Json changes_json(const Explanation& explanation) {
  Json changes = Json::array();
  for (const HardwareChange& change : explanation.changes) {
    Json json{{"change", change.what}, {"set", change.sets}};
    if (change.error.empty()) {
      json.update({{"cycles", change.cycles.count()},
                   {"bound_cycles", change.bound_cycles.count()},
                   {"dram_bytes", change.dram_bytes},
                   {"joules", change.joules ? Json(*change.joules) : Json()}});
    } else {
      json["error"] = change.error;
    }
    changes.push_back(std::move(json));
  }
  return changes;
}

/// What the time is made of.
std::string time_table(const Explanation& explanation, const TextOptions& options) {
  Table table({{"time of the array", Align::Left},
               {"cycles"},
               {"share"},
               {"beyond bound"},
               {"", Align::Left},
               {"", Align::Left}});
  const auto elapsed = static_cast<double>(explanation.result.counters.elapsed.count());
  const TimeParts parts = time_parts(explanation.result);
  for (const auto& [part, key] : kEnumNames<TimePart>) {
    const CoreCycles cycles = parts[part];
    if (cycles > CoreCycles(0)) {
      table.add({words_of(part), grouped(cycles.count()),
                 fmt::format("{:.1f} %", kHundred * static_cast<double>(cycles.count()) / elapsed),
                 grouped(parts.beyond[static_cast<std::size_t>(part)].count()),
                 is_inherent(part) ? "inherent" : "", std::string(meaning_of(part))});
    }
  }
  return table.print(options.width, options.colour) + '\n';
}

}  // namespace

std::string explanation_text(const Explanation& explanation, const TextOptions& options,
                             std::optional<std::size_t> layer) {
  std::string text = heading(explanation, options);
  if (layer) {
    return text + layer_block(explanation, *layer, options);
  }
  TextOptions all = options;
  all.layers = explanation.layers.size();
  text += time_table(explanation, options) + layer_rows(explanation, all);
  for (const std::size_t index : worst_layers(explanation, options.layers.value_or(kNests))) {
    text += layer_block(explanation, index, options);
  }
  return text + map_block(explanation, options) + changes_table(explanation, options);
}

nlohmann::ordered_json explanation_json(const Explanation& explanation,
                                        std::optional<std::size_t> layer) {
  const Result& result = explanation.result;
  const RunFigures figures = run_figures(result);
  Json layers = Json::array();
  for (std::size_t index = 0; index < explanation.layers.size(); ++index) {
    if (!layer || *layer == index) {
      layers.push_back(layer_json(explanation, index));
    }
  }
  Json json{{"schema", "systole.explain/1"},
            {"chip", result.chip.name},
            {"network", result.graph.name},
            {"batch", result.graph.batch},
            {"cycles", figures.cycles.count()},
            {"bound_cycles", figures.bound_cycles.count()},
            {"distance", figures.distance ? Json(*figures.distance) : Json()},
            {"estimated_cycles", explanation.estimated().count()},
            {"dram_bytes", result.counters.dram.read_bytes + result.counters.dram.write_bytes},
            {"bound_dram_bytes", figures.bound_dram_bytes},
            {"buffer_bytes", explanation.compiled.plans.front().buffer_bytes},
            {"buffer_capacity_bytes", result.chip.buffer.capacity.count()},
            {"layers", std::move(layers)}};
  if (!layer) {
    Json parts = Json::array();
    const TimeParts spent = time_parts(result);
    for (const auto& [part, name] : kEnumNames<TimePart>) {
      parts.push_back({{"part", name},
                       {"cycles", spent[part].count()},
                       {"beyond_bound", spent.beyond[static_cast<std::size_t>(part)].count()},
                       {"inherent", is_inherent(part)}});
    }
    json["time"] = std::move(parts);
    json["buffer"] = blocks_json(explanation);
    json["changes"] = changes_json(explanation);
  }
  return json;
}

}  // namespace systole
