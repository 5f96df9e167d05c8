#include "tests/support/temporary_directory.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace systole {
namespace {

TEST(TemporaryDirectory, HoldsWhatWasWritten) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("chips/a.yaml", "clock: 1 GHz\n");
  EXPECT_EQ(file, (directory.path() / "chips" / "a.yaml").string());
  std::ifstream stream(file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stream), {}), "clock: 1 GHz\n");
}

TEST(TemporaryDirectory, IsGoneAfterItsScope) {
  std::filesystem::path path;
  {
    const TemporaryDirectory directory;
    path = directory.path();
    directory.write("a", "b");
    EXPECT_TRUE(std::filesystem::is_directory(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryDirectory, TwoAreApart) {
  const TemporaryDirectory first;
  const TemporaryDirectory second;
  EXPECT_NE(first.path(), second.path());
}

}  // namespace
}  // namespace systole
