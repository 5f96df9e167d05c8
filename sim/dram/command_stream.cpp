#include "sim/dram/command_stream.h"

#include <algorithm>

namespace systole {

DramCycles CommandController::Stream::run() {
  beat_.forget();
  plan_offer(now_);
  find_column();
  for (;;) {
    if (is_next_to_arrive()) {
      const DramCycles arrives = std::max(now_, feed_.arrives());
      feed_.prepare(arrives);
      plan_offer(arrives);
    } else if (offer_ <= column_ && offer_ < end_ && bursts_.has_room()) {
      accept();
    } else if (column_ < end_) {
      issue();
    } else {
      break;
    }
  }
  finish();
  return end_;
}

void CommandController::Stream::plan_offer(DramCycles from) {
  offer_ = kNever;
  if (feed_.is_empty()) {
    offer_ = std::max(from, feed_.arrives());
    if (!feed_.only()) {
      end_ = std::min(end_, offer_);
    }
  } else {
    offer_ = std::max(from, feed_.run().from);
    const BurstRequest& first = feed_.run().first;
    const BurstBuffer& writes = controller_.writes_;
    if (first.operation != controller_.direction_ || (writes.size() > 0 && writes.holds(first))) {
      end_ = std::min(end_, offer_);
    }
  }
}

void CommandController::Stream::find_column() {
  const DramCycles from = std::max(now_, bus_.free);
  column_ = kNever;
  alone_ = true;
  DramCycles arrival = kNever;
  bursts_.banks().hits.for_each([&](std::size_t bank) {
    const DramCycles at = std::max(from, device_.earliest(kind_, bank));
    const DramCycles arrived = bursts_.hit_arrivals()[bank];
    alone_ = column_ == kNever;
    if (at < column_ || (at == column_ && arrived < arrival)) {
      column_ = at;
      arrival = arrived;
      bank_ = bank;
    }
  });
}

void CommandController::Stream::accept() {
  const OfferedRun& run = feed_.run();
  const BurstRequest first = run.first;
  const RowIndex row = device_.open_row(first.bank);
  const bool waits = bursts_.oldest(first.bank) != BurstBuffer::kNone;
  if ((row != first.row && !waits) || controller_.power_.is_down(device_.rank_of(first.bank))) {
    end_ = offer_;  // it needs a row command, or wakes its rank up
    return;
  }
  now_ = std::max(now_, offer_);
  std::int64_t count = 1;
  const bool hits_first =
      row == first.row && bursts_.hit(first.bank) == BurstBuffer::kNone;  // moves `column_`
  if (controller_.writes_.size() == 0 && !hits_first) {
    const auto room = static_cast<std::int64_t>(bursts_.capacity() - bursts_.size());
    const DramCycles last = std::min(column_, end_ - DramCycles(1));
    count = std::min({run.bursts, room, (last - offer_).count() + 1});
  }
  if (count == 1) {
    beat_.add(StreamBeat::Acceptance{first, offer_});
  } else {
    beat_.forget();
  }
  const auto change =
      bursts_.push_series(first, {first.id, run.id_step, offer_, DramCycles(1), count}, row);
  feed_.take(count, offer_ + DramCycles(count - 1));
  plan_offer(offer_ + DramCycles(count));
  if (change == BurstBuffer::Change::Hit) {
    find_column();
  }
}

void CommandController::Stream::issue() {
  if (bursts_.size() == 1 && !controller_.row_bus().columns) {
    end_ = column_;  // the bus for rows may turn to the other buffer in the same cycle
    return;
  }
  const BurstBuffer::Slot run = bursts_.hit(bank_);
  const bool was_full = !bursts_.has_room();
  if (issue_many(run, was_full)) {
    beat_.forget();
  } else if (has_beat_ && follow_beat()) {
    return;
  } else {
    beat_.add(StreamBeat::Command{bank_, column_});
    const BurstRequest burst = bursts_.front(bank_, run);
    const DramCycles arrival = bursts_.front_arrival(run);
    const bool ends_run = bursts_.take(bank_, run, burst.row);
    sent({burst.id, 0, arrival, DramCycles(0), 1}, DramCycles(0));
    if (ends_run) {
      beat_.forget();
      end_ = changes_more() ? std::min(end_, now_) : end_;
    }
  }
  if (was_full) {
    offer_ = std::max(offer_, now_);
  }
  find_column();
}

bool CommandController::Stream::changes_more() const {
  return bursts_.size() == 0 || bursts_.oldest(bank_) != BurstBuffer::kNone ||
         controller_.spec_.page_policy != PagePolicy::Open ||
         controller_.refresh_pending(device_.rank_of(bank_)) || controller_.power_.is_on();
}

bool CommandController::Stream::issue_many(BurstBuffer::Slot run, bool was_full) {
  const DramCycles gap = std::max(device_.column_gap(kind_, bank_, bank_), length_);
  const OfferedRun& offered = feed_.run();
  const bool offers = offer_ <= column_ + DramCycles(1);
  if (offers && offered.bursts < 2) {
    return false;
  }
  const bool goes_on = offers && bursts_.continues(run, offered.first);
  if (offers && (!was_full || !can_follow(run, goes_on))) {
    return false;
  }
  // All of them, and the offers after them, come before the end; the run does not.
  const DramCycles end = offers ? end_ : std::min(end_, offer_);
  std::int64_t count = (end - column_ - DramCycles(2)).count() / gap.count() + 1;
  count = std::min(count, goes_on ? offered.bursts : bursts_.bursts(run) - 1);
  count = std::min(count, offers ? offered.bursts : count);
  if (!alone_) {
    count = goes_before_others(run, gap) ? std::min(count, bursts_.bursts(run)) : 0;
  }
  if (count < 2) {
    return false;
  }
  if (offers) {
    const BurstRequest first = offered.first;
    const BurstSeries series{first.id, offered.id_step, column_ + DramCycles(1), gap, count};
    (void)bursts_.push_series(first, series, device_.open_row(first.bank));
    feed_.take(count, column_ + gap * (count - 1) + DramCycles(1));
  }
  for (std::int64_t left = count; left > 0;) {
    const BurstSeries taken = bursts_.take_series(bank_, run, left);
    left -= taken.bursts;
    sent(taken, gap);
    column_ += gap * taken.bursts;
  }
  if (offers) {
    plan_offer(now_ + DramCycles(1));
  }
  return true;
}

bool CommandController::Stream::can_follow(BurstBuffer::Slot run, bool goes_on) const {
  if (controller_.writes_.size() > 0 &&
      (kind_ == DramCommandKind::Read || !goes_on || bursts_.oldest(bank_) != run)) {
    return false;
  }
  const BurstRequest& first = feed_.run().first;
  return goes_on || (bursts_.oldest(first.bank) != BurstBuffer::kNone &&
                     (device_.open_row(first.bank) != first.row ||
                      bursts_.hit(first.bank) != BurstBuffer::kNone));
}

bool CommandController::Stream::goes_before_others(BurstBuffer::Slot run, DramCycles gap) const {
  bool first = true;
  const DramCycles youngest = bursts_.last_arrival(run);
  bursts_.banks().hits.for_each([&](std::size_t bank) {
    first = first && (bank == bank_ || (bursts_.hit_arrivals()[bank] > youngest &&
                                        device_.column_gap(kind_, bank_, bank) >= gap));
  });
  return first;
}

void CommandController::Stream::sent(const BurstSeries& bursts, DramCycles step) {
  complete(bursts, column_, step);
  issued(bank_, column_, step, bursts.bursts);
  const DramCycles last = column_ + step * (bursts.bursts - 1);
  bus_.free = last + length_;
  now_ = last + DramCycles(1);
  for (std::int64_t burst = 0; controller_.observer_ && burst < bursts.bursts; ++burst) {
    observe(bank_, column_ + step * burst);
  }
}

void CommandController::Stream::complete(const BurstSeries& bursts, DramCycles at,
                                         DramCycles step) {
  const DramTiming& timing = controller_.timing_;
  const DramCycles end = kind_ == DramCommandKind::Read ? at + timing.nCL + timing.nBL : at;
  // Part by part: a copy right after its parts were written waits for them.
  CompletedSeries& series = controller_.completions_.emplace_back();
  series.bursts.id = bursts.id;
  series.bursts.id_step = bursts.id_step;
  series.bursts.arrival = bursts.arrival;
  series.bursts.arrival_step = bursts.arrival_step;
  series.bursts.bursts = bursts.bursts;
  series.operation = controller_.direction_;
  series.at = end;
  series.at_step = step;
}

void CommandController::Stream::issued(std::size_t bank, DramCycles at, DramCycles step,
                                       std::int64_t commands) {
  const DramCycles last = at + step * (commands - 1);
  device_.space_columns(kind_, bank, last);
  controller_.counts_.commands[static_cast<std::size_t>(kind_)] += commands;
  controller_.bank_counts_[bank * kDramCommandKinds + static_cast<std::size_t>(kind_)] += commands;
  controller_.last_column_[bank] = last;
  controller_.streamed_.put(bank, true);
}

void CommandController::Stream::observe(std::size_t bank, DramCycles at) const {
  controller_.observer_(
      {kind_, at, controller_.channel_, static_cast<BankIndex>(bank), device_.open_row(bank)});
}

void CommandController::Stream::finish() {
  controller_.streamed_.for_each([&](std::size_t bank) {
    device_.issue(kind_, bank, device_.open_row(bank), controller_.last_column_[bank]);
    controller_.power_.issued(kind_, device_.rank_of(bank), controller_.last_column_[bank]);
  });
  controller_.streamed_.clear();
  controller_.active_plan_.known = false;
  controller_.plan(Need::Column).known = false;
  controller_.plan(Need::Precharge).known = false;
  controller_.stale_ = true;
  if (controller_.refresh_.owes_any()) {
    controller_.update_blocked();
  }
}

/// From when on, at the latest, something else may happen than the column commands of buffered
/// bursts; `now` or earlier where that is already so.
DramCycles CommandController::end_of_stream(DramCycles now, DramCycles until) {
  const bool reads = direction_ == DramOperation::Read;
  if (buffer(direction_).size() == 0 || (!reads && reads_.size() > 0) || any_blocked_ ||
      wanted_direction(now) != direction_) {
    return now;
  }
  // A refresh that is owed but not forced waits for its bank or rank to be idle, which takes the
  // end of a run; one more falls due at `next_due`.
  DramCycles end = std::min(until, refresh_.next_due());
  // Writes that starve wait on while reads are served; while writes are, no read waits.
  if (spec_.starvation_limit > DramCycles(0)) {
    const DramCycles oldest = buffer(direction_).oldest_arrival();
    end = std::min(end, oldest + spec_.starvation_limit + DramCycles(1));
  }
  if (power_.is_on()) {
    end = std::min(end, next_power_down());
  }
  if (active_count_ > 0) {
    end = std::min(end, best_active(std::max(now, buses_.front().free)).at);
  }
  const DramCycles rows_free = std::max(now, row_bus().free);
  for (const Need need : {Need::Activate, Need::Precharge}) {
    end = std::min(end, best_of(need, rows_free).at);
  }
  if (spec_.page_policy != PagePolicy::Open && end > now) {
    find_unwanted_row(rows_free, unwanted_);
    end = std::min(end, unwanted_.at);
  }
  return end;
}

DramCycles CommandController::stream(BurstFeed& feed, DramCycles now, DramCycles until) {
  const DramCycles end = end_of_stream(now, until);
  if (end < now + kWorthwhile) {
    return now;
  }
  return Stream(*this, feed, now, end).run();
}

}  // namespace systole
