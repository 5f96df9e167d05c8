#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/diag/check.h"
#include "arch/isa/instruction.h"
#include "arch/trace.h"
#include "arch/units/units.h"
#include "sim/core/core_time.h"
#include "sim/core/wakeup.h"

namespace systole {

/// A tile on its way to the array; `bytes` is empty in a run without data.
struct Tile {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  DataType type = DataType::Int8;
  std::vector<std::int8_t> bytes;  // packed row-major
  CoreCycles arrived{0};
  std::int32_t layer = 0;       ///< that it was fetched for
  std::int32_t zero_point = 0;  ///< of int8: taken from each element
  TileConversion conversion{};  ///< of elements of `type`; scales of groups stand behind them
  CoreCycles converting{0};     ///< how long that takes

  /// What the array gets.
  [[nodiscard]] DataType entering_type() const {
    return conversion.converts() ? conversion.to : type;
  }
};

/// The FIFO between the weights engine and the array.
///
/// A slot is held from the first DRAM request of a tile until the tile has been shifted into the
/// array's shadow registers. Tiles arrive in the order of their reservations.
/// One whose elements are converted has a converter in front of the FIFO to itself: that begins
/// when all of the tile and the tile before are there, and `Tile::arrived` is when it is done. The
/// level of the FIFO counts the tile from when its bytes are there.
class WeightFifo {
 public:
  /// Every change of level is written to `trace` as well, unless that is null.
  WeightFifo(const WeightFifoSpec& spec, const CoreTime& time, std::vector<FifoLevel>* trace)
      : capacity_(spec.tiles), time_(time), trace_(trace) {
    SYSTOLE_CHECK(capacity_ >= 1, "weight FIFO of {} tiles", capacity_);
  }

  [[nodiscard]] bool has_free_slot() const { return used_ < capacity_; }
  void reserve() {
    SYSTOLE_CHECK(has_free_slot(), "weight FIFO full with {} tiles", used_);
    ++used_;
    record();
  }
  void push(Tile tile) {
    tile.arrived = std::max(tile.arrived, last_arrived_) + tile.converting;
    last_arrived_ = tile.arrived;
    arrived_tiles_.push_back(std::move(tile));
    ++arrived_count_;
    record();
    arrived_.notify();
  }
  [[nodiscard]] bool has_tile() const { return !arrived_tiles_.empty(); }
  /// The cycle from which the array can have the next tile.
  [[nodiscard]] CoreCycles next_arrival() const { return arrived_tiles_.front().arrived; }
  [[nodiscard]] Tile take() {
    Tile tile = std::move(arrived_tiles_.front());
    arrived_tiles_.pop_front();
    return tile;
  }
  /// The tile taken last has left its slot.
  void free_slot() {
    --used_;
    --arrived_count_;
    record();
    slot_freed_.notify();
  }

  [[nodiscard]] Wakeup& arrived() { return arrived_; }
  [[nodiscard]] Wakeup& slot_freed() { return slot_freed_; }

  /// As arch/trace.h says of FifoLevel. References, because waveforms follow the variables.
  [[nodiscard]] const std::int64_t& held() const { return used_; }
  [[nodiscard]] const std::int64_t& arrived_count() const { return arrived_count_; }

 private:
  void record() {
    if (trace_ == nullptr) {
      return;
    }
    const CoreCycles now = time_.now();
    if (trace_->empty() || trace_->back().at != now) {
      trace_->push_back({.at = now});
    }
    trace_->back().held = used_;
    trace_->back().arrived = arrived_count_;
  }

  std::int64_t capacity_;
  CoreTime time_;
  std::vector<FifoLevel>* trace_;
  std::int64_t used_ = 0;
  std::int64_t arrived_count_ = 0;
  CoreCycles last_arrived_{0};
  std::deque<Tile> arrived_tiles_;
  Wakeup arrived_;
  Wakeup slot_freed_;
};

}  // namespace systole
