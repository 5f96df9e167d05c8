#include "report/table.h"

#include <gmock/gmock.h>

#include "arch/diag/error.h"

namespace systole {
namespace {

using Align = Column::Align;

Table two_columns() {
  return Table({{"name", Align::Left}, {"count", Align::Right}});
}

TEST(Table, AlignsCellsUnderTheirHeaders) {
  Table table = two_columns();
  table.add({"a", "1"});
  table.add({"longer", "123456"});
  EXPECT_EQ(table.print(100, false),
            "name     count\n"
            "a            1\n"
            "longer  123456\n");
}

TEST(Table, ShortensTheFirstColumnToFit) {
  Table table = two_columns();
  table.add({"layer3_block12_conv2", "123456"});
  // 19 columns - 1 gap - 6 digits leave 12 for the name.
  EXPECT_EQ(table.print(19, false),
            "name          count\n"
            "layer...onv2 123456\n");
}

TEST(Table, NarrowsTheGapBeforeItShortens) {
  Table table = two_columns();
  table.add({"twelve_chars", "123456"});
  EXPECT_EQ(table.print(20, false),
            "name           count\n"
            "twelve_chars  123456\n");
  EXPECT_EQ(table.print(19, false),
            "name          count\n"
            "twelve_chars 123456\n");
}

TEST(Table, NeverShortensBelowEightColumns) {
  Table table = two_columns();
  table.add({"layer3_block12_conv2", "123456"});
  EXPECT_EQ(table.print(5, false),
            "name      count\n"
            "lay...v2 123456\n");
}

TEST(Table, LeavesOutTheLastColumnsThatHaveNoRoom) {
  Table table({{"name", Align::Left}, {"first"}, {"second"}, {"third"}});
  table.add({"layer3_block12", "1", "2", "3"});
  // 8 of the name, 5 and 6 of the next two, two gaps of 1 make 21; the third needs 6 more.
  EXPECT_EQ(table.print(27, false), "name     first second third\nlay...12     1      2     3\n");
  EXPECT_EQ(table.print(26, false),
            "name          first second\nlayer...ock12     1      2\n(no room for: third)\n");
}

/// A column without a heading, of remarks, goes without a word.
TEST(Table, DoesNotNameWhatHasNoHeading) {
  Table table({{"name", Align::Left}, {"first"}, {"", Align::Left}});
  table.add({"layer3_block12", "1", "a remark"});
  EXPECT_EQ(table.print(20, false), "name           first\nlayer3_block12     1\n");
}

TEST(Table, ColoursWholeLinesWithoutMovingColumns) {
  Table table = two_columns();
  table.add({"view", "-"}, Style::Faint);
  EXPECT_EQ(table.print(100, true),
            "\x1b[1mname  count\x1b[0m\n"
            "\x1b[2mview      -\x1b[0m\n");
}

TEST(Table, RefusesRowsOfAnotherLength) {
  Table table = two_columns();
  EXPECT_THROW(table.add({"alone"}), InternalError);
}

}  // namespace
}  // namespace systole
