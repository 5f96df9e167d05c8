#include "report/describe.h"

#include <sstream>

#include <gmock/gmock.h>

#include "report/format.h"
#include "tests/golden/golden.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

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
  std::istringstream lines(describe_chip(chip));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(display_width(line), kReportWidth) << line;
  }
}

TEST(DescribeChip, NamesASharedSourceOnce) {
  const std::string text = describe_chip(sample_chip());
  EXPECT_EQ(text.find("Handbook"), text.rfind("Handbook"));
}

}  // namespace
}  // namespace systole
