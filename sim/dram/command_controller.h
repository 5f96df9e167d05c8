#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "arch/dram_controller_spec.h"
#include "arch/dram_spec.h"
#include "sim/dram/burst_buffer.h"
#include "sim/dram/burst_feed.h"
#include "sim/dram/device_timing.h"
#include "sim/dram/dram_types.h"
#include "sim/dram/power_down.h"
#include "sim/dram/refresh_schedule.h"
#include "sim/dram/stream_beat.h"
#include "sim/dram/write_drain.h"

namespace systole {

/// A burst whose completion is known: a read is complete when its last beat has been moved, a
/// write when its WR is issued.
struct CompletedBurst {
  std::int64_t id = 0;
  DramOperation operation = DramOperation::Read;
  DramCycles accepted{0};
  DramCycles at{0};
  bool from_buffer = false;  ///< forwarded or merged: no command of its own
};

/// Bursts whose completions are known, at equal distances.
struct CompletedSeries {
  BurstSeries bursts;  ///< arrival: when accepted
  DramOperation operation = DramOperation::Read;
  DramCycles at{0};
  DramCycles at_step{0};
  bool from_buffer = false;

  [[nodiscard]] DramCycles last() const { return at + at_step * (bursts.bursts - 1); }
  [[nodiscard]] CompletedBurst burst(std::int64_t index) const {
    return {bursts.id + bursts.id_step * index, operation,
            bursts.arrival + bursts.arrival_step * index, at + at_step * index, from_buffer};
  }
};

/// Hears of completions.
class CompletionSink {
 public:
  CompletionSink() = default;
  CompletionSink(const CompletionSink&) = delete;
  CompletionSink& operator=(const CompletionSink&) = delete;
  virtual ~CompletionSink() = default;

  virtual void completed(const CompletedSeries& series) = 0;
};

/// What the controller has done.
struct CommandCounts {
  std::array<std::int64_t, kDramCommandKinds> commands{};
  std::int64_t rows_closed = 0;
  std::int64_t row_misses = 0;     ///< activates of a bank that stood closed
  std::int64_t row_conflicts = 0;  ///< activates after the precharge of another row
  std::int64_t forwarded = 0;      ///< reads answered from the write buffer
  std::int64_t merged = 0;         ///< writes merged into a buffered one

  [[nodiscard]] std::int64_t of(DramCommandKind kind) const {
    return commands[static_cast<std::size_t>(kind)];
  }
};

/// The controller of one channel, command by command: first-ready first-come-first-served.
///
/// In every cycle each command bus carries at most one command (a split bus first a column, then a
/// row command), the first that exists of
///   1. a RD or WR of an *active* burst (its own ACT was issued), of all legal the oldest;
///   2. where a refresh is pending and no burst is active: precharge of what is open, then REF;
///   3. of the buffer that is served (write_drain.h), of all legal commands that of the oldest
///      burst. A burst needs ACT where its bank is closed, RD or WR where its row is open, PRE
///      where another row is; PRE waits for an active burst of the bank and for older bursts of its
///      row;
///   4. PRE of a row that no burst wants (page policy).
/// An ACT makes its burst active and frees its buffer entry, a RD or WR from the buffer frees it
/// then. A read of an address in the write buffer is answered in the next cycle, a write to one is
/// merged. Nothing of the buffers is issued to what a pending refresh blocks.
///
/// Plain values, no simulator: in cycle t call `offer` (any number, once per requester), then
/// `step(t)`; then nothing happens before `next_event(t)` unless a burst is offered.
/// Ranks without work go into power-down where the policy says so (power_down.h).
/// Not modelled: auto-precharge, ECC, delays of controller and PHY.
class CommandController {
 public:
  CommandController(const DramStandard& standard, const DramControllerSpec& spec,
                    ChannelIndex channel = {}, DramCommandObserver observer = {});
  /// Of another channel, in the same state.
  CommandController(const CommandController& other, ChannelIndex channel);
  CommandController& operator=(const CommandController&) = delete;
  ~CommandController() = default;

  /// Takes the burst, or refuses it because its buffer is full. `now` ascends.
  bool offer(const BurstRequest& request, DramCycles now);
  /// Would an `offer` find an entry free? (One that is forwarded or merged needs none.)
  [[nodiscard]] bool has_room(DramOperation operation) const {
    return buffer(operation).has_room();
  }
  void step(DramCycles now);
  /// Goes on from cycle `now`, of which nothing has been done, as long as only column commands of
  /// the open rows follow and `feed` offers a burst a cycle, but not into `until`; what follows
  /// from a cycle is the same as by `offer` and `step` cycle by cycle. Returns the first cycle of
  /// which nothing has been done: `now` where something else is to be decided soon. Bursts that are
  /// evenly apart cost as much as one.
  DramCycles stream(BurstFeed& feed, DramCycles now, DramCycles until);
  /// Goes from cycle `now`, of which nothing has been done, over whole refresh intervals, all
  /// alike, in which no burst waits; not past `until`. Returns the first cycle of which nothing has
  /// been done; the same follows as step by step. Stays at `now` where commands are observed.
  DramCycles rest(DramCycles now, DramCycles until);
  /// Adds what decides from cycle `now` on, in differences of time, bursts by the names of their
  /// numbers; nothing of `now` has been done. Controllers that describe themselves alike do the
  /// same from then on.
  void describe(DramCycles now, const std::vector<std::int64_t>& names,
                std::vector<std::int64_t>& state) const;
  /// Why bursts wait, for people: `2 reads and 1 write wait in the controller, which serves reads`.
  [[nodiscard]] std::string waiting() const;
  /// False where `stream` would end at once, as far as is known without a search.
  [[nodiscard]] bool may_stream(DramCycles now) const {
    const auto is_far = [now](const Plan& plan) {
      return !plan.known || plan.best.at >= now + kWorthwhile;
    };
    return is_far(plans_[static_cast<std::size_t>(Need::Activate)]) &&
           is_far(plans_[static_cast<std::size_t>(Need::Precharge)]);
  }
  /// The first cycle after `now` in which `step` can do something; kNever when nothing is left to
  /// do but refreshes that are not described.
  [[nodiscard]] DramCycles next_event(DramCycles now);
  /// True when bursts offered since the last `next_event` may have moved it.
  [[nodiscard]] bool is_stale() const { return stale_; }
  /// Bursts accepted and not completed by a command; refreshes go on without.
  [[nodiscard]] bool is_idle() const {
    return reads_.size() == 0 && writes_.size() == 0 && active_count_ == 0;
  }

  /// Which buffer is served.
  [[nodiscard]] DramOperation direction() const { return direction_; }
  [[nodiscard]] bool is_idle_of_writes() const { return writes_.size() == 0; }
  /// Completions since they were last taken, in order of their command. The caller clears it.
  [[nodiscard]] std::vector<CompletedSeries>& completions() { return completions_; }
  [[nodiscard]] const CommandCounts& counts() const { return counts_; }
  /// ACT, RD or WR of a bank.
  [[nodiscard]] std::int64_t count(std::size_t bank, DramCommandKind kind) const {
    return bank_counts_[bank * kDramCommandKinds + static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] std::size_t banks() const { return device_.banks(); }
  /// Ranks of all pseudo-channels.
  [[nodiscard]] std::int64_t ranks() const { return static_cast<std::int64_t>(device_.ranks()); }
  [[nodiscard]] DramCycles active_cycles(DramCycles now) const {
    return device_.active_cycles(now);
  }
  [[nodiscard]] PowerDownCycles power_down_cycles(DramCycles now) const {
    return power_.cycles(now);
  }

 private:
  /// A command, the cycle in which it may go, and its burst's arrival: the earlier cycle goes
  /// first, in one cycle the older burst. Not copied where speed counts: a copy right after its
  /// parts were written waits for them.
  struct Candidate {
    DramCycles at = kNever;
    DramCycles arrival = kNever;
    std::uint32_t bank = 0;
    DramCommandKind kind = DramCommandKind::Precharge;
    bool buffered = false;  ///< of a buffered burst: the bank's oldest, or its oldest hit

    [[nodiscard]] bool is_before(const Candidate& other) const {
      return at < other.at || (at == other.at && arrival < other.arrival);
    }
  };
  class Search;
  class Stream;
  struct Bus {
    bool columns = true;
    bool rows = true;
    DramCycles free{0};
    /// Where `planned_`, found by `next_event`: what goes first if nothing changes before.
    const Candidate* planned = nullptr;
  };
  /// Fewer cycles than these are not streamed.
  static constexpr DramCycles kWorthwhile{5};
  /// The best command of one kind, kept from cycle to cycle. A command makes only those plans
  /// unknown whose cycles it moves; what changes in its bank alone is compared anew.
  CommandController(const CommandController&) = default;

  struct Plan {
    bool known = false;
    Candidate best;
  };
  enum class Need : std::uint8_t { Column, Activate, Precharge };
  static constexpr std::size_t kNeeds = 3;

  [[nodiscard]] const BurstBuffer& buffer(DramOperation operation) const {
    return operation == DramOperation::Read ? reads_ : writes_;
  }
  [[nodiscard]] BurstBuffer& buffer(DramOperation operation) {
    return operation == DramOperation::Read ? reads_ : writes_;
  }
  [[nodiscard]] bool is_active(std::size_t bank) const {
    return active_reads_.has(bank) || active_writes_.has(bank);
  }
  [[nodiscard]] Plan& plan(Need need) { return plans_[static_cast<std::size_t>(need)]; }
  [[nodiscard]] std::span<Bus> buses() { return {buses_.data(), bus_count_}; }
  /// Carries row commands.
  [[nodiscard]] Bus& row_bus() { return buses_[bus_count_ - 1]; }
  [[nodiscard]] const Candidate& best_active(DramCycles from) {
    if (!active_plan_.known || active_plan_.best.at < from) {
      search_active(from);
    }
    return active_plan_.best;
  }
  [[nodiscard]] const Candidate& best_of(Need need, DramCycles from) {
    Plan& kept = plan(need);
    if (!kept.known || kept.best.at < from) {
      search(need, from);
    }
    return kept.best;
  }
  [[nodiscard]] const Candidate& best_buffered(const Bus& bus, DramCycles from);
  [[nodiscard]] DramCycles next_interrupt(DramCycles next) const;
  [[nodiscard]] DramCycles plan_bus(Bus& bus, DramCycles next, bool turns);
  void search_active(DramCycles from);
  void search(Need need, DramCycles from);
  void find_starving(const Bus& bus, DramCycles from, Candidate& best) const;
  void find_unwanted_row(DramCycles from, Candidate& best) const;
  /// A burst of the buffer is older than the limit.
  [[nodiscard]] bool starves(const BurstBuffer& buffer, DramCycles now) const {
    return spec_.starvation_limit > DramCycles(0) && now > patience_of(buffer) &&
           buffer.size() > 0 && now > renewed_patience(buffer, now);
  }
  /// No burst of the buffer starves up to this cycle.
  [[nodiscard]] DramCycles& patience_of(const BurstBuffer& buffer) const {
    return patience_[&buffer == &reads_ ? 0 : 1];
  }
  [[nodiscard]] DramCycles renewed_patience(const BurstBuffer& buffer, DramCycles now) const {
    const DramCycles oldest = buffer.size() == 0 ? now : buffer.oldest_arrival();
    return patience_of(buffer) = oldest + spec_.starvation_limit;
  }
  void reconsider(Need need, std::size_t bank, DramCycles from);
  void improve(Candidate& best, DramCycles at, DramCycles arrival, std::size_t bank,
               DramCommandKind kind);
  void reconsider_active(std::size_t bank, DramCycles from);
  void forget_plans();
  void revise_plans(DramCommandKind kind, std::size_t bank, DramCycles now);
  [[nodiscard]] Candidate best_refresh(DramCycles from) const;
  [[nodiscard]] Candidate refresh_of(std::size_t rank) const;
  [[nodiscard]] bool rank_is_idle(std::size_t rank) const;
  [[nodiscard]] bool bank_is_idle(std::size_t bank) const;
  [[nodiscard]] bool refresh_pending(std::size_t rank) const;
  [[nodiscard]] bool is_blocked(std::size_t bank) const { return blocked_banks_.has(bank); }
  void update_blocked();
  [[nodiscard]] bool rests(std::size_t rank) const;
  [[nodiscard]] DramCycles next_power_down() const;
  void power_down(DramCycles now);
  void power_up(std::size_t rank, DramCycles now);
  void power_up_for_refreshes(DramCycles now);
  void after_push(const BurstRequest& request, BurstBuffer::Change change, DramCycles now);
  [[nodiscard]] DramOperation wanted_direction(DramCycles now) const {
    return drain_.next(direction_, reads_.size(), writes_.size(), starves(reads_, now));
  }
  void open_row_changed(std::size_t bank, RowIndex row) {
    reads_.row_changed(bank, row);
    writes_.row_changed(bank, row);
  }
  void issue_on(Bus& bus, DramCycles now);
  void issue(Bus& bus, const Candidate& command, DramCycles now);
  void issue_buffered(Bus& bus, DramCommandKind kind, std::size_t bank, DramCycles now);
  void issue_own(Bus& bus, DramCommandKind kind, std::size_t bank, DramCycles now);
  void set_active(std::size_t bank, bool active);
  void complete(const BurstRequest& request, DramCycles arrival, DramCycles now);
  [[nodiscard]] DramCycles end_of_stream(DramCycles now, DramCycles until);
  void send(Bus& bus, DramCommandKind kind, std::size_t bank, RowIndex row, DramCycles now);

  /// The beginning of a refresh interval in which no burst waited.
  struct RestMark {
    DramCycles at{-1};
    std::vector<std::int64_t> state;  ///< what decides from there on, in differences of time
    CommandCounts counts;
    PowerDownCycles power_down;
  };
  [[nodiscard]] bool rests_since(const RestMark& mark, DramCycles now) const;
  void mark_rest(RestMark& mark, DramCycles now) const;

  DramControllerSpec spec_;
  /// By operation; arrivals only ascend, so an old value is a bound.
  mutable std::array<DramCycles, 2> patience_{};
  DramTiming timing_;
  std::array<DramCycles, kDramCommandKinds> lengths_;  ///< bus cycles by command
  DeviceTiming device_;
  RefreshSchedule refresh_;
  PowerDown power_;
  BurstBuffer reads_;
  BurstBuffer writes_;
  WriteDrain drain_;
  DramOperation direction_ = DramOperation::Read;
  std::array<Bus, 2> buses_;
  std::size_t bus_count_ = 1;
  std::array<Plan, kNeeds> plans_;
  Plan active_plan_;
  const Candidate nothing_{};
  Candidate starving_;
  Candidate unwanted_;
  std::vector<BurstRequest> active_;         ///< by bank
  std::vector<DramCycles> active_arrivals_;  ///< by bank
  BankSet active_reads_;
  BankSet active_writes_;
  std::int64_t active_count_ = 0;
  BankSet blocked_banks_;
  BankSet not_to_precharge_;  ///< active or blocked
  bool any_blocked_ = false;
  bool all_blocked_ = false;
  bool stale_ = true;
  bool planned_ = false;
  DramCycles interrupt_{0};              ///< what `next_event` planned is void from here on
  BankSet precharged_for_row_;           ///< the last PRE made way for another row
  std::vector<DramCycles> last_column_;  ///< by bank
  BankSet streamed_;                     ///< by `stream`, to be told to the device
  StreamBeat beat_;                      ///< of the stream under way
  std::vector<CompletedSeries> completions_;
  CommandCounts counts_;
  std::vector<std::int64_t> bank_counts_;  ///< by bank and command; `rest` adds none
  RestMark rest_;
  ChannelIndex channel_;
  DramCommandObserver observer_;
};

}  // namespace systole
