#pragma once

#include <cstdint>

#include "sim/dram/burst_source.h"
#include "tests/sim/dram/dram_traffic.h"

namespace systole::testing {

/// Bursts that meet every rule: streams, jumps back to few rows, reads and writes in stretches,
/// idle times; the same for the same seed.
class RandomBursts : public BurstSource {
 public:
  RandomBursts(const BitFieldMap& map, std::int64_t count, std::uint64_t seed)
      : map_(map), random_(seed), count_(count) {}

  std::optional<TimedBurst> next() override {
    if (count_-- == 0) {
      return std::nullopt;
    }
    if (stretch_-- == 0) {
      stretch_ = random_.below(40);
      operation_ = random_.below(3) == 0 ? DramOperation::Write : DramOperation::Read;
      mode_ = random_.below(4);
      if (random_.below(50) == 0) {
        cycle_ += random_.below(20'000);
      }
    }
    const std::int64_t bursts = map_.capacity() / map_.burst_bytes();
    if (mode_ == 0) {
      at_ = (at_ + 1) % bursts;
    } else if (mode_ == 1) {
      at_ = random_.below(bursts);
    } else {  // a few rows
      at_ = (random_.below(4) * (bursts / 4) + random_.below(512)) % bursts;
    }
    cycle_ += random_.below(8) == 0 ? random_.below(30) : 0;
    const bool turns = random_.below(10) == 0;
    const bool reads = (operation_ == DramOperation::Read) != turns;
    return TimedBurst{
        {at_ * map_.burst_bytes(), reads ? DramOperation::Read : DramOperation::Write},
        DramCycles(cycle_)};
  }

 private:
  const BitFieldMap& map_;
  Random random_;
  std::int64_t count_;
  std::int64_t stretch_ = 0;
  std::int64_t mode_ = 0;
  std::int64_t at_ = 0;
  std::int64_t cycle_ = 0;
  DramOperation operation_ = DramOperation::Read;
};

}  // namespace systole::testing
