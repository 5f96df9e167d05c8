#pragma once

#include <cstdint>
#include <span>

#include "arch/isa/program.h"

namespace systole {

/// Memories as a run left them. DRAM may be empty where no input and no output is in it.
struct MemoriesAfterRun {
  std::span<const std::int8_t> host;
  std::span<const std::int8_t> dram;
};

/// The bytes of an input or output, where it lies after the run. Throws InternalError for what does
/// not fit the memory.
[[nodiscard]] std::span<const std::int8_t> bytes_at_home(const ProgramTensor& tensor,
                                                         const MemoriesAfterRun& memories);

}  // namespace systole
