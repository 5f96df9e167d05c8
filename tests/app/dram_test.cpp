#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"
#include "tests/app/scratch.h"

namespace systole {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using Words = std::vector<std::string>;

TEST(Dram, ReportsAPatternInJson) {
  const ProcessResult result = run_systole(
      {"dram", "DDR4-2400", "--pattern", "rand_rd", "--requests", "100000", "--outstanding", "16",
       "--mapping", "bgi", "--controller", "ramulator2", "--format", "json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  // tests/sim/dram/data/reference_runs.csv
  EXPECT_EQ(json["cycles"], 706'658);
  EXPECT_EQ(json["commands"]["ACT"], 99'999);
  EXPECT_NEAR(json["read_latency_ns"]["mean"].get<double>(), 93.328, 0.0006);
  // 100,000 x 64 B in 706,658 x 0.833 ns
  EXPECT_NEAR(json["bandwidth_gbps"].get<double>(), 10.8724, 0.0001);
  EXPECT_NEAR(json["percent_of_peak"].get<double>(), 56.604, 0.001);
  double energy = 0;
  for (const auto& [name, value] : json["energy_nj"].items()) {
    energy += name == "total" ? 0 : value.get<double>();
  }
  EXPECT_NEAR(energy, json["energy_nj"]["total"].get<double>(), 1e-6);
}

TEST(Dram, ReportsATraceInText) {
  const Scratch scratch;
  scratch.write("a.trace", "0x0 READ 0\n0x40 WRITE 5\n");
  const ProcessResult result =
      run_systole({"dram", "ddr3_1600", "--trace", "a.trace"}, {.directory = scratch.root()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("a.trace on ddr3_1600, 1 channel, mapping lin, controller "
                                     "default, outstanding unlimited\n"));
  EXPECT_THAT(result.out, HasSubstr("1 reads, 1 writes"));
  // ACT 0, RD 11, data to 26
  EXPECT_THAT(result.out, HasSubstr("mean 32.500 ns"));
}

TEST(Dram, LogsCommandsAndCompletions) {
  const Scratch scratch;
  const ProcessResult result = run_systole(
      {"dram", "DDR3-1600", "--requests", "2", "--command-log", "c.csv", "--request-log", "r.csv"},
      {.directory = scratch.root()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(scratch.read("c.csv"),
            "channel,tick,command,rank_or_pc,bank_group,bank,row\n"
            "0,0,ACT,0,0,0,0\n0,11,RD,0,0,0,0\n0,15,RD,0,0,0,0\n");
  EXPECT_EQ(scratch.read("r.csv"),
            "channel,i,op,accept_tick,complete_tick\n0,0,R,0,26\n0,1,R,1,30\n");
}

TEST(Dram, KeepsBurstsOfTwoRanksApart) {
  // Rows of both ranks are opened; at 200 and 201 bursts of one rank and the other follow.
  const auto log_of = [](const std::string& operation, const Words& more) {
    const Scratch scratch;
    scratch.write("a.trace", "0x40000 READ 0\n0x60000 READ 0\n0x40300 " + operation +
                                 " 200\n0x60300 WRITE 201\n");
    Words words{"dram", "ddr4_2400_2rank", "--trace", "a.trace", "--command-log", "c.csv"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(run_systole(words, {.directory = scratch.root()}).exit_code, 0);
    return scratch.read("c.csv");
  };
  // Writes nBL + nRTRS = 4 + 2 apart, a write nRTW = 11 after a read.
  const std::string written = "0,200,WR,0,0,0,1\n0,206,WR,1,0,0,1\n";
  const std::string turned = "0,200,RD,0,0,0,1\n0,211,WR,1,0,0,1\n";
  for (const Words& more :
       {Words{}, Words{"--controller", "reference"}, Words{"--mapping", "bgi"}}) {
    EXPECT_THAT(log_of("WRITE", more), testing::EndsWith(written));
    EXPECT_THAT(log_of("READ", more), testing::EndsWith(turned));
  }
  // As Ramulator 2 has it: nBL = 4, nBL + nRTRS = 6.
  EXPECT_THAT(log_of("WRITE", {"--controller", "ramulator2"}), HasSubstr("\n0,204,WR,1"));
  EXPECT_THAT(log_of("READ", {"--controller", "ramulator2"}), HasSubstr("\n0,206,WR,1"));
}

TEST(Dram, TakesAsManyChannelsAsAsked) {
  const ProcessResult result = run_systole(
      {"dram", "ddr4_2400", "--channels", "4", "--requests", "4000", "--format", "json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["channels"], 4);
  std::int64_t reads = 0;
  for (const auto& bank : json["banks"]) {
    reads += bank["RD"].get<std::int64_t>();
  }
  EXPECT_EQ(reads, 4000);
  EXPECT_EQ(json["banks"].back()["channel"], 3);
  std::int64_t latencies = 0;
  for (const auto& octave : json["read_latency_histogram"]) {
    latencies += octave["reads"].get<std::int64_t>();
  }
  EXPECT_EQ(latencies, 4000);
}

TEST(Dram, APrechargeNamesNoRow) {
  const Scratch scratch;
  scratch.write("a.trace", "0x0 READ 0\n0x40000 READ 0\n");  // two rows of a bank
  const ProcessResult result =
      run_systole({"dram", "ddr4_2400", "--trace", "a.trace", "--command-log", "c.csv"},
                  {.directory = scratch.root()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(scratch.read("c.csv"), HasSubstr(",PREpb,0,0,0,-1\n"));
}

TEST(Dram, ATraceWithoutARequestIsRefusedAndWritesNoLog) {
  const Scratch scratch;
  scratch.write("a.trace", "# nothing\n\n");
  scratch.write("c.csv", "before");
  const ProcessResult result =
      run_systole({"dram", "ddr4_2400", "--trace", "a.trace", "--command-log", "c.csv"},
                  {.directory = scratch.root()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "a.trace: expected a request, got none\n");
  EXPECT_EQ(scratch.read("c.csv"), "before");
}

TEST(Dram, IsTheSameTwice) {
  const Words words{"dram",       "HBM2-2000-8ch", "--pattern", "mix21_rand",
                    "--requests", "5000",          "--format",  "json"};
  EXPECT_EQ(run_systole(words).out, run_systole(words).out);
}

struct Mistake {
  std::string name;
  Words arguments;
  std::string line;
};

class DramMistake : public testing::TestWithParam<Mistake> {};

TEST_P(DramMistake, IsOneLineAndExitCodeTwo) {
  const ProcessResult result = run_systole(GetParam().arguments);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, GetParam().line + "\n");
  EXPECT_EQ(result.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, DramMistake,
    testing::Values(
        Mistake{"NoStandard", {"dram"}, "systole: SPEC is required; see 'systole --help'"},
        Mistake{"UnknownStandard",
                {"dram", "DDR3-1601"},
                "systole: no DRAM standard 'DDR3-1601': neither a file nor a known name (did you "
                "mean 'ddr3_1600'?); see 'systole list'"},
        Mistake{"UnknownController",
                {"dram", "DDR3-1600", "--controller", "referense"},
                "systole: no DRAM controller 'referense': neither a file nor a known name (did "
                "you mean 'reference'?); see 'systole list'"},
        Mistake{"UnknownPattern",
                {"dram", "DDR3-1600", "--pattern", "random"},
                "systole: --pattern: expected one of seq_rd, seq_wr, mix21_seq, copy, copy4k, "
                "tile2d, stride_samebank, stride_bankrot, rand_rd, rand_wr, mix21_rand, got "
                "'random'"},
        Mistake{"UnknownMapping",
                {"dram", "DDR3-1600", "--mapping", "row:bank"},
                "systole: --mapping: expected bgi, lin or an order of row, rank, bank, bank_group, "
                "column, pseudo_channel and channel such as "
                "row:rank:bank:column:bank_group:pseudo_channel:channel, got 'row:bank'"},
        Mistake{"NoRequests",
                {"dram", "DDR3-1600", "--requests", "0"},
                "systole: --requests: expected an integer in 1..1000000000000, got '0'"},
        Mistake{"NoWindow",
                {"dram", "DDR3-1600", "--outstanding", "none"},
                "systole: --outstanding: expected an integer in 1..1000000, got 'none'"},
        Mistake{"OddChannels",
                {"dram", "DDR3-1600", "--channels", "3"},
                "systole: --channels: expected a power of two, got '3'"},
        Mistake{"TooManyChannels",
                {"dram", "DDR3-1600", "--channels", "256"},
                "systole: --channels: expected an integer in 1..128, got '256'"},
        Mistake{"NoTable",
                {"dram", "DDR3-1600", "--format", "csv"},
                "systole: --format: expected one of text, json, got 'csv'"},
        Mistake{"NoTrace",
                {"dram", "DDR3-1600", "--trace", "/nowhere/a.trace"},
                "/nowhere/a.trace: cannot be read: No such file or directory"},
        Mistake{"NoLog",
                {"dram", "DDR3-1600", "--command-log", "/nowhere/c.csv"},
                "systole: cannot write '/nowhere/c.csv': No such file or directory"}),
    [](const auto& test) { return test.param.name; });

TEST(Dram, ATraceAndAPatternExcludeEachOther) {
  const ProcessResult result =
      run_systole({"dram", "DDR3-1600", "--trace", "a", "--pattern", "seq_rd"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, StartsWith("systole: --trace excludes --pattern"));
}

}  // namespace
}  // namespace systole
