#include "study/explore/pareto.h"

#include <limits>

#include <gmock/gmock.h>

#include "study/explore/search.h"

namespace systole {
namespace {

using testing::ElementsAre;

TEST(Pareto, DominatesWhereNowhereWorseAndSomewhereBetter) {
  EXPECT_TRUE(dominates({1, 2}, {1, 3}));
  EXPECT_FALSE(dominates({1, 2}, {1, 2}));
  EXPECT_FALSE(dominates({1, 3}, {2, 2}));
  EXPECT_FALSE(dominates({2, 2}, {1, 3}));
}

TEST(Pareto, FrontKeepsEqualPoints) {
  EXPECT_THAT(pareto_front({{3, 1}, {1, 3}, {2, 2}, {2, 2}, {3, 3}, {1, 4}}),
              ElementsAre(0, 1, 2, 3));
  EXPECT_TRUE(pareto_front({}).empty());
}

/// A bound that equals a point is not excluded: the point behind it may be its equal.
TEST(Pareto, FrontExcludesWhatCannotJoinIt) {
  Front front;
  front.add({2, 2});
  front.add({1, 4});
  front.add({3, 3});  // dominated
  EXPECT_THAT(front.points(), ElementsAre(Objectives{2, 2}, Objectives{1, 4}));
  EXPECT_FALSE(front.excludes({2, 2}));
  EXPECT_TRUE(front.excludes({2, 2.1}));
  EXPECT_FALSE(front.excludes({-std::numeric_limits<double>::infinity(), 9}));
  front.add({1, 1});
  EXPECT_THAT(front.points(), ElementsAre(Objectives{1, 1}));
}

TEST(Pareto, ExplainedShareIsThatOfTheMeansOfLevels) {
  // Two levels with means 1 and 3 around 2: between 4 * 1; within 4 * 0.25; 4 / 5.
  EXPECT_DOUBLE_EQ(explained_share({0, 0, 1, 1}, {0.5, 1.5, 2.5, 3.5}), 4.0 / 5.0);
  EXPECT_EQ(explained_share({0, 0, 1, 1}, {1, 1, 3, 3}), 1.0);
  EXPECT_EQ(explained_share({0, 1, 0, 1}, {1, 1, 3, 3}), 0.0);
  EXPECT_EQ(explained_share({0, 1}, {7, 7}), 0.0);
}

TEST(Hypervolume, IsTheVolumeUpToTheReference) {
  // (3-1)(3-2) + (3-2)(2-1) = 2 + 1
  EXPECT_DOUBLE_EQ(hypervolume({{1, 2}, {2, 1}}, {3, 3}), 3.0);
  EXPECT_DOUBLE_EQ(hypervolume({{1, 2}, {4, 0}}, {3, 3}), 2.0) << "beyond the reference";
  EXPECT_EQ(hypervolume({}, {3, 3}), 0.0);
}

}  // namespace
}  // namespace systole
