#include "study/explore/search_library.h"

#include <string>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole::testing {
namespace {

TEST(SearchLibrary, IsTakenFromTheFirstFileThatIsThere) {
  EXPECT_NE(search_library().search, nullptr);
  EXPECT_EQ(search_library().hypervolume({{1, 1}}, {3, 4}), 2.0 * 3.0);
}

TEST(SearchLibrary, SaysWhyThereIsNone) {
  try {
    (void)load_search_library({"/nowhere/libsystole_search.so"});
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(std::string(error.what()),
              "systole: a search needs libsystole_search.so: /nowhere/libsystole_search.so: cannot "
              "open shared object file: No such file or directory");
  }
}

}  // namespace
}  // namespace systole::testing
