#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"
#include "tests/app/scratch.h"

namespace systole {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;

void run_to(const Scratch& scratch, const std::string& file, std::vector<std::string> options) {
  options.insert(options.begin(),
                 {"run", "edge", "mlp0", "--batch", "1", "-o", scratch.path(file)});
  const ProcessResult result = run_systole(options);
  ASSERT_EQ(result.exit_code, 0) << result.err;
}

TEST(DiffCommand, ComparesWhatTwoRunsWrote) {
  const Scratch scratch;
  run_to(scratch, "a.json", {"--format", "json"});
  run_to(scratch, "b.html", {"--format", "html", "--set", "matrix_unit.rows=64"});
  const ProcessResult result =
      run_systole({"diff", scratch.path("a.json"), scratch.path("b.html")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\ntotal "));
  EXPECT_THAT(result.out, HasSubstr("\nlayer "));
  const json diff = json::parse(
      run_systole({"diff", scratch.path("a.json"), scratch.path("b.html"), "--format", "json"})
          .out);
  EXPECT_EQ(diff["schema"], "systole.diff/1");
  EXPECT_NE(diff["total"]["cycles"]["before"], diff["total"]["cycles"]["after"]);
  EXPECT_EQ(diff["layers"].size(), 5U);
}

TEST(DiffCommand, SaysThatNothingChanged) {
  const Scratch scratch;
  run_to(scratch, "a.json", {"--format", "json"});
  const ProcessResult result =
      run_systole({"diff", scratch.path("a.json"), scratch.path("a.json")});
  EXPECT_THAT(result.out, EndsWith("layers: all 5 are equal\n"));
}

TEST(DiffCommand, RefusesOtherFiles) {
  const Scratch scratch;
  scratch.write("a.json", "{}");
  const std::string a = scratch.path("a.json");
  const ProcessResult no_report = run_systole({"diff", a, a});
  EXPECT_EQ(no_report.exit_code, 2);
  EXPECT_EQ(no_report.err, a + ": expected a run's report (JSON or HTML), got something else\n");
  const ProcessResult missing = run_systole({"diff", a, scratch.path("none.json")});
  EXPECT_EQ(missing.exit_code, 2);
  const ProcessResult one = run_systole({"diff", a});
  EXPECT_EQ(one.exit_code, 2);
}

}  // namespace
}  // namespace systole
