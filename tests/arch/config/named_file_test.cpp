#include "arch/config/named_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using testing::ElementsAre;

TEST(NamedFile, TheFirstDirectoryWins) {
  const TemporaryDirectory directory;
  const std::string first = directory.write("one/a.yaml", "");
  directory.write("two/a.yaml", "");
  const std::string second = directory.write("two/b.yaml", "");
  const std::vector<std::string> directories{(directory.path() / "one").string(),
                                             (directory.path() / "two").string()};
  EXPECT_EQ(find_named_file("a", directories), first);
  EXPECT_EQ(find_named_file("b", directories), second);
  EXPECT_EQ(find_named_file("c", directories), "");
  EXPECT_EQ(find_named_file("../two/b", directories), "");  // a name is no path
  EXPECT_EQ(find_named_file("", directories), "");
  EXPECT_THAT(names_in(directories), ElementsAre("a", "b"));
}

TEST(NamedFile, MissingDirectoriesAreEmpty) {
  EXPECT_EQ(find_named_file("a", {"/nowhere/at/all"}), "");
  EXPECT_THAT(names_in({"/nowhere/at/all"}), ElementsAre());
}

TEST(NamedFile, LooksBesideTheDirectoryOfTheFileThenInTheRoots) {
  EXPECT_THAT(directories_named("dram", "a/chips/x.yaml", {"/b/configs"}),
              ElementsAre("a/dram", "/b/configs/dram"));
}

}  // namespace
}  // namespace systole
