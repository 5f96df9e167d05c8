#include "sim/core/core_context.h"

namespace systole {

namespace {

constexpr std::int8_t kPoison = 0x55;

}  // namespace

CoreMemories::CoreMemories(const ChipSpec& chip, const RunData& data)
    : buffer_bytes(static_cast<std::size_t>(chip.buffer.capacity.count()), kPoison),
      buffer("unified buffer", buffer_bytes),
      host("host memory", *data.host),
      accumulators(chip.matrix.count * chip.accumulators.entries, chip.matrix.cols),
      observer(data.observer) {}

}  // namespace systole
