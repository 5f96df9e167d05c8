#include "compiler/ops/layer_norm.h"

#include <gtest/gtest.h>

#include "arch/isa/program_fields.h"
#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

Graph graph_of(const std::string& layer) {
  return parse_network("network: n\ninputs: [{name: x, rows: 5, cols: 1, channels: 6}]\nlayers: [" +
                           layer + "]\n",
                       "n.yaml")
      .graph;
}

std::string stages_of(const Node& node) {
  const Work work = node.work();
  std::string text;
  for (const Stage& stage : std::get<RowWork>(work).pieces.at(0).stages) {
    text += (text.empty() ? "" : " ") + std::string(name_of(stage));
  }
  return text;
}

TEST(NormalizeRows, KeepsTheShapeAndHasAWeightAndABiasByFeature) {
  const Graph graph = graph_of("{name: n, op: layer_norm}");
  const Node& node = graph.node(0);
  EXPECT_EQ(graph.tensor(node.output()).type, graph.tensor(node.inputs[0]).type);
  EXPECT_EQ(graph.tensor(node.output()).quantization, (Quantization{0.0625, 0}));
  ASSERT_EQ(node.inputs.size(), 3U);
  for (const std::size_t input : {1U, 2U}) {
    EXPECT_TRUE(graph.is_parameter(node.inputs[input]));
    EXPECT_EQ(graph.tensor(node.inputs[input]).type, (TensorType{DataType::Fp32, {6}}));
  }
  EXPECT_EQ(graph.tensor(node.inputs[1]).name, "n.weight");
  EXPECT_EQ(parameters_of(graph, node), 12);
  EXPECT_EQ(parameters_of(graph_of("{name: n, op: rms_norm}"),
                          graph_of("{name: n, op: rms_norm}").node(0)),
            6);
}

TEST(NormalizeRows, IsThreePassesOrTwo) {
  EXPECT_EQ(
      stages_of(graph_of("{name: n, op: layer_norm}").node(0)),
      "number load reduce pair load pair pair reduce pair number pair function load pair pair "
      "load pair load pair");
  EXPECT_EQ(stages_of(graph_of("{name: n, op: rms_norm}").node(0)),
            "number load pair reduce pair number pair function load pair load pair");
}

TEST(NormalizeRows, SaysWhatItsEpsilonMayBe) {
  EXPECT_EQ(message_of([] { (void)graph_of("{name: n, op: rms_norm, epsilon: 0}"); }),
            "n.yaml:3:43: layers[0].epsilon: expected a number in 1e-12..1, got '0'");
}

TEST(Softmax, SaysThatACausalOneNeedsAColumnForEachRow) {
  EXPECT_EQ(message_of([] {
              (void)parse_network(
                  "network: n\ninputs: [{name: x, rows: 1, cols: 7, channels: 6}]\n"
                  "layers: [{name: s, op: softmax, causal: true}]\n",
                  "n.yaml");
            }),
            "n.yaml:3:41: s.causal: expected at least as many columns as rows, got 6 and 7");
}

}  // namespace
}  // namespace systole
