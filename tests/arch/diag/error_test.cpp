#include "arch/diag/error.h"

#include <gmock/gmock.h>

#include "arch/diag/check.h"

namespace systole {
namespace {

TEST(UserError, ShowsPlacePathAndMessage) {
  const ConfigError error({.file = "a.yaml", .line = 2, .column = 9}, "array.rows",
                          "expected an integer, got '128x'");
  EXPECT_STREQ(error.what(), "a.yaml:2:9: array.rows: expected an integer, got '128x'");
}

TEST(UserError, LeavesOutWhatIsUnknown) {
  EXPECT_STREQ(ConfigError({.file = "a.yaml"}, "", "expected a readable file").what(),
               "a.yaml: expected a readable file");
  EXPECT_STREQ(WorkloadError({.file = "n.yaml"}, "layers[0]", "expected a name").what(),
               "n.yaml: layers[0]: expected a name");
  EXPECT_STREQ(UserError("expected a chip, got nothing").what(), "expected a chip, got nothing");
}

TEST(UserError, KindsAreToldApart) {
  static_assert(std::is_base_of_v<UserError, ConfigError>);
  static_assert(std::is_base_of_v<UserError, WorkloadError>);
  static_assert(!std::is_base_of_v<UserError, InternalError>);
}

TEST(Check, PassesQuietly) {
  EXPECT_NO_THROW(SYSTOLE_CHECK(1 + 1 == 2, "arithmetic"));
}

TEST(Check, EvaluatesItsConditionOnce) {
  int evaluations = 0;
  SYSTOLE_CHECK(++evaluations == 1, "evaluations = {}", evaluations);
  EXPECT_EQ(evaluations, 1);
}

TEST(Check, NamesPlaceMessageAndCondition) {
  try {
    SYSTOLE_CHECK(2 < 1, "two = {}", 2);
    FAIL() << "the check passed";
  } catch (const InternalError& error) {
    EXPECT_THAT(
        error.what(),
        testing::MatchesRegex("internal error: .*error_test\\.cpp:[0-9]+: two = 2 \\(2 < 1\\)"));
  }
}

}  // namespace
}  // namespace systole
