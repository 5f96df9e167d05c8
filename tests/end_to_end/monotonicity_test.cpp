#include <functional>
#include <ostream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "sim/simulate.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

/// Wall-clock time of the network on the chip, in femtoseconds.
Femtoseconds time_on(const ChipSpec& chip, const std::string& network) {
  const ForkedResult child = run_forked([&] {
    const Network read = read_network(
        fmt::format("{}/workloads/{}.yaml", SYSTOLE_SOURCE_DIR, network), {.batch = 1});
    const Program program = compile(chip, read.graph);
    return std::to_string(chip.clock().time_of(simulate(chip, program).elapsed).count());
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  return Femtoseconds(std::stoll(child.output));
}

ChipSpec chip_named(const std::string& name) {
  return read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, name));
}

struct Subject {
  std::string chip;
  std::string network;
};

void PrintTo(const Subject& subject, std::ostream* stream) {
  *stream << subject.network << " on " << subject.chip;
}

class MoreHardware : public testing::TestWithParam<Subject> {
 protected:
  void expect_not_slower(const std::function<void(ChipSpec&)>& improve,
                         std::int64_t allowed_permille = 0) {
    const ChipSpec base = chip_named(GetParam().chip);
    ChipSpec better = base;
    improve(better);
    const Femtoseconds time = time_on(base, GetParam().network);
    EXPECT_LE(time_on(better, GetParam().network).count(),
              (time + time * allowed_permille / 1000).count());
  }
};

TEST_P(MoreHardware, TwiceTheDramChannelsAreNotSlower) {
  expect_not_slower([](ChipSpec& chip) { chip.dram.channels *= 2; });
}

TEST_P(MoreHardware, TwiceTheUnifiedBufferIsNotSlower) {
  expect_not_slower([](ChipSpec& chip) { chip.buffer.capacity = chip.buffer.capacity * 2; });
}

TEST_P(MoreHardware, AFasterCoreClockIsNotSlower) {
  expect_not_slower([](ChipSpec& chip) { chip.frequency = chip.frequency * 2; });
}

// Larger chunks load weights less often but hand over to the vector unit later: docs/compiler.md,
// "Where more hardware may be slower".
TEST_P(MoreHardware, MoreAccumulatorsAreSlowerByOnePercentAtMost) {
  expect_not_slower([](ChipSpec& chip) { chip.accumulators.entries *= 2; }, 10);
}

TEST_P(MoreHardware, ADeeperWeightFifoIsNotSlower) {
  expect_not_slower([](ChipSpec& chip) { chip.weight_fifo.tiles *= 2; });
}

TEST_P(MoreHardware, MoreBufferPortsAreNotSlower) {
  expect_not_slower([](ChipSpec& chip) { chip.buffer.ports = chip.buffer.banks; });
}

// Requests that arrive earlier meet other streams in other banks, and may lose a cycle there.
TEST_P(MoreHardware, MoreOutstandingRequestsAreSlowerByOnePerMilleAtMost) {
  expect_not_slower([](ChipSpec& chip) { chip.dma.outstanding *= 2; }, 1);
}

TEST_P(MoreHardware, AFasterHostLinkIsNotSlower) {
  expect_not_slower([](ChipSpec& chip) { chip.host.bandwidth = chip.host.bandwidth * 2; });
}

TEST_P(MoreHardware, TwoMatrixUnitsAreNotSlowerThanOne) {
  expect_not_slower([](ChipSpec& chip) { chip.matrix.count = 2; });
}

// Where DRAM is the limit, or a layer has no multiple of four output slices: docs/compiler.md,
// "Where more hardware may be slower".
TEST_P(MoreHardware, FourMatrixUnitsAreSlowerByOnePercentAtMost) {
  expect_not_slower([](ChipSpec& chip) { chip.matrix.count = 4; }, 10);
}

INSTANTIATE_TEST_SUITE_P(Shipped, MoreHardware,
                         testing::Values(Subject{"tpu_v1", "resnet50"}, Subject{"tpu_v1", "mlp0"},
                                         Subject{"tpu_v1", "alexnet"}, Subject{"edge", "resnet50"},
                                         Subject{"edge", "mlp0"}, Subject{"edge", "alexnet"},
                                         Subject{"edge_is", "resnet50"},
                                         Subject{"edge_os", "resnet50"}),
                         [](const auto& subject) {
                           return subject.param.chip + "_" + subject.param.network;
                         });

}  // namespace
}  // namespace systole
