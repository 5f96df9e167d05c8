#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>

#include "arch/chip_spec.h"
#include "arch/config/text_file.h"
#include "arch/cost/prices.h"
#include "arch/read_dram.h"
#include "arch/read_dram_controller.h"
#include "arch/technology/read_technology.h"

namespace systole {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(fs::path(SYSTOLE_SOURCE_DIR) / folder)) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string stem_of(const testing::TestParamInfo<std::string>& info) {
  return fs::path(info.param).stem().string();
}

ChipSpec shipped_chip(const std::string& name) {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/" + name + ".yaml");
}

class ShippedChip : public testing::TestWithParam<std::string> {};

TEST_P(ShippedChip, LoadsUnderItsOwnName) {
  const ChipSpec chip = read_chip(GetParam());
  EXPECT_EQ(chip.name, fs::path(GetParam()).stem().string());
  EXPECT_GT(chip.dram.peak_bandwidth(), BytesPerSecond(0));
}

TEST_P(ShippedChip, EveryFigureHasASourceOrIsAnAssumption) {
  for (const Fact& fact : read_chip(GetParam()).facts) {
    EXPECT_TRUE(fact.status == FactStatus::Assumed || !fact.source.empty()) << fact.path;
  }
}

/// So that every chip that enough is known of has energy, area and cost in reports and comparisons.
TEST_P(ShippedChip, SaysWhatItIsMadeOfAndWhatItCosts) {
  const ChipSpec chip = read_chip(GetParam());
  const bool is_a_card = chip.fpga.has_value();  // which has power and price in its part's file
  // Of TPU v5e neither process nor die are published, nor are the currents of its memory.
  const bool is_known = !is_a_card && chip.name != "tpu_v5e";
  EXPECT_EQ(chip.silicon.has_value(), is_known);
  EXPECT_EQ(chip.cost.has_value(), is_known);
}

INSTANTIATE_TEST_SUITE_P(Configs, ShippedChip, testing::ValuesIn(files_in("configs/chips")),
                         stem_of);

class ShippedDram : public testing::TestWithParam<std::string> {};

TEST_P(ShippedDram, Loads) {
  EXPECT_EQ(read_dram_standard(GetParam()).standard.name, fs::path(GetParam()).stem().string());
}

INSTANTIATE_TEST_SUITE_P(Configs, ShippedDram, testing::ValuesIn(files_in("configs/dram")),
                         stem_of);

class ShippedController : public testing::TestWithParam<std::string> {};

TEST_P(ShippedController, LoadsUnderItsOwnName) {
  EXPECT_EQ(read_dram_controller(GetParam()).name, fs::path(GetParam()).stem().string());
}

INSTANTIATE_TEST_SUITE_P(Configs, ShippedController,
                         testing::ValuesIn(files_in("configs/dram_controllers")), stem_of);

TEST(DefaultController, IsTheFileOfThatName) {
  EXPECT_EQ(read_dram_controller(std::string(SYSTOLE_SOURCE_DIR) +
                                 "/configs/dram_controllers/default.yaml"),
            default_dram_controller());
  EXPECT_EQ(shipped_chip("tpu_v1").dram.controller, default_dram_controller());
}

/// They are looked up by the names of their files.
TEST(ShippedConfigs, OfSiliconAndPricesHaveTheNamesOfTheirFiles) {
  const auto stem = [](const std::string& file) { return fs::path(file).stem().string(); };
  for (const std::string& file : files_in("configs/technologies")) {
    EXPECT_EQ(read_technology(file).name, stem(file));
  }
  for (const std::string& file : files_in("configs/interfaces")) {
    EXPECT_EQ(read_interface(file).name, stem(file));
  }
  for (const std::string& file : files_in("configs/prices")) {
    EXPECT_EQ(read_prices(file).name, stem(file));
  }
}

TEST(ShippedConfigs, EveryKeyIsInTheDocumentation) {
  const std::string page =
      read_text_file(std::string(SYSTOLE_SOURCE_DIR) + "/docs/chips.md", 1U << 20);
  for (const Fact& fact : shipped_chip("tpu_v1").facts) {
    if (fact.path.starts_with("cost.")) {
      EXPECT_THAT(read_text_file(std::string(SYSTOLE_SOURCE_DIR) + "/docs/cost.md", 1U << 20),
                  testing::HasSubstr("`" + fact.path + "`"));
      continue;
    }
    const std::size_t standard = fact.path.find("ddr3_2133.");
    const bool is_chips = standard == std::string::npos;
    const std::string path =
        is_chips ? fact.path : fact.path.substr(standard + std::string_view("ddr3_2133.").size());
    // Timings that belong together share a row, so that only the first has its whole path.
    const std::string key = is_chips || path.starts_with("organization.")
                                ? path
                                : path.substr(path.find_last_of('.') + 1);
    EXPECT_THAT(page, testing::AnyOf(testing::HasSubstr("`" + key + "`"),
                                     testing::HasSubstr("`timing." + key + "`")));
  }
}

TEST(ShippedConfigs, EdgeOfEveryDataflowDiffersInTheDataflowAlone) {
  const auto figures_of = [](const std::string& name) {
    std::vector<std::pair<std::string, std::string>> figures;
    for (const Fact& fact : shipped_chip(name).facts) {
      if (fact.path != "matrix_unit.dataflow") {
        figures.emplace_back(fact.path, fact.value);
      }
    }
    return figures;
  };
  EXPECT_EQ(figures_of("edge_is"), figures_of("edge"));
  EXPECT_EQ(figures_of("edge_os"), figures_of("edge"));
  EXPECT_EQ(shipped_chip("edge_is").matrix.dataflow, Dataflow::InputStationary);
  EXPECT_EQ(shipped_chip("edge_os").matrix.dataflow, Dataflow::OutputStationary);
}

TEST(ShippedConfigs, FoldersHoldNothingThatIsNotRead) {
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(SYSTOLE_SOURCE_DIR) / "configs")) {
    if (entry.is_regular_file() && entry.path().extension() == ".yaml") {
      EXPECT_THAT(
          entry.path().parent_path().filename().string(),
          testing::AnyOf("chips", "cpus", "device_families", "devices", "dram", "dram_controllers",
                         "fpga_parts", "interfaces", "prices", "sites", "studies", "technologies"));
    }
  }
}

TEST(TpuV1, HasThePublishedFigures) {
  const ChipSpec chip = shipped_chip("tpu_v1");
  // 65,536 MACs x 2 operations x 700 MHz = 91.75 TOPS
  EXPECT_EQ(2 * chip.matrix.macs_per_cycle() * chip.frequency.count(), 91'750'400'000'000);
  EXPECT_EQ(chip.buffer.capacity, Bytes(24 << 20));
  // 4096 entries x 256 columns x 4 B = 4 MiB
  EXPECT_EQ(chip.accumulators.entries * chip.matrix.cols * 4, 4 << 20);
  EXPECT_EQ(chip.weight_fifo.tiles, 4);
  EXPECT_EQ(chip.dram.channels, 2);
  EXPECT_EQ(chip.dram.capacity, Bytes(std::int64_t{8} << 30));
  EXPECT_EQ(chip.dram.capacity, chip.dram.standard.organization.capacity() * chip.dram.channels);
  // 2 x 8 B x 2133 MT/s = 34.1 GB/s
  EXPECT_EQ(chip.dram.peak_bandwidth(), BytesPerSecond(34'133'333'333));
  EXPECT_EQ(chip.buffer.port_width, Bytes(256));
}

TEST(Edge, IsAnotherMachineInEveryPart) {
  const ChipSpec edge = shipped_chip("edge");
  const auto parts = [](const ChipSpec& chip) {
    return std::vector<std::int64_t>{
        chip.frequency.count(),    chip.matrix.rows,
        chip.accumulators.entries, chip.weight_fifo.tiles,
        chip.buffer.ports,         chip.vector.lanes,
        chip.dma.request.count(),  chip.dram.standard.organization.bus_bits,
        chip.host.latency.count(), chip.sequencer.depth};
  };
  EXPECT_THAT(parts(edge), testing::Pointwise(testing::Ne(), parts(shipped_chip("tpu_v1"))));
  // 2 channels x 2 B x 3200 MT/s
  EXPECT_EQ(edge.dram.peak_bandwidth(), BytesPerSecond(12'800'000'000));
}

/// A chip that stands for half of one: its peak and memory are half of what is published.
void expect_half(const ChipSpec& chip, double published_tflops, double published_gb_per_second,
                 std::int64_t published_gib) {
  const auto peak = static_cast<double>(2 * chip.macs_per_cycle() * chip.frequency.count());
  EXPECT_NEAR(2 * peak * 1e-12, published_tflops, 0.004 * published_tflops);
  const auto bandwidth = static_cast<double>(chip.dram.peak_bandwidth().count());
  EXPECT_NEAR(2 * bandwidth * 1e-9, published_gb_per_second, 1);
  EXPECT_EQ(chip.dram.capacity * 2, Bytes(published_gib << 30));
  EXPECT_EQ(chip.dram.capacity, chip.dram.standard.organization.capacity() * chip.dram.channels);
  EXPECT_EQ(chip.buffer.capacity, Bytes(16 << 20));  // of vector memory in each core
  EXPECT_EQ(chip.matrix.rows, 128);
  EXPECT_EQ(chip.matrix.cols, 128);
  EXPECT_TRUE(chip.matrix.supports(MacKind::Bf16));
}

TEST(TpuV2, IsHalfOfThePublishedChip) {
  expect_half(shipped_chip("tpu_v2"), 46, 716, 16);  // 45.9
  EXPECT_EQ(shipped_chip("tpu_v2").matrix.count, 1);
  EXPECT_FALSE(shipped_chip("tpu_v2").matrix.supports(MacKind::Int8));
}

TEST(TpuV3, IsHalfOfThePublishedChip) {
  expect_half(shipped_chip("tpu_v3"), 123, 900, 32);  // 123.2
  EXPECT_EQ(shipped_chip("tpu_v3").matrix.count, 2);
  EXPECT_FALSE(shipped_chip("tpu_v3").matrix.supports(MacKind::Int8));
}

TEST(TpuV4, IsHalfOfThePublishedChip) {
  const ChipSpec chip = shipped_chip("tpu_v4");
  expect_half(chip, 275, 1200, 32);  // 275.3, of bf16 or int8
  EXPECT_EQ(chip.matrix.count, 4);
  EXPECT_EQ(chip.matrix.pace(MacKind::Int8), chip.matrix.pace(MacKind::Bf16));
}

TEST(TpuV5e, HasThePublishedPeaks) {
  const ChipSpec chip = shipped_chip("tpu_v5e");
  EXPECT_EQ(chip.matrix.count, 4);
  const auto peak = static_cast<double>(2 * chip.macs_per_cycle() * chip.frequency.count());
  EXPECT_NEAR(peak * 1e-12, 197, 0.002 * 197);  // 196.6, at a clock of "about" 1.5 GHz
  EXPECT_NEAR(static_cast<double>(chip.dram.peak_bandwidth().count()) * 1e-9, 819, 0.3);
  EXPECT_EQ(chip.dram.capacity, Bytes(std::int64_t{16} << 30));
  EXPECT_EQ(chip.buffer.capacity, Bytes(128 << 20));
  EXPECT_FALSE(chip.silicon);
}

TEST(AsicInference, MultipliesBothTypesOfNetworks) {
  const ChipSpec chip = shipped_chip("asic_inference");
  EXPECT_EQ(chip.matrix.pace(MacKind::Int8), CoreCycles(1));
  EXPECT_EQ(chip.matrix.pace(MacKind::Bf16), CoreCycles(2));
  EXPECT_EQ(chip.dram.peak_bandwidth(), BytesPerSecond(512'000'000'000));
}

/// The times of hbm2_2000, whose clock is 1 ns, in cycles of another clock.
class ScaledHbm2 : public testing::TestWithParam<const char*> {};

TEST_P(ScaledHbm2, HasTheTimesOfHbm2At2000) {
  const auto standard = [](const std::string& name) {
    return read_dram_standard(std::string(SYSTOLE_SOURCE_DIR) + "/configs/dram/" + name + ".yaml")
        .standard.timing;
  };
  const DramTiming fast = standard("hbm2_2000");
  const DramTiming slow = standard(GetParam());
  ASSERT_EQ(fast.tCK, Femtoseconds(1'000'000));
  for (DramCycles DramTiming::*const time :
       {&DramTiming::nCL, &DramTiming::nCWL, &DramTiming::nRCD, &DramTiming::nRCDWR,
        &DramTiming::nRP, &DramTiming::nRAS, &DramTiming::nRC, &DramTiming::nRRD_S,
        &DramTiming::nRRD_L, &DramTiming::nFAW, &DramTiming::nWTR_S, &DramTiming::nWTR_L,
        &DramTiming::nWR, &DramTiming::nRTP, &DramTiming::nRFC}) {
    EXPECT_EQ(slow.*time, DramCycles(ceil_div((fast.*time).count() * 1'000'000, slow.tCK.count())));
  }
  EXPECT_EQ(slow.nREFI, DramCycles(fast.nREFI.count() * 1'000'000 / slow.tCK.count()));
  EXPECT_EQ(slow.nRTW, slow.nCL + slow.nCCD_S + DramCycles(2) - slow.nCWL);
  for (DramCycles DramTiming::*const same :
       {&DramTiming::nBL, &DramTiming::nCCD_S, &DramTiming::nCCD_L}) {
    EXPECT_EQ(slow.*same, fast.*same);
  }
}

INSTANTIATE_TEST_SUITE_P(PinRates, ScaledHbm2,
                         testing::Values("hbm2_1400", "hbm2_1758", "hbm2_2344"));

/// Datasheet times in cycles of the standard's clock, rounded up: the arithmetic behind the file.
TEST(Ddr3At2133, TimingsAreTheSpeedBinsTimesInCycles) {
  const DramTiming timing = shipped_chip("tpu_v1").dram.standard.timing;
  const auto cycles = [&](std::int64_t picoseconds) {
    return DramCycles(ceil_div(picoseconds * 1000, timing.tCK.count()));
  };
  const auto expect = [&](DramCycles actual, std::int64_t picoseconds) {
    EXPECT_EQ(actual, cycles(picoseconds)) << picoseconds << " ps";
  };
  expect(timing.nCL, 13'090);
  expect(timing.nRCD, 13'090);
  expect(timing.nRP, 13'090);
  expect(timing.nRAS, 33'000);
  expect(timing.nRC, 46'090);
  expect(timing.nRRD_L, 5'000);
  expect(timing.nFAW, 25'000);
  expect(timing.nWTR_L, 7'500);
  expect(timing.nWR, 15'000);
  expect(timing.nRTP, 7'500);
  expect(timing.nRFC, 260'000);
  EXPECT_EQ(timing.nREFI, DramCycles(7'800'000'000 / timing.tCK.count()));
  EXPECT_EQ(timing.nRTW, timing.nCL + timing.nCCD_S + DramCycles(2) - timing.nCWL);
}

}  // namespace
}  // namespace systole
