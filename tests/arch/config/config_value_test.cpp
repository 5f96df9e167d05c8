#include <gtest/gtest.h>

#include "arch/config/config_node.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

/// Reads `rows` of a file that has one source, `j17`.
std::string message_about(const std::string& rows) {
  return message_of([&] {
    (void)ConfigNode::parse("sources: {j17: Jouppi et al.}\nrows: " + rows + "\n", "a.yaml")
        .integer("rows", {.min = 1, .max = 9});
  });
}

TEST(LongForm, IsAValueLikeAnyOther) {
  EXPECT_EQ(message_about("{value: 3, source: j17, status: found}"), "no error");
  EXPECT_EQ(message_about("{value: 3, status: assumed}"), "no error");
  EXPECT_EQ(message_about("{value: 3, source: j17, status: assumed}"), "no error");
}

TEST(LongForm, AWrongValueIsToldAtItsOwnPlace) {
  EXPECT_EQ(message_about("{value: 30, source: j17, status: found}"),
            "a.yaml:2:15: rows: expected an integer in 1..9, got '30'");
  EXPECT_EQ(message_about("{value: [3], source: j17, status: found}"),
            "a.yaml:2:15: rows: expected an integer in 1..9, got a list");
  EXPECT_EQ(message_about("{value: , source: j17, status: found}"),
            "a.yaml:2:8: rows: expected an integer in 1..9, got nothing");
}

TEST(LongForm, NeedsAStatus) {
  EXPECT_EQ(message_about("{value: 3, source: j17}"),
            "a.yaml:2:7: rows.status: expected one of found, derived, unverified, assumed, "
            "got nothing");
  EXPECT_EQ(message_about("{value: 3, source: j17, status: fuond}"),
            "a.yaml:2:39: rows.status: expected one of found, derived, unverified, assumed, "
            "got 'fuond' (did you mean 'found'?)");
}

TEST(LongForm, OnlyAnAssumptionNeedsNoSource) {
  EXPECT_EQ(message_about("{value: 3, status: found}"),
            "a.yaml:2:7: rows.source: expected a key of sources for a value that is found, "
            "got nothing");
  EXPECT_EQ(message_about("{value: 3, status: derived}"),
            "a.yaml:2:7: rows.source: expected a key of sources for a value that is derived, "
            "got nothing");
  EXPECT_EQ(message_about("{value: 3, status: unverified}"),
            "a.yaml:2:7: rows.source: expected a key of sources for a value that is unverified, "
            "got nothing");
}

TEST(LongForm, TheSourceMustExist) {
  EXPECT_EQ(message_about("{value: 3, source: j18, status: found}"),
            "a.yaml:2:26: rows.source: expected a key of sources, got 'j18' (did you mean 'j17'?)");
  EXPECT_EQ(message_about("{value: 3, source: datasheet, status: assumed}"),
            "a.yaml:2:26: rows.source: expected a key of sources, got 'datasheet'");
  EXPECT_EQ(message_about("{value: 3, source: [j17], status: found}"),
            "a.yaml:2:26: rows.source: expected text, got a list");
}

TEST(LongForm, HasNoOtherKeys) {
  EXPECT_EQ(message_about("{value: 3, sources: j17, status: found}"),
            "a.yaml:2:18: rows.sources: expected one of value, source, status, got 'sources' (did "
            "you mean 'source'?)");
}

TEST(LongForm, AMapWithoutAValueIsAMap) {
  EXPECT_EQ(message_about("{source: j17, status: found}"),
            "a.yaml:2:7: rows: expected an integer in 1..9, got a map");
}

TEST(Sources, AreAMapOfTexts) {
  const auto message = [](const std::string& sources) {
    return message_of([&] { (void)ConfigNode::parse("sources: " + sources + "\n", "a.yaml"); });
  };
  EXPECT_EQ(message("{a: b}"), "no error");
  EXPECT_EQ(message("[a]"), "a.yaml:1:10: sources: expected a map of names to texts, got a list");
  EXPECT_EQ(message("{a: }"), "a.yaml:1:11: sources.a: expected the text of a source, got nothing");
  EXPECT_EQ(message("{a: ''}"), "a.yaml:1:14: sources.a: expected the text of a source, got ''");
  EXPECT_EQ(message("{a: [b]}"),
            "a.yaml:1:14: sources.a: expected the text of a source, got a list");
}

}  // namespace
}  // namespace systole
