#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sim/dram/command_controller.h"

namespace systole {

void CommandController::mark_rest(RestMark& mark, DramCycles now) const {
  mark.at = now;
  mark.counts = counts_;
  mark.power_down = power_.over();
  mark.state.clear();
  mark.state.push_back(static_cast<std::int64_t>(direction_));
  device_.describe(now, mark.state);
  if (power_.is_on()) {
    power_.describe(now, mark.state);
  }
  for (const Bus& bus : buses_) {
    mark.state.push_back(std::max(DramCycles(0), bus.free - now).count());
  }
}

/// Nothing but refreshes and power-downs since the mark, one interval ago.
bool CommandController::rests_since(const RestMark& mark, DramCycles now) const {
  const auto same = [&](DramCommandKind kind) { return mark.counts.of(kind) == counts_.of(kind); };
  return mark.at + refresh_.interval() == now && same(DramCommandKind::Read) &&
         same(DramCommandKind::Write) && mark.counts.forwarded == counts_.forwarded &&
         mark.counts.merged == counts_.merged && mark.counts.rows_closed == counts_.rows_closed;
}

void CommandController::describe(DramCycles now, const std::vector<std::int64_t>& names,
                                 std::vector<std::int64_t>& state) const {
  state.push_back(static_cast<std::int64_t>(direction_));
  refresh_.describe(state);
  if (power_.is_on()) {
    power_.describe_outlook(now, state);
  }
  for (const Bus& bus : buses_) {
    state.push_back(std::max(DramCycles(0), bus.free - now).count());
  }
  for (const BankSet* const banks : {&blocked_banks_, &precharged_for_row_}) {
    for (std::size_t index = 0; index < banks->size(); ++index) {
      state.push_back(static_cast<std::int64_t>(banks->word(index)));
    }
  }
  for (std::size_t bank = 0; bank < device_.banks(); ++bank) {
    state.push_back(static_cast<std::int64_t>(device_.open_row(bank)));
    if (spec_.page_policy == PagePolicy::Timeout && device_.open_row(bank) != kNoRow) {
      const DramCycles closes = last_column_[bank] + spec_.page_timeout;
      state.push_back(std::max(DramCycles(0), closes - now).count());
    }
  }
  device_.describe(now, state);
  reads_.describe(now, names, state);
  writes_.describe(now, names, state);
  for (const BankSet* const banks : {&active_reads_, &active_writes_}) {
    banks->for_each([&](std::size_t bank) {
      state.insert(state.end(), {static_cast<std::int64_t>(bank), active_[bank].column,
                                 names[static_cast<std::size_t>(active_[bank].id)],
                                 (active_arrivals_[bank] - now).count()});
    });
    state.push_back(-1);
  }
}

DramCycles CommandController::rest(DramCycles now, DramCycles until) {
  const DramCycles interval = refresh_.interval();
  const bool begins = refresh_.next_due() == now && refresh_.begins_interval();
  if (!begins || observer_ || until - now < interval || !is_idle() || refresh_.owes_any() ||
      any_blocked_ || device_.has_open_rows()) {
    return now;
  }
  RestMark here;
  mark_rest(here, now);
  const bool repeats = rests_since(rest_, now) && here.state == rest_.state;
  const RestMark before = std::exchange(rest_, std::move(here));
  if (!repeats) {
    return now;
  }
  const std::int64_t times = (until - now).count() / interval.count();
  const DramCycles by = interval * times;
  const PowerDownCycles& down = rest_.power_down;
  power_.shift(by, {(down.active - before.power_down.active) * times,
                    (down.precharged - before.power_down.precharged) * times});
  for (std::size_t kind = 0; kind < kDramCommandKinds; ++kind) {
    counts_.commands[kind] += (counts_.commands[kind] - before.counts.commands[kind]) * times;
  }
  device_.shift(now, by);
  refresh_.skip(times);
  for (Bus& bus : buses_) {
    bus.free += by;
  }
  rest_.at = DramCycles(-1);
  forget_plans();
  active_plan_.known = false;
  planned_ = false;
  stale_ = true;
  return now + by;
}

std::string CommandController::waiting() const {
  const std::size_t reads = reads_.size();
  const std::size_t writes = writes_.size();
  std::string text =
      fmt::format("{} {} and {} {} wait in the controller, which serves {}", reads,
                  reads == 1 ? "read" : "reads", writes, writes == 1 ? "write" : "writes",
                  direction_ == DramOperation::Read ? "reads" : "writes");
  if (active_count_ > 0) {
    text += fmt::format("; {} more for their opened {}", active_count_,
                        active_count_ == 1 ? "row" : "rows");
  }
  if (any_blocked_) {
    text += "; a refresh is pending";
  }
  return text;
}

}  // namespace systole
