#include "compiler/lowering/check_operands.h"

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "compiler/frontend/real_network.h"
#include "compiler/network_type.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

ChipSpec edge_that_multiplies(std::initializer_list<MacKind> kinds) {
  ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml");
  chip.matrix.pace_of_kind = {};
  for (const MacKind kind : kinds) {
    chip.matrix.pace_of_kind[static_cast<std::size_t>(kind)] = CoreCycles(1);
  }
  return chip;
}

Graph network(const std::string& layers) {
  return parse_network(
             "network: n\ninputs: [{name: x, rows: 4, cols: 4, channels: 4}]\nlayers:\n" + layers,
             "n.yaml")
      .graph;
}

TEST(CheckOperands, NamesTheFirstLayerThatTheArrayCannotMultiply) {
  const Graph graph =
      network("- {name: a, op: relu}\n- {name: b, op: conv2d, channels: 8, kernel: 1}\n");
  EXPECT_EQ(message_of([&] {
              (void)compile(edge_that_multiplies({MacKind::Fp16, MacKind::Bf16}), graph);
            }),
            "n.yaml:5:3: b: expected operands that the matrix unit of edge multiplies (fp16xfp16, "
            "bf16xbf16), got int8xint8");
}

TEST(CheckOperands, WeightsAreOfTheNetworksType) {
  const Graph graph =
      with_reals(network("- {name: b, op: conv2d, channels: 8, kernel: 1}\n"), DataType::Bf16);
  EXPECT_EQ(message_of([&] { check_operands(edge_that_multiplies({MacKind::Bf16}), graph); }),
            "no error");
  EXPECT_EQ(message_of([&] { check_operands(edge_that_multiplies({MacKind::Int8}), graph); }),
            "n.yaml:4:3: b: expected operands that the matrix unit of edge multiplies (int8xint8), "
            "got bf16xbf16");
}

TEST(CheckOperands, StoredWeightsAreOfATypeThatTheChipConverts) {
  const Network network = parse_network(
      "network: n\ninputs: [{name: x, features: 4}]\nlayers:\n"
      "- {name: b, op: dense, features: 8, weights: {type: int4}}\n",
      "n.yaml", {.type = DataType::Bf16});
  ChipSpec chip = edge_that_multiplies({MacKind::Bf16});
  EXPECT_EQ(message_of([&] { check_operands(chip, network.graph); }),
            "n.yaml:4:3: b: expected weights of a type that edge converts on its way into the "
            "array (weight_fifo.convert: none), got int4");
  chip.weight_fifo.convert[static_cast<std::size_t>(DataType::Int8)] = CoreCycles(1);
  chip.weight_fifo.convert[static_cast<std::size_t>(DataType::Fp8E5M2)] = CoreCycles(1);
  EXPECT_EQ(message_of([&] { check_operands(chip, network.graph); }),
            "n.yaml:4:3: b: expected weights of a type that edge converts on its way into the "
            "array (weight_fifo.convert: int8, fp8_e5m2), got int4");
  chip.weight_fifo.convert[static_cast<std::size_t>(DataType::Int4)] = CoreCycles(1);
  EXPECT_EQ(message_of([&] { check_operands(chip, network.graph); }), "no error");
}

TEST(NetworkType, IsInt8WhereTheChipMultipliesIt) {
  EXPECT_EQ(default_network_type(edge_that_multiplies({MacKind::Int8, MacKind::Bf16})),
            DataType::Int8);
  EXPECT_EQ(default_network_type(edge_that_multiplies({MacKind::Int4, MacKind::Bf16})),
            DataType::Bf16);
  EXPECT_EQ(default_network_type(edge_that_multiplies({MacKind::Int4})), DataType::Int8);
  EXPECT_FALSE(multiplies(edge_that_multiplies({MacKind::Int4}), DataType::Int8));
}

TEST(CheckOperands, AcceptsWhatTheArrayMultiplies) {
  const Graph graph = network("- {name: b, op: conv2d, channels: 8, kernel: 1}\n");
  EXPECT_EQ(message_of([&] { check_operands(edge_that_multiplies({MacKind::Int8}), graph); }),
            "no error");
}

TEST(CheckOperands, LeavesVectorWorkToTheVectorUnit) {
  const Graph graph = network("- {name: a, op: relu}\n");
  EXPECT_EQ(message_of([&] { check_operands(edge_that_multiplies({MacKind::Bf16}), graph); }),
            "no error");
}

}  // namespace
}  // namespace systole
