#pragma once

#include <cstdint>

namespace systole {

/// What instructions read and write, the weight FIFO aside. Accumulators are counted in entries,
/// the others in bytes. Unified buffer and accumulators are a core's, the others the chip's.
enum class Memory : std::uint8_t { Buffer, Accumulators, Dram, Host };
inline constexpr int kMemoryCount = 4;

}  // namespace systole
