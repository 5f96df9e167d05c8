#include <algorithm>

#include "sim/dram/command_stream.h"

namespace systole {

bool CommandController::Stream::follow_beat() {
  if (end_ - column_ < kWorthwhile) {
    return false;
  }
  if (beat_.is_of(bank_) && beat_.repeats(state(), bursts_, device_, kind_)) {
    if (const std::int64_t times = repetitions(); times > 0) {
      repeat(times);
      beat_.forget();
      return true;
    }
  }
  if (!beat_.is_known() || beat_.is_of(bank_)) {
    beat_.mark(bank_, state(), bursts_, device_, kind_);
  }
  return false;
}

std::int64_t CommandController::Stream::repetitions() {
  const DramCycles period = beat_.period(state());
  std::int64_t times = (end_ - column_ - DramCycles(1)).count() / period.count();
  if (!beat_.acceptances().empty()) {
    times = std::min(times, fillings(period));
  }
  beat_.lanes().clear();
  for (const StreamBeat::Command& command : beat_.commands()) {
    const BurstSeries& series = bursts_.front_series(bursts_.hit(command.bank));
    if (series.bursts < 2) {
      return 0;
    }
    if (!is_filled(command.bank, period)) {
      times = std::min(times, series.bursts - 1);
    }
    beat_.lanes().push_back(
        {beat_.arrival_at_mark(command.bank), series.arrival, series.arrival_step});
  }
  times = std::min(times, beat_.times_in_order(period));
  // Banks without a command wait as long as they are younger.
  bursts_.banks().hits.for_each([&](std::size_t bank) {
    if (beat_.commands_of(bank) == 0) {
      times = std::min(times, beat_.times_before(bursts_.hit_arrivals()[bank]));
    }
  });
  return times;
}

/// How many times more the feed offers what it offered since the mark.
std::int64_t CommandController::Stream::fillings(DramCycles period) const {
  const Rotation rotation = feed_.rotation();
  if (!goes_on_filling(rotation) || !is_evenly_accepted(rotation, period)) {
    return 0;
  }
  const auto bursts = static_cast<std::int64_t>(beat_.acceptances().size());
  return std::min((rotation.bursts - 1) / bursts,
                  (rotation.until - column_ - DramCycles(1)).count() / period.count());
}

/// The next burst is the one after those accepted since the mark, all of them of one rotation, and
/// none that follows is one of the write buffer's.
bool CommandController::Stream::goes_on_filling(const Rotation& rotation) const {
  const std::vector<StreamBeat::Acceptance>& accepted = beat_.acceptances();
  const auto bursts = static_cast<std::int64_t>(accepted.size());
  const BurstRequest& before = accepted.front().burst;
  const BurstRequest& next = feed_.run().first;
  if (feed_.is_empty() || bursts % rotation.ways != 0 || next.bank != before.bank ||
      next.row != before.row || next.column != before.column + bursts / rotation.ways ||
      next.id != before.id + bursts * feed_.run().id_step) {
    return false;
  }
  if (kind_ == DramCommandKind::Read) {
    return controller_.writes_.size() == 0;
  }
  return std::all_of(accepted.begin(), accepted.end(), [this](const auto& each) {
    return bursts_.oldest(each.burst.bank) == bursts_.youngest(each.burst.bank);
  });
}

/// Each bank's bursts were accepted at equal distances, and will be.
bool CommandController::Stream::is_evenly_accepted(const Rotation& rotation,
                                                   DramCycles period) const {
  const std::vector<StreamBeat::Acceptance>& accepted = beat_.acceptances();
  const auto ways = static_cast<std::size_t>(rotation.ways);
  const auto columns = static_cast<std::int64_t>(accepted.size() / ways);
  for (std::size_t index = 0; index < accepted.size(); ++index) {
    const std::size_t next = index + ways;
    const DramCycles then =
        next < accepted.size() ? accepted[next].at : accepted[next - accepted.size()].at + period;
    if ((then - accepted[index].at) * columns != period) {
      return false;
    }
  }
  return true;
}

bool CommandController::Stream::is_filled(std::size_t bank, DramCycles period) const {
  const BurstBuffer::Slot run = bursts_.hit(bank);
  const BurstSeries& series = bursts_.front_series(run);
  std::int64_t bursts = 0;
  DramCycles last{0};
  for (const StreamBeat::Acceptance& accepted : beat_.acceptances()) {
    if (accepted.burst.bank == bank) {
      ++bursts;
      last = accepted.at;
    }
  }
  return bursts > 0 && bursts_.is_one_series(run) && run == bursts_.youngest(bank) &&
         series.id_step == feed_.rotation().ways * feed_.run().id_step &&
         series.arrival_step * bursts == period &&
         series.arrival + series.arrival_step * (series.bursts - 1) == last;
}

/// Accepts what the feed offers in the bank of `before`, the bank's first burst since the mark.
void CommandController::Stream::fill(const StreamBeat::Acceptance& before, std::int64_t times,
                                     DramCycles period) {
  const auto bursts = static_cast<std::int64_t>(beat_.acceptances().size());
  const std::int64_t ways = feed_.rotation().ways;
  const std::int64_t columns = bursts / ways;
  const std::int64_t id_step = feed_.run().id_step;
  BurstRequest first = before.burst;
  first.column += columns;
  first.id += bursts * id_step;
  const BurstSeries series{first.id, ways * id_step, before.at + period,
                           DramCycles(period.count() / columns), columns * times};
  bursts_.push_series(first, series, device_.open_row(first.bank));
}

/// Completions and commands of the bursts taken, command by command of one period.
void CommandController::Stream::show_repeated(const std::vector<BurstSeries>& taken,
                                              std::int64_t times, DramCycles period) {
  const std::vector<StreamBeat::Command>& commands = beat_.commands();
  const bool numbered = std::any_of(taken.begin(), taken.end(), [](const BurstSeries& series) {
    return series.id_step != 0;  // whoever tells bursts apart hears of them in order
  });
  for (std::size_t index = 0; !numbered && index < taken.size(); ++index) {
    complete(taken[index], commands[index].at + period, period);
  }
  for (std::int64_t time = 0; (numbered || controller_.observer_) && time < times; ++time) {
    for (std::size_t index = 0; index < taken.size(); ++index) {
      const DramCycles at = commands[index].at + period * (time + 1);
      if (numbered) {
        const BurstSeries& series = taken[index];
        complete({series.id + series.id_step * time, 0, series.arrival + series.arrival_step * time,
                  DramCycles(0), 1},
                 at, DramCycles(0));
      }
      if (controller_.observer_) {
        observe(commands[index].bank, at);
      }
    }
  }
}

void CommandController::Stream::repeat(std::int64_t times) {
  const StreamBeat::State before = state();
  const DramCycles period = beat_.period(before);
  const std::vector<StreamBeat::Acceptance>& accepted = beat_.acceptances();
  const auto ways = accepted.empty() ? 0 : static_cast<std::size_t>(feed_.rotation().ways);
  // A run that would end otherwise is filled before bursts are taken from it, others after: so
  // there is never a series more than there are bursts.
  BankSet filled(device_.banks());
  for (std::size_t way = 0; way < ways; ++way) {
    const std::size_t to = accepted[way].burst.bank;
    if (beat_.commands_of(to) == 1 && is_filled(to, period)) {
      filled.put(to, true);
      fill(accepted[way], times, period);
    }
  }
  std::vector<BurstSeries>& taken = beat_.taken();
  taken.clear();
  for (const StreamBeat::Command& command : beat_.commands()) {
    taken.push_back(bursts_.take_series(command.bank, bursts_.hit(command.bank), times));
    issued(command.bank, command.at + period, period, times);
  }
  show_repeated(taken, times, period);
  for (std::size_t way = 0; way < ways; ++way) {
    if (!filled.has(accepted[way].burst.bank)) {
      fill(accepted[way], times, period);
    }
  }
  const DramCycles shift = period * times;
  if (!accepted.empty()) {
    feed_.take_rotating(static_cast<std::int64_t>(accepted.size()) * times,
                        accepted.back().at + shift);
    offer_ = before.offer + shift;
  }
  column_ = before.column + shift;
  now_ = before.now + shift;
  bus_.free = before.bus_free + shift;
}

}  // namespace systole
