#include "sim/dram/replay.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace systole {

DramRunResult replay(const DramStandard& standard, const DramControllerSpec& spec,
                     const BitFieldMap& map, std::int64_t window, const OpenSource& open,
                     const DramCommandObserver& commands, const CompletionObserver& completions) {
  std::vector<ChannelReplay> channels;
  DramCycles end{0};
  for (std::int64_t channel = 0; channel < standard.channels; ++channel) {
    const std::unique_ptr<BurstSource> source = open();
    channels.emplace_back(standard, spec, map, channel, window, *source, commands, completions);
    end = std::max(end, channels.back().run());
  }
  DramRunResult sum;
  for (ChannelReplay& channel : channels) {
    sum.add(channel.finish(end));
  }
  return sum;
}

}  // namespace systole
