#include "reference/devices/device_model.h"

#include <gmock/gmock.h>

#include "arch/diag/error.h"
#include "compiler/frontend/read_network.h"
#include "reference/devices/operation_time.h"
#include "tests/reference/devices/measured_points.h"

namespace systole::reference {
namespace {

using testing::shipped_device;

/// Round figures: 4 units of 64 MACs a cycle at 1 GHz, 10 GB/s, one kind of tile, no power limit.
DeviceSpec plain_device() {
  DeviceSpec device;
  device.name = "plain";
  device.units = 4;
  device.clock = Hertz(1'000'000'000);
  device.rates = {{DataType::Int8, 64}};
  device.bandwidth = BytesPerSecond(10'000'000'000);
  device.cache = Bytes(1000);
  device.tdp = Watts(1000);
  device.idle = Watts(10);
  device.busy = Watts(1000);
  device.family.name = "plain";
  device.family.tiles = {{.rows = 16, .cols = 16}};
  device.family.k_splits = {1};
  device.family.cache_bytes_per_cycle = 64;
  device.family.shared_cache_bytes_per_cycle = 16;
  device.family.vector_macs_per_cycle = 8;
  device.family.energy_per_mac = {{DataType::Int8, Femtojoules(1000)}};
  device.family.stacks = {{.name = "plain"}};
  return device;
}

DeviceOperation product(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {.name = "product",
          .kind = OperationKind::MatrixProduct,
          .shape = {.groups = 1, .m = m, .k = k, .n = n}};
}

double cycles(const DeviceSpec& device, const DeviceOperation& operation, std::int64_t batch = 1) {
  return unit_cycles(device, {.units = device.units, .bytes_per_second = 1}, operation,
                     DataType::Int8, batch);
}

/// A tile of 16 x 16 x 32 takes 8192 / 64 = 128 cycles; four units share the tiles.
TEST(UnitCycles, OfAProductAreWholeWavesOfWholeTiles) {
  const DeviceSpec device = plain_device();
  EXPECT_DOUBLE_EQ(cycles(device, product(16, 16, 32)), 128);
  EXPECT_DOUBLE_EQ(cycles(device, product(64, 16, 32)), 128);
  EXPECT_DOUBLE_EQ(cycles(device, product(65, 16, 32)), 256);
  EXPECT_DOUBLE_EQ(cycles(device, product(16, 1, 32)), 128);
  EXPECT_DOUBLE_EQ(cycles(device, product(16, 16, 32), 5), 256);  // the batch multiplies m
}

TEST(UnitCycles, OfAProductCountPaddingEpilogueAndFill) {
  DeviceSpec device = plain_device();
  device.family.k_step = 32;
  device.family.cycles_per_output = 0.5;  // 256 outputs
  device.family.cycles_per_tile = 7;
  device.family.mac_efficiency = 0.5;
  EXPECT_DOUBLE_EQ(cycles(device, product(16, 16, 33)), 64 * 256 / 32.0 + 128 + 7);
}

/// 32 operands of k = 32 each are 1024 B; at 4 B a cycle that takes longer than multiplying.
TEST(UnitCycles, OfAProductAreAtLeastThoseOfItsOperands) {
  DeviceSpec device = plain_device();
  device.family.cache_bytes_per_cycle = 4;
  EXPECT_DOUBLE_EQ(cycles(device, product(16, 16, 32)), 256);
}

/// One tile alone leaves three units idle: four parts of k = 128 / 4 take a quarter of the time,
/// and 1.5 epilogues.
TEST(UnitCycles, OfALongReductionMayBeShared) {
  DeviceSpec device = plain_device();
  EXPECT_DOUBLE_EQ(cycles(device, product(16, 16, 256)), 1024);
  device.family.k_splits = {1, 4};
  device.family.cycles_per_output = 1;
  EXPECT_DOUBLE_EQ(cycles(device, product(16, 16, 256)), 256 + 1.5 * 256);
  EXPECT_DOUBLE_EQ(cycles(device, product(16, 16, 128)), 512 + 256);  // parts below 64 do not pay
}

TEST(UnitCycles, OfTheOtherKinds) {
  DeviceSpec device = plain_device();
  device.family.cycles_per_output = 0.25;
  device.family.attention_factor = 2;
  device.family.cycles_per_tile = 3;
  const DeviceOperation depthwise{.kind = OperationKind::Direct,
                                  .shape = {.groups = 32, .m = 10, .k = 9, .n = 1},
                                  .input = 320,
                                  .output = 320};
  // 2880 MACs at 4 x 8 a cycle, 320 outputs on 4 units
  EXPECT_DOUBLE_EQ(cycles(device, depthwise), 90 + 20);
  const DeviceOperation attention{.kind = OperationKind::Attention,
                                  .shape = {.groups = 5, .m = 16, .k = 8}};
  // five heads on four units are two waves: 2 x 16 x 16 x 8 / 64 + 256 x 0.25 x 2 + 3
  EXPECT_DOUBLE_EQ(cycles(device, attention), 2 * (64 + 128 + 3));
  EXPECT_DOUBLE_EQ(cycles(device, {.input = 512, .output = 512}), 4);  // 64 B a cycle and unit
}

TEST(MemoryBytes, AreNotMovedWhereBothTensorsFitTheCache) {
  const DeviceOperation operation{.input = 400, .residual = 200, .output = 300, .weights = 50};
  const auto moved = [&](double kept, bool weights_kept) {
    return memory_bytes(
        {.units = 1, .bytes_per_second = 1, .kept_bytes = kept, .weights_kept = weights_kept},
        operation, DataType::Int8, 1);
  };
  EXPECT_DOUBLE_EQ(moved(0, false), 950);
  EXPECT_DOUBLE_EQ(moved(700, false), 750);  // three residuals are 600 B, the tensors exactly 700
  EXPECT_DOUBLE_EQ(moved(701, false), 50);
  EXPECT_DOUBLE_EQ(moved(701, true), 0);
}

DeviceRunOptions one() {
  return {.type = DataType::Int8, .batch = 1};
}

/// 128 cycles at 1 GHz are 128 ns; 5120 B of weights at 10 GB/s are 512 ns.
TEST(DeviceModel, TimeIsTheLongerOfUnitsAndMemoryPlusOverheads) {
  DeviceSpec device = plain_device();
  DeviceOperation operation = product(16, 16, 32);
  EXPECT_EQ(model_device(device, {operation}, one()).time, Femtoseconds(128'000'000));
  operation.weights = 5120;
  const DeviceRun bound = model_device(device, {operation}, one());
  EXPECT_EQ(bound.time, Femtoseconds(512'000'000));
  EXPECT_TRUE(bound.operations.front().memory_bound);
  device.family.cycles_per_operation = 100;
  device.family.stacks.front().launch = Femtoseconds(1'000'000);
  device.family.stacks.front().call = Femtoseconds(10'000'000);
  EXPECT_EQ(model_device(device, {operation, operation}, one()).time,
            Femtoseconds(2 * (512'000'000 + 100'000'000 + 1'000'000) + 10'000'000));
  device.family.stacks.front().host_launch = Femtoseconds(2'000'000'000);
  EXPECT_EQ(model_device(device, {operation}, one()).time, Femtoseconds(2'010'000'000));
}

/// 8192 MACs in 128 ns are 64 GMAC/s: at 1 pJ each 64 mW above idle.
TEST(DeviceModel, PowerIsIdlePlusWhatWorks) {
  DeviceSpec device = plain_device();
  const DeviceRun run = model_device(device, {product(16, 16, 32)}, one());
  EXPECT_DOUBLE_EQ(run.power.count(), 10.064);
  EXPECT_DOUBLE_EQ(run.energy.count(), 10.064 * 128e-9);
  EXPECT_DOUBLE_EQ(run.utilisation, 0.25);  // one of four units
  device.family.active_share = 0.5;
  EXPECT_DOUBLE_EQ(model_device(device, {product(16, 16, 32)}, one()).power.count(),
                   10 + 0.5 * 990 + 0.064);
}

/// Without a voltage that follows the clock, power above idle is proportional to the clock: 32 mW
/// of 64 are left, hence half the clock, within one of 1000 steps.
TEST(DeviceModel, ClockFallsUntilThePowerLimitHolds) {
  DeviceSpec device = plain_device();
  DeviceRunOptions options = one();
  options.power_limit = Watts(10.032);
  const DeviceRun run = model_device(device, {product(16, 16, 32)}, options);
  EXPECT_TRUE(run.throttled);
  EXPECT_NEAR(static_cast<double>(run.clock.count()), 500e6, 1e6);
  EXPECT_LE(run.power, Watts(10.032));
  device.family.voltage_floor = 0.5;  // a lower voltage leaves more clock
  EXPECT_GT(model_device(device, {product(16, 16, 32)}, options).clock, run.clock);
}

/// Four inputs on four units: apart, each takes 4 tiles one after the other; together, each layer
/// of one tile leaves three units idle.
TEST(DeviceModel, IndependentUnitsWorkOnInputsOfTheirOwn) {
  DeviceSpec device = plain_device();
  DeviceRunOptions options{.type = DataType::Int8, .batch = 4};
  device.family.stacks.front().launch = Femtoseconds(1'000'000'000);
  const DeviceRun together = model_device(device, {product(16, 16, 32)}, options);
  device.family.independent_units = true;
  const DeviceRun apart = model_device(device, {product(16, 16, 32)}, options);
  EXPECT_EQ(together.copies, 1);
  EXPECT_EQ(apart.copies, 4);
  EXPECT_EQ(apart.time, Femtoseconds(128'000'000));
  EXPECT_DOUBLE_EQ(apart.utilisation, 1);
}

/// 1000 B of cache hold 960 B of weights, which come at 16 B a cycle; beyond the cache, each of
/// four copies has a quarter of 10 GB/s.
TEST(DeviceModel, CopiesShareTheWeightsThatFitTheCache) {
  DeviceSpec device = plain_device();
  device.family.independent_units = true;
  device.family.kept_weights = KeptWeights::Whole;
  device.family.cache_share = 1;
  device.family.stacks.front().launch = Femtoseconds(1'000'000'000);
  const DeviceRunOptions options{.type = DataType::Int8, .batch = 4};
  DeviceOperation operation = product(16, 16, 8);  // 32 cycles
  operation.weights = 960;                         // 60 cycles
  EXPECT_EQ(model_device(device, {operation}, options).time, Femtoseconds(60'000'000));
  operation.weights = 1200;  // at 2.5 GB/s
  EXPECT_EQ(model_device(device, {operation}, options).time, Femtoseconds(480'000'000));
}

/// Of four units, two levels: two units wait half as long, one waits for nobody. A tile more is a
/// wave more on one unit, 128 ns.
TEST(DeviceModel, FewerUnitsWaitForFewerOthers) {
  DeviceSpec device = plain_device();
  device.family.independent_units = true;
  SoftwareStack& stack = device.family.stacks.front();
  stack.call = Femtoseconds(5'000'000);
  const auto time = [&](std::int64_t tiles, std::int64_t launch) {
    stack.launch = Femtoseconds(launch);
    return model_device(device, {product(16 * tiles, 16, 32)}, one()).time;
  };
  EXPECT_EQ(time(1, 1'000'000'000), Femtoseconds(5'000'000 + 128'000'000));  // on one unit
  EXPECT_EQ(time(4, 200'000'000), Femtoseconds(5'000'000 + 128'000'000 + 200'000'000));      // four
  EXPECT_EQ(time(4, 300'000'000), Femtoseconds(5'000'000 + 2 * 128'000'000 + 150'000'000));  // two
  EXPECT_EQ(time(4, 800'000'000), Femtoseconds(5'000'000 + 4 * 128'000'000));                // one
}

/// Every copy of a batch is called once, whatever their number.
TEST(DeviceModel, CopiesAreCalledToo) {
  DeviceSpec device = plain_device();
  device.family.independent_units = true;
  device.family.stacks.front().launch = Femtoseconds(1'000'000'000);
  device.family.stacks.front().call = Femtoseconds(5'000'000);
  for (const std::int64_t batch : {1, 2, 4}) {
    const DeviceRun run =
        model_device(device, {product(16, 16, 32)}, {.type = DataType::Int8, .batch = batch});
    EXPECT_EQ(run.copies, batch);
    EXPECT_EQ(run.time, Femtoseconds(133'000'000));
  }
}

/// Two of four units, then one of four in the second round of five inputs: 5 of 8 unit-rounds.
TEST(DeviceModel, UnitsWithoutACopyDrawNoPower) {
  DeviceSpec device = plain_device();
  device.family.independent_units = true;
  device.family.active_share = 1;
  device.family.energy_per_mac = {{DataType::Int8, Femtojoules(0)}};
  device.family.stacks.front().launch = Femtoseconds(1'000'000'000);
  const auto power = [&](std::int64_t batch) {
    return model_device(device, {product(16, 16, 32)}, {.type = DataType::Int8, .batch = batch})
        .power.count();
  };
  EXPECT_DOUBLE_EQ(power(2), 10 + 990 * 2 / 4.0);
  EXPECT_DOUBLE_EQ(power(5), 10 + 990 * 5 / 8.0);
}

/// Of 1000 B the first operation's 600 stay, the second's 600 come from memory at 10 GB/s, the
/// third's 400 stay.
TEST(DeviceModel, AMemoryThatSoftwareFillsKeepsTheWeightsThatFit) {
  DeviceSpec device = plain_device();
  device.family.cache_share = 1;
  device.family.shared_cache_bytes_per_cycle = 1000;
  std::vector<DeviceOperation> operations(3, product(16, 16, 8));  // 32 ns
  operations[0].weights = 600;
  operations[1].weights = 600;
  operations[2].weights = 400;
  EXPECT_EQ(model_device(device, operations, one()).time,
            Femtoseconds(60'000'000 + 60'000'000 + 40'000'000));
  device.family.kept_weights = KeptWeights::Partly;
  EXPECT_EQ(model_device(device, operations, one()).time,
            Femtoseconds(32'000'000 + 60'000'000 + 32'000'000));
  device.family.kept_weights = KeptWeights::Whole;  // 1600 B do not fit
  EXPECT_EQ(model_device(device, operations, one()).time, Femtoseconds(160'000'000));
}

/// Seven inputs in passes of three: two of 6 tiles (two waves of four units), one of 2.
TEST(DeviceModel, ABatchBeyondTheInputsAtOnceTakesSeveralPasses) {
  DeviceSpec device = plain_device();
  device.family.inputs_at_once = 3;
  device.family.stacks.front().call = Femtoseconds(1'000'000);
  const DeviceRun run =
      model_device(device, {product(32, 16, 32)}, {.type = DataType::Int8, .batch = 7});
  EXPECT_EQ(run.time, Femtoseconds(2 * 256'000'000 + 128'000'000 + 3 * 1'000'000));
  EXPECT_EQ(run.batch, 7);
  EXPECT_EQ(run.macs, 7 * 32 * 16 * 32);
  EXPECT_DOUBLE_EQ(run.energy.count(), 10 * 643e-9 + 7 * 32 * 16 * 32 * 1e-12);
  EXPECT_DOUBLE_EQ(run.power.count() * 643e-9, run.energy.count());
  EXPECT_DOUBLE_EQ(run.utilisation, 7 * 32 * 16 * 32 / (256e9 * 643e-9));
}

/// The weights of MobileNet v1 fit its 8 MiB; over the serial bus they would take 4.2 MB / 460 MB/s
/// = 9 ms.
TEST(DeviceModel, TheCoralKeepsMobileNetsWeights) {
  const DeviceSpec device = shipped_device("coral");
  const Graph graph =
      read_network(std::string(SYSTOLE_SOURCE_DIR) + "/workloads/mobilenet_v1.yaml", {.batch = 1})
          .graph;
  const DeviceRun run = model_device(device, graph, {.type = DataType::Int8});
  EXPECT_LT(run.time, Femtoseconds(3'000'000'000'000));
  EXPECT_GT(run.time, Femtoseconds(2'000'000'000'000));
}

/// 64 bits of femtoseconds are 9223 s. 10^4 operations of 2^30 cycles on one unit are 10,737 s.
TEST(DeviceModel, ABatchThatTakesHoursIsAMistakeAndNoOverflow) {
  DeviceSpec device = plain_device();
  const auto model = [&](std::size_t operations, std::int64_t batch) {
    return model_device(device, std::vector<DeviceOperation>(operations, product(16, 16, 1 << 28)),
                        {.type = DataType::Int8, .batch = batch});
  };
  EXPECT_NO_THROW((void)model(8000, 1));
  EXPECT_THROW((void)model(10'000, 1), WorkloadError);
  device.family.inputs_at_once = 1;
  EXPECT_THROW((void)model(10, 1 << 20), WorkloadError);
}

/// As fast as the units: half the time.
TEST(DeviceModel, CompanionTakesItsPartOfAThroughputRun) {
  DeviceSpec device = plain_device();
  device.companion_macs_per_second = 256'000'000'000;
  DeviceRunOptions options = one();
  EXPECT_EQ(model_device(device, {product(16, 16, 32)}, options).time, Femtoseconds(128'000'000));
  options.companion = true;
  EXPECT_EQ(model_device(device, {product(16, 16, 32)}, options).time, Femtoseconds(64'000'000));
}

Graph resnet50(std::int64_t batch) {
  return read_network(std::string(SYSTOLE_SOURCE_DIR) + "/workloads/resnet50.yaml",
                      {.batch = batch})
      .graph;
}

/// 53 convolutions, one dense layer, two poolings; 16 additions join their convolutions. Apart:
/// also 53 normalisations, 16 additions, and activations behind 33 convolutions (all but c and
/// shortcut of a block) and 16 additions.
TEST(DeviceOperations, OfResNet50) {
  const Graph graph = resnet50(1);
  const std::vector<DeviceOperation> fused = device_operations(graph, true);
  EXPECT_EQ(fused.size(), 53 + 1 + 2);
  EXPECT_EQ(device_operations(graph, false).size(), 53 + 1 + 2 + 53 + 16 + 33 + 16);
  std::int64_t macs = 0;
  std::int64_t residual = 0;
  for (const DeviceOperation& operation : fused) {
    macs += operation.macs();
    residual += operation.residual;
  }
  std::int64_t expected = 0;
  for (const Node& node : graph.nodes) {
    expected += macs_of(graph, node);
  }
  EXPECT_EQ(macs, expected);
  // outputs of 3 blocks of 56 x 56 x 256, 4 of 28 x 28 x 512, 6 of 14 x 14 x 1024, 3 of 7 x 7 x
  // 2048
  EXPECT_EQ(residual, 3 * 802'816 + 4 * 401'408 + 6 * 200'704 + 3 * 100'352);
}

TEST(DeviceOperations, AreOfOneInputWhateverTheBatch) {
  const std::vector<DeviceOperation> one_input = device_operations(resnet50(1), true);
  const std::vector<DeviceOperation> eight = device_operations(resnet50(8), true);
  ASSERT_EQ(one_input.size(), eight.size());
  for (std::size_t i = 0; i < eight.size(); ++i) {
    EXPECT_EQ(one_input[i].macs(), eight[i].macs());
    EXPECT_EQ(one_input[i].input, eight[i].input);
    EXPECT_EQ(one_input[i].weights, eight[i].weights);
  }
}

TEST(DeviceOperations, OfDepthwiseConvolutionsAreDirect) {
  const Graph graph =
      read_network(std::string(SYSTOLE_SOURCE_DIR) + "/workloads/mobilenet_v1.yaml").graph;
  std::int64_t direct = 0;
  for (const DeviceOperation& operation : device_operations(graph, true)) {
    direct += operation.kind == OperationKind::Direct ? 1 : 0;
  }
  EXPECT_EQ(direct, 13);
}

TEST(DeviceModel, NeverBeatsThePeak) {
  for (const std::string name : {"a100", "t4", "h100", "xeon_8480", "jetson_orin", "coral"}) {
    for (const std::int64_t batch : {1, 7, 64}) {
      const DeviceSpec device = shipped_device(name);
      const DeviceRun run = model_device(device, resnet50(batch), {.type = DataType::Int8});
      EXPECT_GT(run.utilisation, 0) << name;
      EXPECT_LE(run.utilisation, 1) << name;
      EXPECT_GE(run.power, device.idle) << name;
      EXPECT_LE(run.power, device.busy) << name;
    }
  }
}

}  // namespace
}  // namespace systole::reference
