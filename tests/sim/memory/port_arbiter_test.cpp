#include "sim/memory/port_arbiter.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole::testing {
namespace {

constexpr auto kUsers = static_cast<std::size_t>(kPortUserCount);

/// The same rule, cycle by cycle.
class CycleByCycle {
 public:
  explicit CycleByCycle(std::int64_t ports) : ports_(ports) {}

  void add(std::size_t user, std::int64_t accesses) { left_[user] = accesses; }
  [[nodiscard]] bool is_active(std::size_t user) const { return left_[user] > 0; }
  void cycle() {
    std::vector<std::size_t> wanting;
    for (std::size_t step = 0; step < kUsers; ++step) {
      const std::size_t user = (turn_ + step) % kUsers;
      if (left_[user] > 0) {
        wanting.push_back(user);
      }
    }
    const auto count = static_cast<std::int64_t>(wanting.size());
    const std::int64_t served = std::min(count, ports_);
    for (std::int64_t i = 0; i < served; ++i) {
      --left_[wanting[static_cast<std::size_t>(i)]];
    }
    if (count > ports_) {
      turn_ = (wanting[static_cast<std::size_t>(served - 1)] + 1) % kUsers;
    }
  }

 private:
  std::int64_t ports_;
  std::array<std::int64_t, kUsers> left_{};
  std::size_t turn_ = 0;
};

TEST(PortArbiter, ServesEverybodyEveryCycleWhenThereAreEnoughPorts) {
  PortArbiter arbiter(2);
  arbiter.add(PortUser::Host, 10, CoreCycles(5));
  arbiter.add(PortUser::Matrix, 4, CoreCycles(7));
  EXPECT_EQ(arbiter.finish_of(PortUser::Host), CoreCycles(15));
  EXPECT_EQ(arbiter.finish_of(PortUser::Matrix), CoreCycles(11));
  arbiter.advance(CoreCycles(10));
  EXPECT_TRUE(arbiter.is_active(PortUser::Matrix));
  arbiter.advance(CoreCycles(11));
  EXPECT_FALSE(arbiter.is_active(PortUser::Matrix));
}

TEST(PortArbiter, SharesOnePortInTurns) {
  PortArbiter arbiter(1);
  arbiter.add(PortUser::DmaIn, 3, CoreCycles(0));
  arbiter.add(PortUser::Matrix, 2, CoreCycles(0));
  // Cycles 0..4: dma_in, matrix, dma_in, matrix, dma_in.
  EXPECT_EQ(arbiter.finish_of(PortUser::Matrix), CoreCycles(4));
  EXPECT_EQ(arbiter.finish_of(PortUser::DmaIn), CoreCycles(5));
}

TEST(PortArbiter, SharesTwoPortsAmongThree) {
  PortArbiter arbiter(2);
  arbiter.add(PortUser::Host, 2, CoreCycles(0));
  arbiter.add(PortUser::DmaIn, 2, CoreCycles(0));
  arbiter.add(PortUser::Matrix, 2, CoreCycles(0));
  // Cycle 0: host, dma_in; cycle 1: matrix, host; cycle 2: dma_in, matrix.
  EXPECT_EQ(arbiter.finish_of(PortUser::Host), CoreCycles(2));
  EXPECT_EQ(arbiter.finish_of(PortUser::DmaIn), CoreCycles(3));
  EXPECT_EQ(arbiter.finish_of(PortUser::Matrix), CoreCycles(3));
}

TEST(PortArbiter, RefusesASecondStreamOfOneUser) {
  PortArbiter arbiter(1);
  arbiter.add(PortUser::Host, 2, CoreCycles(0));
  EXPECT_THROW(arbiter.add(PortUser::Host, 1, CoreCycles(1)), InternalError);
  arbiter.add(PortUser::Host, 1, CoreCycles(2));
}

class PortArbiterOnRandomTraffic : public ::testing::TestWithParam<int> {};

TEST_P(PortArbiterOnRandomTraffic, EqualsTheArbiterThatCountsEveryCycle) {
  std::mt19937_64 random(static_cast<std::uint64_t>(GetParam()));
  const auto below = [&](std::uint64_t limit) {
    return static_cast<std::int64_t>(random() % limit);
  };
  const std::int64_t ports = 1 + below(4);
  PortArbiter arbiter(ports);
  CycleByCycle oracle(ports);
  for (std::int64_t cycle = 0; cycle < 2000; ++cycle) {
    arbiter.advance(CoreCycles(cycle));
    for (std::size_t user = 0; user < kUsers; ++user) {
      ASSERT_EQ(arbiter.is_active(static_cast<PortUser>(user)), oracle.is_active(user))
          << "user " << user << " at " << cycle;
      if (!oracle.is_active(user) && below(40) == 0) {
        const std::int64_t accesses = below(60);
        arbiter.add(static_cast<PortUser>(user), accesses, CoreCycles(cycle));
        oracle.add(user, accesses);
      }
    }
    oracle.cycle();
  }
}

TEST_P(PortArbiterOnRandomTraffic, ForetellsTheFinishInOneStepAndInMany) {
  std::mt19937_64 random(static_cast<std::uint64_t>(GetParam()));
  const auto below = [&](std::uint64_t limit) {
    return static_cast<std::int64_t>(random() % limit);
  };
  PortArbiter arbiter(1 + below(4));
  CoreCycles cycle{0};
  for (std::size_t user = 0; user < kUsers; ++user) {
    cycle += CoreCycles(below(20));
    arbiter.add(static_cast<PortUser>(user), 1 + below(100), cycle);
  }
  const PortArbiter start = arbiter;
  for (std::size_t u = 0; u < kUsers; ++u) {
    const auto user = static_cast<PortUser>(u);
    const CoreCycles finish = start.finish_of(user);
    if (finish == cycle) {
      EXPECT_FALSE(start.is_active(user));
      continue;
    }
    PortArbiter early = start;
    early.advance(finish - CoreCycles(1));
    EXPECT_TRUE(early.is_active(user));
    early.advance(finish);
    EXPECT_FALSE(early.is_active(user));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PortArbiterOnRandomTraffic, ::testing::Range(0, 30));

}  // namespace
}  // namespace systole::testing
