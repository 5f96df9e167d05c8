#include "tests/fuzz/fuzzer.h"

#include <filesystem>
#include <set>

#include <gmock/gmock.h>

#include "tests/app/scratch.h"
#include "tests/fuzz/mutation.h"

namespace systole::fuzz {
namespace {

using testing::StartsWith;

namespace fs = std::filesystem;

/// A short run; scripts/fuzz takes longer ones.
TEST(Fuzz, FindsNothingWrongInAFewCases) {
  const Fuzzer fuzzer(1, "", 120);
  for (std::uint64_t number = 0; number < 25; ++number) {
    const Verdict verdict = fuzzer.run(number, false);
    EXPECT_EQ(verdict.fault, "") << "scripts/fuzz --case " << number << "\n" << verdict.command;
  }
}

TEST(Fuzz, CasesAreTheSameEveryTime) {
  Dice one(7);
  Dice two(7);
  std::set<std::string> texts;
  for (int i = 0; i < 20; ++i) {
    const std::string text = mutated("a: 1\nb: [2, 3]\nc:\n  d: x\n", one);
    EXPECT_EQ(text, mutated("a: 1\nb: [2, 3]\nc:\n  d: x\n", two));
    texts.insert(text);
  }
  EXPECT_GT(texts.size(), 15U);
}

/// Programs that do what must not be, in place of systole.
class FuzzJudge : public testing::Test {
 protected:
  std::string fault(const std::string& script) {
    scratch_.write("program", "#!/bin/sh\n" + script);
    fs::permissions(scratch_.path("program"), fs::perms::owner_all);
    const Fuzzer fuzzer(1, scratch_.path("program"), 2);
    const Verdict verdict = fuzzer.run(kMutatedFile, false);
    if (!verdict.folder.empty()) {
      fs::remove_all(verdict.folder);
    }
    return verdict.fault;
  }
  static constexpr std::uint64_t kMutatedFile = 0;
  Scratch scratch_;
};

TEST_F(FuzzJudge, WantsAnEndInTimeACodeAndOneLine) {
  EXPECT_EQ(fault("exit 0\n"), "");
  EXPECT_EQ(fault("echo a mistake >&2; exit 2\n"), "");
  EXPECT_EQ(fault("exit 3\n"), "exit code 3: ");
  EXPECT_EQ(fault("kill -SEGV $$\n"), "signal 11");
  EXPECT_EQ(fault("exec sleep 100\n"), "did not end");
  EXPECT_EQ(fault("exit 2\n"), "more or less than one line: ");
  EXPECT_THAT(fault("echo one >&2; echo two >&2; exit 2\n"), StartsWith("more or less than one"));
  EXPECT_THAT(fault("echo report; echo a mistake >&2; exit 2\n"), StartsWith("a report of a"));
}

TEST_F(FuzzJudge, WantsNoFileLeftAndNoneLost) {
  EXPECT_EQ(fault("echo x > .systole-abcdef; exit 0\n"), "left behind: .systole-abcdef");
  EXPECT_EQ(fault("echo x > tiny.yaml; exit 0\n"), "changed: tiny.yaml");
  EXPECT_THAT(
      fault("test -s ran && echo xx > out.txt || echo x > out.txt; echo 1 > ran 2>/dev/null; "
            "rm -f ran; echo a mistake >&2; exit 2\n"),
      "");  // the same again: as whole as can be known
  EXPECT_THAT(fault("date +%N > out.txt; echo a mistake >&2; exit 2\n"),
              StartsWith("cut: out.txt"));
}

}  // namespace
}  // namespace systole::fuzz
