#include "sim/dram/stream_beat.h"

namespace systole {

bool StreamBeat::is_shifted(const State& state) const {
  const auto lead = [](const State& of, DramCycles time) {
    return std::max(time, of.column) - of.column;  // what is past does not matter
  };
  const bool filled = acceptances_.size() == commands_.size() && state.bursts == state_.bursts &&
                      state.offer != kNever &&
                      lead(state, state.offer) == lead(state_, state_.offer);
  const bool drained = acceptances_.empty() && state.offer == kNever && state_.offer == kNever;
  return (filled || drained) && state.now - state.column == state_.now - state_.column &&
         lead(state, state.bus_free) == lead(state_, state_.bus_free);
}

bool StreamBeat::repeats(const State& state, const BurstBuffer& bursts, const DeviceTiming& device,
                         DramCommandKind kind) const {
  if (commands_.empty() || !is_shifted(state)) {
    return false;
  }
  std::size_t banks = 0;
  bursts.banks().hits.for_each([&banks](std::size_t /*bank*/) { ++banks; });
  if (banks != banks_.size()) {
    return false;
  }
  return std::all_of(banks_.begin(), banks_.end(), [&](const Bank& bank) {
    const std::ptrdiff_t commands = commands_of(bank.bank);
    const DramCycles wait = std::max(device.earliest(kind, bank.bank), state.now) - state.now;
    return commands <= 1 && bursts.banks().hits.has(bank.bank) && wait == bank.wait &&
           (commands == 1 || bursts.hit_arrivals()[bank.bank] == bank.arrival);
  });
}

std::int64_t StreamBeat::times_in_order(DramCycles period) {
  const bool in_step = std::all_of(lanes_.begin(), lanes_.end(), [period](const Lane& lane) {
    return lane.step == period && lane.arrival == lane.marked + period;
  });
  if (in_step) {
    return INT64_MAX;
  }
  // Or all that a lane gives are older than all that the next one gives.
  std::sort(lanes_.begin(), lanes_.end(),
            [](const Lane& one, const Lane& other) { return one.marked < other.marked; });
  std::int64_t times = INT64_MAX;
  for (std::size_t lane = 0; lane + 1 < lanes_.size(); ++lane) {
    times = std::min(times, times_before(lanes_[lane], lanes_[lane + 1].marked));
  }
  return times;
}

}  // namespace systole
