#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"
#include "tests/app/scratch.h"

namespace systole {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr const char* kSmall = R"(network: small
inputs:
  - {name: x, rows: 8, cols: 8, channels: 4}
layers:
  - {name: conv, op: conv2d, channels: 16, kernel: 3, activation: relu}
  - {name: pool, op: global_average_pool}
  - {name: scores, op: dense, features: 10}
)";

TEST(Measure, TimesANetworkOnThisCpu) {
  const Scratch scratch;
  scratch.write("small.yaml", kSmall);
  const ProcessResult result =
      run_systole({"measure", "cpu", "small.yaml", "--type", "fp32", "--batch", "3", "--threads",
                   "1", "--repetitions", "4", "--warm-up", "1", "--format", "json"},
                  {.directory = scratch.root()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto run = nlohmann::json::parse(result.out)["runs"][0];
  EXPECT_EQ(run["network"], "small");
  EXPECT_EQ(run["kind"], "cpu");
  EXPECT_EQ(run["type"], "fp32");
  EXPECT_EQ(run["batch"], 3);
  EXPECT_EQ(run["threads"], 1);
  EXPECT_EQ(run["repetitions"], 4);
  EXPECT_EQ(run["warm_up"], 1);
  EXPECT_EQ(run["obtained"], "measured");
  EXPECT_EQ(run["numerics"]["outside"], 0);
  ASSERT_EQ(run["layers"].size(), 3U);
  EXPECT_EQ(run["layers"][0]["macs"], 3 * 36 * 16 * 36);  // 6 x 6 pixels, 9 x 4 inputs
}

TEST(Measure, PrintsATable) {
  const Scratch scratch;
  scratch.write("small.yaml", kSmall);
  const ProcessResult result = run_systole({"measure", "cpu", "small.yaml", "--type", "fp32",
                                            "--threads", "1", "--repetitions", "2", "--no-compare"},
                                           {.directory = scratch.root()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("batch 1, fp32, 1 thread, measured on 20"));
  EXPECT_THAT(result.out, HasSubstr("median of 2 passes behind 3 to warm up"));
  EXPECT_THAT(result.out, Not(HasSubstr("numbers ")));
}

struct Mistake {
  std::string name;
  Words arguments;
  std::string line;
};

class MeasureMistake : public testing::TestWithParam<Mistake> {};

TEST_P(MeasureMistake, IsOneLineAndExitCodeTwo) {
  const ProcessResult result = run_systole(GetParam().arguments);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, GetParam().line + "\n");
  EXPECT_EQ(result.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    All, MeasureMistake,
    testing::Values(Mistake{"Device",
                            {"measure", "tpu", "mlp0"},
                            "systole: DEVICE: expected one of cpu, gpu, got 'tpu'"},
                    Mistake{"CpuType",
                            {"measure", "cpu", "mlp0", "--type", "fp16"},
                            "systole: --type: expected one of int8, bf16, fp32, got 'fp16'"},
                    Mistake{"GpuType",
                            {"measure", "gpu", "mlp0", "--type", "int4"},
                            "systole: --type: expected one of int8, bf16, fp32, fp16, got 'int4'"},
                    Mistake{"Threads",
                            {"measure", "cpu", "mlp0", "--threads", "0"},
                            "systole: --threads: expected an integer in 1..1024, got '0'"},
                    Mistake{"GpuThreads",
                            {"measure", "gpu", "mlp0", "--threads", "1"},
                            "systole: --threads: expected with cpu only, got gpu"},
                    Mistake{"Repetitions",
                            {"measure", "cpu", "mlp0", "--repetitions", "0"},
                            "systole: --repetitions: expected an integer in 1..1000000, got '0'"},
                    Mistake{"WarmUp",
                            {"measure", "cpu", "mlp0", "--warm-up", "-1"},
                            "systole: --warm-up: expected an integer in 0..1000000, got '-1'"},
                    Mistake{"Csv",
                            {"measure", "cpu", "mlp0", "--format", "csv"},
                            "systole: --format: expected one of text, json, got 'csv'"},
                    Mistake{"Network",
                            {"measure", "cpu", "/nowhere.yaml"},
                            "systole: no network '/nowhere.yaml': there is no such file"}),
    [](const auto& mistake) { return mistake.param.name; });

}  // namespace
}  // namespace systole
