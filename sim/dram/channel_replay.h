#pragma once

#include <cstdint>
#include <functional>

#include "arch/dram_controller_spec.h"
#include "arch/dram_run.h"
#include "arch/dram_spec.h"
#include "sim/dram/bit_field_map.h"
#include "sim/dram/burst_source.h"
#include "sim/dram/command_controller.h"

namespace systole {

/// Sees every completion; `id` counts the channel's requests from 0.
using CompletionObserver = std::function<void(ChannelIndex, const CompletedBurst&)>;

/// Drives one channel's controller with the bursts of `source` that fall to the channel, in order
/// through one queue: in every cycle, before the controller acts, the head of the queue is offered
/// once (from its own cycle on); refused, it is offered again in the next. At most `window`
/// bursts are accepted and not complete (0: no limit); a completion in cycle t makes room in t + 1.
/// Time goes from event to event; memory does not grow with the train.
DramRunResult replay_channel(const DramStandard& standard, const DramControllerSpec& spec,
                             const BitFieldMap& map, std::int64_t channel, std::int64_t window,
                             BurstSource& source, const DramCommandObserver& commands = {},
                             const CompletionObserver& completions = {});

}  // namespace systole
