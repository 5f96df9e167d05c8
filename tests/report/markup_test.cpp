#include "report/markup.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(Markup, HasNoneOfItsOwnCharactersLeft) {
  EXPECT_EQ(escaped_markup("a<b>&\"c\" 'd' \xc3\xa9"), "a&lt;b&gt;&amp;&quot;c&quot; 'd' \xc3\xa9");
  EXPECT_EQ(escaped_markup(""), "");
}

}  // namespace
}  // namespace systole
