#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"

namespace systole {
namespace {

using nlohmann::json;
using testing::HasSubstr;

ProcessResult run_gpt2(std::vector<std::string> options) {
  options.insert(options.begin(), {"run", "edge", "gpt2", "--io", "device", "--dim",
                                   "layers=1,hidden=64,heads=2,vocabulary=100"});
  return run_systole(options);
}

TEST(Generate, ReportsAPromptAndTheStepsBehindIt) {
  const json run = json::parse(
      run_gpt2({"--phase", "generate", "--prompt", "8", "--generate", "12", "--format", "json"})
          .out);
  const json& llm = run["llm"];
  EXPECT_EQ(llm["phase"], "generate");
  EXPECT_EQ(llm["context"], 19);  // the last of 12 tokens attends to 8 + 11
  const json prompt =
      json::parse(run_gpt2({"--phase", "prefill", "--prompt", "8", "--format", "json"}).out);
  EXPECT_EQ(llm["time_to_first_token"], prompt["total"]["seconds"]);
  EXPECT_EQ(llm["prefill"], prompt["llm"]["prefill"]);
  // The rest of the report is the last step.
  const json step =
      json::parse(run_gpt2({"--phase", "decode", "--context", "19", "--format", "json"}).out);
  EXPECT_EQ(run["total"], step["total"]);
  EXPECT_EQ(llm["decode"], step["llm"]["decode"]);
  EXPECT_EQ(llm["steps"].front()["context"], 9);
  EXPECT_EQ(llm["steps"].back(), llm["decode"]);
  // A layer's keys and values of 64 features, one byte each.
  EXPECT_EQ(llm["cache_bytes_per_token"], 2 * 64);
  EXPECT_EQ(llm["cache_bytes"], 19 * 2 * 64);
}

TEST(Cache, IsComparedAsTheRunLeavesIt) {
  for (const std::string phase : {"prefill", "decode"}) {
    const ProcessResult run = run_gpt2({"--phase", phase, "--prompt", "5", "--context", "9",
                                        "--check", "--batch", "2", "--dim", "cache=12"});
    EXPECT_EQ(run.exit_code, 0) << phase << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr(" 0 mismatches: passed"));
  }
}

TEST(Cache, StaysInDramWhereverInputsAre) {
  const ProcessResult program =
      run_systole({"compile", "edge", "gpt2", "--phase", "decode", "--context", "9", "--dim",
                   "layers=1,hidden=64,heads=2,vocabulary=100,cache=12"});
  EXPECT_THAT(program.out, HasSubstr("name=\"keys.0\" role=state"));
}

TEST(Cache, HoldsNoLongerContext) {
  const ProcessResult run = run_gpt2({"--phase", "decode", "--context", "13", "--dim", "cache=12"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("cached_keys.at: expected a context of at most 12 tokens, as many "
                                 "as the cache holds, got 13"));
}

TEST(Generate, SaysWhatIsMissing) {
  const auto error = [](const std::vector<std::string>& options) {
    const ProcessResult result = run_gpt2(options);
    EXPECT_EQ(result.exit_code, 2);
    return result.err;
  };
  EXPECT_EQ(error({"--phase", "generate", "--prompt", "8"}),
            "systole: --phase: expected --generate beside generate, got none\n");
  EXPECT_EQ(error({"--phase", "generate", "--generate", "8"}),
            "systole: --phase: expected --prompt beside generate, got none\n");
  EXPECT_EQ(error({"--phase", "decode", "--generate", "8"}),
            "systole: --generate: expected beside --phase generate, got it without\n");
  EXPECT_EQ(error({"--phase", "generate", "--prompt", "8", "--generate", "0"}),
            "systole: --generate: expected an integer in 1..1048576, got '0'\n");
  EXPECT_EQ(error({"--phase", "generate", "--prompt", "8", "--generate", "9", "--context", "15"}),
            "systole: --context: expected at least 16, which a prompt of 8 and 9 tokens behind it "
            "take, got 15\n");
  const ProcessResult other = run_systole(
      {"run", "edge", "mlp0", "--phase", "generate", "--prompt", "8", "--generate", "9"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("mlp0.yaml: phases: expected a network that has phases, to run "
                                   "'decode', got one without"));
}

}  // namespace
}  // namespace systole
