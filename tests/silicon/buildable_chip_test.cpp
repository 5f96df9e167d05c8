#include "silicon/buildable_chip.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "silicon/fpga/fpga_use.h"
#include "tests/arch/chip_files.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

namespace fs = std::filesystem;

const fs::path kConfigs = fs::path(SYSTOLE_SOURCE_DIR) / "configs";

/// What is wrong with a shipped design after one change.
std::string message_with(std::string_view from, std::string_view to,
                         const std::string& design = "fpga_overlay_u250") {
  std::stringstream text;
  text << std::ifstream(kConfigs / "chips" / (design + ".yaml")).rdbuf();
  const ChipFiles files;
  const std::string file = files.write_chip(replaced(text.str(), from, to));
  const std::string message =
      message_of([&] { (void)read_buildable_chip(file, {(kConfigs / "dram").string()}); });
  const std::size_t place = message.find("chip.yaml");
  return place == std::string::npos ? message : message.substr(place);
}

TEST(FpgaBudget, OverlaysThatShipFit) {
  for (const std::string name :
       {"fpga_overlay_u250", "fpga_overlay_u280", "fpga_overlay_vck5000", "fpga_overlay_s10nx"}) {
    const ChipSpec chip = read_buildable_chip((kConfigs / "chips" / (name + ".yaml")).string());
    ASSERT_TRUE(chip.fpga) << name;
    const FpgaResources use = total_of(fpga_use(chip, *chip.fpga));
    EXPECT_LE(use.multipliers, chip.fpga->available.multipliers);
    EXPECT_LE(use.luts, chip.fpga->available.luts);
  }
  // 128 x 128 products in pairs, and 4 slices for each of 128 lanes
  const ChipSpec chip = read_buildable_chip((kConfigs / "chips/fpga_overlay_u250.yaml").string());
  EXPECT_EQ(total_of(fpga_use(chip, *chip.fpga)).multipliers, 8192 + 512);
}

TEST(FpgaBudget, OverBudgetNamesTheResourceAndWhatTakesIt) {
  // 256 x 128 in pairs: 16384
  EXPECT_EQ(message_with("rows: 128", "rows: 256"),
            "chip.yaml:10:9: matrix_unit.rows: expected a design of at most 12288 DSP48E2 of part "
            "'alveo_u250', got '16896' (matrix_unit 16384, vector_unit 512)");
  // 16 banks of 64 MiB / (16 x 128 B) = 32768 words: 8 x ceil(1024 / 72) = 15
  EXPECT_EQ(message_with("capacity: 16 MiB", "capacity: 64 MiB"),
            "chip.yaml:31:13: unified_buffer.capacity: expected a design of at most 1280 URAM of "
            "part 'alveo_u250', got '1920' (unified_buffer 1920)");
  EXPECT_EQ(message_with("clock: 250 MHz", "clock: 450 MHz"),
            "chip.yaml:7:8: clock: expected at most 300 MHz, the clock of large designs in part "
            "'alveo_u250', got '450 MHz'");
  EXPECT_EQ(message_with("channels: 4", "channels: 8"),
            "chip.yaml:52:13: dram.channels: expected at most the memory bandwidth of 77 GB/s of "
            "part 'alveo_u250', got '153661464585 B/s'");
  EXPECT_EQ(message_with("int16xint16: 4 cycles", "fp16xfp16: 4 cycles"),
            "chip.yaml:18:16: matrix_unit.pace.fp16xfp16: expected a kind of operands that DSP48E2 "
            "of part 'alveo_u250' multiply, got 'fp16xfp16'");
  EXPECT_THAT(message_with("entries: 2048", "entries: 262144"),
              testing::HasSubstr("accumulators.entries: expected a design of at most 2688 BRAM36"));
  EXPECT_THAT(message_with("fpga: alveo_u250", "fpga: alveo_u25O"),
              testing::HasSubstr("got 'alveo_u25O' (did you mean 'alveo_u250'?)"));
}

TEST(FpgaBudget, OverBudgetNamesTheResourcesOfEveryCard) {
  // 224 x 128 in pairs: 14336; 4 slices for each of 64 lanes
  EXPECT_EQ(message_with("rows: 112", "rows: 224", "fpga_overlay_u280"),
            "chip.yaml:10:9: matrix_unit.rows: expected a design of at most 9024 DSP48E2 of part "
            "'alveo_u280', got '14592' (matrix_unit 14336, vector_unit 256)");
  EXPECT_EQ(message_with("channels: 8", "channels: 16", "fpga_overlay_u280"),
            "chip.yaml:52:13: dram.channels: expected at most the memory bandwidth of 460 GB/s of "
            "part 'alveo_u280', got '512 GB/s'");
  // 96 x 64 in threes: 2048
  EXPECT_EQ(message_with("rows: 64", "rows: 96", "fpga_overlay_vck5000"),
            "chip.yaml:10:9: matrix_unit.rows: expected a design of at most 1968 DSP58 of part "
            "'vck5000', got '2304' (matrix_unit 2048, vector_unit 256)");
  // 16 banks of 16 MiB / (16 x 128 B) = 8192 words: 2 x ceil(1024 / 72) = 30
  EXPECT_EQ(message_with("capacity: 8 MiB", "capacity: 16 MiB", "fpga_overlay_vck5000"),
            "chip.yaml:29:13: unified_buffer.capacity: expected a design of at most 463 URAM of "
            "part 'vck5000', got '480' (unified_buffer 480)");
  // 768 x 192 by 24: 6144
  EXPECT_EQ(
      message_with("rows: 192", "rows: 768", "fpga_overlay_s10nx"),
      "chip.yaml:9:9: matrix_unit.rows: expected a design of at most 3960 AI tensor blocks of "
      "part 'stratix10_nx', got '6144' (matrix_unit 6144)");
  EXPECT_EQ(message_with("clock: 400 MHz", "clock: 500 MHz", "fpga_overlay_s10nx"),
            "chip.yaml:6:8: clock: expected at most 440 MHz, the clock of large designs in part "
            "'stratix10_nx', got '500 MHz'");
  // 10 for each of 384 x 192 PEs, 2000 for each of 128 lanes, 1500 a channel
  EXPECT_THAT(message_with("rows: 192", "rows: 384", "fpga_overlay_s10nx"),
              testing::HasSubstr("flip-flops"));
}

TEST(FpgaBudget, IsThatOfThePartNamed) {
  EXPECT_THAT(message_with("capacity: 16 GiB", "capacity: 128 GiB"),
              testing::HasSubstr("dram.capacity: expected at most "));
  EXPECT_THAT(message_with("fpga: alveo_u250", "fpga: vck5000"),
              testing::HasSubstr("at most 1968 DSP58 of part 'vck5000'"));
}

TEST(BuildableChip, RefusesADieThatNoScannerExposes) {
  EXPECT_THAT(
      message_with("  unplaced: {value: 0.21,", "  unplaced: {value: 0.9,", "tpu_v1"),
      testing::HasSubstr("cost: expected a die of at most 858 mm2 (the reticle), got 1411 mm2"));
}

}  // namespace
}  // namespace systole
