#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "arch/dram_controller_spec.h"
#include "arch/dram_run.h"
#include "arch/dram_spec.h"
#include "sim/dram/bit_field_map.h"
#include "sim/dram/burst_source.h"
#include "sim/dram/command_controller.h"

namespace systole {

/// Sees every completion; `id` counts the channel's requests from 0.
using CompletionObserver = std::function<void(ChannelIndex, const CompletedBurst&)>;

/// A channel's controller and the bursts of `source` that fall to the channel, in order through one
/// queue: in every cycle, before the controller acts, the head of the queue is offered
/// once (from its own cycle on); refused, it is offered again in the next. At most `window`
/// bursts are accepted and not complete (0: no limit); a completion in cycle t makes room in t + 1.
/// Time goes from event to event; memory does not grow with the train.
class ChannelReplay {
 public:
  /// References outlive the object; `source` only the call of `run`.
  ChannelReplay(const DramStandard& standard, const DramControllerSpec& spec,
                const BitFieldMap& map, std::int64_t channel, std::int64_t window,
                BurstSource& source, const DramCommandObserver& commands,
                const CompletionObserver& completions);
  ~ChannelReplay();
  ChannelReplay(ChannelReplay&&) noexcept;
  ChannelReplay& operator=(ChannelReplay&&) = delete;
  ChannelReplay(const ChannelReplay&) = delete;
  ChannelReplay& operator=(const ChannelReplay&) = delete;

  /// The whole train; returns the cycle of the last completion.
  DramCycles run();
  /// Refreshes and standby until `end`, the last completion of all channels.
  [[nodiscard]] DramRunResult finish(DramCycles end);

 private:
  class Replay;
  std::unique_ptr<Replay> replay_;
};

/// A channel alone, up to its own last completion.
DramRunResult replay_channel(const DramStandard& standard, const DramControllerSpec& spec,
                             const BitFieldMap& map, std::int64_t channel, std::int64_t window,
                             BurstSource& source, const DramCommandObserver& commands = {},
                             const CompletionObserver& completions = {});

}  // namespace systole
