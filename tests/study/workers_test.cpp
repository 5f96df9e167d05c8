#include "study/workers.h"

#include <csignal>
#include <cstdlib>

#include <gmock/gmock.h>
#include <unistd.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"

namespace systole {
namespace {

TEST(Workers, ReturnTextsInTheOrderOfTheJobs) {
  std::vector<WorkerJob> jobs;
  for (int i = 0; i < 9; ++i) {
    jobs.emplace_back([i] {
      ::usleep(static_cast<useconds_t>((9 - i) * 1000));  // the last is done first
      return std::to_string(i);
    });
  }
  const std::vector<WorkerOutcome> outcomes = run_in_workers(jobs, 4);
  ASSERT_EQ(outcomes.size(), jobs.size());
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(outcomes[static_cast<std::size_t>(i)].text, std::to_string(i));
    EXPECT_EQ(outcomes[static_cast<std::size_t>(i)].error, "");
  }
}

/// A pipe holds 64 KiB: the text is read while it is written.
TEST(Workers, ReturnTextsLongerThanAPipe) {
  const std::string text(3'000'000, 'x');
  EXPECT_EQ(run_in_workers({[&] { return text; }}, 1).front().text, text);
}

TEST(Workers, ThatFailCostTheirOwnOutcomeAlone) {
  const std::vector<WorkerOutcome> outcomes =
      run_in_workers({[]() -> std::string { throw UserError("a.yaml:1:2: no"); },
                      []() -> std::string {
                        SYSTOLE_CHECK(false, "impossible {}", 7);
                        return "";
                      },
                      []() -> std::string {
                        (void)::signal(SIGTERM, SIG_DFL);
                        (void)::raise(SIGTERM);
                        return "";
                      },
                      []() -> std::string { ::_exit(9); }, [] { return std::string("fine"); }},
                     2);
  EXPECT_EQ(outcomes[0].error, "a.yaml:1:2: no");
  EXPECT_THAT(outcomes[1].error, testing::AllOf(testing::StartsWith("internal error: "),
                                                testing::HasSubstr("impossible 7")));
  EXPECT_EQ(outcomes[2].error, "its process ended by signal 15");
  EXPECT_THAT(outcomes[3].error, testing::StartsWith("internal error: "));
  EXPECT_EQ(outcomes[4].text, "fine");
}

TEST(Workers, AreOtherProcesses) {
  int value = 1;
  const std::vector<WorkerOutcome> outcomes = run_in_workers({[&] {
                                                               value = 2;
                                                               return std::to_string(::getpid());
                                                             }},
                                                             1);
  EXPECT_EQ(value, 1);
  EXPECT_NE(outcomes.front().text, std::to_string(::getpid()));
}

}  // namespace
}  // namespace systole
