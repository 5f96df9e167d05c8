#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "study/generate.h"

namespace systole {
namespace {

/// Llama's layer with 4 heads and 2 of keys and values.
Network small_model(const DimChoice& choice) {
  DimChoice all = choice;
  all.values.insert({{"layers", 1},
                     {"hidden", 64},
                     {"heads", 4},
                     {"kv_heads", 2},
                     {"ff", 96},
                     {"vocabulary", 100}});
  return read_network(std::string(SYSTOLE_SOURCE_DIR) + "/workloads/llama2_7b.yaml",
                      {.dims = all.values, .phase = all.phase});
}

TEST(Generation, OfSomeStepsIsAsNearToThatOfAllAsItSays) {
  ChipSpec chip = read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/edge.yaml");
  chip.io = IoMemory::Device;
  const GenerateOptions some{.prompt = 16, .generated = 50, .parallel = 2};
  GenerateOptions all = some;
  all.most_steps = 49;
  all.tolerance = -1;
  const Generation exact = generate(chip, small_model, all);
  const Generation lines = generate(chip, small_model, some);
  ASSERT_EQ(exact.steps.size(), 49U);
  ASSERT_FALSE(exact.error);
  ASSERT_LE(lines.steps.size(), 9U);
  ASSERT_TRUE(lines.error);
  EXPECT_EQ(exact.prefill, lines.prefill);
  double farthest = 0;
  for (std::int64_t context = 17; context <= 65; ++context) {
    const double right = exact.cycles_at(context);
    farthest = std::max(farthest, std::abs(lines.cycles_at(context) - right) / right);
  }
  const double whole = std::abs(lines.step_cycles() / exact.step_cycles() - 1);
  EXPECT_LE(whole, *lines.error);
  RecordProperty("farthest_percent", fmt::format("{:.3f}", 100 * farthest));
  RecordProperty("whole_percent", fmt::format("{:.3f}", 100 * whole));
  EXPECT_LE(farthest, 0.05);
}

}  // namespace
}  // namespace systole
