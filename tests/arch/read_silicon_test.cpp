#include <gmock/gmock.h>

#include "arch/chip_spec.h"
#include "arch/config/text_file.h"
#include "tests/arch/chip_files.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

using testing::HasSubstr;

const std::string kSource = SYSTOLE_SOURCE_DIR;

std::string tpu_v1_text() {
  return read_text_file(kSource + "/configs/chips/tpu_v1.yaml", 1U << 20);
}

/// A chip file of the test's own that finds the shipped standards, technologies and interfaces.
struct Written {
  TemporaryDirectory directory;

  [[nodiscard]] ChipSpec read(const std::string& text) const {
    return read_chip(directory.write("tpu_v1.yaml", text), {kSource + "/configs/dram"});
  }
  [[nodiscard]] std::string message(const std::string& text) const {
    const std::string line = message_of([&] { (void)read(text); });
    const std::size_t name = line.find("tpu_v1.yaml:");
    return name == std::string::npos ? line : line.substr(line.find(": ", name) + 2);
  }
  /// The shipped chip with lines added to its section `silicon`, which becomes the last.
  [[nodiscard]] static std::string text_with(const std::string& lines) {
    const std::string text = tpu_v1_text();
    return text.substr(0, text.find("\ncost:")) + lines;
  }
  [[nodiscard]] ChipSpec with(const std::string& lines) const { return read(text_with(lines)); }
  [[nodiscard]] std::string failure(const std::string& lines) const {
    return message(text_with(lines));
  }
};

TEST(ReadSilicon, IsOptional) {
  const std::string text = tpu_v1_text();
  const Written files;
  EXPECT_FALSE(files.read(text.substr(0, text.find("\ntechnology:"))).silicon.has_value());
}

TEST(ReadSilicon, ReadsProcessPortsAndPower) {
  const Written files;
  const SiliconSpec silicon = *files.with("").silicon;
  EXPECT_EQ(silicon.technology.name, "28nm");
  EXPECT_EQ(silicon.dram_port.name, "ddr3_x64");
  EXPECT_EQ(silicon.host_port.name, "pcie_gen3_x16");
  EXPECT_EQ(silicon.tdp, Watts(75.0));
  EXPECT_EQ(silicon.idle, IdleMode::Ungated);
}

TEST(ReadSilicon, NeedsTechnologyAndSectionTogether) {
  const std::string text = tpu_v1_text();
  const Written files;
  EXPECT_EQ(files.message(text.substr(0, text.find("\nsilicon:") + 1)),
            "silicon: expected a map beside technology, got nothing");
  EXPECT_EQ(files.message(replaced(text,
                                   "\ntechnology: {value: 28nm, source: j17_table_2, "
                                   "status: found}\n",
                                   "\n")),
            "technology: expected a technology for silicon, got nothing");
}

TEST(ReadSilicon, TakesATechnologyFromAFileBesideTheChip) {
  const Written files;
  std::string mine = read_text_file(kSource + "/configs/technologies/28nm.yaml", 1U << 20);
  mine = replaced(mine, "name: 28nm", "name: mine");
  mine = replaced(mine, "wire: {value: 0.1082", "wire: {value: 0.5");
  (void)files.directory.write("mine.yaml", mine);
  const ChipSpec chip =
      files.read(replaced(Written::text_with(""), "value: 28nm,", "value: mine.yaml,"));
  EXPECT_EQ(chip.silicon->technology.name, "mine");
  EXPECT_EQ(chip.silicon->technology.wire_pj_per_bit_mm, 0.5);
  EXPECT_EQ(files.message(replaced(Written::text_with(""), "value: 28nm,", "value: other.yaml,")),
            "technology: expected a technology, got 'other.yaml': there is no file '" +
                (files.directory.path() / "other.yaml").string() + "'");
}

/// Prices know it by the name in its file.
TEST(ReadSilicon, PricesHaveToKnowATechnologyFromAFile) {
  const Written files;
  const std::string text = read_text_file(kSource + "/configs/technologies/28nm.yaml", 1U << 20);
  (void)files.directory.write("28nm.yaml", text);
  EXPECT_TRUE(files.read(replaced(tpu_v1_text(), "value: 28nm,", "value: 28nm.yaml,")).cost);
  (void)files.directory.write("mine.yaml", replaced(text, "name: 28nm", "name: mine"));
  EXPECT_EQ(files.message(replaced(tpu_v1_text(), "value: 28nm,", "value: mine.yaml,")),
            "technology: expected one of 45nm, 28nm, 16nm, 12nm, 7nm, 5nm, got 'mine'");
}

TEST(ReadSilicon, SuggestsNamesOfTechnologiesAndInterfaces) {
  const Written files;
  EXPECT_EQ(files.message(replaced(tpu_v1_text(), "value: 28nm,", "value: 29nm,")),
            "technology: expected a technology (one of 12nm, 16nm, 28nm, 45nm, 5nm, 7nm), got "
            "'29nm' (did you mean '28nm'?)");
  EXPECT_THAT(files.message(replaced(tpu_v1_text(), "value: ddr3_x64,", "value: ddr3_x46,")),
              HasSubstr("silicon.dram_interface: expected an interface (one of ddr3_x64"));
}

TEST(ReadSilicon, NeedsTheCurrentsOfTheMemory) {
  const ChipFiles files;
  (void)files.write_dram(kDramText);
  const std::string text = std::string(kChipText) + R"(technology: 28nm
silicon: {tdp: 1 W, idle: ungated, dram_interface: ddr3_x64, host_interface: pcie_gen2_x2,
  supply_efficiency: 1, activity: 1, control: 1 MTr, instruction: 1 pJ, unplaced: 0.2}
)";
  const std::string message =
      message_of([&] { (void)read_chip(files.write_chip(text), {kSource + "/configs/dram"}); });
  EXPECT_THAT(message, HasSubstr("dram.standard: expected a DRAM standard with currents (power: one "
                                 "of ddr3_1600, "));
  EXPECT_THAT(message, HasSubstr(", lpddr4_3200), as the chip has a technology, got 'small'"));
  EXPECT_THAT(message, testing::Not(HasSubstr("lpddr5")));
}

TEST(ReadSilicon, TakesFiguresOfTheUserByComponent) {
  const Written files;
  const SiliconSpec silicon = *files
                                   .with(
                                       "  energy:\n"
                                       "    matrix_unit: {int8xint8: 250 fJ, leakage: 2 W}\n"
                                       "    unified_buffer: {read: 1 nJ}\n"
                                       "  area: {matrix_unit: 80 mm2}\n")
                                   .silicon;
  ASSERT_EQ(silicon.energies.size(), 2U);
  EXPECT_EQ(silicon.energies[0].action, Action::MacInt8);
  EXPECT_DOUBLE_EQ(silicon.energies[0].picojoules, 0.25);
  EXPECT_EQ(silicon.energies[1].action, Action::BufferRead);
  EXPECT_DOUBLE_EQ(silicon.energies[1].picojoules, 1000.0);
  ASSERT_EQ(silicon.leakages.size(), 1U);
  EXPECT_DOUBLE_EQ(silicon.leakages[0].value, 2.0);
  ASSERT_EQ(silicon.areas.size(), 1U);
  EXPECT_DOUBLE_EQ(silicon.areas[0].value, 80.0);
}

TEST(ReadSilicon, NamesWhatItDoesNotKnow) {
  const Written files;
  EXPECT_EQ(files.failure("  energy: {unified_buffer: {reed: 1 pJ}}\n"),
            "silicon.energy.unified_buffer.reed: expected one of read, write, leakage, got 'reed' "
            "(did you mean 'read'?)");
  EXPECT_THAT(files.failure("  energy: {buffer: {read: 1 pJ}}\n"),
              HasSubstr("silicon.energy.buffer: expected one of matrix_unit, accumulators"));
  EXPECT_THAT(files.failure("  area: {interconnect: 1 mm2}\n"),
              HasSubstr("silicon.area.interconnect: expected one of"));
  EXPECT_THAT(files.failure("  idel: ungated\n"), HasSubstr("silicon.idel: expected one of"));
}

TEST(AccelergyTables, ReplaceEnergiesLeakageAndAreas) {
  const Written files;
  (void)files.directory.write("ert.yaml", R"(ERT:
  version: '0.4'
  tables:
    - name: system.chip.pe[0..65535].mac
      actions:
        - {name: compute, arguments: {}, energy: 0.56}
        - {name: leak, energy: 0.001}
    - name: system.chip.unified_buffer[0..15]
      actions:
        - {name: read, energy: 100}
        - {name: update, energy: 120}
)");
  (void)files.directory.write("art.yaml", R"(ART:
  version: 0.4
  tables:
    - {name: 'system.chip.pe[0..65535].mac', area: 700}
)");
  const SiliconSpec silicon =
      *files.with("  energy_table: ert.yaml\n  area_table: art.yaml\n").silicon;
  ASSERT_EQ(silicon.energies.size(), 3U);
  EXPECT_EQ(silicon.energies[0].action, Action::MacInt8);
  EXPECT_DOUBLE_EQ(silicon.energies[0].picojoules, 0.56);
  EXPECT_EQ(silicon.energies[2].action, Action::BufferWrite);
  EXPECT_THAT(silicon.energies[0].origin, testing::EndsWith("ert.yaml:6"));
  // 65,536 instances x 0.001 pJ a cycle x 700 MHz
  ASSERT_EQ(silicon.leakages.size(), 1U);
  EXPECT_NEAR(silicon.leakages[0].value, 65536.0 * 1e-15 * 700e6, 1e-12);
  ASSERT_EQ(silicon.areas.size(), 1U);
  EXPECT_NEAR(silicon.areas[0].value, 65536.0 * 700e-6, 1e-9);
}

std::string table_failure(const std::string& tables) {
  const Written files;
  (void)files.directory.write("ert.yaml", "ERT:\n  version: 0.4\n  tables:\n" + tables);
  const std::string line = message_of([&] { (void)files.with("  energy_table: ert.yaml\n"); });
  return line.substr(line.find("ert.yaml:"));
}

TEST(AccelergyTables, NameWhatTheyCannotMap) {
  EXPECT_THAT(table_failure("    - {name: chip.spad, actions: []}\n"),
              testing::StartsWith("ert.yaml:4:14: ERT.tables[0].name: expected a component named "
                                  "one of matrix_unit, mac, pe"));
  EXPECT_EQ(table_failure("    - name: chip.glb\n      actions:\n"
                          "        - {name: fill, energy: 1}\n"),
            "ert.yaml:6:18: ERT.tables[0].actions[0].name: expected one of read, write, leak, got "
            "'fill'");
  EXPECT_EQ(table_failure("    - name: chip.glb\n      actions:\n"
                          "        - {name: write, energy: 1}\n"
                          "        - {name: update, energy: 2}\n"),
            "ert.yaml:7:18: ERT.tables[0].actions[1].name: expected each action once, got 'update' "
            "again");
  EXPECT_EQ(table_failure("    - name: chip.glb\n      actions:\n"
                          "        - {name: read, arguments: {delta: 1}, energy: 1}\n"),
            "ert.yaml:6:35: ERT.tables[0].actions[0].arguments: expected none, as one action has "
            "one energy, got some");
  EXPECT_THAT(table_failure("    - {name: 'chip.glb[0..x]', actions: []}\n"),
              HasSubstr("expected instances as [0..15], at most 1000000000 of them, got "
                        "'chip.glb[0..x]'"));
  EXPECT_THAT(table_failure("    - name: chip.glb\n      actions:\n"
                            "        - {name: read, energy: -1}\n"),
              HasSubstr("expected a number in 0..1000000000, got '-1'"));
}

}  // namespace
}  // namespace systole
