#include "arch/isa/chunked_list.h"

#include <string>

#include <gtest/gtest.h>

namespace systole {
namespace {

ChunkedList<std::string> numbers(std::size_t count) {
  ChunkedList<std::string> list;
  for (std::size_t index = 0; index < count; ++index) {
    list.push_back(std::to_string(index));
  }
  return list;
}

TEST(ChunkedList, HoldsWhatItWasGivenInItsOrder) {
  EXPECT_TRUE(numbers(0).empty());
  for (const std::size_t count : {1U, 255U, 256U, 257U, 1000U}) {
    const ChunkedList<std::string> list = numbers(count);
    ASSERT_EQ(list.size(), count);
    for (std::size_t index = 0; index < count; ++index) {
      ASSERT_EQ(list[index], std::to_string(index));
    }
  }
}

TEST(ChunkedList, LeavesElementsWhereTheyAre) {
  ChunkedList<std::string> list = numbers(1);
  const std::string* const first = &list[0];
  while (list.size() < 2000) {
    list.push_back("more");
  }
  EXPECT_EQ(&list[0], first);
  EXPECT_EQ(*first, "0");
}

TEST(ChunkedList, GoesOnAfterACopyWithoutTouchingIt) {
  const ChunkedList<std::string> whole = numbers(300);
  ChunkedList<std::string> copy = whole;
  copy.push_back("300");
  copy[0] = "other";
  EXPECT_EQ(whole.size(), 300U);
  EXPECT_EQ(whole[0], "0");
  EXPECT_EQ(copy.size(), 301U);
  EXPECT_EQ(copy[300], "300");
  EXPECT_EQ(copy[299], "299");
}

}  // namespace
}  // namespace systole
