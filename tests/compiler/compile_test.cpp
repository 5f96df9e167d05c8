#include "compiler/compile.h"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

ChipSpec edge() {
  return read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml");
}

Graph network(const std::string& input, const std::string& layers,
              const NetworkOptions& options = {}) {
  return parse_network(
             fmt::format("network: n\ninputs: [{{name: x, {}}}]\nlayers: [{}]\n", input, layers),
             "n.yaml", options)
      .graph;
}

std::string message_of_compiling(const ChipSpec& chip, const Graph& graph) {
  return message_of([&] { (void)compile(chip, graph); });
}

struct LongWindow {
  const char* name;
  const char* input;
  const char* layer;
};
void PrintTo(const LongWindow& window, std::ostream* stream) {
  *stream << window.name;
}

class Windows : public ::testing::TestWithParam<LongWindow> {};

/// compile() verifies what it writes.
TEST_P(Windows, AreAsLongInProgramsAsInNetworks) {
  EXPECT_EQ(message_of_compiling(edge(), network(GetParam().input, GetParam().layer)), "no error");
}

INSTANTIATE_TEST_SUITE_P(
    Of40000Rows, Windows,
    ::testing::Values(
        LongWindow{"GlobalAverage", "rows: 40000, cols: 1, channels: 1",
                   "{name: p, op: global_average_pool}"},
        LongWindow{"Average", "rows: 40000, cols: 1, channels: 1",
                   "{name: p, op: average_pool, kernel: [40000, 1]}"},
        LongWindow{"Max", "rows: 40000, cols: 1, channels: 1",
                   "{name: p, op: max_pool, kernel: [40000, 1]}"},
        LongWindow{"Kernel", "rows: 40000, cols: 1, channels: 1",
                   "{name: c, op: conv2d, channels: 1, kernel: [40000, 1]}"},
        LongWindow{"Stride", "rows: 40001, cols: 1, channels: 1",
                   "{name: c, op: conv2d, channels: 1, kernel: 1, stride: 40000}"},
        LongWindow{"Dilation", "rows: 40001, cols: 1, channels: 1",
                   "{name: c, op: conv2d, channels: 1, kernel: [2, 1], dilation: 40000}"},
        LongWindow{"Padding", "rows: 4, cols: 1, channels: 1",
                   "{name: c, op: conv2d, channels: 1, kernel: [2, 1], padding: [40000, 0, 0, 0]}"},
        // 65536 x 2 = 131072 rows of padding, half of them on each side: the most there may be.
        LongWindow{"SamePadding", "rows: 65536, cols: 1, channels: 1",
                   "{name: c, op: conv2d, channels: 1, kernel: [3, 1], dilation: [65536, 1], "
                   "padding: same}"}),
    [](const auto& instance) { return instance.param.name; });

std::int64_t macs_of_core(const Program& program, std::uint16_t core) {
  std::int64_t macs = 0;
  for (const EngineId engine : program.engines()) {
    if (engine.core == core && engine.kind == EngineKind::Matrix) {
      for (const StreamInstruction instruction : program.stream(engine)) {
        const auto& fold = instruction.get<Fold>();
        macs += fold.count * fold.rows * fold.cols;
      }
    }
  }
  return macs;
}

TEST(Compile, SharesTheBatchAmongCores) {
  ChipSpec chip = edge();
  chip.cores = 2;
  const std::string layer =
      "{name: c, op: conv2d, channels: 8, kernel: 3, padding: same}, {name: r, op: relu}";
  const Program program =
      compile(chip, network("rows: 8, cols: 8, channels: 4", layer, {.batch = 3}));
  EXPECT_EQ(macs_of_core(program, 0), 2 * 64 * 36 * 8);
  EXPECT_EQ(macs_of_core(program, 1), 64 * 36 * 8);
  const Program alone =
      compile(chip, network("rows: 8, cols: 8, channels: 4", layer, {.batch = 1}));
  EXPECT_EQ(macs_of_core(alone, 1), 0);
}

TEST(Compile, SharesColumnsAmongMatrixUnits) {
  ChipSpec chip = edge();
  chip.matrix.count = 2;
  const Program program = compile(
      chip, network("features: 64",
                    fmt::format("{{name: d, op: dense, features: {}}}", 4 * chip.matrix.cols)));
  const auto folds = [&](std::uint8_t unit) {
    return program.stream({EngineKind::Matrix, unit}).size();
  };
  EXPECT_EQ(folds(0), folds(1));
  EXPECT_EQ(program.stream({EngineKind::Weights, 0}).size() +
                program.stream({EngineKind::Weights, 1}).size(),
            program.tiles.size());  // no tile twice
}

TEST(Compile, NeedsAMultiplierOnlyForProducts) {
  ChipSpec chip = edge();
  chip.matrix.pace_of_kind = {};
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Fp16)] = CoreCycles(1);
  EXPECT_EQ(message_of_compiling(chip, network("rows: 5, cols: 5, channels: 3",
                                               "{name: p, op: max_pool, kernel: 2}")),
            "no error");
  EXPECT_EQ(message_of_compiling(chip, network("features: 8", "{name: a, op: dense, features: 4}")),
            "n.yaml:3:10: a: expected operands that the matrix unit of edge multiplies "
            "(fp16xfp16), got int8xint8");
}

TEST(Compile, TellsWhatDoesNotFitTheMemoryOfTheChip) {
  ChipSpec chip = edge();
  const Graph graph = network("features: 512", "{name: a, op: dense, features: 512}");
  // 512 x 512 weights of a byte, 512 biases of four.
  chip.dram.capacity = Bytes(512 * 512 + 512 * 4);
  EXPECT_EQ(message_of_compiling(chip, graph), "no error");
  chip.dram.capacity = Bytes(512 * 512 + 512 * 4 - 1);
  EXPECT_EQ(message_of_compiling(chip, graph),
            "n.yaml:1:1: layers: expected weights that fit the 264191 bytes of DRAM of edge, got "
            "264192 bytes: 1 too many");
}

/// 256 x 256 weights of two bytes, 256 biases of four; in int4 a half, and two bytes for each 128.
TEST(Compile, TellsWhatStoredWeightsWouldTake) {
  ChipSpec chip = edge();
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Bf16)] = CoreCycles(1);
  chip.weight_fifo.convert[static_cast<std::size_t>(DataType::Int4)] = CoreCycles(1);
  chip.dram.capacity = Bytes(100000);
  const std::string text =
      "network: n\ninputs: [{name: x, features: 256}]\nlayers: [{name: a, op: dense, features: "
      "256}]\n";
  const Network wide = parse_network(text, "n.yaml", {.type = DataType::Bf16});
  EXPECT_EQ(message_of([&] { (void)compile(chip, wide.graph); }),
            "n.yaml:1:1: layers: expected weights that fit the 100000 bytes of DRAM of edge, got "
            "132096 bytes: 32096 too many; --type int8 takes about 66048; --weights int4 takes "
            "about 34816");
  const Network narrow = parse_network(
      text, "n.yaml",
      {.type = DataType::Bf16, .weights = WeightStorage{.type = StorageType::Int4, .group = 128}});
  EXPECT_EQ(message_of([&] { (void)compile(chip, narrow.graph); }), "no error");
}

/// Four layers whose tensors all stream through DRAM: 200 images of 4 KiB.
Graph long_chain() {
  std::string layers = "{name: a, op: relu}";
  for (const char* name : {"b", "c", "d", "e"}) {
    layers += fmt::format(", {{name: {}, op: max_pool, kernel: 3, stride: 1, padding: 1}}", name);
  }
  return network("rows: 64, cols: 64, channels: 1", layers, {.batch = 200});
}

TEST(Compile, SpilledTensorsShareAddressesOfDram) {
  ChipSpec chip = edge();
  chip.buffer.capacity = Bytes(65'536);
  const Program program = compile(chip, long_chain());
  constexpr std::int64_t kTensor = 200 * 64 * 64;
  std::vector<std::int64_t> homes;
  for (const ProgramTensor& tensor : program.tensors) {
    if (tensor.role == TensorRole::Intermediate) {
      EXPECT_EQ(tensor.bytes(), kTensor);
      homes.push_back(tensor.home);
    }
  }
  // a, b, c and d: of two that follow one another, one is read while the other is written.
  ASSERT_EQ(homes.size(), 4U);
  EXPECT_EQ(homes[0], homes[2]);
  EXPECT_EQ(homes[1], homes[3]);
  EXPECT_EQ(std::abs(homes[0] - homes[1]), kTensor);
  EXPECT_EQ(program.dram_bytes, std::min(homes[0], homes[1]) + 2 * kTensor);
}

TEST(Compile, InputsAndOutputsInDramShareNoAddress) {
  ChipSpec chip = edge();
  chip.buffer.capacity = Bytes(65'536);
  chip.io = IoMemory::Device;
  const Program program = compile(chip, long_chain());
  for (const ProgramTensor& io : program.tensors) {
    if (io.role != TensorRole::Input && io.role != TensorRole::Output) {
      continue;
    }
    for (const ProgramTensor& other : program.tensors) {
      EXPECT_TRUE(&io == &other || io.home + io.bytes() <= other.home ||
                  other.home + other.bytes() <= io.home)
          << io.name << " and " << other.name;
    }
  }
}

/// A request of a layer's weights or of a tensor begins at the first channel, whatever lies before:
/// the bias of 200 fp32 leaves the second layer's tiles in the middle of the channels.
TEST(Compile, WhatCoversAllChannelsBeginsAtTheFirst) {
  const ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v3.yaml");
  const std::int64_t stripe = chip.dram.channels * chip.dram.interleave.count();
  const Graph graph = parse_network(R"(network: two
inputs:
  - {name: x, features: 256}
layers:
  - {name: first, op: dense, features: 200}
  - {name: second, op: dense, features: 300}
)",
                                    "two.yaml", {.type = DataType::Bf16})
                          .graph;
  const Program program = compile(chip, graph);
  std::map<std::int32_t, std::int64_t> first;  // by layer
  for (const WeightTile& tile : program.tiles) {
    const auto at = first.emplace(tile.layer, tile.dram_address).first;
    at->second = std::min(at->second, tile.dram_address);
  }
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0] % stripe, 0);
  EXPECT_EQ(first[1] % stripe, 0);
  EXPECT_GT(first[1], 256 * 200 * 2 + 200 * 4);
}

/// 25,622,528 bytes of parameters and the tensors that layers need at once, two of 56 x 56 x 256,
/// because a sum takes the place of what its convolution would have left; not all that spill.
TEST(Compile, AThousandImagesOfResNet50NeedTwoTensorsOfDram) {
  ChipSpec chip = edge();
  chip.dram.capacity = Bytes(1'000'000'000);
  const Graph graph =
      read_network(SYSTOLE_SOURCE_DIR "/workloads/resnet50.yaml", {.batch = 1000}).graph;
  EXPECT_EQ(message_of_compiling(chip, graph), SYSTOLE_SOURCE_DIR
            "/workloads/resnet50.yaml:1:1: batch: expected weights and spilled tensors that fit "
            "the 1000000000 bytes of DRAM of edge, got 1631254528 bytes at batch "
            "1000: 631254528 too many");
}

/// Of 100 cells over two features the gates' weights are 4 * 100 * 100 bytes, of any number of
/// steps.
TEST(Compile, StepsThatShareWeightsHaveThemInOnePlace) {
  const auto dram = [](std::int64_t steps) {
    const Graph graph = network(fmt::format("extents: [{}, 2]", steps),
                                "{name: l, op: lstm, cells: 100, last: true}");
    const Program program = compile(edge(), graph);
    std::map<std::int64_t, std::int64_t> tiles;  // by address
    for (const WeightTile& tile : program.tiles) {
      ++tiles[tile.dram_address];
    }
    const std::int64_t most = std::max_element(tiles.begin(), tiles.end(), [](auto& a, auto& b) {
                                return a.second < b.second;
                              })->second;
    EXPECT_EQ(most, std::max<std::int64_t>(steps - 1, 1));
    return program.dram_bytes;
  };
  const std::int64_t two = dram(2);
  const std::int64_t nine = dram(9);
  EXPECT_GT(two, 4 * 100 * 100);
  EXPECT_LT(nine - two, 7 * 10'000);  // biases, zeros here, of 4 * 400 bytes and what spills a step
}

std::vector<std::string> constants_of(const ChipSpec& chip, const Graph& graph) {
  std::vector<std::string> names;
  for (const ProgramTensor& tensor : compile(chip, graph).tensors) {
    if (tensor.role == TensorRole::Constant) {
      names.push_back(tensor.name);
    }
  }
  return names;
}

TEST(Compile, WhatAddsNothingHasNoBiases) {
  const ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v3.yaml");
  const std::string layers =
      "{name: a, op: dense, features: 8}, {name: b, op: dense, features: 8, bias: false}, "
      "{name: c, op: matmul, inputs: [a, b], transpose_b: true}";
  EXPECT_THAT(constants_of(chip, network("extents: [3, 8]", layers, {.type = DataType::Bf16})),
              testing::ElementsAre("a.bias"));
  // The biases of integers have their zero points.
  EXPECT_THAT(constants_of(edge(), network("extents: [3, 8]", layers)),
              testing::ElementsAre("a.bias", "b.bias"));
}

TEST(Compile, TablesThatAreEqualAreOneConstant) {
  const ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v3.yaml");
  const Graph graph = network("extents: [3, 8]",
                              "{name: a, op: rotary}, {name: b, op: rotary}, "
                              "{name: c, op: rotary, base: 100}, {name: d, op: rotary}",
                              {.type = DataType::Bf16});
  EXPECT_THAT(constants_of(chip, graph), testing::ElementsAre("a.tables", "c.tables"));
}

/// Two slices of 40 inputs by two of 33 outputs on an array of 32 x 32.
TEST(WholeTiles, TakeTheRoomOfTheArrayEach) {
  ChipSpec chip = edge();
  const Graph graph = network("features: 40", "{name: fc, op: dense, features: 33}");
  const auto padding_of = [&](bool whole) {
    chip.weight_fifo.whole_tiles = whole;
    const Program program = compile(chip, graph);
    std::vector<std::int64_t> paddings;
    for (const StreamInstruction each : program.stream(EngineKind::Weights)) {
      paddings.push_back(each.get<LoadTile>().padding);
    }
    return paddings;
  };
  EXPECT_EQ(padding_of(false), (std::vector<std::int64_t>{0, 0, 0, 0}));
  // 32 x 32, 8 x 32, 32 x 1 and 8 x 1 of 1024 bytes are used.
  EXPECT_EQ(padding_of(true), (std::vector<std::int64_t>{0, 1024 - 256, 1024 - 32, 1024 - 8}));
  const Program program = compile(chip, graph);
  std::vector<std::int64_t> addresses;
  for (const WeightTile& tile : program.tiles) {
    addresses.push_back(tile.dram_address - program.tiles.front().dram_address);
  }
  EXPECT_EQ(addresses, (std::vector<std::int64_t>{0, 1024, 2048, 3072}));
}

}  // namespace
}  // namespace systole
