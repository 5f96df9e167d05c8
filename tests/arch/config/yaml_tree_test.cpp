#include "arch/config/yaml_tree.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "arch/config/text_file.h"

namespace systole {
namespace {

std::string fault_of(const std::string& text) {
  try {
    (void)parse_yaml(text);
  } catch (const TextFault& fault) {
    return fmt::format("{}:{}: {}: {}", fault.line, fault.column, fault.path, fault.message);
  }
  return "no error";
}

TEST(ParseYaml, KnowsThePlaceOfEveryKeyAndValue) {
  YamlItem root = parse_yaml("a: 1\nmap:\n  key:   'text'\nlist: [x, 23]\n");
  ASSERT_EQ(root.kind, YamlItem::Kind::Map);
  ASSERT_EQ(root.children.size(), 3U);
  EXPECT_EQ(root.children[0].key, "a");
  EXPECT_EQ(root.children[0].line, 1);
  EXPECT_EQ(root.children[0].column, 4);
  const YamlItem* key = root.find("map")->find("key");
  EXPECT_EQ(key->kind, YamlItem::Kind::Scalar);
  EXPECT_EQ(key->text, "text");
  EXPECT_EQ(key->key_line, 3);
  EXPECT_EQ(key->key_column, 3);
  EXPECT_EQ(key->line, 3);
  EXPECT_EQ(key->column, 10);
  const YamlItem* list = root.find("list");
  EXPECT_EQ(list->kind, YamlItem::Kind::List);
  ASSERT_EQ(list->children.size(), 2U);
  EXPECT_EQ(list->children[1].text, "23");
  EXPECT_EQ(list->children[1].line, 4);
  EXPECT_EQ(list->children[1].column, 11);
}

TEST(ParseYaml, ScalarsStayAsWritten) {
  YamlItem root = parse_yaml("a: 010\nb: 1.50\nc: yes\nd: 0x1F\ne: \"010\"\nf: 12:30:45\n");
  EXPECT_EQ(root.find("a")->text, "010");
  EXPECT_EQ(root.find("b")->text, "1.50");
  EXPECT_EQ(root.find("c")->text, "yes");
  EXPECT_EQ(root.find("d")->text, "0x1F");
  EXPECT_EQ(root.find("e")->text, "010");
  EXPECT_EQ(root.find("f")->text, "12:30:45");
}

TEST(ParseYaml, AMissingValueIsNullAtItsKey) {
  YamlItem root = parse_yaml("a:\nb: ~\n\nc: null\nd: 'null'\n");
  EXPECT_EQ(root.find("a")->kind, YamlItem::Kind::Null);
  EXPECT_EQ(root.find("a")->line, 1);
  EXPECT_EQ(root.find("a")->column, 1);
  EXPECT_EQ(root.find("b")->kind, YamlItem::Kind::Null);
  EXPECT_EQ(root.find("c")->kind, YamlItem::Kind::Null);
  EXPECT_EQ(root.find("c")->line, 4);
  EXPECT_EQ(root.find("d")->kind, YamlItem::Kind::Scalar);
}

TEST(ParseYaml, EmptyTextIsNull) {
  EXPECT_EQ(parse_yaml("").kind, YamlItem::Kind::Null);
  EXPECT_EQ(parse_yaml("# only a comment\n").kind, YamlItem::Kind::Null);
}

TEST(ParseYaml, OneDocumentMayBeMarked) {
  EXPECT_EQ(parse_yaml("---\na: 1\n...\n").find("a")->text, "1");
}

TEST(ParseYaml, NestedListsAndMaps) {
  YamlItem root = parse_yaml("a: [[1, 2], {b: [3]}]\n");
  const YamlItem* a = root.find("a");
  EXPECT_EQ(a->children[0].children[1].text, "2");
  EXPECT_EQ(root.find("a")->children[1].find("b")->children[0].text, "3");
}

TEST(ParseYaml, QuotedTextMayHoldQuotesAndLines) {
  YamlItem root = parse_yaml("a: 'it''s'\nb: \"say \\\"x\\\"\"\nc: \"one\n  two\"\nd: \"e\\nf\"\n");
  EXPECT_EQ(root.find("a")->text, "it's");
  EXPECT_EQ(root.find("b")->text, "say \"x\"");
  EXPECT_EQ(root.find("c")->text, "one two");
  EXPECT_EQ(root.find("d")->text, "e\nf");
}

TEST(ParseYaml, AByteOrderMarkIsNoText) {
  YamlItem root = parse_yaml(
      "\xef\xbb\xbf"
      "a: 'b'\n");
  EXPECT_EQ(root.find("a")->text, "b");
  EXPECT_EQ(root.find("a")->column, 4);
}

TEST(ParseYaml, LineEndingsOfOtherSystemsCountOnce) {
  YamlItem root = parse_yaml("a: 1\r\nb: 2\r\n");
  EXPECT_EQ(root.find("a")->text, "1");
  EXPECT_EQ(root.find("b")->line, 2);
}

struct Refused {
  const char* name;
  const char* text;
  const char* message;
};

class RefusedYaml : public testing::TestWithParam<Refused> {};

TEST_P(RefusedYaml, SaysWhereAndWhy) {
  EXPECT_EQ(fault_of(GetParam().text), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, RefusedYaml,
    testing::Values(
        Refused{"RepeatedKey", "a: 1\nb: 2\na: 3\n",
                "3:1: a: expected each key once, got 'a' again (first on line 1)"},
        Refused{"RepeatedKeyInside", "x:\n  - a: 1\n    b: [1, {c: 2, c: 3}]\n",
                "3:19: x[0].b[1].c: expected each key once, got 'c' again (first on line 3)"},
        Refused{"RepeatedKeyAfterAMap", "a: {b: 1}\nc: 2\na: 1\n",
                "3:1: a: expected each key once, got 'a' again (first on line 1)"},
        Refused{"QuotedKeyIsTheSameKey", "a: 1\n'a': 2\n",
                "2:1: a: expected each key once, got 'a' again (first on line 1)"},
        Refused{"KeyWithALineBreak", "\"a\\nb\": 1\n\"a\\nb\": 2\n",
                "2:1: a\\nb: expected each key once, got 'a\\nb' again (first on line 1)"},
        Refused{"Anchor", "a: &x 1\n",
                "1:4: a: expected a value, got an anchor; anchors are not supported"},
        Refused{"AnchorOnAMap", "a: &x {b: 1}\n",
                "1:4: a: expected a value, got an anchor; anchors are not supported"},
        Refused{"AnchorOnAList", "a: &x [1]\n",
                "1:4: a: expected a value, got an anchor; anchors are not supported"},
        Refused{"AnchorOnNothing", "a: &x\n",
                "1:4: a: expected a value, got an anchor; anchors are not supported"},
        Refused{"Cycle", "a: &x [*x]\n",
                "1:4: a: expected a value, got an anchor; anchors are not supported"},
        Refused{"MergeKey", "a:\n  <<: {b: 1}\n",
                "2:3: a: expected a key, got '<<'; merge keys are not supported"},
        Refused{"Tag", "a: !!int 3\n",
                "1:4: a: expected a value without a tag, got 'tag:yaml.org,2002:int'"},
        Refused{"TagOnAMap", "a: !chip {b: 1}\n",
                "1:4: a: expected a value without a tag, got '!chip'"},
        Refused{"SecondDocument", "a: 1\n---\nb: 2\n",
                "2:1: : expected one YAML document, got a second"},
        Refused{"KeyMissing", ": 2\n", "1:1: : expected a key, got nothing"},
        Refused{"KeyEmpty", "'': 2\n", "1:1: : expected a key, got nothing"},
        Refused{"KeyNull", "~: 2\n", "1:1: : expected a key, got nothing"},
        Refused{"KeyList", "? [1]\n: 2\n", "1:3: : expected a key, got a list"},
        Refused{"KeyMap", "? {a: 1}\n: 2\n", "1:3: : expected a key, got a map"},
        Refused{"UnclosedList", "a: [1\n",
                "2:1: : expected well-formed YAML, got: end of sequence flow not found"},
        Refused{"UnclosedSingleQuote", "a: 'x\nb: it''s\n",
                "1:4: a: expected a closing quote, got the end of the file"},
        Refused{"UnclosedDoubleQuote", "a: 1\nb: \"x\\\"\n",
                "2:4: b: expected a closing quote, got the end of the file"},
        Refused{"UnclosedQuoteAtTheVeryEnd", "a: 'x",
                "1:6: : expected well-formed YAML, got: illegal EOF in scalar"},
        Refused{"UnclosedQuoteBehindATag", "a: ! 'x\n",
                "1:4: a: expected a closing quote, got the end of the file"},
        Refused{"EscapedControlCharacter", "a: \"b\\0\"\n",
                "1:4: a: expected text without control characters, got 'b\\x00'"},
        Refused{"TwoColons", "a: b: c\n",
                "1:5: : expected well-formed YAML, got: illegal map value"},
        Refused{"ListInsideMap", "a: 1\n- b\n",
                "2:1: : expected well-formed YAML, got: end of map not found"},
        Refused{"Tab", "a:\n\tb: 1\n", "2:1: : expected spaces in front of a key, got a tab"},
        Refused{"UnknownAlias", "a: *x\n",
                "1:4: : expected well-formed YAML, got: the referenced anchor is not defined"},
        Refused{"ReservedCharacter", "a: @x\n",
                "1:4: : expected well-formed YAML, got: unknown token"},
        Refused{"BinaryByte", "a: \xff\n", "1:4: : expected UTF-8 text, got the byte 0xff"}),
    [](const auto& test) { return std::string(test.param.name); });

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int time = 0; time < times; ++time) {
    result += text;
  }
  return result;
}

TEST(ParseYaml, NestsSixtyFourLevels) {
  // the map of `a` is the first level, each list one more
  const std::string deepest = "a: " + repeated("[", 63) + "1" + repeated("]", 63) + "\n";
  EXPECT_EQ(fault_of(deepest), "no error");
  const std::string deeper = "a: " + repeated("[", 64) + "1" + repeated("]", 64) + "\n";
  EXPECT_EQ(fault_of(deeper),
            "1:67: a" + repeated("[0]", 63) + ": expected at most 64 levels of nesting, got more");
}

TEST(ParseYaml, HostileNestingIsAnErrorToo) {
  for (const std::string_view opening : {"[", "{a: ", "- ", "? "}) {
    EXPECT_NE(fault_of(repeated(opening, 20'000)), "no error") << opening;
  }
}

/// yaml-cpp reads the whole of `{{{{...` before it says anything: 15 MB took 40 s and 3.6 GB.
TEST(ParseYaml, BracketsAreCountedBeforeItReadsThem) {
  EXPECT_EQ(fault_of(repeated("{", 2'000'000)),
            "1:1001: : expected at most 64 levels of nesting, got more");
  EXPECT_EQ(fault_of("a:\n  - " + repeated("[x, ", 2'000)),
            "2:4005: : expected at most 64 levels of nesting, got more");
}

/// Brackets that open nothing: within texts, quotes and comments, and closed ones.
TEST(ParseYaml, OtherBracketsDoNotCount) {
  EXPECT_EQ(fault_of("a: x" + repeated(" [{", 2'000) + "\n"), "no error");
  EXPECT_EQ(fault_of("a: '" + repeated("[", 2'000) + "'  # " + repeated("- [", 2'000) + "\n"),
            "no error");
  EXPECT_EQ(fault_of("a: \"" + repeated("\\\"[", 2'000) + "\"\n"), "no error");
  EXPECT_EQ(fault_of("a: [" + repeated("[1], ", 2'000) + "]\n"), "no error");
  EXPECT_EQ(fault_of("a: don't\nb: [[1], ['it''s', \"]\"]]\n"), "no error");
}

TEST(ParseYaml, NamesATab) {
  EXPECT_EQ(fault_of("a:\n\tb: 1\n"), "2:1: : expected spaces in front of a key, got a tab");
  EXPECT_EQ(fault_of("name:\tx\n \tclock: 1\n"),
            "2:2: : expected spaces in front of a key, got a tab");
  EXPECT_EQ(fault_of("a:\tb  # apart from the key a tab is a space\n"), "no error");
}

}  // namespace
}  // namespace systole
