#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sim/dram/bit_field_map.h"
#include "sim/dram/burst_buffer.h"
#include "sim/dram/request_pattern.h"

namespace systole {

/// A burst and the first cycle in which it may be offered.
struct TimedBurst {
  AddressedBurst burst;
  DramCycles cycle{0};
};

/// A request train, read once from its beginning to its end.
class BurstSource {
 public:
  BurstSource() = default;
  BurstSource(const BurstSource&) = delete;
  BurstSource& operator=(const BurstSource&) = delete;
  virtual ~BurstSource() = default;

  /// The next burst; nothing at the end. Throws UserError for a file that is wrong.
  virtual std::optional<TimedBurst> next() = 0;
};

/// The first `count` bursts of a pattern, all to be offered from cycle 0 on.
class PatternSource : public BurstSource {
 public:
  PatternSource(RequestPattern pattern, const BitFieldMap& map, std::int64_t count)
      : pattern_(pattern), map_(map), count_(count) {}
  std::optional<TimedBurst> next() override {
    if (index_ == count_) {
      return std::nullopt;
    }
    return TimedBurst{burst_of(pattern_, map_, index_++), DramCycles(0)};
  }

 private:
  RequestPattern pattern_;
  const BitFieldMap& map_;
  std::int64_t count_;
  std::int64_t index_ = 0;
};

}  // namespace systole
