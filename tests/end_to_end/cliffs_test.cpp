// More hardware or less work must not cost time: sweeps for cliffs. The tests take a sample;
// `scripts/sweep` takes everything (SYSTOLE_SWEEP=all).

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "sim/simulate.h"
#include "tests/end_to_end/support/random_layer.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

bool sweeps_all() {
  const char* sweep = std::getenv("SYSTOLE_SWEEP");  // NOLINT(concurrency-mt-unsafe): no thread
  return sweep != nullptr && std::string(sweep) == "all";
}

ChipSpec edge() {
  return read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/edge.yaml");
}

/// Femtoseconds; none where the layer does not fit.
std::optional<std::int64_t> time_of(const ChipSpec& chip, const Graph& graph) {
  const ForkedResult child = run_forked([&]() -> std::string {
    try {
      const Program program = compile(chip, graph);
      return std::to_string(chip.clock().time_of(simulate(chip, program).elapsed).count());
    } catch (const WorkloadError&) {
      return "does not fit";
    }
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  if (child.exit_code != 0 || child.output == "does not fit") {
    return {};
  }
  return std::stoll(child.output);
}

/// Of points in the order in which they should get no slower: the largest growth over the fastest
/// point before, in per mille.
class Worst {
 public:
  void add(std::int64_t point, std::int64_t time) {
    if (fastest_ > 0 && (time - fastest_) * 1000 > growth_ * fastest_) {
      growth_ = (time - fastest_) * 1000 / fastest_;
      text_ = fmt::format("{} per mille slower at {} than at {}", growth_, point, fastest_point_);
    }
    if (fastest_ == 0 || time < fastest_) {
      fastest_ = time;
      fastest_point_ = point;
    }
  }
  [[nodiscard]] std::int64_t growth() const { return growth_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::int64_t fastest_ = 0;
  std::int64_t fastest_point_ = 0;
  std::int64_t growth_ = 0;
  std::string text_ = "never slower";
};

// Per mille. A dense layer may take 44 more with a larger buffer; of random layers none took more
// than 22.
constexpr std::int64_t kAllowed = 50;
constexpr std::int64_t kAllowedOfRandom = 25;

void report(const Worst& worst) {
  testing::Test::RecordProperty("worst", worst.text());
  fmt::print("worst: {}\n", worst.text());
}

TEST(Cliffs, ADenseLayerIsNotSlowerWithMoreBuffer) {
  const Graph graph = parse_network(
                          "network: n\nbatch: 256\ninputs: [{name: x, features: 1024}]\n"
                          "layers: [{name: a, op: dense, features: 1024}]\n",
                          "n.yaml")
                          .graph;
  // 344 KiB hold three bands, 520 KiB everything. One less, one more.
  std::vector<std::int64_t> sizes{64, 72, 96, 136, 200, 248, 256, 264, 344, 352, 512, 520, 528};
  sizes.insert(sizes.end(), {1000, 1008, 4096});
  if (sweeps_all()) {
    sizes.clear();
    for (std::int64_t size = 64; size <= 4096; size += 8) {
      sizes.push_back(size);
    }
  }
  Worst worst;
  for (const std::int64_t size : sizes) {
    ChipSpec chip = edge();
    chip.buffer.capacity = Bytes(size * 1024);
    worst.add(size, *time_of(chip, graph));
  }
  report(worst);
  EXPECT_LE(worst.growth(), kAllowed);
}

TEST(Cliffs, Mlp0IsNotSlowerWithFewerInputs) {
  // 506 inputs need 1012 KiB of the buffer's 1024, 508 do not fit beside the biases.
  std::vector<std::int64_t> batches{513, 508, 506, 251, 1};
  if (sweeps_all()) {
    batches.clear();
    for (std::int64_t batch = 600; batch >= 1; --batch) {
      batches.push_back(batch);
    }
  }
  Worst worst;
  for (const std::int64_t batch : batches) {
    const Network network =
        read_network(SYSTOLE_SOURCE_DIR "/workloads/mlp0.yaml", {.batch = batch});
    worst.add(batch, *time_of(edge(), network.graph));
  }
  report(worst);
  EXPECT_LE(worst.growth(), kAllowed);
}

class RandomLayer : public testing::TestWithParam<std::uint32_t> {};

TEST_P(RandomLayer, IsNotSlowerWithMoreHardware) {
  const RandomLayerCase base = random_layer_case(GetParam());
  const Graph graph = parse_network(base.network, "n.yaml").graph;
  const auto time = time_of(base.chip, graph);
  if (!time) {
    return;
  }
  for (const Improvement& improvement : kImprovements) {
    ChipSpec better = base.chip;
    improvement.apply(better);
    Worst worst;
    worst.add(1, *time);
    worst.add(2, *time_of(better, graph));
    EXPECT_LE(worst.growth(), kAllowedOfRandom)
        << "twice the " << improvement.name << ": " << *time << "\n"
        << base.text << base.network;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomLayer, testing::Range(0U, sweeps_all() ? 400U : 12U));

}  // namespace
}  // namespace systole
