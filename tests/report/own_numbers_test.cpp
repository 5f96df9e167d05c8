#include "report/own_numbers.h"

#include <limits>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "report/format.h"
#include "report/text.h"

namespace systole {
namespace {

UserComparison sample() {
  UserComparison comparison{.directory = "mine", .tolerance = 0.05};
  comparison.tensors.push_back({.tensor = "conv",
                                .file = "conv.npy",
                                .shape = {2, 3, 4, 5},
                                .error = {.elements = 120,
                                          .mean = 0.001,
                                          .worst = 0.25,
                                          .worst_at = 60 + 2 * 20 + 3 * 5 + 4,
                                          .largest = 2,
                                          .sqnr_db = 31.46},
                                .top1 = {},
                                .passed = false});
  comparison.tensors.push_back({.tensor = "prob",
                                .file = "prob.float32.npy",
                                .shape = {2, 1, 1, 10},
                                .error = {.elements = 20, .largest = 1},
                                .top1 = 0.5,
                                .passed = true});
  return comparison;
}

TEST(ComparisonText, HasARowForEveryTensor) {
  EXPECT_EQ(
      comparison_text(sample(), false),
      "\n"
      "against your numbers  mean error  worst error  of largest      worst at  SQNR dB   "
      "top-1\n"
      "  conv                     0.001         0.25      12.5 %  [1, 2, 3, 4]     31.5       "
      "-\n"
      "  prob                         0            0       0.0 %             -    exact  50.0 "
      "%\n"
      "\n"
      "comparison: 2 tensors compared with your numbers, tolerance 5.0 %: FAILED, conv is "
      "12.5 % off\n");
}

TEST(ComparisonText, NamesAFewFilesThatWereNotCompared) {
  UserComparison comparison = sample();
  comparison.ignored = {"a.npy", "b.npy", "c.npy", "d.npy", "e.npy"};
  EXPECT_THAT(comparison_text(comparison, false),
              testing::HasSubstr("  not compared: a.npy, as no tensor is called so\n"
                                 "  not compared: b.npy, as no tensor is called so\n"
                                 "  not compared: c.npy, as no tensor is called so\n"
                                 "  and 2 more\n"));
}

TEST(ComparisonText, StaysWithinTheWidthOfAReport) {
  UserComparison comparison = sample();
  comparison.tensors[0].tensor = std::string(150, 't');
  comparison.tensors[0].shape = {65536, 65536, 65536, 65536};
  comparison.tensors[0].error.worst = std::numeric_limits<double>::infinity();
  comparison.tensors[0].error.worst_at = std::numeric_limits<std::int64_t>::max();
  comparison.ignored = {std::string(150, 'i')};
  const std::string text = comparison_text(comparison, false);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    EXPECT_LE(end - begin, kReportWidth + 40) << text.substr(begin, end - begin);
    begin = end + 1;
  }
  EXPECT_THAT(text, testing::HasSubstr("inf x"));
}

TEST(ComparisonLine, SaysThatAllPassed) {
  UserComparison comparison = sample();
  comparison.tensors.erase(comparison.tensors.begin());
  EXPECT_EQ(comparison_line(comparison),
            "comparison: 1 tensor compared with your numbers, tolerance 5.0 %: passed");
}

TEST(ComparisonJson, HasEveryFigure) {
  UserComparison comparison = sample();
  comparison.ignored = {"a.npy"};
  EXPECT_EQ(comparison_json(comparison).dump(),
            R"({"passed":false,"tolerance":0.05,"tensors":[)"
            R"({"tensor":"conv","file":"conv.npy","elements":120,"mean_error":0.001,)"
            R"("worst_error":0.25,"worst_at":119,"sqnr_db":31.46,"relative_error":0.125,)"
            R"("top1":null,"passed":false},)"
            R"({"tensor":"prob","file":"prob.float32.npy","elements":20,"mean_error":0.0,)"
            R"("worst_error":0.0,"worst_at":0,"sqnr_db":null,"relative_error":0.0,)"
            R"("top1":0.5,"passed":true}],"not_compared":["a.npy"]})");
}

}  // namespace
}  // namespace systole
