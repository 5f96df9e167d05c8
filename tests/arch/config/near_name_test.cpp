#include "arch/config/near_name.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

const std::vector<std::string_view> kKeys{"rows", "columns", "dataflow", "pace"};

TEST(NearestName, FindsSingleTypingErrors) {
  EXPECT_EQ(nearest_name("rosw", kKeys), "rows");       // swapped
  EXPECT_EQ(nearest_name("row", kKeys), "rows");        // left out
  EXPECT_EQ(nearest_name("rowss", kKeys), "rows");      // doubled
  EXPECT_EQ(nearest_name("rews", kKeys), "rows");       // replaced
  EXPECT_EQ(nearest_name("colums", kKeys), "columns");  // left out
}

TEST(NearestName, AllowsOneErrorInThreeLetters) {
  EXPECT_EQ(nearest_name("colomms", kKeys), "columns");  // 2 of 7
  EXPECT_EQ(nearest_name("kolomms", kKeys), "");         // 3 of 7
  EXPECT_EQ(nearest_name("pxxe", kKeys), "");            // 2 of 4
  EXPECT_EQ(nearest_name("x", {"y"}), "y");              // one letter may always be wrong
}

TEST(NearestName, TheNearestWinsAndTheFirstOfEquals) {
  EXPECT_EQ(nearest_name("banks", {"bankss", "banks_a", "bank"}), "bankss");
  EXPECT_EQ(nearest_name("columns", {"colamms", "colums"}), "colums");
}

TEST(NearestName, NothingIsNearToNothing) {
  EXPECT_EQ(nearest_name("rows", {}), "");
  EXPECT_EQ(nearest_name("", kKeys), "");
}

TEST(NearestName, VeryLongNamesAreNotCompared) {
  const std::string name(65, 'a');
  EXPECT_EQ(nearest_name(name, {name}), "");
  EXPECT_EQ(nearest_name("rows", {name}), "");
}

TEST(Suggestion, IsAQuestionOrNothing) {
  EXPECT_EQ(suggestion("rosw", kKeys), " (did you mean 'rows'?)");
  EXPECT_EQ(suggestion("zebra", kKeys), "");
}

TEST(OneOf, ASingleNameStandsAlone) {
  EXPECT_EQ(one_of({"weight_stationary"}), "weight_stationary");
  EXPECT_EQ(one_of({"max", "average"}), "one of max, average");
}

}  // namespace
}  // namespace systole
