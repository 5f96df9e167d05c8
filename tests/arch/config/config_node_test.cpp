#include "arch/config/config_node.h"

#include <gmock/gmock.h>

#include "arch/chip_spec.h"

namespace systole {
namespace {

using testing::ElementsAre;

ConfigNode parse(const std::string& text) {
  return ConfigNode::parse(text, "a.yaml");
}

TEST(ConfigNode, ReadsEveryKindOfValue) {
  const ConfigNode node = parse(
      "text: hello world\n"
      "integer: -12\n"
      "real: 2.5e-3\n"
      "boolean: true\n"
      "size: 24 MiB\n"
      "frequency: 700 MHz\n"
      "bandwidth: 34.1 GB/s\n"
      "duration: 937.5 ps\n"
      "cycles: 3 cycles\n"
      "dram_cycles: 14 cycles\n"
      "choice: unverified\n");
  EXPECT_EQ(node.text("text"), "hello world");
  EXPECT_EQ(node.integer("integer"), -12);
  EXPECT_EQ(node.real("real"), 0.0025);
  EXPECT_TRUE(node.boolean("boolean"));
  EXPECT_EQ(node.bytes("size"), Bytes(24 << 20));
  EXPECT_EQ(node.frequency("frequency"), Hertz(700'000'000));
  EXPECT_EQ(node.bandwidth("bandwidth"), BytesPerSecond(34'100'000'000));
  EXPECT_EQ(node.duration("duration"), Femtoseconds(937'500));
  EXPECT_EQ(node.cycles("cycles"), CoreCycles(3));
  EXPECT_EQ(node.dram_cycles("dram_cycles"), DramCycles(14));
  EXPECT_EQ(node.choice<FactStatus>("choice"), FactStatus::Unverified);
  EXPECT_NO_THROW(node.finish());
}

TEST(ConfigNode, LimitsAreInclusive) {
  const ConfigNode node = parse("low: 1\nhigh: 9\nsize: 2 KiB\nreal: 0.5\n");
  EXPECT_EQ(node.integer("low", {.min = 1, .max = 9}), 1);
  EXPECT_EQ(node.integer("high", {.min = 1, .max = 9}), 9);
  EXPECT_EQ(node.bytes("size", {.min = 2048, .max = 2048}), Bytes(2048));
  EXPECT_EQ(node.real("real", {.min = 0.5, .max = 0.5}), 0.5);
}

TEST(ConfigNode, OptionalValuesMayBeAbsent) {
  const ConfigNode node = parse("other: 1\n");
  EXPECT_EQ(node.optional_text("a"), std::nullopt);
  EXPECT_EQ(node.optional_integer("b"), std::nullopt);
  EXPECT_EQ(node.optional_real("c"), std::nullopt);
  EXPECT_EQ(node.optional_boolean("d"), std::nullopt);
  EXPECT_FALSE(node.optional_map("e").has_value());
  EXPECT_TRUE(node.optional_list("f").empty());
}

TEST(ConfigNode, OptionalValuesMayBePresent) {
  const ConfigNode node = parse("a: x\nb: 2\nc: 2.5\nd: false\ne: {k: 1}\nf: [1, 2]\n");
  EXPECT_EQ(node.optional_text("a"), "x");
  EXPECT_EQ(node.optional_integer("b"), 2);
  EXPECT_EQ(node.optional_real("c"), 2.5);
  EXPECT_EQ(node.optional_boolean("d"), false);
  EXPECT_EQ(node.optional_map("e")->integer("k"), 1);
  EXPECT_EQ(node.optional_list("f").size(), 2U);
  EXPECT_NO_THROW(node.finish());
}

TEST(ConfigNode, ListsKeepTheirOrderAndPaths) {
  const ConfigNode node = parse("layers:\n  - name: a\n  - name: b\nsizes: [1, 2.5, x]\n");
  const std::vector<ConfigNode> layers = node.list("layers");
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].text("name"), "a");
  EXPECT_EQ(layers[1].text("name"), "b");
  EXPECT_EQ(layers[1].path(), "layers[1]");
  const std::vector<ConfigNode> sizes = node.list("sizes");
  EXPECT_EQ(sizes[0].as_integer(), 1);
  EXPECT_EQ(sizes[1].as_real(), 2.5);
  EXPECT_EQ(sizes[2].as_text(), "x");
}

TEST(ConfigNode, KeysComeInFileOrder) {
  const ConfigNode node = parse("names: {zebra: 1, apple: 2}\n");
  EXPECT_THAT(node.map("names").keys(), ElementsAre("zebra", "apple"));
}

TEST(ConfigNode, KnowsItsKind) {
  const ConfigNode node = parse("map: {a: 1}\nlist: [1]\nscalar: 1\n");
  EXPECT_TRUE(node.is_map());
  EXPECT_TRUE(node.child("map").is_map());
  EXPECT_TRUE(node.child("list").is_list());
  EXPECT_TRUE(node.child("scalar").is_scalar());
  EXPECT_FALSE(node.child("scalar").is_map());
  EXPECT_FALSE(node.child("scalar").is_list());
  EXPECT_FALSE(node.child("list").is_scalar());
  EXPECT_EQ(node.child("list").elements().size(), 1U);
}

TEST(ConfigNode, KnowsItsPlace) {
  const ConfigNode node = parse("a: 1\nb:\n  c: {d: 2}\n");
  const ConfigNode c = node.map("b").map("c");
  EXPECT_EQ(c.path(), "b.c");
  EXPECT_EQ(c.location().file, "a.yaml");
  EXPECT_EQ(c.location().line, 3);
  EXPECT_EQ(c.location().column, 6);
  EXPECT_EQ(node.path(), "");
}

TEST(ConfigNode, CopiesShareOneState) {
  const ConfigNode node = parse("map: {a: 1, b: 2}\n");
  EXPECT_EQ(node.map("map").integer("a"), 1);
  const std::vector<ConfigNode> copies{node, node};
  EXPECT_EQ(copies[1].map("map").integer("b"), 2);
  EXPECT_NO_THROW(node.map("map").finish());
  EXPECT_NO_THROW(node.finish());
}

TEST(ConfigNode, OutlivesTheNodeItCameFrom) {
  const ConfigNode child = parse("map: {a: 1}\n").map("map");
  EXPECT_EQ(child.integer("a"), 1);
}

TEST(ConfigNode, HasLooksWithoutUsing) {
  const ConfigNode node = parse("a: 1\n");
  EXPECT_TRUE(node.has("a"));
  EXPECT_FALSE(node.has("b"));
  EXPECT_THROW(node.finish(), ConfigError);
}

TEST(Facts, AreEveryValueReadInFileOrder) {
  const ConfigNode node = parse(
      "clock: {value: 700 MHz, source: j17, status: found}\n"
      "rows: 256\n"
      "list: [7, 8]\n"
      "capacity: {value: 1 KiB, status: assumed}\n"
      "sources: {j17: Jouppi et al.}\n");
  EXPECT_TRUE(node.facts().empty());
  EXPECT_EQ(node.bytes("capacity"), Bytes(1024));
  EXPECT_EQ(node.list("list")[1].as_integer(), 8);
  EXPECT_EQ(node.integer("rows"), 256);
  EXPECT_EQ(node.frequency("clock"), Hertz(700'000'000));
  EXPECT_EQ(node.integer("rows"), 256);  // a second look adds nothing
  const std::vector<Fact>& facts = node.facts();
  ASSERT_EQ(facts.size(), 4U);
  EXPECT_EQ(facts[0].path, "clock");
  EXPECT_EQ(facts[0].value, "700 MHz");
  EXPECT_EQ(facts[0].source, "Jouppi et al.");
  EXPECT_EQ(facts[0].status, FactStatus::Found);
  EXPECT_EQ(facts[1].path, "rows");
  EXPECT_EQ(facts[1].value, "256");
  EXPECT_EQ(facts[1].source, "");
  EXPECT_EQ(facts[1].status, FactStatus::Assumed);
  EXPECT_EQ(facts[2].path, "list[1]");
  EXPECT_EQ(facts[3].path, "capacity");
  EXPECT_EQ(facts[3].status, FactStatus::Assumed);
  EXPECT_NO_THROW(node.finish());
}

TEST(ConfigNode, SourcesMayStandAnywhereAtTheTop) {
  const ConfigNode node = parse("a: 1\nsources: {x: y}\n");
  EXPECT_EQ(node.integer("a"), 1);
  EXPECT_NO_THROW(node.finish());
}

}  // namespace
}  // namespace systole
