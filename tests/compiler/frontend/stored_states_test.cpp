#include "compiler/frontend/stored_states.h"

#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

std::string text_of(const std::string& state) {
  return "network: n\ninputs: [{name: x, extents: [1, 8]}, {name: y, extents: [1, 8]}]\n"
         "states:\n  - {name: keys, extents: [16, 8], quantization: {scale: 0.03125}" +
         state +
         "}\n"
         "layers:\n"
         "  - {name: all, op: append, inputs: [x, keys], at: 3}\n"
         "  - {name: scores, op: matmul, inputs: [y, all], transpose_b: true}\n";
}

Network read(const std::string& state, const NetworkOptions& options) {
  return parse_network(text_of(state), "n.yaml", options);
}

TEST(StoredStates, AreStoredAsTheySayThenAsTheOptionSays) {
  const auto type_of = [](const std::string& state, std::optional<StateType> option) {
    const Network network = read(state, {.type = DataType::Bf16, .states = option});
    const Graph& graph = network.graph;
    const GraphTensor& keys = graph.tensor(graph.states.front());
    const GraphTensor& behind = graph.tensor(graph.nodes[0].output());
    EXPECT_EQ(keys.type.element, behind.type.element);
    EXPECT_EQ(keys.quantization, behind.quantization);
    EXPECT_EQ(keys.quantization.scale, keys.type.element == DataType::Int8 ? 0.03125 : 1);
    EXPECT_EQ(graph.tensor(graph.nodes[1].output()).type.element, DataType::Bf16);
    EXPECT_EQ(right_type(graph, graph.nodes[1]), DataType::Bf16);
    EXPECT_EQ(network.data->value(graph, graph.states.front()).bytes.size(),
              static_cast<std::size_t>(keys.bytes()));
    return keys.type.element;
  };
  EXPECT_EQ(type_of("", {}), DataType::Bf16);
  EXPECT_EQ(type_of("", StateType::Int8), DataType::Int8);
  EXPECT_EQ(type_of(", type: fp8_e4m3", {}), DataType::Fp8E4M3);
  EXPECT_EQ(type_of(", type: fp8_e5m2", StateType::Int8), DataType::Fp8E5M2);
  EXPECT_EQ(type_of(", type: full", StateType::Int8), DataType::Bf16);
}

TEST(StoredStates, AreOfNetworksOfSixteenBits) {
  EXPECT_EQ(message_of([] { (void)read(", type: int8", {.type = DataType::Int8}); }), "no error");
  EXPECT_EQ(message_of([] { (void)read(", type: fp8_e4m3", {.type = DataType::Int8}); }),
            "n.yaml:4:5: keys: expected a network of bf16 or fp16 (--type) for a state that is "
            "stored as fp8_e4m3, got int8");
  EXPECT_EQ(message_of([] { (void)read(", type: int8", {.type = DataType::Fp8E4M3}); }),
            "n.yaml:6:5: all: expected a network of bf16 or fp16 (--type) for a state that is "
            "stored as int8, got fp8_e4m3");
  EXPECT_EQ(message_of([] { (void)read(", type: int4", {.type = DataType::Bf16}); }),
            "n.yaml:4:74: states[0].type: expected one of full, int8, fp8_e4m3, fp8_e5m2, got "
            "'int4' (did you mean 'int8'?)");
}

}  // namespace
}  // namespace systole
