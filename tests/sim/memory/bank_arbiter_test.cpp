#include "sim/memory/bank_arbiter.h"

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole::testing {
namespace {

constexpr std::size_t kUsers = 14;  // of a core with four matrix units

/// The same rule, cycle by cycle and access by access, with a consumer that takes one phase a
/// cycle.
class CycleByCycle {
 public:
  CycleByCycle(std::int64_t ports, std::int64_t banks) : ports_(ports), banks_(banks) {}

  void add(std::size_t user, const AccessStream& stream) {
    users_[user] = {.stream = stream, .served = 0, .phase = 0, .finish = {}, .end = {}};
    close(user);
  }
  [[nodiscard]] bool is_active(std::size_t user) const {
    return users_[user].served < users_[user].stream.accesses;
  }
  [[nodiscard]] std::int64_t served(std::size_t user) const { return users_[user].served; }
  [[nodiscard]] std::optional<std::int64_t> finish(std::size_t user) const {
    return users_[user].finish;
  }
  [[nodiscard]] std::optional<std::int64_t> end(std::size_t user) const { return users_[user].end; }

  void cycle() {
    std::vector<std::int64_t> taken;
    std::optional<std::size_t> blocked;
    std::optional<std::size_t> left_out;
    for (std::size_t step = 0; step < kUsers; ++step) {
      const std::size_t user = (turn_ + step) % kUsers;
      if (!is_active(user)) {
        continue;
      }
      const std::int64_t bank = (users_[user].stream.first_bank + users_[user].served) % banks_;
      if (static_cast<std::int64_t>(taken.size()) == ports_) {
        left_out = left_out.value_or(user);
      } else if (std::find(taken.begin(), taken.end(), bank) != taken.end()) {
        blocked = blocked.value_or(user);
      } else {
        taken.push_back(bank);
        ++users_[user].served;
        last_ = user;
      }
    }
    if (blocked) {
      turn_ = *blocked;
    } else if (left_out) {
      turn_ = (last_ + 1) % kUsers;
    }
    for (std::size_t user = 0; user < kUsers; ++user) {
      consume(user);
    }
    ++now_;
    for (std::size_t user = 0; user < kUsers; ++user) {
      close(user);
    }
  }

 private:
  struct User {
    AccessStream stream;
    std::int64_t served = 0;
    std::int64_t phase = 0;  // the next one to happen
    std::optional<std::int64_t> finish = 0;
    std::optional<std::int64_t> end = 0;
  };

  /// Phase j needs every access g with floor(g * phases / accesses) <= j.
  void consume(std::size_t index) {
    User& user = users_[index];
    const AccessStream& stream = user.stream;
    if (user.phase == stream.phases) {
      return;
    }
    std::int64_t needed = 0;
    while (needed < stream.accesses && needed * stream.phases / stream.accesses <= user.phase) {
      ++needed;
    }
    user.phase += user.served >= needed ? 1 : 0;
  }
  void close(std::size_t index) {
    User& user = users_[index];
    if (!user.finish && user.served == user.stream.accesses) {
      user.finish = now_;
    }
    if (!user.end && user.finish && user.phase == user.stream.phases) {
      user.end = now_;
    }
  }

  std::int64_t ports_;
  std::int64_t banks_;
  std::array<User, kUsers> users_{};
  std::size_t turn_ = 0;
  std::size_t last_ = 0;
  std::int64_t now_ = 0;
};

TEST(BankArbiter, ServesEverybodyEveryCycleWhenPortsAndBanksSuffice) {
  BankArbiter arbiter(2, 4);
  arbiter.add(1, {.first_bank = 0, .accesses = 10}, CoreCycles(5));
  arbiter.add(3, {.first_bank = 0, .accesses = 4}, CoreCycles(7));  // user 1 is at bank 2 then
  EXPECT_EQ(arbiter.finish_of(1), CoreCycles(15));
  EXPECT_EQ(arbiter.finish_of(3), CoreCycles(11));
  arbiter.advance(CoreCycles(10));
  EXPECT_TRUE(arbiter.is_active(3));
  EXPECT_EQ(arbiter.served(3), 3);
  arbiter.advance(CoreCycles(11));
  EXPECT_FALSE(arbiter.is_active(3));
}

TEST(BankArbiter, SharesOnePortInTurns) {
  BankArbiter arbiter(1, 4);
  arbiter.add(1, {.accesses = 3}, CoreCycles(0));
  arbiter.add(3, {.first_bank = 2, .accesses = 2}, CoreCycles(0));
  // Cycles 0..4: 1, 3, 1, 3, 1.
  EXPECT_EQ(arbiter.finish_of(3), CoreCycles(4));
  EXPECT_EQ(arbiter.finish_of(1), CoreCycles(5));
}

TEST(BankArbiter, StreamsThatMeetInABankFollowEachOtherFromThenOn) {
  BankArbiter arbiter(2, 4);
  arbiter.add(0, {.first_bank = 1, .accesses = 10}, CoreCycles(0));
  arbiter.add(1, {.first_bank = 1, .accesses = 10}, CoreCycles(0));
  // Cycle 0: user 0 takes bank 1, user 1 waits and has the turn. From cycle 1 on user 1 is a bank
  // behind, and both are served in every cycle.
  EXPECT_EQ(arbiter.finish_of(0), CoreCycles(10));
  EXPECT_EQ(arbiter.finish_of(1), CoreCycles(11));
}

TEST(BankArbiter, TwoBanksForTwoStreamsInStep) {
  BankArbiter arbiter(2, 2);
  arbiter.add(0, {.first_bank = 0, .accesses = 4}, CoreCycles(0));
  arbiter.add(1, {.first_bank = 1, .accesses = 4}, CoreCycles(0));
  arbiter.add(2, {.first_bank = 0, .accesses = 1}, CoreCycles(0));
  // Cycle 0: 0 and 1 take both ports, the turn goes to 2. Cycle 1: 2 takes bank 0, user 0 bank 1;
  // user 1, which wants bank 0 as well, comes too late and, the next after 0, has the turn.
  // Cycle 2: user 1 takes bank 0, user 0 wants bank 0 too and is blocked. Cycle 3: user 0 first,
  // bank 0; user 1 bank 1. Cycle 4: user 0 bank 1; user 1 bank 0.
  EXPECT_EQ(arbiter.finish_of(2), CoreCycles(2));
  EXPECT_EQ(arbiter.finish_of(0), CoreCycles(5));
  EXPECT_EQ(arbiter.finish_of(1), CoreCycles(5));
}

TEST(BankArbiter, AConsumerWaitsForWhatIsServedLate) {
  BankArbiter arbiter(1, 4);
  arbiter.add(0, {.accesses = 6}, CoreCycles(0));
  arbiter.add(1, {.accesses = 3, .phases = 6}, CoreCycles(0));
  // User 1 is served in cycles 1, 3, 5 for its phases 0, 2, 4: a cycle late from the first on.
  arbiter.advance(CoreCycles(20));
  EXPECT_EQ(arbiter.end_of(1), CoreCycles(7));
  EXPECT_EQ(arbiter.end_of(0), CoreCycles(9));
}

TEST(BankArbiter, RefusesASecondStreamOfOneUser) {
  BankArbiter arbiter(1, 1);
  arbiter.add(0, {.accesses = 2}, CoreCycles(0));
  EXPECT_THROW(arbiter.add(0, {.accesses = 1}, CoreCycles(1)), InternalError);
  arbiter.add(0, {.accesses = 1}, CoreCycles(2));
}

TEST(BankArbiter, AMillionAccessesAreFewSteps) {
  BankArbiter arbiter(2, 16);
  for (std::size_t user = 0; user < 5; ++user) {
    arbiter.add(user, {.first_bank = 3, .accesses = 1'000'000'000'000}, CoreCycles(0));
  }
  // Two ports for five: 5 * 10^12 / 2 cycles, were it not for banks that meet (this one ends).
  EXPECT_GE(arbiter.finish_of(4), CoreCycles(2'499'999'999'000));
}

class BankArbiterOnRandomTraffic : public ::testing::TestWithParam<int> {
 protected:
  [[nodiscard]] std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit));
  }
  [[nodiscard]] AccessStream some_stream(std::int64_t banks) {
    const std::int64_t accesses = below(4) == 0 ? below(600) : below(60);
    return {.first_bank = below(2 * banks),
            .accesses = accesses,
            .phases = below(2) == 0 ? 0 : below(3 * accesses + 2)};
  }
  std::mt19937_64 random_{static_cast<std::uint64_t>(GetParam())};
};

TEST_P(BankArbiterOnRandomTraffic, EqualsTheArbiterThatCountsEveryCycle) {
  const std::int64_t banks = 1 + below(9);
  const std::int64_t ports = 1 + below(std::min<std::int64_t>(banks, 5));
  const std::int64_t rarely = 1 + below(80);
  BankArbiter arbiter(ports, banks, kUsers);
  CycleByCycle oracle(ports, banks);
  std::array<bool, kUsers> ended{};
  for (std::int64_t cycle = 0; cycle < 4000; ++cycle) {
    const bool look = below(3) == 0;  // the arbiter takes spans of several cycles otherwise
    if (look) {
      arbiter.advance(CoreCycles(cycle));
    }
    for (std::size_t user = 0; user < kUsers; ++user) {
      if (look) {
        ASSERT_EQ(arbiter.is_active(user), oracle.is_active(user)) << user << " at " << cycle;
        ASSERT_EQ(arbiter.served(user), oracle.served(user)) << user << " at " << cycle;
      }
      if (oracle.end(user) && !ended[user]) {
        arbiter.advance(CoreCycles(cycle));
        ASSERT_EQ(arbiter.end_of(user).count(), *oracle.end(user)) << user << " at " << cycle;
        ended[user] = true;
      }
      if (oracle.end(user) && below(rarely) == 0) {
        const AccessStream stream = some_stream(banks);
        arbiter.add(user, stream, CoreCycles(cycle));
        oracle.add(user, stream);
        ended[user] = false;
      }
    }
    oracle.cycle();
  }
}

TEST_P(BankArbiterOnRandomTraffic, ForetellsTheFinishInOneStepAndInMany) {
  const std::int64_t banks = 1 + below(9);
  BankArbiter arbiter(1 + below(std::min<std::int64_t>(banks, 4)), banks, kUsers);
  CoreCycles cycle{0};
  for (std::size_t user = 0; user < kUsers; ++user) {
    cycle += CoreCycles(below(20));
    arbiter.add(user, {.first_bank = below(banks), .accesses = 1 + below(100)}, cycle);
  }
  for (std::size_t user = 0; user < kUsers; ++user) {
    if (!arbiter.is_active(user)) {
      continue;
    }
    const CoreCycles finish = arbiter.finish_of(user);
    BankArbiter early = arbiter;
    early.advance(finish - CoreCycles(1));
    EXPECT_TRUE(early.is_active(user));
    early.advance(finish);
    EXPECT_FALSE(early.is_active(user));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, BankArbiterOnRandomTraffic, ::testing::Range(0, 200));

}  // namespace
}  // namespace systole::testing
