#include "sim/dram/power_down.h"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "silicon/energy/dram_energy.h"
#include "sim/dram/channel_replay.h"
#include "tests/sim/dram/dram_specs.h"

namespace systole::testing {
namespace {

constexpr std::int64_t kAfter = 20;

/// Single bursts, each in its cycle.
class TimedBursts : public BurstSource {
 public:
  explicit TimedBursts(std::vector<TimedBurst> bursts) : bursts_(std::move(bursts)) {}
  std::optional<TimedBurst> next() override {
    return next_ < bursts_.size() ? std::optional(bursts_[next_++]) : std::nullopt;
  }

 private:
  std::vector<TimedBurst> bursts_;
  std::size_t next_ = 0;
};

TimedBurst read_at(std::int64_t cycle) {
  return {{0, DramOperation::Read}, DramCycles(cycle)};
}

struct Replayed {
  DramRunResult result;
  std::vector<DramCommand> power;  ///< the changes
  std::vector<std::int64_t> ends;
};

Replayed replay(const DramStandard& standard, const std::vector<TimedBurst>& bursts,
                std::int64_t after = kAfter, PagePolicy pages = PagePolicy::Open) {
  DramControllerSpec spec;
  spec.power_down = DramCycles(after);
  spec.page_policy = pages;
  const BitFieldMap map(standard, *address_order("lin"));
  TimedBursts source(bursts);
  Replayed replayed;
  replayed.ends.resize(bursts.size());
  replayed.result = replay_channel(
      standard, spec, map, 0, 0, source,
      [&](const DramCommand& command) {
        if (command.kind == DramCommandKind::PowerDown ||
            command.kind == DramCommandKind::PowerUp) {
          replayed.power.push_back(command);
        }
      },
      [&](ChannelIndex, const CompletedBurst& burst) {
        replayed.ends[static_cast<std::size_t>(burst.id)] = burst.at.count();
      });
  return replayed;
}

/// A read at 0 is over at nRCD + nCL + nBL = 11 + 11 + 4 = 26; the rank goes down 20 cycles later.
constexpr std::int64_t kOver = 26;
constexpr std::int64_t kDown = kOver + kAfter;

TEST(PowerDown, BeginsWhenTheLastDataAreOverAndTheTimeHasPassed) {
  const Replayed down = replay(without_refresh(ddr3_1600()), {read_at(0), read_at(1000)});
  ASSERT_EQ(down.power.size(), 2U);
  EXPECT_EQ(down.power[0].kind, DramCommandKind::PowerDown);
  EXPECT_EQ(down.power[0].at, DramCycles(kDown));
  EXPECT_EQ(down.power[1].kind, DramCommandKind::PowerUp);
  EXPECT_EQ(down.power[1].at, DramCycles(1000));
}

TEST(PowerDown, DelaysTheFirstCommandByItsExit) {
  // The row stayed open: RD nXP = 7 cycles after the wake-up, data nCL + nBL later.
  EXPECT_EQ(replay(without_refresh(ddr3_1600()), {read_at(0), read_at(1000)}).ends[1],
            1000 + 7 + 11 + 4);
  EXPECT_EQ(replay(without_refresh(ddr3_1600()), {read_at(0), read_at(1000)}, 0).ends[1],
            1000 + 11 + 4);
}

TEST(PowerDown, IsNotEnteredWhereABurstComesInTheSameCycle) {
  EXPECT_TRUE(replay(without_refresh(ddr3_1600()), {read_at(0), read_at(kDown)}).power.empty());
  EXPECT_EQ(replay(without_refresh(ddr3_1600()), {read_at(0), read_at(kDown + 1)}).power.size(),
            2U);
}

TEST(PowerDown, LastsAtLeastItsShortestTime) {
  const Replayed down = replay(without_refresh(ddr3_1600()), {read_at(0), read_at(kDown + 2)});
  ASSERT_EQ(down.power.size(), 2U);
  EXPECT_EQ(down.power[1].at, DramCycles(kDown + 5));  // nCKE
  EXPECT_EQ(down.ends[1], kDown + 5 + 7 + 11 + 4);
}

TEST(PowerDown, CountsItsCyclesByWhetherARowIsOpen) {
  const DramStandard standard = without_refresh(ddr3_1600());
  const Replayed open = replay(standard, {read_at(0), read_at(1000)});
  EXPECT_EQ(open.result.active_power_down_cycles, DramCycles(1000 - kDown));
  EXPECT_EQ(open.result.precharged_power_down_cycles, DramCycles(0));
  // Closed at nRAS = 28, after the data: the work of PRE is one cycle.
  const Replayed closed = replay(standard, {read_at(0), read_at(1000)}, kAfter, PagePolicy::Closed);
  EXPECT_EQ(closed.result.active_power_down_cycles, DramCycles(0));
  EXPECT_EQ(closed.result.precharged_power_down_cycles, DramCycles(1000 - (28 + 1 + kAfter)));
}

TEST(PowerDown, EndsForARefresh) {
  DramStandard standard = ddr3_1600();
  standard.timing.nREFI = DramCycles(500);
  const Replayed down = replay(standard, {read_at(0), read_at(900)});
  ASSERT_GE(down.power.size(), 3U);
  EXPECT_EQ(down.power[1].at, DramCycles(499));
  // PREA at 499 + nXP, REF nRP later, and nRFC until it is over.
  EXPECT_EQ(down.power[2].at, DramCycles(499 + 7 + 11 + 208 + kAfter));
}

TEST(PowerDown, SavesStandbyEnergy) {
  DramStandard standard = without_refresh(ddr3_1600());
  standard.power = DramPower{.VDD = Microvolts(1'500'000),
                             .IDD2P = Microamperes(10'000),
                             .IDD3P = Microamperes(25'000),
                             .IDD3N = Microamperes(30'000)};
  const std::vector<TimedBurst> bursts{read_at(0), read_at(1000)};
  const double on = dram_energy(standard, replay(standard, bursts, 0).result).total();
  const double down = dram_energy(standard, replay(standard, bursts).result).total();
  EXPECT_LT(down, on);
  EXPECT_GT(down, on * 25 / 30);
}

}  // namespace
}  // namespace systole::testing
