#include "compiler/training/holds.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "compiler/graph/hold.h"
#include "compiler/training/training_graph.h"

namespace systole {
namespace {

/// Layers one behind the other, the first far from its own gradient.
std::string layers(int count) {
  std::string body = "network: n\ninputs: [{name: x, features: 64}]\nlayers:\n";
  for (int layer = 0; layer < count; ++layer) {
    body += fmt::format("- {{name: l{}, op: dense, features: 64, activation: tanh}}\n", layer);
  }
  return body;
}

Graph step_of(int count, std::int64_t most_whole_bytes) {
  const Graph network = parse_network(layers(count), "n.yaml",
                                      {.batch = 32, .type = DataType::Bf16, .numbers = false})
                            .graph;
  return training_graph(network, {.loss = Loss::MeanSquaredError,
                                  .optimizer = {},
                                  .most_whole_bytes = most_whole_bytes})
      .graph;
}

std::size_t node_named(const Graph& graph, const std::string& name) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [&](const Node& node) { return node.name == name; });
  EXPECT_NE(found, graph.nodes.end()) << name;
  return static_cast<std::size_t>(found - graph.nodes.begin());
}

std::vector<std::string> held(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) {
    if (is_hold(graph, node)) {
      names.push_back(node.name);
    }
  }
  return names;
}

/// A layer is a product, a sum and a function: three nodes forward. Behind l19.tanh come two of the
/// loss and the gradient by it, then those by the function and by the bias, two means of it among
/// them, updates of the bias and the product's. Of twenty layers the first results are read again
/// more than 24 nodes later, the last at once.
TEST(Holds, KeepWhatIsReadMuchLater) {
  const Graph graph = step_of(20, 1 << 20);
  const std::vector<std::string> names = held(graph);
  EXPECT_THAT(names, testing::Contains("l0.tanh.kept"));
  EXPECT_THAT(names, testing::Contains("l0.tanh.back"));
  EXPECT_THAT(names, testing::Not(testing::Contains("l19.tanh.kept")));
}

/// It goes as soon as it is made, and comes before its first reader on the way back, which reads
/// it there; what reads it at once reads the first.
TEST(Holds, GoWhenMadeAndComeWhenRead) {
  const Graph graph = step_of(20, 1 << 20);
  const std::size_t made = node_named(graph, "l0.tanh");
  EXPECT_EQ(node_named(graph, "l0.tanh.kept"), made + 1);
  EXPECT_THAT(graph.nodes[node_named(graph, "l1.product")].inputs,
              testing::Contains(graph.nodes[made].output()));
  const std::size_t back = node_named(graph, "l0.tanh.back");
  const GraphTensorId again = graph.nodes[back].output();
  std::size_t readers = 0;
  for (std::size_t node = made + 2; node < graph.nodes.size(); ++node) {
    const auto& inputs = graph.nodes[node].inputs;
    if (std::find(inputs.begin(), inputs.end(), again) != inputs.end()) {
      EXPECT_GT(node, back);
      EXPECT_EQ(graph.step->phases[node], StepPhase::Backward);
      ++readers;
    }
  }
  EXPECT_EQ(readers, 2U);  // the gradients by l1's weights, and by the function
}

/// In the order of nodes, each before what reads it.
TEST(Holds, StandBeforeTheirReaders) {
  const Graph graph = step_of(20, 1 << 20);
  std::vector<bool> made(graph.tensors.size(), false);
  for (const auto& given : {graph.inputs, graph.states}) {
    for (const GraphTensorId tensor : given) {
      made[static_cast<std::size_t>(tensor)] = true;
    }
  }
  for (const Node& node : graph.nodes) {
    for (const GraphTensorId input : node.inputs) {
      EXPECT_TRUE(made[static_cast<std::size_t>(input)]) << node.name;
    }
    made[static_cast<std::size_t>(node.output())] = true;
  }
}

/// A result of 32 x 64 of bf16 has 4096 bytes: not where the buffer had 8 x 511.
TEST(Holds, AreOfWhatHasRoomInTheBuffer) {
  EXPECT_FALSE(held(step_of(20, 512)).empty());
  const std::vector<std::string> names = held(step_of(20, 511));
  EXPECT_THAT(names, testing::Not(testing::Contains("l0.tanh.kept")));
  EXPECT_TRUE(held(step_of(20, 0)).empty());
}

struct Moved {
  std::int64_t read = 0;
  std::int64_t written = 0;
};

/// Bytes of a tensor of the program that go to DRAM and come from there.
Moved moved(const Program& program, const std::string& name) {
  Moved sum;
  for (const EngineId engine : program.engines()) {
    if (engine.kind != EngineKind::DmaIn && engine.kind != EngineKind::DmaOut) {
      continue;
    }
    for (const StreamInstruction instruction : program.stream(engine)) {
      const auto& transfer = instruction.get<Transfer>();
      if (transfer.far.tensor >= 0 &&
          program.tensors[static_cast<std::size_t>(transfer.far.tensor)].name == name) {
        (transfer.to_buffer ? sum.read : sum.written) += transfer.rows * transfer.row_bytes;
      }
    }
  }
  return sum;
}

/// Layer 0's result goes to DRAM once and comes once, however many read it, and is one tensor of
/// the program.
TEST(Holds, MoveATensorOnceEachWay) {
  const ChipSpec chip = read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/tpu_v3.yaml");
  const Program program = compile(chip, step_of(20, 1 << 20));
  const Moved all = moved(program, "l0.tanh");
  constexpr std::int64_t kBytes = 32 * 64 * 2;
  EXPECT_EQ(all.written, kBytes);
  EXPECT_EQ(all.read, kBytes);
  for (const ProgramTensor& tensor : program.tensors) {
    EXPECT_FALSE(tensor.name.ends_with(".kept") || tensor.name.ends_with(".back")) << tensor.name;
  }
}

/// A formula that changes the type, or none of a step, is none.
TEST(Holds, AreCopiesWithinAStep) {
  const Graph graph = parse_network(
                          "network: n\ninputs: [{name: x, features: 8}]\nlayers:\n"
                          "- {name: a, op: formula, of: \"a\"}\n",
                          "n.yaml", {.batch = 2, .type = DataType::Bf16, .numbers = false})
                          .graph;
  EXPECT_FALSE(is_hold(graph, graph.nodes.front()));
  Graph step = graph;
  step.step = TrainingStep{.network = "n", .phases = {StepPhase::Forward}};
  EXPECT_TRUE(is_hold(step, step.nodes.front()));
  step.tensor(step.nodes.front().output()).type.element = DataType::Fp32;
  EXPECT_FALSE(is_hold(step, step.nodes.front()));
}

}  // namespace
}  // namespace systole
