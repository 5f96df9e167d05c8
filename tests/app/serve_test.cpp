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

ProcessResult serve_gpt2(std::vector<std::string> options) {
  options.insert(options.begin(),
                 {"serve", "edge", "gpt2", "--dim", "layers=1,hidden=64,heads=2,vocabulary=100"});
  return run_systole(options);
}

TEST(Serve, SaysLatenciesThroughputAndTheErrorOfItsTable) {
  const ProcessResult result =
      serve_gpt2({"--rate", "100", "--prompts", "8..16", "--outputs", "4", "--slots", "4",
                  "--requests", "100", "--first-token", "10ms", "--format", "json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report["schema"], "systole.serve/1");
  EXPECT_EQ(report["network"], "gpt2");
  EXPECT_EQ(report["longest_context"], 19);
  // Prompts 8, 12, 16; 1, 2 and 4 sequences at contexts 9, 14, 19.
  EXPECT_EQ(report["simulated"], 3 + 3 * 3);
  EXPECT_EQ(report["checked"], 2 + 1 + 2);  // prompts 10, 14; batch 3; contexts 11, 16
  EXPECT_EQ(report["load"]["requests"], 100);
  EXPECT_LE(report["load"]["first_token_p50"], report["load"]["first_token_p99"]);
  EXPECT_LE(report["largest"]["first_token_p99"], 0.01);
  EXPECT_LT(report["table_error"], 0.1);
}

TEST(Serve, TellsPeopleTheSame) {
  const ProcessResult result = serve_gpt2(
      {"--rate", "100", "--prompts", "8", "--outputs", "4", "--slots", "2", "--requests", "50"});
  EXPECT_THAT(result.out,
              HasSubstr("gpt2 on edge\nint8, at most 2 sequences of up to 11 tokens\n"));
  EXPECT_THAT(result.out, HasSubstr("\n  first token      after "));
  EXPECT_THAT(result.out, HasSubstr("\n  step times       7 runs simulated"));
}

TEST(Serve, SaysWhatIsWrong) {
  const auto error = [](const std::vector<std::string>& options) {
    const ProcessResult result = serve_gpt2(options);
    EXPECT_EQ(result.exit_code, 2);
    return result.err;
  };
  EXPECT_EQ(error({"--rate", "x"}),
            "systole: --rate: expected a number in 1e-06..1e+09, got 'x'\n");
  EXPECT_EQ(error({"--rate", "1", "--prompts", "9..8"}),
            "systole: --prompts: expected N or LEAST..MOST of 1..1048576, or a file, got '9..8'\n");
  EXPECT_EQ(error({"--rate", "1", "--outputs", "0"}),
            "systole: --outputs: expected N or LEAST..MOST of 1..1048576, got '0'\n");
  EXPECT_EQ(error({"--rate", "1", "--slots", "0"}),
            "systole: --slots: expected an integer in 1..4096, got '0'\n");
  const Scratch scratch;
  scratch.write("pairs.txt", "5 6\n7\n");
  EXPECT_EQ(error({"--rate", "1", "--prompts", scratch.path("pairs.txt")}),
            scratch.path("pairs.txt") +
                ":2:1: expected a prompt and an output of 1..1048576 tokens, got '7'\n");
  const ProcessResult other = run_systole({"serve", "edge", "mlp0", "--rate", "1"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(
      other.err,
      HasSubstr("mlp0.yaml: phases: expected a network that has phases, to run 'decode', got one "
                "without"));
}

}  // namespace
}  // namespace systole
