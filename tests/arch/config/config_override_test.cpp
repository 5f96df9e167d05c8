#include "arch/config/config_override.h"

#include <gtest/gtest.h>

#include "arch/config/config_node.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

constexpr const char* kText =
    "name: a\n"
    "sources: {s: a paper}\n"
    "unit:\n"
    "  rows: 8\n"
    "  size: {value: 1 KiB, source: s, status: found}\n"
    "  kind: linear\n"
    "clock: 1 GHz\n";

enum class Order : std::uint8_t { Linear, Other };

}  // namespace

template <>
inline constexpr auto kEnumNames<Order> = std::to_array<EnumName<Order>>({{Order::Linear, "linear"},
                                                                          {Order::Other, "other"}});

namespace {

struct Unit {
  std::int64_t rows = 0;
  std::int64_t size = 0;
  std::int64_t extra = 0;
};

Unit read(const ConfigNode& node) {
  static_cast<void>(node.text("name"));
  static_cast<void>(node.frequency("clock"));
  const ConfigNode map = node.map("unit");
  const Unit unit{.rows = map.integer("rows", {.min = 1, .max = 64}),
                  .size = map.bytes("size").count()};
  static_cast<void>(map.choice<Order>("kind"));
  const auto more = map.optional_map("more");
  const std::int64_t extra = more ? more->integer("extra") : 0;
  if (more) {
    more->finish();
  }
  map.finish();
  node.finish();
  return {.rows = unit.rows, .size = unit.size, .extra = extra};
}

ConfigOverride at_study(std::string path, std::string text) {
  return {std::move(path), std::move(text), {.file = "study.yaml", .line = 4, .column = 9}};
}

TEST(ConfigOverride, StandsInPlaceOfTheFilesValue) {
  const ConfigNode file = ConfigNode::parse(kText, "a.yaml");
  const Unit unit = read(file.with({at_study("unit.rows", "16"), at_study("unit.size", "2 KiB"),
                                    at_study("unit.more.extra", "3")}));
  EXPECT_EQ(unit.rows, 16);
  EXPECT_EQ(unit.size, 2048);
  EXPECT_EQ(unit.extra, 3);
  EXPECT_EQ(read(file).rows, 8) << "the file itself keeps its value";
}

TEST(ConfigOverride, IsNamedByItsOwnPlaceInMessagesOfTheReader) {
  const ConfigNode file = ConfigNode::parse(kText, "a.yaml");
  const auto message = [&](ConfigOverride value) {
    return message_of([&] { static_cast<void>(read(file.with({std::move(value)}))); });
  };
  EXPECT_EQ(message(at_study("unit.rows", "128x")),
            "study.yaml:4:9: unit.rows: expected an integer in 1..64, got '128x'");
  EXPECT_EQ(message(at_study("unit.rowz", "1")),
            "study.yaml:4:9: unit.rowz: expected one of rows, size, kind, more, got 'rowz' (did "
            "you mean 'rows'?)");
  EXPECT_EQ(message({"unit.kind", "linea", {.file = "systole: --set unit.kind=linea"}}),
            "systole: --set unit.kind=linea: unit.kind: expected one of linear, other, got 'linea' "
            "(did you mean 'linear'?)");
  EXPECT_EQ(message(at_study("unit.rows.more", "1")),
            "study.yaml:4:9: unit.rows.more: expected a key of a map, but unit.rows is '8'");
  EXPECT_EQ(message(at_study("unit..rows", "1")),
            "study.yaml:4:9: expected keys with dots between them, got 'unit..rows'");
}

TEST(ConfigOverride, IsCheckedByWhatTheReaderAskedFor) {
  const ConfigNode file = ConfigNode::parse(kText, "a.yaml");
  static_cast<void>(read(file));
  const auto message = [&](std::string path, std::string text) {
    return message_of([&] { file.check(at_study(std::move(path), std::move(text))); });
  };
  EXPECT_EQ(message("unit.rows", "64"), "no error");
  EXPECT_EQ(message("unit.rows", "65"),
            "study.yaml:4:9: unit.rows: expected an integer in 1..64, got '65'");
  EXPECT_EQ(message("unit.size", "2 KiB"), "no error");
  EXPECT_EQ(
      message("unit.size", "2 GHz"),
      "study.yaml:4:9: unit.size: expected a size as a number, a space and B, kB, MB, GB, KiB, "
      "MiB, GiB or TiB, got '2 GHz'");
  EXPECT_EQ(message("unit.kind", "x"),
            "study.yaml:4:9: unit.kind: expected one of linear, other, got 'x'");
  EXPECT_EQ(message("unit.more.extra", "x"), "no error") << "the file says nothing about more";
  EXPECT_EQ(message("unit.row", "1"),
            "study.yaml:4:9: unit.row: expected one of rows, size, kind, more, got 'row' (did you "
            "mean 'rows'?)");
  EXPECT_EQ(message("unit.size.value", "1"),
            "study.yaml:4:9: unit.size.value: expected a key of a map, but unit.size is '1 KiB'");
  EXPECT_EQ(message("unit", "1"), "study.yaml:4:9: unit: expected a map, got '1'");
}

TEST(ConfigContent, IsEqualForFilesThatSayTheSame) {
  const ConfigNode file = ConfigNode::parse(kText, "a.yaml");
  EXPECT_EQ(file.content(), "clock=1 GHz\nunit.kind=linear\nunit.rows=8\nunit.size=1 KiB\n");
  EXPECT_EQ(file.with({at_study("unit.rows", "8")}).content(), file.content());
  EXPECT_NE(file.with({at_study("unit.rows", "9")}).content(), file.content());
  EXPECT_EQ(file.value_at("unit.size"), "1 KiB");
  EXPECT_EQ(file.value_at("unit.none"), std::nullopt);
}

}  // namespace
}  // namespace systole
