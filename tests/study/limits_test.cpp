#include "study/limits.h"

#include <gmock/gmock.h>

#include "arch/diag/error.h"
#include "compiler/frontend/read_network.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

EngineCounters& engine_of(LayerCounters& layer, EngineKind engine) {
  return layer.engines[engine];
}

LayerCounters busy_layer(EngineKind engine, std::int64_t cycles) {
  LayerCounters layer;
  engine_of(layer, engine).instructions = 1;
  engine_of(layer, engine)[Cause::Busy] = CoreCycles(cycles);
  return layer;
}

TEST(ComputeBound, RoundsUpToWholeCyclesOfAFullArray) {
  const ChipSpec chip = sample_chip();  // 256 MACs a cycle
  EXPECT_EQ(compute_bound(chip, 0), CoreCycles(0));
  EXPECT_EQ(compute_bound(chip, 1), CoreCycles(1));
  EXPECT_EQ(compute_bound(chip, 256), CoreCycles(1));
  EXPECT_EQ(compute_bound(chip, 257), CoreCycles(2));
}

TEST(ComputeBound, CountsThePaceOfWideOperands) {
  const ChipSpec chip = sample_chip();
  EXPECT_EQ(compute_bound(chip, 2560, DataType::Int16, DataType::Int8), CoreCycles(20));
  EXPECT_EQ(compute_bound(chip, 2560, DataType::Int16, DataType::Int16), CoreCycles(40));
}

TEST(ComputeBound, OfNothingIsZeroWhateverTheArrayMultiplies) {
  ChipSpec chip = sample_chip();
  chip.matrix.pace_of_kind = {};
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Bf16)] = CoreCycles(1);
  EXPECT_EQ(compute_bound(chip, 0), CoreCycles(0));
  EXPECT_THROW((void)compute_bound(chip, 1), InternalError);
}

TEST(ComputeBound, IsTheSameForEveryDataflow) {
  ChipSpec chip = sample_chip();
  for (const auto& [dataflow, name] : kEnumNames<Dataflow>) {
    chip.matrix.dataflow = dataflow;
    EXPECT_EQ(compute_bound(chip, 2570), CoreCycles(11)) << name;
  }
}

TEST(MemoryBound, RoundsDownToStayALowerBound) {
  const ChipSpec chip = sample_chip();  // 32 bytes a cycle
  EXPECT_EQ(memory_bound(chip, Bytes(31)), CoreCycles(0));
  EXPECT_EQ(memory_bound(chip, Bytes(32)), CoreCycles(1));
  EXPECT_EQ(memory_bound(chip, Bytes(63)), CoreCycles(1));
}

TEST(MemoryBound, HoldsForTerabytes) {
  EXPECT_EQ(memory_bound(sample_chip(), Bytes(32'000'000'000'000)), CoreCycles(1'000'000'000'000));
}

TEST(CompulsoryBytes, AreWeightsAndBiasesOnce) {
  const Graph graph = sample_result().graph;
  EXPECT_EQ(compulsory_bytes(graph, graph.nodes[0]), Bytes(3 * 3 * 16 * 32 + 4 * 32));
  EXPECT_EQ(compulsory_bytes(graph, graph.nodes[1]), Bytes(0));
  EXPECT_EQ(compulsory_bytes(graph, graph.nodes[3]), Bytes(2048 * 10 + 4 * 10));
  EXPECT_EQ(compulsory_bytes(graph, IoMemory::Host), Bytes(4736 + 20520));
}

TEST(CompulsoryBytes, CountInputsAndOutputsInDeviceMemory) {
  Graph graph = sample_result().graph;
  const std::int64_t input = graph.tensor(graph.inputs.front()).bytes();
  const std::int64_t output = graph.tensor(graph.outputs.front()).bytes();
  EXPECT_EQ(compulsory_bytes(graph, IoMemory::Device), Bytes(4736 + 20520 + input + output));
  graph.outputs.push_back(graph.inputs.front());  // never written
  EXPECT_EQ(compulsory_bytes(graph, IoMemory::Device), Bytes(4736 + 20520 + input + output));
}

TEST(CompulsoryBytes, CountBiasesOnlyWhereTheLayerHasThem) {
  Graph graph = sample_result().graph;
  Conv2d& conv = std::get<Conv2d>(graph.nodes[0].op);
  conv.weights.bias = false;
  EXPECT_EQ(compulsory_bytes(graph, graph.nodes[0]), Bytes(4608));
  conv.weights.batch_norm = true;
  EXPECT_EQ(compulsory_bytes(graph, graph.nodes[0]), Bytes(4608 + 128));
}

/// A token of 4 heads of 8 features, keys of 2 heads: 11 rows of the cache take part, one of which
/// the run writes itself; the second product reads the same ones.
TEST(Limits, KeysOfTokensBeforeAreReadOnce) {
  const Graph graph =
      parse_network(
          "network: n\ninputs: [{name: q, extents: [1, 32]}, {name: k, extents: [1, 16]}]\n"
          "states: [{name: cache, extents: [2, 20, 8]}]\nlayers:\n"
          "  - {name: keys, op: append, inputs: [k, cache], at: 10}\n"
          "  - {name: s, op: matmul, inputs: [q, keys], used: 11, heads: 4, kv_heads: 2,\n"
          "     transpose_b: true}\n"
          "  - {name: t, op: matmul, inputs: [q, keys], used: 9, heads: 4, kv_heads: 2,\n"
          "     transpose_b: true}\n",
          "n.yaml")
          .graph;
  EXPECT_EQ(compulsory_bytes(graph, IoMemory::Host), Bytes(16 + (2 * 11 * 8 - 16)));
}

TEST(LayerRoofline, TakesTheBytesThatTheLayerMoved) {
  Result result = sample_result();
  // 589,824 MACs / 256; 4,736 bytes / 32.
  EXPECT_EQ(layer_roofline(result, 0),
            (Roofline{.compute = CoreCycles(2304), .memory = CoreCycles(148)}));
  result.counters.layers[0].dram_write_bytes = 320;
  EXPECT_EQ(layer_roofline(result, 0).memory, CoreCycles(158));
}

TEST(NetworkRoofline, AddsUpComputeAndTakesCompulsoryBytesAlone) {
  Result result = sample_result();
  result.counters.layers[0].dram_write_bytes = 1'000'000;
  // 2304 + 160 cycles; 25,256 bytes / 32 = 789.25.
  const Roofline roofline = network_roofline(result);
  EXPECT_EQ(roofline, (Roofline{.compute = CoreCycles(2464), .memory = CoreCycles(789)}));
  EXPECT_EQ(roofline.cycles(), CoreCycles(2464));
  EXPECT_EQ(roofline.bound(), Bound::Compute);
}

TEST(Roofline, NamesTheLargerSide) {
  EXPECT_EQ((Roofline{.compute = CoreCycles(1), .memory = CoreCycles(2)}).bound(), Bound::Dram);
  EXPECT_EQ((Roofline{.compute = CoreCycles(2), .memory = CoreCycles(2)}).bound(), Bound::Compute);
  EXPECT_EQ(Roofline{}.bound(), Bound::None);
}

TEST(LayerBound, IsTheBusiestEngine) {
  EXPECT_EQ(layer_bound(busy_layer(EngineKind::Matrix, 5)), Bound::Compute);
  EXPECT_EQ(layer_bound(busy_layer(EngineKind::Weights, 5)), Bound::Dram);
  EXPECT_EQ(layer_bound(busy_layer(EngineKind::DmaIn, 5)), Bound::Dram);
  EXPECT_EQ(layer_bound(busy_layer(EngineKind::DmaOut, 5)), Bound::Dram);
  EXPECT_EQ(layer_bound(busy_layer(EngineKind::Vector, 5)), Bound::Vector);
  EXPECT_EQ(layer_bound(busy_layer(EngineKind::Host, 5)), Bound::Host);
  EXPECT_EQ(layer_bound(LayerCounters{}), Bound::None);
}

TEST(LayerBound, AddsUpTheEnginesThatShareTheDram) {
  LayerCounters layer = busy_layer(EngineKind::Matrix, 10);
  engine_of(layer, EngineKind::Weights)[Cause::Busy] = CoreCycles(6);
  engine_of(layer, EngineKind::DmaIn)[Cause::Busy] = CoreCycles(3);
  EXPECT_EQ(layer_bound(layer), Bound::Compute);
  engine_of(layer, EngineKind::DmaOut)[Cause::Busy] = CoreCycles(1);
  EXPECT_EQ(layer_bound(layer), Bound::Compute);
  engine_of(layer, EngineKind::DmaOut)[Cause::Busy] = CoreCycles(2);
  EXPECT_EQ(layer_bound(layer), Bound::Dram);
}

TEST(MainEngine, IsMatrixThenVectorThenTheOneWithMostCycles) {
  LayerCounters layer = busy_layer(EngineKind::DmaIn, 3);
  engine_of(layer, EngineKind::Host)[Cause::Memory] = CoreCycles(4);
  EXPECT_EQ(main_engine(layer), EngineKind::Host);
  engine_of(layer, EngineKind::Vector).instructions = 1;
  EXPECT_EQ(main_engine(layer), EngineKind::Vector);
  engine_of(layer, EngineKind::Matrix).instructions = 1;
  EXPECT_EQ(main_engine(layer), EngineKind::Matrix);
}

TEST(TotalCycles, AddUpAllCauses) {
  EngineCounters engine;
  engine[Cause::Busy] = CoreCycles(1);
  engine[Cause::Idle] = CoreCycles(20);
  EXPECT_EQ(total_cycles(engine), CoreCycles(21));
}

TEST(LargestStall, IgnoresBusyCyclesAndOtherEngines) {
  LayerCounters layer = busy_layer(EngineKind::Matrix, 100);
  engine_of(layer, EngineKind::Matrix)[Cause::Drain] = CoreCycles(3);
  engine_of(layer, EngineKind::Matrix)[Cause::Port] = CoreCycles(3);
  engine_of(layer, EngineKind::Vector)[Cause::WaitMatrix] = CoreCycles(50);
  EXPECT_EQ(largest_stall(layer).cause, Cause::Drain);
  EXPECT_EQ(largest_stall(layer).cycles, CoreCycles(3));
  EXPECT_EQ(largest_stall(busy_layer(EngineKind::Matrix, 100)).cycles, CoreCycles(0));
}

TEST(IsView, MeansThatNoEngineHadAnInstruction) {
  const Result result = sample_result();
  EXPECT_FALSE(is_view(result.counters.layers[0]));
  EXPECT_TRUE(is_view(result.counters.layers[2]));
}

}  // namespace
}  // namespace systole
