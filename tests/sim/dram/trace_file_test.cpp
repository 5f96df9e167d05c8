#include "sim/dram/trace_file.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "arch/config/text_file.h"
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

TEST(TraceFile, KnowsTheWordsOfOtherSimulators) {
  const std::vector<TimedBurst> bursts = bursts_of(
      "0x40 read 3\n0x80 W 4\nLD 0xC0\nst 0x100 9\n0x140 P_MEM_RD 9\n0x180 P_MEM_WR 10\n"
      "r 0x1C0\n0x200 write");
  const std::vector<std::int64_t> cycles{3, 4, 4, 9, 9, 10, 10, 10};
  ASSERT_EQ(bursts.size(), cycles.size());
  for (std::size_t index = 0; index < cycles.size(); ++index) {
    const std::int64_t burst = static_cast<std::int64_t>(index);
    EXPECT_EQ(bursts[index].burst.address, 0x40 * (burst + 1));
    const bool writes = index == 1 || index == 3 || index == 5 || index == 7;
    EXPECT_EQ(bursts[index].burst.operation, writes ? DramOperation::Write : DramOperation::Read);
    EXPECT_EQ(bursts[index].cycle, DramCycles(cycles[index]));
  }
}

/// A file of gzip with the text.
std::string packed(const TemporaryDirectory& directory, const std::string& text) {
  const std::string name = (directory.path() / "a.trace.gz").string();
  gzFile file = gzopen(name.c_str(), "wb");
  EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
            static_cast<int>(text.size()));
  EXPECT_EQ(gzclose(file), Z_OK);
  return name;
}

TEST(TraceFile, MayBeCompressed) {
  const TemporaryDirectory directory;
  std::string text;
  for (int line = 0; line < 20'000; ++line) {
    text += "0x40 READ " + std::to_string(line) + "\n";
  }
  TraceFile file(packed(directory, text), kCapacity);
  std::int64_t bursts = 0;
  while (const auto burst = file.next()) {
    ASSERT_EQ(burst->cycle, DramCycles(bursts++));
  }
  EXPECT_EQ(bursts, 20'000);
}

TEST(TraceFile, SaysThatACompressedFileIsNotWhole) {
  const TemporaryDirectory directory;
  const std::string whole = packed(directory, "0x40 READ 0\n0x40 READ 1\n");
  const std::string bytes = read_text_file(whole, 1 << 20);
  const auto message = [&](const std::string& text) -> std::string {
    const std::string name = directory.write("b.gz", text);
    try {
      TraceFile file(name, kCapacity);
      while (file.next()) {
      }
    } catch (const UserError& error) {
      return std::string(error.what()).substr(name.size());
    }
    return "";
  };
  EXPECT_EQ(message(bytes), "");
  EXPECT_EQ(message(bytes.substr(0, bytes.size() - 9)),
            ": cannot be read: the compressed file ends too early");
  std::string damaged = bytes;
  damaged[damaged.size() - 6] ^= 1;  // of the check sum
  EXPECT_EQ(message(damaged), ": cannot be read: the compressed file is damaged");
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
        Mistake{"UnknownOperation", "0x40 reads 0\n",
                ":1:6: request: expected READ or WRITE (R or W, LD or ST, P_MEM_RD or P_MEM_WR), "
                "got 'reads'"},
        Mistake{"NoOperation", "0x40\n",
                ":1:5: request: expected READ or WRITE (R or W, LD or ST, P_MEM_RD or P_MEM_WR), "
                "got the end of the line"},
        Mistake{"OperationAlone", "LD\n",
                ":1:3: request: expected an address 0x..., got the end of the line"},
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
