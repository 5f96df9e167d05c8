#include "tests/support/forked.h"

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <gmock/gmock.h>
#include <unistd.h>

namespace systole {
namespace {

TEST(Forked, OutputComesBack) {
  const ForkedResult result = run_forked([] { return std::string("42 cycles"); });
  EXPECT_EQ(result.output, "42 cycles");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.error, "");
}

TEST(Forked, EmptyOutputIsNoError) {
  const ForkedResult result = run_forked([] { return std::string(); });
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.error, "");
}

TEST(Forked, OutputMayBeLargerThanAPipeAndHoldAnyByte) {
  std::string expected;
  for (int index = 0; index < 1'000'000; ++index) {
    expected += static_cast<char>(index % 256);
  }
  const ForkedResult result = run_forked([&] { return expected; });
  EXPECT_TRUE(result.output == expected);  // EXPECT_EQ would print a megabyte
  EXPECT_EQ(result.exit_code, 0);
}

TEST(Forked, RunsInAnotherProcess) {
  const ForkedResult result = run_forked([] { return std::to_string(getpid()); });
  EXPECT_NE(result.output, std::to_string(getpid()));
}

TEST(Forked, MemoryOfTheParentStaysAsItIs) {
  int counter = 1;
  const ForkedResult result = run_forked([&] { return std::to_string(++counter); });
  EXPECT_EQ(result.output, "2");
  EXPECT_EQ(counter, 1);
}

TEST(Forked, ExceptionComesBackAsText) {
  const ForkedResult result = run_forked(
      []() -> std::string { throw std::runtime_error("a.yaml:1:2: expected x, got y"); });
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.error, "a.yaml:1:2: expected x, got y");
}

TEST(Forked, ExceptionOfUnknownTypeIsAnErrorToo) {
  const ForkedResult result = run_forked([]() -> std::string { throw 42; });
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.error, "an exception of unknown type");
}

TEST(Forked, ExitInsideTheFunctionIsAnError) {
  const ForkedResult result = run_forked([]() -> std::string { _exit(3); });
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.error, "exited with 3 before the function returned");
}

TEST(Forked, ExitWithZeroIsAnErrorToo) {
  const ForkedResult result = run_forked([]() -> std::string { _exit(0); });
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.error, "exited with 0 before the function returned");
}

TEST(Forked, SignalIsAnError) {
  const ForkedResult result = run_forked([]() -> std::string {
    (void)raise(SIGKILL);
    return "alive";
  });
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.exit_code, 128 + SIGKILL);
  EXPECT_EQ(result.error, "ended by signal 9");
}

TEST(Forked, FailedAssertionInTheChildIsAnError) {
  const ForkedResult result = run_forked([] {
    testing::internal::CaptureStdout();  // the failure is expected; keep it off the terminal
    ADD_FAILURE() << "seen by the child alone";
    (void)testing::internal::GetCapturedStdout();
    return std::string("done");
  });
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.error, "an assertion failed in the child");
}

TEST(Forked, ChildrenDoNotSeeEachOther) {
  static int runs = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): the point
  const auto count = [] { return std::to_string(++runs); };
  EXPECT_EQ(run_forked(count).output, "1");
  EXPECT_EQ(run_forked(count).output, "1");
}

}  // namespace
}  // namespace systole
