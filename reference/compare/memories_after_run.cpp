#include "reference/compare/memories_after_run.h"

#include "arch/diag/check.h"

namespace systole {

std::span<const std::int8_t> bytes_at_home(const ProgramTensor& tensor,
                                           const MemoriesAfterRun& memories) {
  const std::span<const std::int8_t> memory =
      tensor.is_in_host_memory() ? memories.host : memories.dram;
  SYSTOLE_CHECK(
      tensor.home >= 0 && tensor.home + tensor.bytes() <= static_cast<std::int64_t>(memory.size()),
      "{}: bytes {}..{} of {} in {} memory", tensor.name, tensor.home,
      tensor.home + tensor.bytes() - 1, memory.size(),
      name_of(tensor.is_in_host_memory() ? IoMemory::Host : IoMemory::Device));
  return memory.subspan(static_cast<std::size_t>(tensor.home),
                        static_cast<std::size_t>(tensor.bytes()));
}

}  // namespace systole
