#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/dram/bank_set.h"
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

/// Bursts of one row with ascending columns, numbered from `id` in steps, that arrived (were
/// accepted) at equal distances.
struct BurstSeries {
  std::int64_t id = 0;
  std::int64_t id_step = 0;
  DramCycles arrival{0};
  DramCycles arrival_step{0};
  std::int64_t bursts = 0;
};

/// The bursts of one operation that wait for their first command. Each bank has a list of *runs* in
/// order of arrival: bursts of one row with ascending columns that arrived one after the other in
/// that bank. Of every bank the oldest run is known, and the oldest that its open row serves.
/// Within a run the oldest burst goes first. Runs are kept as series: many bursts cost as much as
/// one where they arrive evenly. Constant time but for the search of the next hit and of an
/// address, which go through one bank's runs.
class BurstBuffer {
 public:
  using Slot = std::int32_t;
  static constexpr Slot kNone = -1;

  BurstBuffer(DramOperation operation, std::size_t capacity, std::size_t banks);

  [[nodiscard]] bool has_room() const { return size_ < capacity_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  /// The bank's oldest run.
  [[nodiscard]] Slot oldest(std::size_t bank) const { return banks_[bank].oldest; }
  /// The bank's oldest run in its open row.
  [[nodiscard]] Slot hit(std::size_t bank) const { return banks_[bank].hit; }
  /// Of all banks; requires a burst. Goes through all banks.
  [[nodiscard]] DramCycles oldest_arrival() const;
  /// A burst of the same address waits.
  [[nodiscard]] bool holds(const BurstRequest& request) const;
  /// Banks by what their bursts need.
  struct Banks {
    BankSet waiting;    ///< they have bursts
    BankSet closed;     ///< and no open row
    BankSet hits;       ///< and some are in the open row
    BankSet conflicts;  ///< and the oldest is not in the open row
  };
  [[nodiscard]] const Banks& banks() const { return sets_; }
  /// By bank: arrival of its oldest burst, of its oldest in the open row; of no meaning where there
  /// is none.
  [[nodiscard]] const DramCycles* oldest_arrivals() const { return oldest_arrivals_.data(); }
  [[nodiscard]] const DramCycles* hit_arrivals() const { return hit_arrivals_.data(); }

  /// What the bank's next command depends on and a new burst may change.
  enum class Change : std::uint8_t { None, Oldest, Hit };
  /// Requires `has_room`; arrivals ascend.
  Change push(const BurstRequest& request, DramCycles arrival, RowIndex open_row) {
    return push_series(request, {request.id, 0, arrival, DramCycles(0), 1}, open_row);
  }
  /// Bursts with ascending columns from `first` on; `size` may pass the capacity until as many are
  /// taken.
  Change push_series(const BurstRequest& first, const BurstSeries& series, RowIndex open_row);
  [[nodiscard]] RowIndex row(Slot run) const { return runs_[static_cast<std::size_t>(run)].row; }
  /// The oldest burst of a run.
  [[nodiscard]] BurstRequest front(std::size_t bank, Slot slot) const {
    const Run& from = run(slot);
    return {series(from.oldest).id, bank, from.row, from.first_column, operation_};
  }
  [[nodiscard]] DramCycles front_arrival(Slot slot) const {
    return series(run(slot).oldest).arrival;
  }
  /// Upper bound of the arrivals of a run's bursts.
  [[nodiscard]] DramCycles last_arrival(Slot slot) const {
    const BurstSeries& last = series(run(slot).youngest);
    return last.arrival + last.arrival_step * (last.bursts - 1);
  }
  [[nodiscard]] std::int64_t bursts(Slot slot) const {
    return run(slot).end_column - run(slot).first_column;
  }
  /// The first of a run's series.
  [[nodiscard]] const BurstSeries& front_series(Slot slot) const {
    return series(run(slot).oldest);
  }
  [[nodiscard]] bool is_one_series(Slot slot) const {
    return run(slot).oldest == run(slot).youngest;
  }
  /// The bank's youngest run.
  [[nodiscard]] Slot youngest(std::size_t bank) const { return banks_[bank].youngest; }
  /// True when the burst would be put at the end of `slot`.
  [[nodiscard]] bool continues(Slot slot, const BurstRequest& request) const {
    return banks_[request.bank].youngest == slot && run(slot).row == request.row &&
           run(slot).end_column == request.column;
  }
  /// Takes the oldest burst of the bank's run `oldest` or `hit`; true when the run has no more.
  bool take(std::size_t bank, Slot slot, RowIndex open_row);
  /// Takes at most `most` of the oldest bursts of a run that has more, as one series.
  BurstSeries take_series(std::size_t bank, Slot slot, std::int64_t most);
  /// Takes the oldest burst of the bank, which has been closed; `row`, the burst's, is opened.
  void take_opening(std::size_t bank, RowIndex row);
  /// Adds what waits, arrivals as differences from `now`, bursts by the names of their numbers.
  void describe(DramCycles now, const std::vector<std::int64_t>& names,
                std::vector<std::int64_t>& state) const;
  /// The bank's open row changed; kNoRow: it was closed.
  void row_changed(std::size_t bank, RowIndex open_row) {
    if (banks_[bank].oldest != kNone) {  // else the bank is in no set
      find_hit(bank, open_row);
    }
  }

 private:
  struct Series : BurstSeries {
    Slot next = kNone;  ///< of its run, or of the free ones
  };
  struct Run {
    RowIndex row{};
    std::int64_t first_column = 0;  ///< of the oldest burst that waits
    std::int64_t end_column = 0;
    Slot oldest = kNone;  ///< series
    Slot youngest = kNone;
    Slot next = kNone;  ///< of the bank, or of the free ones
    Slot previous = kNone;
  };
  struct Bank {
    Slot oldest = kNone;
    Slot youngest = kNone;
    Slot hit = kNone;
  };
  [[nodiscard]] Run& run(Slot slot) { return runs_[static_cast<std::size_t>(slot)]; }
  [[nodiscard]] const Run& run(Slot slot) const { return runs_[static_cast<std::size_t>(slot)]; }
  [[nodiscard]] Series& series(Slot slot) { return series_[static_cast<std::size_t>(slot)]; }
  [[nodiscard]] const Series& series(Slot slot) const {
    return series_[static_cast<std::size_t>(slot)];
  }
  [[nodiscard]] Slot first_in_row(Slot from, RowIndex row) const;
  [[nodiscard]] Slot new_series(const BurstSeries& series);
  void append_series(Run& to, const BurstSeries& added);
  void append_run(Bank& bank, const BurstRequest& first, const BurstSeries& series);
  void drop_series(Run& from, std::int64_t bursts);
  void remove_run(Bank& bank, Slot slot, RowIndex open_row);
  void find_hit(std::size_t bank, RowIndex open_row);
  void update_sets(std::size_t bank, RowIndex open_row);

  DramOperation operation_;
  std::size_t size_ = 0;
  std::size_t capacity_;
  std::vector<Series> series_;
  std::vector<Run> runs_;
  Slot free_series_ = kNone;
  Slot free_run_ = kNone;
  std::vector<Bank> banks_;
  Banks sets_;
  std::vector<DramCycles> oldest_arrivals_;
  std::vector<DramCycles> hit_arrivals_;
};

}  // namespace systole
