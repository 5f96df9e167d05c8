#include "arch/isa/shared.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

struct Pair {
  int one = 1;
  int two = 2;
  bool operator==(const Pair&) const = default;
};

TEST(Shared, IsTheDefaultValueUntilItIsGivenOne) {
  const Shared<Pair> shared;
  EXPECT_EQ(*shared, Pair());
  EXPECT_EQ(shared, Shared<Pair>(Pair()));
  EXPECT_EQ(sizeof(shared), sizeof(void*));
}

TEST(Shared, ChangesAloneWhereCopiesAreHeld) {
  Shared<Pair> first(Pair{.one = 3});
  const Shared<Pair> second = first;
  EXPECT_EQ(&*first, &*second);
  first.edit().two = 4;
  EXPECT_EQ(*first, (Pair{.one = 3, .two = 4}));
  EXPECT_EQ(*second, (Pair{.one = 3, .two = 2}));
  EXPECT_NE(first, second);
  Shared<Pair> fresh;
  fresh.edit().one = 5;
  EXPECT_EQ(*Shared<Pair>(), Pair());
}

TEST(Shared, TakesAnEqualValueFromAnother) {
  const Shared<Pair> first(Pair{.one = 3});
  Shared<Pair> equal(Pair{.one = 3});
  EXPECT_EQ(first, equal);
  EXPECT_NE(&*first, &*equal);
  equal.share_with(first);
  EXPECT_EQ(&*first, &*equal);
  Shared<Pair> other(Pair{.one = 6});
  other.share_with(first);
  EXPECT_EQ(other->one, 6);
}

}  // namespace
}  // namespace systole
