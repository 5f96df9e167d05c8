#include "sim/core/recycling_queue.h"

#include <vector>

#include <gtest/gtest.h>

namespace systole::testing {
namespace {

TEST(RecyclingQueue, ElementsLeaveInTheOrderInWhichTheyCame) {
  RecyclingQueue<int> queue;
  EXPECT_TRUE(queue.empty());
  queue.push() = 1;
  queue.push() = 2;
  EXPECT_EQ(queue.front(), 1);
  queue.pop();
  queue.push() = 3;
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue.front(), 2);
  queue.pop();
  EXPECT_EQ(queue.front(), 3);
  queue.pop();
  EXPECT_TRUE(queue.empty());
}

TEST(RecyclingQueue, ElementsStayWhereTheyAre) {
  RecyclingQueue<int> queue;
  int& first = queue.push();
  first = 1;
  for (int i = 2; i < 100; ++i) {
    queue.push() = i;
  }
  EXPECT_EQ(&queue.front(), &first);
  EXPECT_EQ(first, 1);
}

TEST(RecyclingQueue, WhatIsPoppedServesAgainWithItsMemory) {
  RecyclingQueue<std::vector<int>> queue;
  queue.push().assign(1000, 7);
  const int* const memory = queue.front().data();
  queue.pop();
  std::vector<int>& again = queue.push();
  again.assign(500, 8);
  EXPECT_EQ(again.data(), memory);
}

}  // namespace
}  // namespace systole::testing
