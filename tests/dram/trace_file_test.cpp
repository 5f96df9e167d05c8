#include "sim/dram/trace_file.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "arch/diag/error.h"
#include "tests/support/temporary_directory.h"

namespace systole::testing {
namespace {

constexpr std::int64_t kCapacity = 1 << 20;

std::vector<TimedBurst> bursts_of(const std::string& text) {
  const TemporaryDirectory directory;
  TraceFile file(directory.write("a.trace", text), kCapacity);
  std::vector<TimedBurst> bursts;
  while (const auto burst = file.next()) {
    bursts.push_back(*burst);
  }
  return bursts;
}

TEST(TraceFile, ReadsAddressOperationAndCycle) {
  const std::vector<TimedBurst> bursts =
      bursts_of("# a comment\n0x40 READ 3\n\n  0XfffC0\tWRITE  70\r\n0x0 READ 70");
  ASSERT_EQ(bursts.size(), 3U);
  EXPECT_EQ(bursts[0].burst.address, 0x40);
  EXPECT_EQ(bursts[0].burst.operation, DramOperation::Read);
  EXPECT_EQ(bursts[0].cycle, DramCycles(3));
  EXPECT_EQ(bursts[1].burst.address, 0xFFFC0);
  EXPECT_EQ(bursts[1].burst.operation, DramOperation::Write);
  EXPECT_EQ(bursts[1].cycle, DramCycles(70));
  EXPECT_EQ(bursts[2].burst.address, 0);
}

TEST(TraceFile, LinesMayLieAcrossBlocks) {
  std::string text;
  constexpr std::int64_t kLines = 20'000;  // about 320 kB, several blocks
  for (std::int64_t line = 0; line < kLines; ++line) {
    text += "0x" + std::to_string(line % 10) + "40 WRITE " + std::to_string(line) + "\n";
  }
  const std::vector<TimedBurst> bursts = bursts_of(text);
  ASSERT_EQ(bursts.size(), static_cast<std::size_t>(kLines));
  for (std::int64_t line = 0; line < kLines; ++line) {
    const TimedBurst& burst = bursts[static_cast<std::size_t>(line)];
    ASSERT_EQ(burst.cycle, DramCycles(line));
    ASSERT_EQ(burst.burst.address, line % 10 * 0x100 + 0x40);
  }
}

struct Mistake {
  const char* name;
  std::string text;
  const char* message;  ///< after the file's name
};

class TraceMistake : public ::testing::TestWithParam<Mistake> {};

TEST_P(TraceMistake, IsOneExactLine) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("a.trace", GetParam().text);
  std::string message;
  try {
    TraceFile trace(file, kCapacity);
    while (trace.next()) {
    }
  } catch (const UserError& error) {
    message = error.what();
  }
  EXPECT_EQ(message, file + GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, TraceMistake,
    ::testing::Values(
        Mistake{"NoHexadecimal", "0x0 READ 0\n 64 READ 1\n",
                ":2:2: request: expected an address 0x..., got '64'"},
        Mistake{"NoDigits", "0x READ 0\n", ":1:1: request: expected an address 0x..., got '0x'"},
        Mistake{"TooHigh", "0x100000 READ 0\n",
                ":1:1: request: expected an address below the capacity, 0x100000, got '0x100000'"},
        Mistake{"BeyondAnyInteger", "0x10000000000000000 READ 0\n",
                ":1:1: request: expected an address below the capacity, 0x100000, got "
                "'0x10000000000000000'"},
        Mistake{"Lowercase", "0x40 read 0\n", ":1:6: request: expected READ or WRITE, got 'read'"},
        Mistake{"NoOperation", "0x40\n",
                ":1:5: request: expected READ or WRITE, got the end of the line"},
        Mistake{"NoCycle", "0x40 READ\n",
                ":1:10: request: expected a cycle in 0..1099511627776, got the end of the line"},
        Mistake{"NegativeCycle", "0x40 READ -1\n",
                ":1:11: request: expected a cycle in 0..1099511627776, got '-1'"},
        Mistake{"Descending", "0x40 READ 7\n0x40 READ 6\n",
                ":2:11: request: expected a cycle not before that of the request above, 7, got "
                "'6'"},
        Mistake{"MoreWords", "0x40 READ 7 8\n",
                ":1:13: request: expected the end of the line, got '8'"},
        Mistake{"EndlessLine", std::string(200'000, 'x'),
                ":1:1: request: expected a line of at most 4096 characters, got "
                "'xxxxxxxxxxxxxxxx'"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(TraceFile, SaysWhyAFileCannotBeRead) {
  const auto message = [](const std::string& name) -> std::string {
    try {
      const TraceFile file(name, kCapacity);
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message("/nowhere/a.trace"),
            "/nowhere/a.trace: cannot be read: No such file or directory");
  EXPECT_EQ(message("/"), "/: expected a file, got a directory");
}

}  // namespace
}  // namespace systole::testing
