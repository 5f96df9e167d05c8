#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "study/evaluate.h"

namespace systole {
namespace {

// Jouppi et al., ISCA 2017, Table 2: a die of TPU v1 draws 28 W idle and 40 W busy. Busy is CNN0 at
// full load, the only load for which section 6 gives the watts of a die.
constexpr double kTolerance = 0.15;

Result run_tpu_v1(const std::string& network) {
  const std::string source = SYSTOLE_SOURCE_DIR;
  return evaluate(read_chip(source + "/configs/chips/tpu_v1.yaml"),
                  read_network(source + "/" + network));
}

TEST(TpuV1Power, IsIdleAt28Watts) {
  const std::string source = SYSTOLE_SOURCE_DIR;
  const ChipSpec chip = read_chip(source + "/configs/chips/tpu_v1.yaml");
  EXPECT_NEAR(idle_second(chip).total().count(), 28.0, kTolerance * 28.0);
}

TEST(TpuV1Power, IsBusyAt40WattsWithCnn0) {
  const Result result = run_tpu_v1("tests/study/data/cnn0.yaml");
  EXPECT_NEAR(result.energy->average_power.count(), 40.0, kTolerance * 40.0);
}

TEST(TpuV1Power, StaysBelowItsTdpWhateverItDoes) {
  const Result result = run_tpu_v1("workloads/mlp0.yaml");
  EXPECT_LT(result.energy->average_power, result.energy->peak_power);
  EXPECT_LT(result.energy->peak_power, Watts(75.0));
}

TEST(Evaluate, GivesNoEnergyWithoutATechnology) {
  const std::string source = SYSTOLE_SOURCE_DIR;
  ChipSpec chip = read_chip(source + "/configs/chips/tpu_v1.yaml");
  chip.silicon.reset();
  const Result result = evaluate(chip, read_network(source + "/workloads/mlp0.yaml"));
  EXPECT_FALSE(result.energy.has_value());
  EXPECT_FALSE(result.area.has_value());
}

}  // namespace
}  // namespace systole
