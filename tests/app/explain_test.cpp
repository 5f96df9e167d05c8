#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"
#include "tests/app/scratch.h"

namespace systole {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kSmall =
    "network: small\n"
    "batch: 1\n"
    "inputs: [{name: x, rows: 16, cols: 16, channels: 8}]\n"
    "layers:\n"
    "  - {name: conv, op: conv2d, channels: 48, kernel: 3, padding: 1}\n"
    "  - {name: flat, op: flatten}\n"
    "  - {name: fc, op: dense, features: 10}\n";

class ExplainCommand : public testing::Test {
 protected:
  ExplainCommand() { scratch_.write("small.yaml", kSmall); }

  [[nodiscard]] ProcessResult explain(std::vector<std::string> options) const {
    options.insert(options.begin(), {"explain", "edge", scratch_.path("small.yaml")});
    return run_systole(options);
  }
  [[nodiscard]] std::string error(const std::vector<std::string>& options) const {
    const ProcessResult result = explain(options);
    EXPECT_EQ(result.exit_code, 2);
    return result.err;
  }

  Scratch scratch_;
};

/// 16 x 16 positions fit half of 1024 accumulators, 72 products 3 x 32 rows, 48 channels 2 x 32
/// columns; 256 positions in pieces of twice 32. 9 x 8 x 48 weights of a byte, 48 biases of four.
/// Slots: 256 x 6 tiles of 1024; of the bound 256 x 3 x 48 / 32 steps of as many.
TEST_F(ExplainCommand, SaysHowALayerIsMapped) {
  const ProcessResult result = explain({"--layer", "conv"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out,
            R"(small on edge: how it is mapped
batch 1, 3 layers, int8

  time             19,909 cycles, 2.20 times the 9,038 that no mapping beats (compute); the cost
                   model expected 19,085
  DRAM             126.6 kB moved; 126.6 kB have to be
  unified buffer   14.188 KiB of 1 MiB used; 3 tensors stay

conv (conv2d, 16x16x48)
  time             5,228 cycles, 4.54 times the 1,152 that no mapping beats (compute); the cost
                   model expected 4,292
  beyond it        3,524 host, 384 edges (inherent), 153 idle, 14 ports, 1 fill and drain (inherent)
  operand          x: stays in the unified buffer, over the host link as a whole
  result           conv: stays in the unified buffer
    DRAM            1 band: 1 image
    unified buffer    for each of 2 slices of n: 32 of 48 channels
    accumulators        1 chunk: 256 positions
    accumulators          for each of 3 slices of k: 32 of 72 products
    array                   4 folds of 64 positions
  level                           moved     least  times
  dram read                    3.648 kB  3.648 kB   1.00
  host                         2.048 kB         -      -
  weight fifo                  3.456 kB  3.456 kB   1.00
  buffer reads, accesses        1.560 k         -      -
  buffer writes, accesses           582         -      -
  accumulator reads, entries    1.536 k         -      -
  accumulator writes, entries   1.536 k         -      -
  array, slots                  1.573 M   1.180 M   1.33
  other ways, as the cost model sees them  cycles    more      DRAM  buffer
  as it is mapped                           4,292  +0.0 %  3.456 kB     0 B
  pieces of at most 16 positions            4,292  +0.0 %  3.456 kB     0 B
  pieces of at most 32 positions            4,292  +0.0 %  3.456 kB     0 B
  pieces of at most 128 positions           4,292  +0.0 %  3.456 kB     0 B
  chunks handed over whole                  4,292  +0.0 %  3.456 kB     0 B
  chunks of at most 128 positions           4,292  +0.0 %  6.912 kB     0 B
  with an operand elsewhere  cycles     more      DRAM    buffer
  as it is mapped             4,292   +0.0 %  3.456 kB       0 B
  x streams                   4,292   +0.0 %  3.456 kB  2.048 kB
  conv streams                4,772  +11.2 %  15.74 kB  12.29 kB

)");
}

TEST_F(ExplainCommand, SaysHowTheNetworkIs) {
  const ProcessResult result = explain({});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("small on edge: how it is mapped\nbatch 1, 3 layers, int8\n"));
  EXPECT_THAT(result.out, HasSubstr("\nunified buffer over time\n"));
  EXPECT_THAT(result.out, HasSubstr("\nwhat more hardware would win\n"));
  EXPECT_EQ(explain({}).out, result.out);
}

/// Each row of the changes is a run of its own.
TEST_F(ExplainCommand, SimulatesChangedChips) {
  const json report = json::parse(explain({"--format", "json"}).out);
  EXPECT_EQ(report["schema"], "systole.explain/1");
  ASSERT_EQ(report["changes"].size(), 10);
  const json& lanes = report["changes"][7];
  EXPECT_EQ(lanes["set"], json({"vector_unit.lanes=64"}));
  const json run = json::parse(run_systole({"run", "edge", scratch_.path("small.yaml"), "--set",
                                            "vector_unit.lanes=64", "--format", "json"})
                                   .out);
  EXPECT_EQ(lanes["cycles"], run["total"]["cycles"]);
  EXPECT_EQ(lanes["bound_cycles"], run["total"]["bound_cycles"]);
  const json plain = json::parse(
      run_systole({"run", "edge", scratch_.path("small.yaml"), "--format", "json"}).out);
  EXPECT_EQ(report["cycles"], plain["total"]["cycles"]);
  EXPECT_EQ(report["layers"][0]["cycles"], plain["layers"][0]["cycles"]);
  EXPECT_EQ(report["layers"][0]["distance"], plain["layers"][0]["distance"]);
}

TEST_F(ExplainCommand, DrawsTheBuffer) {
  const ProcessResult result = explain({"--format", "svg", "-o", scratch_.path("buffer.svg")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(scratch_.read("buffer.svg"), StartsWith("<svg "));
  EXPECT_THAT(scratch_.read("buffer.svg"), EndsWith("</svg>\n"));
}

TEST_F(ExplainCommand, SaysWhatIsWrong) {
  EXPECT_EQ(error({"--layer", "con"}),
            "systole: --layer: expected a layer of small, got 'con' (did you mean 'conv'?)\n");
  EXPECT_EQ(error({"--layer", ""}), "systole: --layer: expected a value, got ''\n");
  EXPECT_EQ(error({"--format", "csv"}),
            "systole: --format: expected one of text, json, html, svg, got 'csv'\n");
}

}  // namespace
}  // namespace systole
