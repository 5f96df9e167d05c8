#include <gmock/gmock.h>

#include "study/space/study_spec.h"
#include "tests/arch/message_of.h"
#include "tests/study/explore/small_study.h"

namespace systole {
namespace {

TEST(ReadStudy, ReadsEveryPart) {
  const StudyFolder folder;
  const StudySpec study = read_shipped_places(folder.file());
  EXPECT_EQ(study.name, "small");
  ASSERT_EQ(study.space.axes.size(), 3);
  ASSERT_EQ(study.space.axes[0].values.size(), 4);
  EXPECT_EQ(study.space.axes[0].values[3].text, "64");
  EXPECT_EQ(study.space.axes[1].values[1].text, "400 MHz");
  EXPECT_EQ(study.space.axes[2].values[0].text, "64 KiB");
  EXPECT_EQ(study.space.size(), 24);
  EXPECT_EQ(study.networks[0].file, (folder.directory().path() / "small.yaml").string());
  EXPECT_EQ(study.objectives[1].figure.key, "energy.joules_per_inference");
  const std::vector<ConfigOverride> settings = study.space.settings_of(0);
  ASSERT_EQ(settings.size(), 4);
  EXPECT_EQ(settings[3].path, "matrix_unit.columns");
  EXPECT_EQ(settings[3].text, "8");
  EXPECT_EQ(study.text, kSmallStudy);
}

TEST(ReadStudy, ValuesOfAnAxisMaySetSeveralPathsAtOnce) {
  const StudyFolder folder(small_study_with("  unified_buffer.capacity: [64 KiB, 1 MiB]\n",
                                            "  memory:\n"
                                            "    - {dram.standard: lpddr4_3200, dram.channels: 2}\n"
                                            "    - {dram.standard: lpddr4_2400, dram.channels: 4}\n"
                                            "  network.batch: [1, 2]\n"));
  const StudySpec study = read_shipped_places(folder.file());
  EXPECT_EQ(study.space.axes[2].values[1].text, "lpddr4_2400 4");
  EXPECT_EQ(study.space.axes[2].values[1].settings[1].value.path, "dram.channels");
  EXPECT_EQ(study.space.size(), 4 * 3 * 2 * 2);
}

TEST(ReadStudy, FormulasCompareTexts) {
  const StudyFolder folder(small_study_with(
      "  - matrix_unit.rows < 64 || clock < 500 MHz\n",
      "  - matrix_unit.dataflow == weight_stationary && dram.standard != lpddr4_3200\n"));
  const StudySpec study = read_shipped_places(folder.file());
  EXPECT_NE(study.space.broken_condition(0), "") << "the edge chip has lpddr4_3200";
}

struct Mistake {
  const char* name;
  const char* from;
  const char* to;
  const char* message;  ///< after the file's name
};

class StudyMistake : public testing::TestWithParam<Mistake> {};

TEST_P(StudyMistake, IsOneExactLine) {
  const Mistake& mistake = GetParam();
  const StudyFolder folder(small_study_with(mistake.from, mistake.to));
  EXPECT_EQ(message_of([&] { static_cast<void>(read_shipped_places(folder.file())); }),
            folder.file() + mistake.message);
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, StudyMistake,
    testing::Values(
        Mistake{"NearPath", "  unified_buffer.capacity: [64 KiB",
                "  unified_buffer.capacty: [64 KiB",
                ":7:28: unified_buffer.capacty: expected one of capacity, banks, ports, "
                "port_width, got 'capacty' (did you mean 'capacity'?)"},
        Mistake{"ValueOutOfRange", "to: 64, factor: 2", "to: 8192, factor: 2",
                ":5:21: matrix_unit.rows: expected an integer in 1..4096, got '8192'"},
        Mistake{"ValueOfAnotherKind", "[64 KiB, 1 MiB]", "[64 KiB, 1 MHz]",
                ":7:37: unified_buffer.capacity: expected a size in 1 KiB..1 GiB as a number, a "
                "space and B, kB, MB, GB, KiB, MiB, GiB or TiB, got '1 MHz'"},
        Mistake{"ValueTwice", "[64 KiB, 1 MiB]", "[64 KiB, 64 KiB]",
                ":7:37: axes.unified_buffer.capacity: expected each value once, got '64 KiB' "
                "again"},
        Mistake{"RangeWithoutStep", "to: 64, factor: 2", "to: 64",
                ":5:21: axes.matrix_unit.rows: expected one of step, factor, got neither"},
        Mistake{"RangeBackwards", "from: 8, to: 64", "from: 8, to: 4",
                ":5:35: axes.matrix_unit.rows.to: expected at least from (8), got '4'"},
        Mistake{"BadFormula", "matrix_unit.rows < 64 ||", "matrix_unit.rows < < 64 ||",
                ":11:5: conditions[0]: expected a formula, got 'matrix_unit.rows < < 64 || clock < "
                "500 MHz': '< 64 || clock < 500 MHz' at character 20 does not fit"},
        Mistake{"UnknownName", "rows < 64 ||", "rowz < 64 ||",
                ":11:5: conditions[0]: expected paths of the chip, got 'matrix_unit.rowz' (did you "
                "mean 'matrix_unit.rows'?)"},
        Mistake{"DerivedUnknownPath", "  matrix_unit.columns: matrix", "  matrix_unit.cols: matrix",
                ":9:21: matrix_unit.cols: expected one of count, rows, columns, dataflow, overlap, "
                "model, "
                "pace, got 'cols'"},
        Mistake{"UnknownFigure", "minimise: energy", "minimise: energi",
                ":16:15: objectives[1].minimise: expected a figure of the report (docs/report.md), "
                "got 'energi' (did you mean 'energy'?)"},
        Mistake{"NoDirection", "  - minimise: latency\n", "  - {}\n",
                ":15:5: objectives[0]: expected one of minimise, maximise, got neither"},
        Mistake{"LoadWithoutRate", "minimise: energy", "minimise: p99",
                ":16:15: objectives[1].minimise: expected arrival_rate beside 'p99', got none"},
        Mistake{"UnknownChip", "chip: edge", "chip: egde", ":3:7: chip: no file 'egde'"},
        Mistake{"UnknownKey", "chip: edge\n", "chip: edge\nobjective: x\n",
                ":4:1: objective: expected one of name, description, chip, axes, derive, "
                "conditions, networks, arrival_rate, objectives, constraints, sampler, limits, got "
                "'objective' (did you mean 'objectives'?)"},
        Mistake{"UnknownSampler", "objectives:\n", "sampler: {kind: grit}\nobjectives:\n",
                ":14:17: sampler.kind: expected one of grid, random, latin_hypercube, nsga2, maco, "
                "got 'grit' (did you mean 'grid'?)"},
        Mistake{"BudgetMissing", "objectives:\n", "sampler: {kind: random}\nobjectives:\n",
                ":14:10: sampler.points: expected an integer in 1..100000000, got nothing"},
        Mistake{"NetworkPath", "  unified_buffer.capacity: [64 KiB, 1 MiB]",
                "  network.batches: [1, 2]",
                ":7:21: network.batches: expected one of network.batch, network.type, got "
                "'network.batches' (did you mean 'network.batch'?)"}),
    [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace systole
