#include "study/workers.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

/// A process that is gone, or whose end nobody has asked for yet.
bool has_ended(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string id;
  std::string name;
  std::string state;
  return !(stat >> id >> name >> state) || state == "Z" || state == "X";
}

TEST(Workers, EndWithTheirCallerWhateverEndsIt) {
  for (const int signal : {SIGTERM, SIGKILL}) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t caller = ::fork();
    if (caller == 0) {
      (void)run_in_workers({[&]() -> std::string {
                             const pid_t worker = ::getpid();
                             (void)!::write(ends[1], &worker, sizeof worker);
                             ::pause();
                             return "";
                           }},
                           1);
      ::_exit(0);
    }
    pid_t worker = 0;
    ASSERT_EQ(::read(ends[0], &worker, sizeof worker), static_cast<ssize_t>(sizeof worker));
    EXPECT_FALSE(has_ended(worker));
    ::kill(caller, signal);
    ::waitpid(caller, nullptr, 0);
    for (int i = 0; i < 500 && !has_ended(worker); ++i) {
      ::usleep(10'000);
    }
    EXPECT_TRUE(has_ended(worker));
    ::close(ends[0]);
    ::close(ends[1]);
  }
}

/// With room for a pipe only (0, 1 and 2 are open), one runs after the other; without, none does.
TEST(Workers, TakeTurnsWhereDescriptorsAreFew) {
  const auto lowest_free = static_cast<rlim_t>(::dup(0));
  ::close(static_cast<int>(lowest_free));
  struct rlimit before {};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const auto with_descriptors = [&](rlim_t count) {
    const struct rlimit limit { .rlim_cur = count, .rlim_max = before.rlim_max };
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const WorkerJob job = [] { return std::string("fine"); };
    std::string message;
    try {
      for (const WorkerOutcome& outcome : run_in_workers({job, job, job}, 3)) {
        message += outcome.text + ' ';
      }
    } catch (const UserError& error) {
      message = error.what();
    }
    ::setrlimit(RLIMIT_NOFILE, &before);
    return message;
  };
  EXPECT_EQ(with_descriptors(lowest_free + 2), "fine fine fine ");
  EXPECT_EQ(with_descriptors(lowest_free), "systole: cannot start a process: Too many open files");
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
