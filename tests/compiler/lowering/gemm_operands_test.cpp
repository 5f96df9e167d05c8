#include "compiler/lowering/gemm_operands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/allocation/memory_plan.h"
#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

using testing::ElementsAre;

/// The whole of a network's only layer: operand n from byte 1000 (n + 1) on, the result at 0.
class OneLayer {
 public:
  explicit OneLayer(const std::string& text)
      : graph_(parse_network("network: n\n" + text, "n.yaml").graph),
        plan_(plan_memory(chip_, graph_)),
        builder_(program()),
        mapping_{.layers = std::vector<LayerMapping>(graph_.nodes.size())},
        context_{.chip = chip_,
                 .graph = graph_,
                 .plan = plan_,
                 .mapping = mapping_,
                 .builder = builder_,
                 .tensor_ids = none_,
                 .bias_ids = none_,
                 .factor_ids = none_,
                 .table_ids = none_,
                 .row_table_ids = none_,
                 .maxima_ids = none_,
                 .tile_ids = first_tile_} {
    const Node& node = graph_.node(0);
    for (std::size_t operand = 0; operand < graph_.operand_count(node); ++operand) {
      band_.inputs.push_back(
          placed(graph_.operand(node, operand), 1000 * (static_cast<std::int64_t>(operand) + 1)));
    }
    band_.output = placed(node.output(), 0);
  }

  [[nodiscard]] std::unique_ptr<GemmOperands> operands() const {
    return gemm_operands(context_, band_);
  }
  [[nodiscard]] const LayerBand& band() const { return band_; }

 private:
  [[nodiscard]] Program program() const {
    Program program;
    program.streams = PerEngine<Stream>(chip_.engines());
    return program;
  }
  [[nodiscard]] PlacedBand placed(GraphTensorId id, std::int64_t address) const {
    const GraphTensor& tensor = graph_.tensor(id);
    return {.tensor = id,
            .shape = tensor.shape(),
            .type = tensor.type.element,
            .part = whole(tensor.shape()),
            .address = address};
  }

  ChipSpec chip_ = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml");
  Graph graph_;
  MemoryPlan plan_;
  ProgramBuilder builder_;
  std::vector<TensorId> none_;
  std::vector<std::int32_t> first_tile_{0};
  ShareMapping mapping_;
  LoweringContext context_;
  LayerBand band_;
};

TEST(GemmOperands, OfAConvolutionAreItsInputAndWeightsInDram) {
  const OneLayer layer(
      "batch: 2\ninputs: [{name: x, rows: 4, cols: 5, channels: 6,"
      " quantization: {scale: 0.5, zero_point: 3}}]\n"
      "layers: [{name: l, op: conv2d, channels: 8, kernel: 1}]\n");
  const auto operands = layer.operands();
  EXPECT_THAT(operands->clusters(), ElementsAre(ElementsAre(0)));
  EXPECT_EQ(operands->positions(), 2 * 4 * 5);
  EXPECT_EQ(operands->source(), TileSource::Dram);
  EXPECT_EQ(operands->window(0, 0).source, layer.band().inputs[0].at(0));
  EXPECT_EQ(operands->window(0, 0).channels, 6);
  EXPECT_EQ(operands->window(0, 0).pad_value, 3);
  EXPECT_EQ(operands->place_pitch(), 8);
  EXPECT_EQ(operands->place(0, 7, 2), layer.band().output.at(7 * 8 + 2));
  EXPECT_EQ(operands->bias_of(0), 0);
  EXPECT_EQ(operands->zero_point(), 0);  // the biases have its share
  EXPECT_EQ(operands->real_scale(), 1);
}

/// A tile of 6 x 8 weights lies packed from where the table says.
TEST(GemmOperands, WeightsArePacked) {
  const OneLayer layer(
      "inputs: [{name: x, rows: 4, cols: 5, channels: 6}]\n"
      "layers: [{name: l, op: conv2d, channels: 8, kernel: 1}]\n");
  const LoadTile load = layer.operands()->load({.rows = 6, .cols = 8, .dram_address = 640});
  EXPECT_EQ(load.from, TileSource::Dram);
  EXPECT_EQ(load.source, (Operand{.address = 640}));
  EXPECT_EQ(load.pitch, 0);
  EXPECT_EQ(load.padding, 0);
  EXPECT_EQ(load.type, DataType::Int8);
}

/// Two heads of 4 features each in rows of 8; the second tensor is one matrix a head, too.
TEST(GemmOperands, OfAProductAreAMatrixForEachHead) {
  const OneLayer layer(
      "inputs:\n- {name: q, extents: [6, 8], quantization: {scale: 0.5, zero_point: 3}}\n"
      "- {name: k, extents: [5, 8], quantization: {scale: 0.25, zero_point: -2}}\n"
      "layers: [{name: l, op: matmul, inputs: [q, k], heads: 2, transpose_b: true, scale: "
      "0.125}]\n");
  const auto operands = layer.operands();
  EXPECT_THAT(operands->clusters(), ElementsAre(ElementsAre(0), ElementsAre(1)));
  EXPECT_EQ(operands->positions(), 6);
  EXPECT_EQ(operands->source(), TileSource::Buffer);
  EXPECT_EQ(operands->window(1, 0).source, layer.band().inputs[0].at(4));
  EXPECT_EQ(operands->window(1, 0).channels, 4);
  EXPECT_EQ(operands->window(1, 0).pixel_pitch, 8);
  EXPECT_EQ(operands->place_pitch(), 5);
  EXPECT_EQ(operands->place(1, 2, 3), layer.band().output.at(6 * 5 + 2 * 5 + 3));
  EXPECT_EQ(operands->bias_of(1), 0);    // zeros for all
  EXPECT_EQ(operands->zero_point(), 3);  // taken away in the array
  EXPECT_EQ(operands->sum_scales().at(0), 0.5 * 0.25 * 0.125);
  EXPECT_EQ(operands->real_scale(), 0.125);
  const LoadTile load = operands->load(
      {.rows = 4, .cols = 5, .tensor = 1, .offset = 4, .pitch = 8, .transposed = true});
  EXPECT_EQ(load.from, TileSource::Buffer);
  EXPECT_EQ(load.source, (Operand{.address = 2004, .tensor = 1, .offset = 4}));
  EXPECT_EQ(load.pitch, 8);
  EXPECT_TRUE(load.transposed);
  EXPECT_EQ(load.zero_point, -2);
}

/// Four heads of queries share two of keys: those that meet the same tiles stand together.
TEST(GemmOperands, MatricesThatShareTheSecondTensorStandTogether) {
  const OneLayer layer(
      "inputs:\n- {name: q, extents: [6, 8]}\n- {name: k, extents: [5, 4]}\n"
      "layers: [{name: l, op: matmul, inputs: [q, k], heads: 4, kv_heads: 2, transpose_b: "
      "true}]\n");
  EXPECT_THAT(layer.operands()->clusters(), ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3)));
}

}  // namespace
}  // namespace systole
