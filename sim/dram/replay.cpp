#include "sim/dram/replay.h"

namespace systole {

DramRunResult replay(const DramStandard& standard, const DramControllerSpec& spec,
                     const BitFieldMap& map, std::int64_t window, const OpenSource& open,
                     const DramCommandObserver& commands, const CompletionObserver& completions) {
  DramRunResult sum;
  for (std::int64_t channel = 0; channel < standard.channels; ++channel) {
    const std::unique_ptr<BurstSource> source = open();
    sum.add(replay_channel(standard, spec, map, channel, window, *source, commands, completions));
  }
  return sum;
}

}  // namespace systole
