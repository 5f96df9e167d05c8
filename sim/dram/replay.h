#pragma once

#include <functional>
#include <memory>

#include "arch/dram_controller_spec.h"
#include "arch/dram_run.h"
#include "arch/dram_spec.h"
#include "sim/dram/bit_field_map.h"
#include "sim/dram/burst_source.h"
#include "sim/dram/channel_replay.h"

namespace systole {

/// Opens the train at its beginning.
using OpenSource = std::function<std::unique_ptr<BurstSource>()>;

/// The train on all channels of the standard, each with a queue and a window of its own. Channels
/// do not meet, so each goes through the whole train by itself: whatever the order of addresses,
/// no queue grows. All of them refresh and stand by until the last completion of all. Observers see
/// channel after channel, then what each still does until that end.
[[nodiscard]] DramRunResult replay(const DramStandard& standard, const DramControllerSpec& spec,
                                   const BitFieldMap& map, std::int64_t window,
                                   const OpenSource& open, const DramCommandObserver& commands = {},
                                   const CompletionObserver& completions = {});

}  // namespace systole
