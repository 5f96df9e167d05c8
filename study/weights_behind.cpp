#include "study/weights_behind.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "study/kernel_slide.h"
#include "study/lower_bounds.h"

namespace systole {

namespace {

/// Places of an image: so many neighbouring rows and columns, and channels in each of them.
struct Places {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t channels = 0;

  [[nodiscard]] bool is_empty() const { return rows == 0 || cols == 0 || channels == 0; }
  [[nodiscard]] std::int64_t elements() const { return rows * cols * channels; }
};

/// What this bound has to know of a node.
struct LayerReads {
  enum class Kind : std::uint8_t { Other, Product, Window, Same, AllChannels, View };
  Kind kind = Kind::Other;
  KernelSlide rows;
  KernelSlide cols;
  Shape in;
  Shape out;
  std::int64_t groups = 1;
  std::int64_t n = 0;                ///< of a group
  DataType stored = DataType::Int8;  ///< its weights
  std::int64_t array_steps = 0;
  std::vector<std::size_t> inputs;  ///< tensors
  std::size_t output = 0;
  bool reads_all = false;
  bool counts_weights = false;

  [[nodiscard]] bool slides() const { return kind == Kind::Product || kind == Kind::Window; }
};

void set_slides(LayerReads& step, const Kernel& kernel) {
  step.rows = {.in = step.in.rows,
               .out = step.out.rows,
               .kernel = kernel.rows,
               .stride = kernel.stride_rows,
               .dilation = kernel.dilation_rows,
               .pad = kernel.pad_top};
  step.cols = {.in = step.in.cols,
               .out = step.out.cols,
               .kernel = kernel.cols,
               .stride = kernel.stride_cols,
               .dilation = kernel.dilation_cols,
               .pad = kernel.pad_left};
  step.reads_all = reach_of(step.rows, 1).outputs > 0 && reach_of(step.cols, 1).outputs > 0;
}

LayerReads step_of(const ChipSpec& chip, const Graph& graph, const Node& node) {
  LayerReads step;
  step.output = static_cast<std::size_t>(node.output());
  step.array_steps = array_steps(chip, graph, node);
  if (graph.data_inputs(node).empty()) {
    return step;
  }
  for (const GraphTensorId input : graph.data_inputs(node)) {
    step.inputs.push_back(static_cast<std::size_t>(input));
  }
  step.in = graph.tensor(node.inputs.front()).shape();
  step.out = graph.tensor(node.output()).shape();
  const Work work = node.work();
  if (const auto* product = std::get_if<ProductWork>(&work)) {
    step.kind = LayerReads::Kind::Product;
    step.groups = product->groups;
    step.n = step.out.channels / product->groups;
    step.stored = node.inputs.size() > kWeightsInput
                      ? graph.tensor(node.inputs[kWeightsInput]).type.element
                      : graph.operand_type(node);
    step.counts_weights = !node.shares_parameters;
    set_slides(step, product->kernel);
  } else if (const auto* pool = std::get_if<PoolWork>(&work)) {
    step.kind = LayerReads::Kind::Window;
    set_slides(step, pool->kernel);
  } else if (std::holds_alternative<AddWork>(work) || std::holds_alternative<RescaleWork>(work)) {
    step.kind = LayerReads::Kind::Same;
    step.reads_all = true;
  } else if (std::holds_alternative<SoftmaxWork>(work)) {
    step.kind = LayerReads::Kind::AllChannels;
    step.reads_all = true;
  } else if (std::holds_alternative<ViewWork>(work) && step.in.elements() == step.out.elements()) {
    step.kind = LayerReads::Kind::View;
    step.reads_all = true;
  }
  return step;
}

/// Of a view; the elements of an image stay together where its result has as many images.
Places places_viewed(const LayerReads& step, const Places& region) {
  if (step.in == step.out) {
    return region;
  }
  const bool vector = step.in.batch == step.out.batch && step.out.rows == 1 && step.out.cols == 1;
  return {.rows = 1, .cols = 1, .channels = vector ? region.elements() : 1};
}

/// Weights that meet what is in a region of the input, and what that reaches.
struct Influence {
  std::int64_t weights = 0;
  Places region;
};

Influence influence_of(const LayerReads& step, const Places& region) {
  Influence influence;
  switch (step.kind) {
    case LayerReads::Kind::Other:
      return influence;
    case LayerReads::Kind::Same:
      influence.region = region;
      return influence;
    case LayerReads::Kind::AllChannels:
      influence.region = {.rows = region.rows, .cols = region.cols, .channels = step.out.channels};
      return influence;
    case LayerReads::Kind::View:
      influence.region = places_viewed(step, region);
      return influence;
    case LayerReads::Kind::Product:
    case LayerReads::Kind::Window:
      break;
  }
  const KernelReach rows = reach_of(step.rows, region.rows);
  const KernelReach cols = reach_of(step.cols, region.cols);
  influence.region = {.rows = rows.outputs, .cols = cols.outputs, .channels = region.channels};
  if (step.kind == LayerReads::Kind::Product) {
    const std::int64_t of_group = step.in.channels / step.groups;
    influence.weights = rows.elements * cols.elements * region.channels * step.n;
    influence.region.channels = ceil_div(region.channels, of_group) * step.n;
  }
  return influence;
}

/// Columns (or rows) of a tensor that each place of another along that axis needs.
using Stretches = std::vector<std::pair<std::int64_t, std::int64_t>>;

Stretches needed_by(const KernelSlide& slide, const Stretches& outputs) {
  Stretches needed;
  for (const auto& [begin, end] : outputs) {
    const std::int64_t from = std::clamp<std::int64_t>(slide.first(begin), 0, slide.in);
    needed.emplace_back(from, std::clamp(slide.first(end - 1) + slide.kernel, from, slide.in));
  }
  return needed;
}

std::int64_t total_of_stretches(const Stretches& stretches) {
  return std::accumulate(
      stretches.begin(), stretches.end(), std::int64_t{0},
      [](std::int64_t sum, const auto& one) { return sum + one.second - one.first; });
}

/// Positions that any `count` of the stretches have together at least, by `count`. They begin and
/// end one behind the other.
std::vector<std::int64_t> least_together(const Stretches& stretches) {
  const std::size_t all = stretches.size();
  std::vector<std::int64_t> least(all + 1, 0);
  std::vector<std::int64_t> up_to(all);  // the last of so many is this one
  for (std::size_t last = 0; last < all; ++last) {
    up_to[last] = stretches[last].second - stretches[last].first;
  }
  for (std::size_t count = 1; count <= all; ++count) {
    least[count] =
        *std::min_element(up_to.begin() + static_cast<std::ptrdiff_t>(count) - 1, up_to.end());
    for (std::size_t last = all; last-- > count;) {
      std::int64_t best = 0;
      for (std::size_t before = count - 1; before < last; ++before) {
        const std::int64_t more =
            stretches[last].second - std::max(stretches[last].first, stretches[before].second);
        const std::int64_t sum = up_to[before] + std::max<std::int64_t>(more, 0);
        best = before == count - 1 ? sum : std::min(best, sum);
      }
      up_to[last] = best;
    }
  }
  return least;
}

class WeightsBehind {
 public:
  WeightsBehind(const ChipSpec& chip, const Graph& graph)
      : chip_(chip), makers_(graph.tensors.size(), kNone), readers_(graph.tensors.size()) {
    steps_.reserve(graph.nodes.size());
    for (const Node& node : graph.nodes) {
      for (const GraphTensorId output : node.outputs) {
        makers_[static_cast<std::size_t>(output)] = steps_.size();
      }
      const bool is_again = graph.is_made_again(steps_.size());
      steps_.push_back(step_of(chip, graph, node));
      if (is_again) {
        steps_.back().array_steps = 0;
      }
      for (const std::size_t input : steps_.back().inputs) {
        readers_[input].push_back(steps_.size() - 1);
      }
      if (steps_.back().kind == LayerReads::Kind::Product) {
        largest_type_ = std::max(largest_type_, bytes_of(steps_.back().stored, kMany));
      }
    }
  }

  /// The largest above `known`, or that.
  CoreCycles bound(CoreCycles known) {
    best_ = known;
    order_by_hope();
    for (const auto& [hope, index] : hopes_) {
      if (hope <= best_) {
        break;
      }
      best_ = std::max(best_, behind_element(index));
      best_ = std::max(best_, behind_image(index));
    }
    return best_;
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  static constexpr std::int64_t kMany = 1024;   ///< elements, for types of less than a byte
  static constexpr std::int64_t kPlaces = 256;  ///< of an image, at most

  /// Nodes, those first whose bound may be largest: all steps up to there, all weights behind.
  void order_by_hope() {
    std::vector<std::int64_t> bytes(steps_.size() + 1, 0);
    for (std::size_t index = steps_.size(); index-- > 0;) {
      bytes[index] = bytes[index + 1] + bytes_of(steps_[index].stored, weights_of(index));
    }
    std::int64_t steps = 0;
    for (std::size_t index = 0; index < steps_.size(); ++index) {
      steps += steps_[index].array_steps;
      hopes_.emplace_back(cycles_of(steps, bytes[index + 1]), index);
    }
    std::stable_sort(hopes_.begin(), hopes_.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
  }

  [[nodiscard]] std::int64_t weights_of(std::size_t index) const {
    const LayerReads& step = steps_[index];
    if (step.kind != LayerReads::Kind::Product || !step.counts_weights) {
      return 0;
    }
    return step.rows.kernel * step.cols.kernel * step.in.channels * step.n;
  }

  [[nodiscard]] std::int64_t bytes_on_chip() const {
    const std::int64_t tiles = chip_.matrix_units() * (chip_.weight_fifo.tiles + 2);
    const std::int64_t of_tiles =
        ceil_div(tiles * chip_.matrix.macs_per_cycle() * largest_type_, kMany);
    return of_tiles +
           (chip_.weight_fifo.from_buffer ? chip_.cores * chip_.buffer.capacity.count() : 0);
  }

  [[nodiscard]] CoreCycles cycles_of(std::int64_t steps, std::int64_t bytes) const {
    const std::int64_t come = std::max<std::int64_t>(bytes - bytes_on_chip(), 0);
    return CoreCycles(steps / chip_.matrix_units()) + dram_bound(chip_, Bytes(come));
  }

  /// Bytes of weights that meet what depends on a region of the output of node `index`.
  [[nodiscard]] std::int64_t bytes_behind(std::size_t index, const Places& region) const {
    std::vector<Places> regions(makers_.size());
    regions[steps_[index].output] = region;
    std::int64_t bytes = 0;
    for (std::size_t next = index + 1; next < steps_.size(); ++next) {
      const LayerReads& step = steps_[next];
      Influence most;
      for (const std::size_t input : step.inputs) {
        if (regions[input].is_empty()) {
          continue;
        }
        const Influence influence = influence_of(step, regions[input]);
        if (influence.region.elements() > most.region.elements()) {
          most = influence;
        }
      }
      bytes += step.counts_weights ? bytes_of(step.stored, most.weights) : 0;
      regions[step.output] = most.region;
    }
    return bytes;
  }

  /// Of the nodes that have to be through when all of node `index`'s output is there.
  [[nodiscard]] std::int64_t steps_before(std::size_t index) const {
    std::vector<bool> needed(steps_.size(), false);
    needed[index] = true;
    std::int64_t steps = 0;
    for (std::size_t at = index + 1; at-- > 0;) {
      if (!needed[at]) {
        continue;
      }
      steps += steps_[at].array_steps;
      for (const std::size_t input : steps_[at].inputs) {
        if (steps_[at].reads_all && makers_[input] != kNone) {
          needed[makers_[input]] = true;
        }
      }
    }
    return steps;
  }

  [[nodiscard]] CoreCycles behind_element(std::size_t index) const {
    const std::int64_t bytes = bytes_behind(index, {.rows = 1, .cols = 1, .channels = 1});
    return bytes > bytes_on_chip() ? cycles_of(steps_before(index), bytes) : CoreCycles(0);
  }

  /// The dense layer behind a view that makes the output of node `index` one vector.
  [[nodiscard]] std::size_t dense_behind(std::size_t index) const {
    for (const std::size_t view : readers_[steps_[index].output]) {
      const LayerReads& step = steps_[view];
      if (step.kind != LayerReads::Kind::View || step.out.rows * step.out.cols != 1 ||
          step.in.batch != step.out.batch) {
        continue;
      }
      for (const std::size_t dense : readers_[step.output]) {
        if (steps_[dense].kind == LayerReads::Kind::Product && steps_[dense].groups == 1) {
          return dense;
        }
      }
    }
    return kNone;
  }

  [[nodiscard]] CoreCycles behind_image(std::size_t index) const {
    const Shape& image = steps_[index].out;
    const std::int64_t places = image.rows * image.cols;
    const std::size_t dense = dense_behind(index);
    if (dense == kNone || places == 1 || places > kPlaces) {
      return CoreCycles(0);
    }
    const std::vector<double> steps = steps_of_places(index);
    const std::int64_t of_dense = bytes_of(steps_[dense].stored, weights_of(dense));
    const std::int64_t behind =
        bytes_behind(dense, {.rows = 1, .cols = 1, .channels = steps_[dense].out.channels});
    CoreCycles most{0};
    for (std::int64_t count = 1; count <= places; ++count) {
      const std::int64_t come = of_dense - ceil_div(of_dense * (count - 1), places) + behind;
      const auto before = static_cast<std::int64_t>(steps[static_cast<std::size_t>(count)]);
      most = std::max(most, cycles_of(before, come));
    }
    return most;
  }

  /// What each row (first) and column (second) of the output of a node needs of another's.
  using Needed = std::pair<Stretches, Stretches>;
  [[nodiscard]] std::vector<Needed> needed_of(std::size_t index) const {
    std::vector<Needed> needed(steps_.size());
    for (std::int64_t row = 0; row < steps_[index].out.rows; ++row) {
      needed[index].first.emplace_back(row, row + 1);
    }
    for (std::int64_t col = 0; col < steps_[index].out.cols; ++col) {
      needed[index].second.emplace_back(col, col + 1);
    }
    for (std::size_t at = index + 1; at-- > 0;) {
      const LayerReads& step = steps_[at];
      if (needed[at].first.empty()) {
        continue;
      }
      Needed inputs = needed[at];
      if (step.slides() && step.rows.is_plain() && step.cols.is_plain()) {
        inputs = {needed_by(step.rows, inputs.first), needed_by(step.cols, inputs.second)};
      } else if (step.kind != LayerReads::Kind::Same) {
        continue;
      }
      for (const std::size_t input : step.inputs) {
        if (makers_[input] == kNone) {
          continue;
        }
        Needed& known = needed[makers_[input]];
        if (total_of_stretches(inputs.first) * total_of_stretches(inputs.second) >
            total_of_stretches(known.first) * total_of_stretches(known.second)) {
          known = inputs;
        }
      }
    }
    return needed;
  }

  /// Array steps, of all images, that so many places of each image of a node's output need at
  /// least; by their number.
  [[nodiscard]] std::vector<double> steps_of_places(std::size_t index) const {
    const auto rows = static_cast<std::size_t>(steps_[index].out.rows);
    const auto cols = static_cast<std::size_t>(steps_[index].out.cols);
    // Of the t-th place of a column, for so many columns that have it.
    std::vector<std::vector<double>> of_level(rows + 1, std::vector<double>(cols + 1, 0));
    const std::vector<Needed> needed = needed_of(index);
    for (std::size_t at = 0; at <= index; ++at) {
      const LayerReads& step = steps_[at];
      if (step.array_steps == 0 || needed[at].first.empty()) {
        continue;
      }
      const double each = static_cast<double>(step.array_steps) /
                          static_cast<double>(step.out.rows * step.out.cols);
      const std::vector<std::int64_t> high = least_together(needed[at].first);
      const std::vector<std::int64_t> wide = least_together(needed[at].second);
      for (std::size_t level = 1; level <= rows; ++level) {
        for (std::size_t count = 1; count <= cols; ++count) {
          of_level[level][count] += each * static_cast<double>(high[level] - high[level - 1]) *
                                    static_cast<double>(wide[count]);
        }
      }
    }
    return cheapest_partitions(of_level);
  }

  /// Of each number the cheapest sum of parts, none larger than the one before; the cost of a part
  /// by its place and size.
  static std::vector<double> cheapest_partitions(const std::vector<std::vector<double>>& costs) {
    const std::size_t parts = costs.size() - 1;
    const std::size_t largest = costs.front().size() - 1;
    constexpr double kNever = 1e300;
    using Sums = std::vector<double>;
    // By the size of the last part, and the number.
    std::vector<Sums> best(largest + 1, Sums(parts * largest + 1, kNever));
    best[largest][0] = 0;
    Sums cheapest(parts * largest + 1, kNever);
    for (std::size_t part = 1; part <= parts; ++part) {
      std::vector<Sums> next(largest + 1, Sums(parts * largest + 1, kNever));
      for (std::size_t size = 1; size <= largest; ++size) {
        for (std::size_t before = size; before <= largest; ++before) {
          for (std::size_t sum = 0; sum + size < next[size].size(); ++sum) {
            next[size][sum + size] =
                std::min(next[size][sum + size], best[before][sum] + costs[part][size]);
          }
        }
        for (std::size_t sum = 0; sum < cheapest.size(); ++sum) {
          cheapest[sum] = std::min(cheapest[sum], next[size][sum]);
        }
      }
      best = std::move(next);
    }
    return cheapest;
  }

  const ChipSpec& chip_;
  std::vector<LayerReads> steps_;
  std::vector<std::size_t> makers_;                ///< of each tensor: its node
  std::vector<std::vector<std::size_t>> readers_;  ///< of each tensor: nodes
  std::vector<std::pair<CoreCycles, std::size_t>> hopes_;
  std::int64_t largest_type_ = 0;  ///< bytes of many elements of the largest type of weights
  CoreCycles best_{0};
};

}  // namespace

CoreCycles weights_behind_bound(const ChipSpec& chip, const Graph& graph, CoreCycles known) {
  const CoreCycles most = WeightsBehind(chip, graph).bound(known);
  return most > known ? most : CoreCycles(0);
}

}  // namespace systole
