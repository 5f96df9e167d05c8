#include "study/provenance.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(ContentHash, IsWhatXxh128sumPrints) {
  EXPECT_EQ(content_hash(""), "99aa06d3014798d86001c324468d497f");  // of the reference's tests
  EXPECT_NE(content_hash("a"), content_hash("b"));
  EXPECT_EQ(content_hash("name: edge\n").size(), 32U);
}

}  // namespace
}  // namespace systole
