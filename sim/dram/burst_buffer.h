#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/dram/dram_types.h"

namespace systole {

/// One burst that a requester wants read or written.
struct BurstRequest {
  std::int64_t id = 0;  ///< the requester's, given back at completion
  std::size_t bank = 0;
  RowIndex row{};
  std::int64_t column = 0;  ///< in bursts
  DramOperation operation = DramOperation::Read;
};

/// The bursts of one operation that wait for their first command, in order of arrival by bank, and
/// of every bank the oldest that its open row serves. Constant time but for the search of the
/// next hit, which goes through one bank's bursts.
class BurstBuffer {
 public:
  using Slot = std::int32_t;
  static constexpr Slot kNone = -1;

  struct Entry {
    BurstRequest request;
    DramCycles arrival{0};
    Slot next = kNone;  ///< the next younger of the bank
    Slot previous = kNone;
    Slot younger = kNone;  ///< the next of all banks
    Slot older = kNone;
  };

  BurstBuffer(std::size_t capacity, std::size_t banks);

  [[nodiscard]] bool has_room() const { return !free_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size() - free_.size(); }
  [[nodiscard]] std::size_t capacity() const { return entries_.size(); }
  [[nodiscard]] const Entry& at(Slot slot) const {
    return entries_[static_cast<std::size_t>(slot)];
  }
  [[nodiscard]] Slot oldest(std::size_t bank) const { return banks_[bank].oldest; }
  /// Of all banks; requires a burst.
  [[nodiscard]] DramCycles oldest_arrival() const { return at(oldest_).arrival; }
  /// The oldest burst in the bank's open row.
  [[nodiscard]] Slot hit(std::size_t bank) const { return banks_[bank].hit; }
  /// A burst of the same address.
  [[nodiscard]] bool holds(const BurstRequest& request) const;
  /// Banks by what their bursts need; bit b of word w is bank 64 w + b.
  struct Banks {
    std::vector<std::uint64_t> waiting;    ///< they have bursts
    std::vector<std::uint64_t> closed;     ///< and no open row
    std::vector<std::uint64_t> hits;       ///< and some are in the open row
    std::vector<std::uint64_t> conflicts;  ///< and the oldest is not in the open row
  };
  [[nodiscard]] const Banks& banks() const { return sets_; }
  /// By bank: arrival of its oldest burst, of its oldest in the open row; of no meaning where there
  /// is none.
  [[nodiscard]] const DramCycles* oldest_arrivals() const { return oldest_arrivals_.data(); }
  [[nodiscard]] const DramCycles* hit_arrivals() const { return hit_arrivals_.data(); }

  /// Requires `has_room`; arrivals ascend.
  Slot push(const BurstRequest& request, DramCycles arrival, RowIndex open_row);
  void remove(Slot slot, RowIndex open_row);
  /// The bank's open row changed; kNoRow: it was closed.
  void row_changed(std::size_t bank, RowIndex open_row);

 private:
  struct Bank {
    Slot oldest = kNone;
    Slot youngest = kNone;
    Slot hit = kNone;
  };
  static std::size_t bucket(const BurstRequest& request) {
    return (static_cast<std::size_t>(request.column) ^ static_cast<std::size_t>(request.row) * 37 ^
            request.bank * 11) %
           kBuckets;
  }
  [[nodiscard]] Slot first_in_row(Slot from, RowIndex row) const;
  void link(Slot slot);
  void unlink(Slot slot);
  [[nodiscard]] Entry& entry(Slot slot) { return entries_[static_cast<std::size_t>(slot)]; }
  void update_sets(std::size_t bank, RowIndex open_row);

  static constexpr std::size_t kBuckets = 256;
  std::vector<Entry> entries_;
  std::vector<Slot> free_;
  Slot oldest_ = kNone;
  Slot youngest_ = kNone;
  std::vector<Bank> banks_;
  Banks sets_;
  std::vector<DramCycles> oldest_arrivals_;
  std::vector<DramCycles> hit_arrivals_;
  std::array<std::uint32_t, kBuckets> addresses_{};  ///< how many bursts fall into each bucket
};

}  // namespace systole
