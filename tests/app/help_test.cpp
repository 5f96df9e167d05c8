#include <cstdlib>

#include <gmock/gmock.h>

#include "tests/app/process.h"
#include "tests/app/scratch.h"

namespace systole {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string help(const std::vector<std::string>& topic) {
  std::vector<std::string> words{"help"};
  words.insert(words.end(), topic.begin(), topic.end());
  const ProcessResult result = run_systole(words);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return result.out;
}

TEST(Help, ListsPagesAndCommands) {
  EXPECT_THAT(help({}), AllOf(HasSubstr("\n  timing "), HasSubstr("\n  tutorial "),
                              HasSubstr("compare, diff, compile, explain, map, import, describe")));
}

TEST(Help, PrintsAPageACommandOrWhereAWordStands) {
  EXPECT_THAT(help({"report"}), StartsWith("# The report\n"));
  EXPECT_EQ(help({"run"}), run_systole({"run", "--help"}).out);
  EXPECT_THAT(help({"wait_vector"}),
              AllOf(HasSubstr("report: How to read it\n"), HasSubstr("wait_vector"),
                    HasSubstr("'systole help PAGE' prints a page.\n")));
  const ProcessResult none = run_systole({"help", "timming"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_EQ(none.err,
            "systole: no page has 'timming' (did you mean 'timing'?); see 'systole help'\n");
}

TEST(Help, TheManualHasEveryCommandAndOption) {
  const std::string page = help({"man"});
  EXPECT_THAT(page, StartsWith(".TH SYSTOLE 1 "));
  for (const char* const command : {"run", "compare", "diff", "study run", "list", "help"}) {
    EXPECT_THAT(page, HasSubstr(std::string("\n.SS ") + command + "\n"));
  }
  EXPECT_THAT(page, HasSubstr("\\-\\-save\\-tensors"));
  const Scratch scratch;
  scratch.write("systole.1", page);
  const std::string view =
      "command -v man >/dev/null || exit 77; MANROFFOPT= man --warnings -l -Tutf8 '" +
      scratch.path("systole.1") + "' 2>&1 >/dev/null | grep . && exit 1; exit 0";
  const int status = std::system(view.c_str());  // NOLINT(concurrency-mt-unsafe)
  EXPECT_NE(WEXITSTATUS(status), 1);
}

/// What bash offers behind these words.
std::string completed(const std::string& words) {
  const Scratch scratch;
  scratch.write("completion", help({"bash"}));
  scratch.write("ask", "systole() { '" SYSTOLE_BINARY "' \"$@\"; }\nsource '" +
                           scratch.path("completion") + "'\nCOMP_WORDS=(" + words +
                           ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_systole\n"
                           "printf '%s\\n' \"${COMPREPLY[@]}\" >'" +
                           scratch.path("reply") + "'\n");
  const std::string command = "bash '" + scratch.path("ask") + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe)
  return "\n" + scratch.read("reply");
}

TEST(Help, BashCompletesCommandsOptionsAndNames) {
  EXPECT_THAT(completed("systole st"), HasSubstr("\nstudy\n"));
  EXPECT_THAT(completed("systole study sh"), HasSubstr("\nshow\n"));
  EXPECT_THAT(completed("systole run tpu_v1 resnet50 --for"), HasSubstr("\n--format\n"));
  EXPECT_THAT(completed("systole run tpu_v"), HasSubstr("\ntpu_v1\n"));
  EXPECT_THAT(completed("systole run edge resn"), HasSubstr("\nresnet50\n"));
  EXPECT_THAT(completed("systole describe ddr4_2"), HasSubstr("\nddr4_2400\n"));
  EXPECT_THAT(completed("systole dram ddr4_24"), Not(HasSubstr("tpu")));
}

TEST(List, GivesNamesToPrograms) {
  EXPECT_THAT(run_systole({"list", "--format", "names"}).out,
              AllOf(HasSubstr("chip edge\n"), HasSubstr("network resnet50\n")));
  EXPECT_THAT(run_systole({"list", "--format", "json"}).out,
              HasSubstr("\"schema\": \"systole.list/1\""));
  const ProcessResult wrong = run_systole({"list", "--format", "csv"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_EQ(wrong.err, "systole: --format: expected one of text, json, names, got 'csv'\n");
}

}  // namespace
}  // namespace systole
