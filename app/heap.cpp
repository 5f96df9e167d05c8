#include "app/heap.h"

#include <climits>
#include <cstdint>
#include <cstdlib>

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace systole {

namespace {

constexpr std::int64_t kStretch = std::int64_t{512} << 20U;
constexpr int kGrowth = 64 << 20U;
constexpr int kLargestInHeap = 32 << 20U;  ///< more malloc does not take
constexpr std::size_t kAsked = 1U << 20U;  ///< more than is left at the heap's end
constexpr std::uintptr_t kLargePage = 2U << 20U;

bool is_limited(decltype(RLIMIT_AS) resource) {
  rlimit limit{};
  return ::getrlimit(resource, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY;
}

std::uintptr_t end_of_heap() {
  return reinterpret_cast<std::uintptr_t>(::sbrk(0));
}

}  // namespace

void prepare_heap() {
  if (is_limited(RLIMIT_AS) || is_limited(RLIMIT_DATA)) {
    return;
  }
  ::mallopt(M_MMAP_THRESHOLD, kLargestInHeap);
  ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
  ::mallopt(M_TOP_PAD, static_cast<int>(kStretch));
  const std::uintptr_t before = end_of_heap();
  void* volatile block = std::malloc(kAsked);
  std::free(block);
  ::mallopt(M_TOP_PAD, kGrowth);
  const std::uintptr_t begin = (before + kLargePage - 1) / kLargePage * kLargePage;
  const std::uintptr_t end = end_of_heap();
  if (begin < end) {
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
  }
}

}  // namespace systole
