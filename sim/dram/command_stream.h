#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/dram/command_controller.h"
#include "sim/dram/stream_beat.h"

namespace systole {

/// One call of `stream`: column commands of the direction's buffer in the order of the plans, and
/// bursts of the feed that make no other command possible.
class CommandController::Stream {
 public:
  Stream(CommandController& controller, BurstFeed& feed, DramCycles now, DramCycles end)
      : controller_(controller),
        device_(controller.device_),
        bursts_(controller.buffer(controller.direction_)),
        bus_(controller.buses_.front()),
        feed_(feed),
        beat_(controller.beat_),
        kind_(column_of(controller.direction_)),
        length_(controller.lengths_[static_cast<std::size_t>(kind_)]),
        now_(now),
        end_(end),
        has_beat_(feed.is_empty() || feed.rotation().bursts > 4 * feed.rotation().ways) {}

  DramCycles run();

 private:
  /// When the feed's next burst is offered, not before `from`. One of the other operation ends the
  /// stream, as does one that is forwarded or merged.
  void plan_offer(DramCycles from);
  /// Something arrives in the feed, which is empty, before anything else happens.
  [[nodiscard]] bool is_next_to_arrive() const {
    return feed_.is_empty() && feed_.only() && feed_.arrives() <= column_ && feed_.arrives() < end_;
  }
  /// The next column command and its cycle.
  void find_column();
  /// A burst, or those of its run that come before the next column command.
  void accept();
  void issue();
  /// The end of the bank's run may make another command possible: it may need another row, its row
  /// may be closed, a refresh may take its turn, its rank may rest, the other buffer may be served.
  [[nodiscard]] bool changes_more() const;
  /// Commands of `run` one gap apart, each followed in the next cycle by a burst of the feed in its
  /// place, or by none. False where that is not what follows.
  bool issue_many(BurstBuffer::Slot run, bool was_full);
  [[nodiscard]] StreamBeat::State state() const {
    return {column_, now_, offer_, bus_.free, bursts_.size()};
  }
  /// Many periods of what was done since the last command to this bank, if it goes on like that.
  bool follow_beat();
  /// How many periods more, at most, before a run, the feed or the stream ends.
  [[nodiscard]] std::int64_t repetitions();
  [[nodiscard]] std::int64_t fillings(DramCycles period) const;
  [[nodiscard]] bool goes_on_filling(const Rotation& rotation) const;
  [[nodiscard]] bool is_evenly_accepted(const Rotation& rotation, DramCycles period) const;
  /// The bank's run is one series, which what is accepted continues: it does not end.
  [[nodiscard]] bool is_filled(std::size_t bank, DramCycles period) const;
  void repeat(std::int64_t times);
  void show_repeated(const std::vector<BurstSeries>& taken, std::int64_t times, DramCycles period);
  void fill(const StreamBeat::Acceptance& before, std::int64_t times, DramCycles period);
  /// Many offered bursts may take the places of those of `run`: they make no other command
  /// possible, and none of them is of an address in the write buffer.
  [[nodiscard]] bool can_follow(BurstBuffer::Slot run, bool goes_on) const;
  /// All other banks' bursts are younger than those of `run`, and not earlier after each of them.
  [[nodiscard]] bool goes_before_others(BurstBuffer::Slot run, DramCycles gap) const;
  /// The commands of the bursts, the first at `column_`, have been issued.
  void sent(const BurstSeries& bursts, DramCycles step);
  void complete(const BurstSeries& bursts, DramCycles at, DramCycles step);
  void issued(std::size_t bank, DramCycles at, DramCycles step, std::int64_t commands);
  void observe(std::size_t bank, DramCycles at) const;
  void finish();

  CommandController& controller_;
  DeviceTiming& device_;
  BurstBuffer& bursts_;
  Bus& bus_;
  BurstFeed& feed_;
  StreamBeat& beat_;
  DramCommandKind kind_;
  DramCycles length_;
  DramCycles now_;  ///< after the last command
  DramCycles end_;
  DramCycles offer_ = kNever;
  DramCycles column_ = kNever;
  std::size_t bank_ = 0;
  bool alone_ = true;  ///< no other bank has a burst in its open row
  bool has_beat_;      ///< enough bursts are offered in a row for a beat
};

}  // namespace systole
