#include "report/csv.h"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>

#include "tests/golden/golden.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

TEST(CsvReport, IsAsReviewed) {
  EXPECT_TRUE(matches_golden("report/sample.csv", csv_report(sample_result())));
}

TEST(CsvReport, HasAsManyFieldsInEachRowAsInTheHeader) {
  std::istringstream lines(csv_report(sample_result()));
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  const auto commas = std::count(line.begin(), line.end(), ',');
  int rows = 0;
  while (std::getline(lines, line)) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), commas) << line;
    ++rows;
  }
  EXPECT_EQ(rows, 5);
}

TEST(CsvField, QuotesWhatRfc4180AsksFor) {
  EXPECT_EQ(csv_field("conv1"), "conv1");
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_field("two\rlines"), "\"two\rlines\"");
  EXPECT_EQ(csv_field(" padded "), "\" padded \"");
}

TEST(CsvReport, QuotesOddNames) {
  Result result = sample_result();
  result.graph.nodes[0].name = "conv,1";
  EXPECT_THAT(csv_report(result), testing::HasSubstr("\n0,\"conv,1\",conv2d,2,8,8,32,"));
}

}  // namespace
}  // namespace systole
