#include "report/layer_table.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "report/format.h"
#include "report/table.h"
#include "study/run_figures.h"

namespace systole {

namespace {

using Align = Column::Align;

std::string cell_cycles(CoreCycles cycles) {
  constexpr std::int64_t kNineDigits = 999'999'999;
  return cycles.count() > kNineDigits ? scaled(cycles.count()) : fmt::format("{}", cycles.count());
}

/// One image: the batch stands in the heading. Feature vectors show their length alone.
std::string cell_shape(const Shape& shape) {
  if (shape.rows == 1 && shape.cols == 1) {
    return fmt::format("{}", shape.channels);
  }
  return fmt::format("{}x{}x{}", shape.rows, shape.cols, shape.channels);
}

std::string cell_stall(const LayerFigures& figures) {
  if (figures.stall.cycles == CoreCycles(0)) {
    return "-";
  }
  return fmt::format("{} {:.0f}%", name_of(figures.stall.cause), figures.stall_share * 100.0);
}

/// The rows have an energy where the chip has a technology, a loss where they are ordered by it.
Table layer_columns(bool has_energy, bool has_loss) {
  std::vector<Column> columns{
      {"layer", Align::Left},   {"output", Align::Right},       {"MACs", Align::Right},
      {"cycles", Align::Right}, {"time", Align::Right},         {"util%", Align::Right},
      {"bound", Align::Left},   {"largest stall", Align::Left}, {"DRAM", Align::Right}};
  if (has_energy) {
    columns.push_back({"energy", Align::Right});
  }
  if (has_loss) {
    columns.push_back({"lost", Align::Right});
  }
  return Table(std::move(columns));
}

std::vector<std::string> figure_cells(const Result& result, std::size_t layer,
                                      const LayerFigures& figures) {
  const LayerCounters& counters = result.counters.layers[layer];
  if (figures.view) {
    return {"-", "-", "-", "-", figures.fused ? "fused" : "view", "-", "-"};
  }
  const std::int64_t moved = counters.dram_read_bytes + counters.dram_write_bytes;
  return {counters.macs > 0 ? scaled(counters.macs) : "-",
          cell_cycles(counters.active),
          duration(figures.seconds),
          counters.macs > 0 ? percent(figures.utilisation) : "-",
          std::string(name_of(figures.bound)),
          cell_stall(figures),
          scaled(moved, "B")};
}

LayerOrder order_of(const Result& result, const TextOptions& options) {
  const std::size_t layers = result.graph.nodes.size();
  const bool all = options.layers ? *options.layers >= layers : layers <= kManyLayers;
  return options.by.value_or(all ? LayerOrder::Network : LayerOrder::Loss);
}

/// What a layer is ordered by, the most first; views after all others.
double figure_by(const Result& result, std::size_t layer, LayerOrder order) {
  const LayerCounters& counters = result.counters.layers[layer];
  if (is_view(counters)) {
    return -1;
  }
  switch (order) {
    case LayerOrder::Time:
      return static_cast<double>(counters.exposed.count());
    case LayerOrder::Energy:
      return result.energy ? result.energy->layers[layer].total().count() : 0;
    case LayerOrder::Loss:
      return static_cast<double>(lost_cycles(result, layer).count());
    case LayerOrder::Network:
    case LayerOrder::Name:
      break;
  }
  return 0;
}

/// What stands below the rows.
std::string notes(const Result& result, std::size_t shown, LayerOrder order, std::size_t width) {
  std::string text =
      "A layer's cycles are those in which it worked or waited at the head of an engine. Layers "
      "overlap, so the rows need not add up to the total. util%: useful MACs of the MAC slots in "
      "those cycles. Shapes are of one input, MACs and bytes of the whole batch.";
  if (order == LayerOrder::Loss) {
    text += " lost: cycles that the layer added to the run beyond its own bound.";
  }
  std::string more;
  if (shown < result.graph.nodes.size()) {
    more =
        fmt::format("The first {} of {} layers by {}; --layers all shows every one.\n",
                    grouped(static_cast<std::int64_t>(shown)),
                    grouped(static_cast<std::int64_t>(result.graph.nodes.size())), name_of(order));
  }
  return '\n' + more + wrapped(text, width, 0) + "\n\n";
}

}  // namespace

CoreCycles lost_cycles(const Result& result, std::size_t layer) {
  const CoreCycles exposed = result.counters.layers[layer].exposed;
  const CoreCycles bound = layer_roofline(result, layer).cycles();
  return exposed > bound ? exposed - bound : CoreCycles(0);
}

std::vector<std::size_t> shown_layers(const Result& result, const TextOptions& options) {
  const std::size_t layers = result.graph.nodes.size();
  std::vector<std::size_t> shown(layers);
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  const LayerOrder order = order_of(result, options);
  if (order == LayerOrder::Name) {
    std::stable_sort(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) {
      return result.graph.nodes[a].name < result.graph.nodes[b].name;
    });
  } else if (order != LayerOrder::Network) {
    std::vector<double> figures;
    for (std::size_t layer = 0; layer < layers; ++layer) {
      figures.push_back(figure_by(result, layer, order));
    }
    std::stable_sort(shown.begin(), shown.end(),
                     [&](std::size_t a, std::size_t b) { return figures[a] > figures[b]; });
  }
  const std::size_t most = options.layers.value_or(layers > kManyLayers ? kShownLayers : layers);
  shown.resize(std::min(most, layers));
  return shown;
}

std::string layer_table(const Result& result, const TextOptions& options) {
  const std::vector<std::size_t> layers = shown_layers(result, options);
  if (layers.empty()) {
    return "";
  }
  const bool has_energy = result.energy.has_value();
  const LayerOrder order = order_of(result, options);
  Table table = layer_columns(has_energy, order == LayerOrder::Loss);
  for (const std::size_t layer : layers) {
    const Node& node = result.graph.nodes[layer];
    const LayerFigures figures = layer_figures(result, layer);
    std::vector<std::string> cells{on_one_line(node.name),
                                   cell_shape(result.graph.tensor(node.output()).shape())};
    const std::vector<std::string> more = figure_cells(result, layer, figures);
    cells.insert(cells.end(), more.begin(), more.end());
    if (has_energy) {
      cells.push_back(
          figures.view ? "-" : engineering(result.energy->layers[layer].total().count(), "J"));
    }
    if (order == LayerOrder::Loss) {
      cells.push_back(figures.view ? "-" : cell_cycles(lost_cycles(result, layer)));
    }
    table.add(std::move(cells), figures.view ? Style::Faint : Style::Plain);
  }
  return table.print(options.width, options.colour) +
         notes(result, layers.size(), order, options.width);
}

}  // namespace systole
