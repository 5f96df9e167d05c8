// The program `prove` as a user runs it.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/app/process.h"

namespace systole::testing {
namespace {

using ::testing::HasSubstr;

ProcessResult prove(const std::vector<std::string>& arguments) {
  return run_systole(arguments);  // built here to run prove
}

void expect_refused(const std::vector<std::string>& arguments, const std::string& line) {
  const ProcessResult result = prove(arguments);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, line + "\n");
}

TEST(Prove, RefusesNumbersOutsideTheirRangeAndWhatIsNone) {
  expect_refused({"--cases", "0"}, "prove: --cases: expected an integer in 1..1000000000, got '0'");
  expect_refused({"--cases", "-1"},
                 "prove: --cases: expected an integer in 1..1000000000, got '-1'");
  expect_refused({"--cases", "12x"},
                 "prove: --cases: expected an integer in 1..1000000000, got '12x'");
  expect_refused({"--first", "1.5"},
                 "prove: --first: expected an integer in 0..18446744072709551615, got '1.5'");
  expect_refused({"--case", ""},
                 "prove: --case: expected an integer in 0..18446744072709551615, got ''");
}

TEST(Prove, RefusesWordsItDoesNotKnow) {
  expect_refused({"--caes", "5"},
                 "prove: The following arguments were not expected: 5 --caes; see --help");
}

TEST(Prove, SaysHowManyCasesAgreeOnWhat) {
  const ProcessResult result = prove({"--cases", "3", "--first", "7"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(result.out,
            "3 cases agree: closed rules, scalar arithmetic, the matrix unit with model tile and "
            "pe, the PE level alone, RTL of 16 x 16, RTL of 5 x 19\n");
}

TEST(Prove, ShowsTheCyclesAndSumsOfACaseOnEverySide) {
  // Case 3: output stationary on 4 x 10 PEs. The first fold is one phase that drains: it ends at 1
  // and completes at 1 + 2 * 4 + 10 - 2 = 17. The second, whose sums stay, ends at 2 and completes
  // at 2 + 4 + 10 - 2 = 14, in a unit no sooner than the first.
  const ProcessResult result = prove({"--case", "3"});
  EXPECT_EQ(result.exit_code, 0);
  for (const std::string& side : std::vector<std::string>{
           "the closed rules", "the PE level", "the RTL of 16 x 16", "the RTL of 5 x 19"}) {
    EXPECT_THAT(result.out, HasSubstr("\n" + side +
                                      "\n  fold 0: load -, start 0, end 1, completion 17\n"
                                      "  fold 1: load -, start 1, end 2, completion 14\n"));
  }
  for (const std::string& model : {std::string("tile"), std::string("pe")}) {
    EXPECT_THAT(result.out, HasSubstr("\nthe matrix unit, model " + model +
                                      "\n  fold 0: load -, start 0, end 1, completion 17\n"
                                      "  fold 1: load -, start 1, end 2, completion 17\n"));
  }
  EXPECT_THAT(result.out, HasSubstr("\nscalar arithmetic\n  product 0: C = 3fd70000; "));
  EXPECT_THAT(result.out, HasSubstr("\n1 case agrees: "));
}

}  // namespace
}  // namespace systole::testing
