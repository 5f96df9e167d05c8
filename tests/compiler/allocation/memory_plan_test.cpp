#include "compiler/allocation/memory_plan.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "arch/chip_spec.h"
#include "compiler/allocation/lifetimes.h"
#include "compiler/frontend/read_network.h"
#include "compiler/mapping/core_split.h"

namespace systole {
namespace {

/// A block of the unified buffer that something needs in layers first..last.
struct Block {
  std::string what;
  std::int64_t address = 0;
  std::int64_t bytes = 0;
  std::int32_t first = 0;
  std::int32_t last = 0;

  [[nodiscard]] bool meets(const Block& other) const {
    return first <= other.last && other.first <= last && address < other.address + other.bytes &&
           other.address < address + bytes;
  }
};

/// What a plan says, as blocks, their sizes derived here from bands and tensors.
class Blocks {
 public:
  Blocks(const Graph& graph, const MemoryPlan& plan)
      : whole_(graph), graphs_(graph), plan_(plan), lives_(tensor_lives(graph)) {
    for (std::int32_t layer = 0; layer < static_cast<std::int32_t>(graph.nodes.size()); ++layer) {
      add_layer(layer);
    }
  }

  [[nodiscard]] const std::vector<Block>& all() const { return blocks_; }
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  /// The first and the last layer that run before the next part of the batch does.
  [[nodiscard]] Lifetime together(std::int32_t layer) const {
    for (const Segment& segment : plan_.segments) {
      if (segment.first <= layer && layer < segment.end) {
        return {segment.first, segment.end - 1};
      }
    }
    return {layer, layer};
  }
  [[nodiscard]] const Graph& seen_by(std::int32_t layer) {
    for (const Segment& segment : plan_.segments) {
      if (segment.first <= layer && layer < segment.end) {
        return graphs_.of(segment.parts);
      }
    }
    return whole_;
  }

  void add_layer(std::int32_t layer) {
    const Graph& graph = seen_by(layer);
    const Node& node = graph.node(layer);
    if (node.is_view()) {
      return;
    }
    const LayerPlan& plan = plan_.layers.at(static_cast<std::size_t>(layer));
    std::int64_t elements = 0;
    for (const Band& band : plan.bands) {
      elements += band_elements(graph.tensor(node.output()).shape(), band);
    }
    if (elements != graph.tensor(node.output()).type.elements()) {
      complaints_.push_back(fmt::format("{}: bands of {} elements", node.name, elements));
    }
    for (std::size_t input = 0; input < plan.inputs.size(); ++input) {
      add_operand(layer, node.inputs[input], plan.inputs[input],
                  [&](const Band& band) { return input_band(graph, node, input, band); });
    }
    add_operand(layer, node.output(), plan.output, [](const Band& band) { return band; });
    const std::int64_t constants = constant_bytes(graph, node).total();
    if (constants > 0) {
      // They come for the first part and stay for the others.
      blocks_.push_back({node.name + ".constants", plan.constants, constants,
                         std::max(layer - 1, 0), together(layer).last});
    }
  }

  template <class PartOf>
  void add_operand(std::int32_t layer, GraphTensorId tensor, const OperandPlace& place,
                   const PartOf& part_of) {
    const Graph& graph = seen_by(layer);
    const GraphTensor& type = graph.tensor(tensor);
    if (place.as_tiles) {
      return;
    }
    if (place.resident) {
      const GraphTensorId root = lives_.root(tensor);
      const auto [known, fresh] = addresses_.emplace(root, place.addresses[0]);
      if (place.addresses[0] != place.addresses[1] || known->second != place.addresses[0]) {
        complaints_.push_back(type.name + ": several addresses");
      }
      if (fresh) {
        // Who alone needs it has the images of one part, others have all for all parts.
        const Lifetime& life = lives_.of(root);
        const Lifetime here = together(layer);
        const bool inner = here.first <= life.first && life.last <= here.last;
        blocks_.push_back({type.name, place.addresses[0],
                           (inner ? graph : whole_).tensor(root).bytes(),
                           inner ? life.first : together(life.first).first,
                           inner ? life.last : together(life.last).last});
        if (place.all_parts == inner) {
          complaints_.push_back(type.name + ": of the wrong number of images");
        }
      }
      return;
    }
    const std::vector<Band>& bands = plan_.layers[static_cast<std::size_t>(layer)].bands;
    std::int64_t largest = 0;
    for (const Band& band : bands) {
      largest = std::max(largest,
                         bytes_of(type.type.element, band_elements(type.shape(), part_of(band))));
    }
    const std::string name = fmt::format("{} of {}", type.name, graph.node(layer).name);
    blocks_.push_back({name, place.addresses[0], largest, layer, layer});
    if (bands.size() > 1 && place.addresses[1] != place.addresses[0]) {
      blocks_.push_back({name + " (odd)", place.addresses[1], largest, layer, layer});
    }
  }

  const Graph& whole_;
  PartGraphs graphs_;
  const MemoryPlan& plan_;
  TensorLives lives_;
  std::map<GraphTensorId, std::int64_t> addresses_;  ///< of resident roots
  std::vector<Block> blocks_;
  std::vector<std::string> complaints_;
};

using Pair = std::tuple<std::string, std::string, std::int64_t>;

class MemoryPlans : public testing::TestWithParam<Pair> {};

/// What is needed at the same time lies apart, in the buffer, at a port; a tensor that stays has
/// one address for all its readers; bands make up the output.
TEST_P(MemoryPlans, KeepWhatIsNeededTogetherApart) {
  const auto& [chip_name, network, batch] = GetParam();
  const std::string root = SYSTOLE_SOURCE_DIR;
  const ChipSpec chip = read_chip(root + "/configs/chips/" + chip_name + ".yaml");
  const Graph graph =
      read_network(root + "/workloads/" + network + ".yaml", {.batch = batch}).graph;
  const MemoryPlan plan = plan_memory(chip, graph);
  const Blocks blocks(graph, plan);
  EXPECT_EQ(blocks.complaints(), std::vector<std::string>{});
  EXPECT_LE(plan.buffer_bytes, chip.buffer.capacity.count());
  std::int64_t meetings = 0;
  for (std::size_t one = 0; one < blocks.all().size(); ++one) {
    const Block& block = blocks.all()[one];
    EXPECT_GE(block.address, 0) << block.what;
    EXPECT_EQ(block.address % chip.buffer.port_width.count(), 0) << block.what;
    EXPECT_LE(block.address + block.bytes, plan.buffer_bytes) << block.what;
    for (std::size_t other = 0; other < one; ++other) {
      EXPECT_FALSE(block.meets(blocks.all()[other]))
          << block.what << " lies on " << blocks.all()[other].what;
      ++meetings;
    }
  }
  EXPECT_GT(meetings, 0);
}

INSTANTIATE_TEST_SUITE_P(Shipped, MemoryPlans,
                         testing::Values(Pair{"edge", "resnet50", 1}, Pair{"edge", "resnet50", 4},
                                         Pair{"edge", "mobilenet_v2", 1},
                                         Pair{"edge", "bert_base", 1}, Pair{"edge", "unet", 1},
                                         Pair{"tpu_v1", "resnet50", 8}, Pair{"tpu_v1", "vgg16", 8},
                                         Pair{"tpu_v1", "yolov3_tiny", 2},
                                         Pair{"tpu_v1", "bert_base", 4}),
                         [](const auto& pair) {
                           return fmt::format("{}_{}_{}", std::get<0>(pair.param),
                                              std::get<1>(pair.param), std::get<2>(pair.param));
                         });

/// What a part holds is there as often as parts are in flight, apart from one another however far
/// each of them is.
TEST(MemoryPlan, PartsInFlightLieApart) {
  const std::string root = SYSTOLE_SOURCE_DIR;
  const ChipSpec chip = read_chip(root + "/configs/chips/tpu_v1.yaml");
  const Graph graph = read_network(root + "/workloads/resnet50.yaml", {.batch = 4}).graph;
  ChipSpec third = chip;
  third.buffer.capacity = Bytes(chip.buffer.capacity.count() / 3);
  const MemoryPlan part = plan_memory(third, with_batch(graph, 1), false);
  const auto layers = static_cast<std::int32_t>(graph.nodes.size());
  const PlacedMemory placed =
      place_memory(chip, graph,
                   {.resident = part.resident,
                    .bands = part.bands,
                    .pixels = {},
                    .rows_first = {},
                    .segments = {{.first = 0, .end = layers, .parts = 4, .in_flight = 2}}});
  ASSERT_TRUE(placed.plan);
  std::int64_t distance = 0;
  for (const LayerPlan& layer : placed.plan->layers) {
    distance = std::max(distance, layer.output.next_part);
  }
  ASSERT_GT(distance, 0);
  std::map<std::tuple<BlockUse, GraphTensorId, std::int32_t>, std::vector<std::int64_t>> addresses;
  std::int64_t end_of_first = 0;
  std::int64_t begin_of_second = chip.buffer.capacity.count();
  for (const PlannedBlock& block : placed.plan->blocks) {
    if (block.use == BlockUse::Constants) {
      continue;
    }
    auto& known = addresses[{block.use, block.tensor, block.layer}];
    known.push_back(block.address);
    EXPECT_LE(block.bytes, distance);
  }
  for (const auto& [what, known] : addresses) {
    ASSERT_EQ(known.size() % 2, 0U);  // two of what has two buffers
    const std::size_t each = known.size() / 2;
    for (std::size_t index = 0; index < each; ++index) {
      EXPECT_EQ(known[index + each], known[index] + distance);
      end_of_first = std::max(end_of_first, known[index]);
      begin_of_second = std::min(begin_of_second, known[index + each]);
    }
  }
  EXPECT_LT(end_of_first, begin_of_second);
}

/// A tensor that streams does so from double buffers where there are several bands: one moves
/// while the other is worked on.
TEST(MemoryPlan, SeveralBandsHaveTwoBuffers) {
  const std::string root = SYSTOLE_SOURCE_DIR;
  const ChipSpec chip = read_chip(root + "/configs/chips/edge.yaml");
  const Graph graph = read_network(root + "/workloads/vgg16.yaml", {.batch = 2}).graph;
  const MemoryPlan plan = plan_memory(chip, graph);
  int streamed = 0;
  for (const LayerPlan& layer : plan.layers) {
    if (layer.bands.size() > 1 && !layer.output.resident) {
      EXPECT_NE(layer.output.addresses[0], layer.output.addresses[1]);
      ++streamed;
    }
  }
  EXPECT_GT(streamed, 0);
}

}  // namespace
}  // namespace systole
