#include "report/describe.h"

#include <sstream>

#include <gmock/gmock.h>

#include "report/format.h"
#include "tests/golden/golden.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

using ::testing::HasSubstr;

TEST(DescribeChip, IsAsReviewed) {
  EXPECT_TRUE(matches_golden("report/sample_chip.txt", describe_chip(sample_chip())));
}

TEST(DescribeChip, FitsAHundredColumns) {
  ChipSpec chip = sample_chip();
  for (int word = 0; word < 60; ++word) {
    chip.description += " many words";
    chip.facts[0].source += " and more";
  }
  chip.facts[1].path = std::string(150, 'p');
  chip.matrix.pace_of_kind.fill(CoreCycles(3));
  std::istringstream lines(describe_chip(chip));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(display_width(line), kReportWidth) << line;
  }
}

TEST(DescribeChip, ShowsEveryKindOfOperandsAtItsRate) {
  ChipSpec chip = sample_chip();  // 256 MACs x 2 operations x 500 MHz = 256 GOPS a step
  chip.matrix.dataflow = Dataflow::OutputStationary;
  chip.matrix.overlap = Overlap::None;
  chip.matrix.model = ArrayModel::Pe;
  chip.matrix.pace_of_kind = {};
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Fp8)] = CoreCycles(1);
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Bf16)] = CoreCycles(2);
  const std::string text = describe_chip(chip);
  EXPECT_THAT(text,
              HasSubstr("  matrix unit      16 x 16 PEs, output_stationary, 256 MACs a step\n"));
  EXPECT_THAT(text, HasSubstr("  overlap          none: a fold has the array to itself from its "
                              "first load to its last result\n"));
  EXPECT_THAT(text, HasSubstr("  model            pe\n"));
  EXPECT_THAT(text, HasSubstr("  peak             256 GOPS fp8xfp8, 128 GOPS bf16xbf16\n"));
  EXPECT_THAT(text, HasSubstr("  weight FIFO      1 KiB: 4 tiles of 256 fp8_e4m3 weights\n"));
}

TEST(DescribeChip, NamesASharedSourceOnce) {
  const std::string text = describe_chip(sample_chip());
  EXPECT_EQ(text.find("Handbook"), text.rfind("Handbook"));
}

}  // namespace
}  // namespace systole
