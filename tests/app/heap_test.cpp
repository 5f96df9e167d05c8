#include "app/heap.h"

#include <cstdint>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/forked.h"

namespace systole {
namespace {

constexpr std::int64_t kStretch = std::int64_t{512} << 20U;

std::int64_t end_of_heap() {
  return reinterpret_cast<std::intptr_t>(::sbrk(0));
}

/// In a process of its own: by how many bytes of addresses the heap grows.
std::int64_t growth(rlim_t addresses) {
  const ForkedResult child = run_forked([&] {
    const rlimit limit{.rlim_cur = addresses, .rlim_max = RLIM_INFINITY};
    ::setrlimit(RLIMIT_AS, &limit);
    const std::int64_t before = end_of_heap();
    prepare_heap();
    return std::to_string(end_of_heap() - before);
  });
  return child.exit_code == 0 ? std::stoll(child.output) : -1;
}

TEST(Heap, GrowsInOneStretch) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer has a heap of its own";
#endif
  EXPECT_GE(growth(RLIM_INFINITY), kStretch);
}

TEST(Heap, StaysAsItIsWhereAddressesAreLimited) {
  EXPECT_EQ(growth(rlim_t{8} << 30U), 0);
}

/// 20 MiB would come from a mapping of their own, which is given back and taken again each time.
TEST(Heap, TakesLargeBlocksFromTheStretch) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer has a heap of its own";
#endif
  const ForkedResult child = run_forked([] {
    prepare_heap();
    void* const block = std::malloc(20U << 20U);
    const bool in_heap = reinterpret_cast<std::intptr_t>(block) < end_of_heap();
    const std::int64_t before = end_of_heap();
    std::free(block);
    return std::string(in_heap && end_of_heap() == before ? "kept" : "not kept");
  });
  EXPECT_EQ(child.output, "kept") << child.error;
}

}  // namespace
}  // namespace systole
