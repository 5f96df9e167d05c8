#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"
#include "tests/app/scratch.h"

namespace systole {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kSmall =
    "network: small\n"
    "batch: 4\n"
    "inputs: [{name: x, rows: 16, cols: 16, channels: 16}]\n"
    "layers:\n"
    "  - {name: conv, op: conv2d, channels: 64, kernel: 3, padding: 1}\n"
    "  - {name: dw, op: conv2d, channels: 64, kernel: 3, padding: 1, groups: 64}\n"
    "  - {name: flat, op: flatten}\n"
    "  - {name: fc, op: dense, features: 10}\n";

class MapCommand : public testing::Test {
 protected:
  MapCommand() { scratch_.write("small.yaml", kSmall); }

  [[nodiscard]] ProcessResult systole(const std::string& command,
                                      std::vector<std::string> options) const {
    options.insert(options.begin(), {command, "edge", scratch_.path("small.yaml"), "--set",
                                     "unified_buffer.capacity=128 KiB"});
    return run_systole(options);
  }
  [[nodiscard]] json report(const std::string& command, std::vector<std::string> options) const {
    options.insert(options.end(), {"--format", "json"});
    const ProcessResult result = systole(command, options);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out);
  }
  [[nodiscard]] std::string error(const std::string& command,
                                  const std::vector<std::string>& options) const {
    const ProcessResult result = systole(command, options);
    EXPECT_EQ(result.exit_code, 2);
    return result.err;
  }

  Scratch scratch_;
};

/// A mapping that was written gives the same program and the same report again.
TEST_F(MapCommand, AFileMapsAsItWas) {
  const std::string file = scratch_.path("m.yaml");
  const ProcessResult before = systole("compile", {"--save-mapping", file});
  EXPECT_EQ(before.exit_code, 0) << before.err;
  EXPECT_THAT(scratch_.read("m.yaml"), StartsWith("mapping: systole.mapping/1\nnetwork: small\n"));
  EXPECT_EQ(systole("compile", {"--mapping", file}).out, before.out);
  EXPECT_EQ(systole("run", {"--mapping", file}).out, systole("run", {}).out);
  EXPECT_EQ(systole("explain", {"--mapping", file, "--no-changes"}).out,
            systole("explain", {"--no-changes"}).out);
}

TEST_F(MapCommand, SimulatesAsManyAsItMayAndTheCompilersOwnFirst) {
  const json searched = report("map", {"--search", "6"});
  EXPECT_EQ(searched["schema"], "systole.map/1");
  ASSERT_EQ(searched["mappings"].size(), 6);
  const json& own = searched["mappings"][0];
  EXPECT_EQ(own["how"], "the compiler's rules");
  const json run = report("run", {});
  EXPECT_EQ(own["cycles"], run["total"]["cycles"]);
  for (const json& one : searched["mappings"]) {
    EXPECT_TRUE(one["simulated"]);
    EXPECT_GE(one["cycles"], run["total"]["bound_cycles"]);
  }
}

/// What the search found is what then runs, and no worse than what the rules choose.
TEST_F(MapCommand, RunsWhatIsBestByTheObjective) {
  const json run = report("run", {});
  for (const std::string objective : {"latency", "energy", "dram", "edp"}) {
    const std::vector<std::string> options{"--objective", objective, "--search", "8"};
    const json searched = report("map", options);
    const json best = report("run", options);
    for (const json& one : searched["mappings"]) {
      if (one["best"]) {
        EXPECT_EQ(best["total"]["cycles"], one["cycles"]) << objective;
        EXPECT_EQ(best["dram"]["read_bytes"].get<int>() + best["dram"]["write_bytes"].get<int>(),
                  one["dram_bytes"])
            << objective;
      }
    }
    if (objective == "latency") {
      EXPECT_LE(best["total"]["cycles"], run["total"]["cycles"]);
    }
  }
}

TEST_F(MapCommand, TheFrontIsWhatNoOtherBeats) {
  const json front = report("map", {"--front", "--search", "8"})["mappings"];
  for (std::size_t index = 1; index < front.size(); ++index) {
    EXPECT_GT(front[index]["cycles"], front[index - 1]["cycles"]);
    EXPECT_TRUE(front[index]["dram_bytes"] < front[index - 1]["dram_bytes"] ||
                front[index]["joules"] < front[index - 1]["joules"]);
  }
  const ProcessResult csv = systole("map", {"--front", "--format", "csv"});
  EXPECT_THAT(csv.out, StartsWith("how,cycles,dram_bytes,joules,simulated,front,best\n"));
  EXPECT_THAT(systole("map", {}).out, StartsWith("small on edge: mappings\nbatch 4, "));
  EXPECT_THAT(
      systole("map", {}).out,
      HasSubstr(" by the cost model, the best by latency marked >, those of the front *\n"));
}

TEST_F(MapCommand, SaysWhatIsWrong) {
  EXPECT_EQ(error("run", {"--objective", "speed"}),
            "systole: --objective: expected one of latency, energy, dram, edp, got 'speed'\n");
  EXPECT_EQ(error("run", {"--search", "0"}),
            "systole: --search: expected quick, full or an integer in 1..100000, got '0'\n");
  EXPECT_EQ(error("run", {"--mapping", "m.yaml", "--objective", "dram"}),
            "systole: --mapping: expected without --objective, got both\n");
  EXPECT_EQ(error("run", {"--mapping", "m.yaml", "--search", "3"}),
            "systole: --mapping: expected without --search, got both\n");
  EXPECT_EQ(error("run", {"--mapping", ""}), "systole: --mapping: expected a file, got ''\n");
  EXPECT_EQ(error("map", {"--save-mapping", "-"}),
            "systole: --save-mapping: expected a file, got '-'\n");
  EXPECT_EQ(error("map", {"--mapping", "m.yaml"}),
            "systole: no option '--mapping'; see 'systole map --help'\n");
  const std::string file = scratch_.path("wrong.yaml");
  scratch_.write("wrong.yaml", "mapping: systole.mapping/1\nnetwork: other\n");
  EXPECT_EQ(error("run", {"--mapping", file}),
            file + ":2:10: network: expected a mapping of 'small', got one of 'other'\n");
  EXPECT_EQ(error("run", {"--mapping", file, "--save-mapping", file}),
            "systole: --save-mapping: expected a file to write, got '" + file +
                "', which is the mapping\n");
}

}  // namespace
}  // namespace systole
