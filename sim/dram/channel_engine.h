#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arch/dram_controller_spec.h"
#include "arch/dram_spec.h"
#include "sim/dram/burst_feed.h"
#include "sim/dram/command_controller.h"

namespace systole {

/// One channel in time: the feeds' bursts, the controller, and the completions. In every cycle, in
/// this order: each feed offers one burst (of what it may offer then; a refused one is offered
/// again in the next cycle), then the controller acts. Time goes from event to event, and in one go
/// through what `CommandController::stream` and `rest` can do.
///
/// Watchdog: bursts that wait for kPatience cycles without one of them being served, or for which
/// nothing can ever happen again, end the run with a UserError that says what waits for what.
class ChannelEngine {
 public:
  /// `feeds`: in the order of offering. References outlive the engine.
  ChannelEngine(const DramStandard& standard, const DramControllerSpec& spec, ChannelIndex channel,
                std::vector<BurstFeed*> feeds, CompletionSink& sink, DramCommandObserver observer);
  /// Another channel in the same state.
  ChannelEngine(const ChannelEngine& other, ChannelIndex channel, std::vector<BurstFeed*> feeds,
                CompletionSink& sink);

  /// The first cycle of which nothing has been done and in which something may happen.
  [[nodiscard]] DramCycles next() const { return next_; }
  /// Goes on to the next cycle in which something may happen, but not past `until`; nothing of
  /// `until` is done.
  void go_on(DramCycles until);
  /// All that happens before `until`.
  void advance(DramCycles until);
  /// A feed has, since the last `go_on`, become able to offer a burst in cycle `from`, of which
  /// nothing has been done.
  void wake(DramCycles from) {
    offer_ = std::min(offer_, from);
    next_ = std::min(next_, from);
  }
  [[nodiscard]] const CommandController& controller() const { return controller_; }
  /// Bursts wait: throws the watchdog's error if nothing can ever happen again.
  void check_goes_on() const {
    if (next_ == kNever) {
      fail("nothing can happen any more");
    }
  }

  /// Far above any sum of gaps, each of which is at most a million cycles.
  static constexpr DramCycles kPatience{std::int64_t{1} << 26};

 private:
  DramCycles stream(DramCycles now, DramCycles until);
  [[nodiscard]] bool can_offer(const BurstFeed& feed) const;
  void visit(DramCycles now);
  void offer_bursts(DramCycles now);
  [[nodiscard]] DramCycles next_offer(DramCycles from) const;
  void deliver();
  [[noreturn]] void fail(std::string_view what) const;

  ChannelIndex channel_;
  std::string names_;  ///< of standard and controller
  CommandController controller_;
  std::vector<BurstFeed*> feeds_;
  CompletionSink& sink_;
  DramCycles next_{0};
  DramCycles event_{0};  ///< of the controller, unless a burst is offered
  DramCycles moved_{0};  ///< a burst was served then, or none waited
  DramCycles offer_{0};  ///< a feed may offer a burst, unless a completion or an entry comes first
};

}  // namespace systole
