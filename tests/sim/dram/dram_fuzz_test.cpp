/// Damaged files: each is read, or refused in one line; what can be read can be run.
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "arch/config/text_file.h"
#include "arch/diag/error.h"
#include "arch/read_dram.h"
#include "arch/read_dram_controller.h"
#include "sim/dram/channel_replay.h"
#include "sim/dram/trace_file.h"
#include "tests/sim/dram/random_traffic.h"
#include "tests/support/temporary_directory.h"

namespace systole::testing {
namespace {

/// One to four damages: a character replaced, left out or doubled, a digit changed, a line gone.
std::string damaged(std::string text, Random& random) {
  const std::string alphabet = "0123456789xXREADWITnsk:{}, #-\n\t\"'";
  for (std::int64_t left = 1 + random.below(4); left > 0 && !text.empty(); --left) {
    const auto at = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(text.size())));
    const char other = alphabet[static_cast<std::size_t>(
        random.below(static_cast<std::int64_t>(alphabet.size())))];
    switch (random.below(5)) {
      case 0:
        text[at] = other;
        break;
      case 1:
        text.erase(at, 1);
        break;
      case 2:
        text.insert(at, 1, text[at]);
        break;
      case 3: {
        const std::size_t digit = text.find_first_of("0123456789", at);
        if (digit != std::string::npos) {
          text[digit] = static_cast<char>('0' + random.below(10));
        }
        break;
      }
      default: {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        text.erase(at, end - at);
        break;
      }
    }
  }
  return text;
}

/// True when `read` succeeds; a UserError must be one line with the file's name.
template <class Read>
bool reads(const std::string& file, const Read& read) {
  try {
    read();
    return true;
  } catch (const UserError& error) {
    const std::string line = error.what();
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    EXPECT_EQ(line.find(file), 0U) << line;
    return false;
  }
}

TEST(DamagedTrace, IsReadOrRefusedInOneLine) {
  const TemporaryDirectory directory;
  Random random(11);
  std::string whole;
  for (int line = 0; line < 8; ++line) {
    whole += "0x" + std::to_string(line) + "40 " + (line % 3 == 0 ? "WRITE " : "READ ") +
             std::to_string(line * 7) + "\n";
  }
  std::int64_t good = 0;
  std::int64_t bad = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::string file = directory.write("a.trace", damaged(whole, random));
    const bool fine = reads(file, [&] {
      TraceFile trace(file, 1 << 20);
      while (trace.next()) {
      }
    });
    ++(fine ? good : bad);
  }
  EXPECT_GT(good, 100);
  EXPECT_GT(bad, 100);
}

TEST(DamagedStandard, IsRunOrRefusedInOneLine) {
  const TemporaryDirectory directory;
  Random random(12);
  const std::string whole =
      read_text_file(std::string(SYSTOLE_SOURCE_DIR) + "/configs/dram/lpddr4_3200.yaml", 1 << 20);
  const std::string policies = read_text_file(
      std::string(SYSTOLE_SOURCE_DIR) + "/configs/dram_controllers/default.yaml", 1 << 20);
  std::int64_t run = 0;
  std::int64_t bad = 0;
  for (int round = 0; round < 400; ++round) {
    const bool standards = random.below(2) == 0;
    const std::string file =
        directory.write("lpddr4_3200.yaml", standards ? damaged(whole, random) : whole);
    const std::string other =
        directory.write("default.yaml", standards ? policies : damaged(policies, random));
    DramStandard standard;
    DramControllerSpec controller;
    if (!reads(file, [&] { standard = read_dram_standard(file).standard; }) ||
        !reads(other, [&] { controller = read_dram_controller(other); }) ||
        !controller_misfit(controller, standard).empty()) {
      ++bad;
      continue;
    }
    const BitFieldMap map(standard, *address_order("lin"));
    RandomBursts bursts(map, 60, static_cast<std::uint64_t>(round));
    const DramRunResult result = replay_channel(standard, controller, map, 0, 0, bursts);
    EXPECT_EQ(result.read_requests + result.write_requests, 60);
    ++run;
  }
  EXPECT_GT(run, 50);
  EXPECT_GT(bad, 50);
}

}  // namespace
}  // namespace systole::testing
