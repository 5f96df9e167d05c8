#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/dram/burst_buffer.h"
#include "sim/dram/device_timing.h"

namespace systole {

/// What a stream does between two column commands of one bank, to see whether it does so again and
/// again: many banks in turn, each with evenly spaced bursts, while a feed fills up what is taken.
///
/// A stream decides by differences of times alone. So where everything that it decides by is the
/// same at the second command as at the first but for a common *period*, the same commands and
/// acceptances follow a period later, and so on, until a run, the feed or the stream ends.
class StreamBeat {
 public:
  struct Command {
    std::size_t bank = 0;
    DramCycles at{0};
  };
  struct Acceptance {
    BurstRequest burst;
    DramCycles at{0};
  };
  /// What the next decisions rest on, besides the banks.
  struct State {
    DramCycles column{0};  ///< cycle of the next command
    DramCycles now{0};     ///< no command before
    DramCycles offer{0};   ///< of the next burst of the feed; kNever: none in this stream
    DramCycles bus_free{0};
    std::size_t bursts = 0;  ///< that wait
  };

  /// Nothing is known of what went before.
  void forget() { known_ = false; }
  [[nodiscard]] bool is_known() const { return known_; }
  /// A command to `bank` is next: what follows is compared with this.
  void mark(std::size_t bank, const State& state, const BurstBuffer& bursts,
            const DeviceTiming& device, DramCommandKind kind) {
    known_ = true;
    bank_ = bank;
    state_ = state;
    commands_.clear();
    acceptances_.clear();
    banks_.clear();
    bursts.banks().hits.for_each([&](std::size_t each) {
      banks_.push_back({each, bursts.hit_arrivals()[each],
                        std::max(device.earliest(kind, each), state.now) - state.now});
    });
  }
  /// The mark was at a command to this bank.
  [[nodiscard]] bool is_of(std::size_t bank) const { return known_ && bank == bank_; }
  /// Commands and acceptances since the mark.
  void add(Command command) {
    known_ = known_ && commands_.size() < kMostCommands;
    if (known_) {
      commands_.push_back(command);
    }
  }
  void add(const Acceptance& acceptance) {
    known_ = known_ && acceptances_.size() < kMostCommands;
    if (known_) {
      acceptances_.push_back(acceptance);
    }
  }
  [[nodiscard]] const std::vector<Command>& commands() const { return commands_; }
  [[nodiscard]] const std::vector<Acceptance>& acceptances() const { return acceptances_; }
  [[nodiscard]] DramCycles period(const State& state) const { return state.column - state_.column; }
  /// Everything is as at the mark, a period later, but for the arrivals of the banks that had a
  /// command; none had two.
  [[nodiscard]] bool repeats(const State& state, const BurstBuffer& bursts,
                             const DeviceTiming& device, DramCommandKind kind) const;
  /// Of a bank with bursts in its open row at the mark.
  [[nodiscard]] DramCycles arrival_at_mark(std::size_t bank) const {
    return std::find_if(banks_.begin(), banks_.end(),
                        [bank](const Bank& each) { return each.bank == bank; })
        ->arrival;
  }
  /// The arrivals of a bank that had a command: which of two commands that are legal in one cycle
  /// goes first is decided by them.
  struct Lane {
    DramCycles marked{0};   ///< of its oldest burst at the mark
    DramCycles arrival{0};  ///< of its oldest burst now
    DramCycles step{0};     ///< from burst to burst
  };
  /// Of all banks that had a command; for the caller to fill.
  [[nodiscard]] std::vector<Lane>& lanes() { return lanes_; }
  /// Of each command, for the caller to fill: what its bank's later commands took.
  [[nodiscard]] std::vector<BurstSeries>& taken() { return taken_; }
  /// How many periods the order of the lanes' arrivals stays as it was since the mark.
  [[nodiscard]] std::int64_t times_in_order(DramCycles period);
  /// How many periods all lanes' bursts are older than `arrival`.
  [[nodiscard]] std::int64_t times_before(DramCycles arrival) const {
    std::int64_t times = INT64_MAX;
    for (const Lane& lane : lanes_) {
      times = std::min(times, times_before(lane, arrival));
    }
    return times;
  }
  /// Of a bank since the mark.
  [[nodiscard]] std::ptrdiff_t commands_of(std::size_t bank) const {
    return std::count_if(commands_.begin(), commands_.end(),
                         [bank](const Command& command) { return command.bank == bank; });
  }

 private:
  static constexpr std::size_t kMostCommands = 64;
  struct Bank {
    std::size_t bank = 0;
    DramCycles arrival{0};  ///< of its oldest burst in the open row
    DramCycles wait{0};     ///< until its command is legal
  };

  [[nodiscard]] bool is_shifted(const State& state) const;
  [[nodiscard]] static std::int64_t times_before(const Lane& lane, DramCycles arrival) {
    const std::int64_t younger = (arrival - lane.arrival).count() - 1;
    if (younger < 0) {
      return 0;
    }
    return lane.step == DramCycles(0) ? INT64_MAX : younger / lane.step.count();
  }

  bool known_ = false;
  std::size_t bank_ = 0;
  State state_;
  std::vector<Bank> banks_;
  std::vector<Lane> lanes_;
  std::vector<BurstSeries> taken_;
  std::vector<Command> commands_;
  std::vector<Acceptance> acceptances_;
};

}  // namespace systole
