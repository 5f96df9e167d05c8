#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"

namespace systole {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

json described(const std::vector<std::string>& words) {
  std::vector<std::string> command{"describe"};
  command.insert(command.end(), words.begin(), words.end());
  command.insert(command.end(), {"--format", "json"});
  const ProcessResult result = run_systole(command);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return json::parse(result.out);
}

TEST(Describe, KnowsWhatANameIs) {
  for (const auto& [name, kind] : {std::pair{"tpu_v1", "chip"}, std::pair{"resnet50", "network"},
                                   std::pair{"ddr4_2400", "DRAM standard"}, std::pair{"t4", "gpu"},
                                   std::pair{"alveo_u250", "FPGA card"}}) {
    const json description = described({name});
    EXPECT_EQ(description["schema"], "systole.describe/1");
    EXPECT_EQ(description["kind"], kind) << name;
    EXPECT_FALSE(description["figures"].empty());
    const ProcessResult text = run_systole({"describe", name});
    EXPECT_EQ(text.exit_code, 0) << text.err;
    EXPECT_THAT(text.out, StartsWith(description["name"].get<std::string>()));
  }
}

TEST(Describe, OfANetworkHasItsLayers) {
  const json description = described({SYSTOLE_SOURCE_DIR "/workloads/mlp0.yaml"});
  EXPECT_EQ(description["kind"], "network");
  ASSERT_EQ(description["layers"].size(), 5U);
  EXPECT_EQ(description["layers"][0]["name"], "fc1");
  EXPECT_EQ(description["layers"][0]["output_shape"], (json{200, 2048}));
  EXPECT_EQ(description["figures"]["macs_per_input"], 5 * 2048 * 2048);
  EXPECT_THAT(run_systole({"describe", "mlp0"}).out,
              AllOf(HasSubstr("mlp0: network\n"), HasSubstr("features 200x2048 int8")));
}

TEST(Describe, OfAChipHasSourcesAndTakesOtherValues) {
  const json chip = described({"edge", "--set", "matrix_unit.rows=64"});
  EXPECT_EQ(chip["figures"]["matrix_rows"], 64);
  EXPECT_EQ(chip["figures"]["clock_hz"], 500'000'000.0);
  EXPECT_GT(chip["facts"].size(), 100U);
  const ProcessResult network = run_systole({"describe", "mlp0", "--set", "clock=1 GHz"});
  EXPECT_EQ(network.exit_code, 2);
  EXPECT_EQ(network.err, "systole: --set: expected a chip, got a network\n");
}

}  // namespace
}  // namespace systole
