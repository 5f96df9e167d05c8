#include <functional>

#include <gtest/gtest.h>

#include "arch/chip_spec.h"
#include "arch/config/config_node.h"
#include "tests/arch/message_of.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

struct Mistake {
  const char* name;
  const char* text;
  std::function<void(const ConfigNode&)> read;
  const char* message;
};

class ConfigMistake : public testing::TestWithParam<Mistake> {};

TEST_P(ConfigMistake, IsOneExactLine) {
  const Mistake& mistake = GetParam();
  EXPECT_EQ(message_of([&] { mistake.read(ConfigNode::parse(mistake.text, "a.yaml")); }),
            mistake.message);
}

std::string name_of_mistake(const testing::TestParamInfo<Mistake>& info) {
  return info.param.name;
}

constexpr Range kUpToNine{.min = 1, .max = 9};

INSTANTIATE_TEST_SUITE_P(
    Integer, ConfigMistake,
    testing::Values(
        Mistake{"Missing", "map:\n  b: 1\n",
                [](const auto& node) { (void)node.map("map").integer("size", kUpToNine); },
                "a.yaml:2:3: map.size: expected an integer in 1..9, got nothing"},
        Mistake{
            "MissingWithANearKey", "map:\n  rosw: 1\n",
            [](const auto& node) { (void)node.map("map").integer("rows", kUpToNine); },
            "a.yaml:2:3: map.rows: expected an integer in 1..9, got nothing (is 'rosw' meant?)"},
        Mistake{"Null", "a:\n", [](const auto& node) { (void)node.integer("a"); },
                "a.yaml:1:1: a: expected an integer, got nothing"},
        Mistake{"Text", "a: 128x\n", [](const auto& node) { (void)node.integer("a", kUpToNine); },
                "a.yaml:1:4: a: expected an integer in 1..9, got '128x'"},
        Mistake{"Octal", "a: 010\n", [](const auto& node) { (void)node.integer("a"); },
                "a.yaml:1:4: a: expected an integer, got '010'"},
        Mistake{"TooSmall", "a: 0\n", [](const auto& node) { (void)node.integer("a", kUpToNine); },
                "a.yaml:1:4: a: expected an integer in 1..9, got '0'"},
        Mistake{"TooLarge", "a: 10\n", [](const auto& node) { (void)node.integer("a", kUpToNine); },
                "a.yaml:1:4: a: expected an integer in 1..9, got '10'"},
        Mistake{"BeyondSixtyFourBits", "a: 9223372036854775808\n",
                [](const auto& node) { (void)node.integer("a"); },
                "a.yaml:1:4: a: expected an integer, got '9223372036854775808'"},
        Mistake{"OnlyALowerLimit", "a: 0\n",
                [](const auto& node) { (void)node.integer("a", {.min = 1}); },
                "a.yaml:1:4: a: expected an integer of at least 1, got '0'"},
        Mistake{"OnlyAnUpperLimit", "a: 8\n",
                [](const auto& node) { (void)node.integer("a", {.max = 7}); },
                "a.yaml:1:4: a: expected an integer of at most 7, got '8'"},
        Mistake{"Map", "a: {b: 1}\n", [](const auto& node) { (void)node.integer("a"); },
                "a.yaml:1:4: a: expected an integer, got a map"},
        Mistake{"List", "a: [1]\n", [](const auto& node) { (void)node.integer("a"); },
                "a.yaml:1:4: a: expected an integer, got a list"},
        Mistake{"Optional", "a: x\n", [](const auto& node) { (void)node.optional_integer("a"); },
                "a.yaml:1:4: a: expected an integer, got 'x'"},
        Mistake{"Element", "a: [1, x]\n",
                [](const auto& node) { (void)node.list("a")[1].as_integer(kUpToNine); },
                "a.yaml:1:8: a[1]: expected an integer in 1..9, got 'x'"},
        Mistake{"LongText",
                "a: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
                [](const auto& node) { (void)node.integer("a"); },
                "a.yaml:1:4: a: expected an integer, got "
                "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'"},
        Mistake{"LineBreak", "a: \"1\\n2\"\n", [](const auto& node) { (void)node.integer("a"); },
                "a.yaml:1:4: a: expected an integer, got '1\\n2'"}),
    name_of_mistake);

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigMistake,
    testing::Values(
        Mistake{"RealText", "a: inf\n", [](const auto& node) { (void)node.real("a"); },
                "a.yaml:1:4: a: expected a number, got 'inf'"},
        Mistake{"RealTooLarge", "a: 1.5\n",
                [](const auto& node) { (void)node.real("a", {.min = 0, .max = 1}); },
                "a.yaml:1:4: a: expected a number in 0..1, got '1.5'"},
        Mistake{"RealElement", "a: [-0.5]\n",
                [](const auto& node) { (void)node.list("a")[0].as_real({.min = 0}); },
                "a.yaml:1:5: a[0]: expected a number of at least 0, got '-0.5'"},
        Mistake{"RealMissing", "b: 1\n",
                [](const auto& node) { (void)node.real("a", {.max = 2.5}); },
                "a.yaml:1:1: a: expected a number of at most 2.5, got nothing (is 'b' meant?)"},
        Mistake{"Boolean", "a: yes\n", [](const auto& node) { (void)node.boolean("a"); },
                "a.yaml:1:4: a: expected true or false, got 'yes'"},
        Mistake{"BooleanOptional", "a: 1\n",
                [](const auto& node) { (void)node.optional_boolean("a"); },
                "a.yaml:1:4: a: expected true or false, got '1'"},
        Mistake{"TextMissing", "b: 1\n", [](const auto& node) { (void)node.text("name"); },
                "a.yaml:1:1: name: expected text, got nothing"},
        Mistake{"TextEmpty", "name: ''\n", [](const auto& node) { (void)node.text("name"); },
                "a.yaml:1:7: name: expected text, got ''"},
        Mistake{"TextNull", "name:\n", [](const auto& node) { (void)node.optional_text("name"); },
                "a.yaml:1:1: name: expected text, got nothing"},
        Mistake{"TextList", "name: [a]\n", [](const auto& node) { (void)node.text("name"); },
                "a.yaml:1:7: name: expected text, got a list"},
        Mistake{"TextElement", "a: [[b]]\n",
                [](const auto& node) { (void)node.list("a")[0].as_text(); },
                "a.yaml:1:5: a[0]: expected text, got a list"},
        Mistake{"Choice", "a: fund\n",
                [](const auto& node) { (void)node.template choice<FactStatus>("a"); },
                "a.yaml:1:4: a: expected one of found, derived, unverified, assumed, got 'fund' "
                "(did you mean 'found'?)"},
        Mistake{"ChoiceOfOne", "a: systolic\n",
                [](const auto& node) { (void)node.template choice<Dataflow>("a"); },
                "a.yaml:1:4: a: expected one of weight_stationary, "
                "input_stationary, output_stationary, got 'systolic'"},
        Mistake{"ChoiceMissing", "b: 1\n",
                [](const auto& node) { (void)node.template choice<Dataflow>("dataflow"); },
                "a.yaml:1:1: dataflow: expected one of weight_stationary, "
                "input_stationary, output_stationary, got nothing"}),
    name_of_mistake);

INSTANTIATE_TEST_SUITE_P(
    Quantities, ConfigMistake,
    testing::Values(
        Mistake{
            "SizeWrongUnit", "a: 24 MHz\n",
            [](const auto& node) { (void)node.bytes("a", {.min = 1024, .max = 1 << 30}); },
            "a.yaml:1:4: a: expected a size in 1 KiB..1 GiB as a number, a space and B, kB, MB, "
            "GB, KiB, MiB, GiB or TiB, got '24 MHz'"},
        Mistake{"SizeNoUnit", "a: 24\n", [](const auto& node) { (void)node.bytes("a"); },
                "a.yaml:1:4: a: expected a size as a number, a space and B, kB, MB, GB, KiB, MiB, "
                "GiB or "
                "TiB, got '24'"},
        Mistake{"SizeNegative", "a: -1 B\n", [](const auto& node) { (void)node.bytes("a"); },
                "a.yaml:1:4: a: expected a size as a number, a space and B, kB, MB, GB, KiB, MiB, "
                "GiB or "
                "TiB, got '-1 B'"},
        Mistake{"SizeTooLarge", "a: 2 GiB\n",
                [](const auto& node) { (void)node.bytes("a", {.min = 1, .max = 1 << 30}); },
                "a.yaml:1:4: a: expected a size in 1 B..1 GiB, got '2 GiB'"},
        Mistake{"SizeHuge", "a: 99999999999999999999 GiB\n",
                [](const auto& node) { (void)node.bytes("a", {.min = 1}); },
                "a.yaml:1:4: a: expected a size of at least 1 B, got '99999999999999999999 GiB'"},
        Mistake{"SizeTooSmall", "a: 0 B\n",
                [](const auto& node) { (void)node.bytes("a", {.min = 1}); },
                "a.yaml:1:4: a: expected a size of at least 1 B, got '0 B'"},
        Mistake{"SizeInexact", "a: 0.1 KiB\n", [](const auto& node) { (void)node.bytes("a"); },
                "a.yaml:1:4: a: expected a size, a multiple of 1 B, got '0.1 KiB'"},
        Mistake{"SizeMissing", "b: 1\n", [](const auto& node) { (void)node.bytes("capacity"); },
                "a.yaml:1:1: capacity: expected a size, got nothing"},
        Mistake{"Frequency", "a: 700MHz\n",
                [](const auto& node) { (void)node.frequency("a", {.max = 1'000'000'000}); },
                "a.yaml:1:4: a: expected a frequency of at most 1 GHz as a number, a space and Hz, "
                "kHz, MHz or GHz, got '700MHz'"},
        Mistake{
            "Bandwidth", "a: 34 Gb/s\n", [](const auto& node) { (void)node.bandwidth("a"); },
            "a.yaml:1:4: a: expected a bandwidth as a number, a space and B/s, kB/s, MB/s, GB/s, "
            "TB/s, KiB/s, MiB/s, GiB/s or TiB/s, got '34 Gb/s'"},
        Mistake{"DurationInexact", "a: 0.5 fs\n",
                [](const auto& node) { (void)node.duration("a"); },
                "a.yaml:1:4: a: expected a time, a multiple of 1 fs, got '0.5 fs'"},
        Mistake{"DurationUnit", "a: 1 s\n", [](const auto& node) { (void)node.duration("a"); },
                "a.yaml:1:4: a: expected a time as a number, a space and fs, ps, ns, us or ms, "
                "got '1 s'"},
        Mistake{"CyclesNoUnit", "a: 3\n",
                [](const auto& node) { (void)node.cycles("a", {.min = 1, .max = 64}); },
                "a.yaml:1:4: a: expected a number of cycles in 1 cycle..64 cycles as a number, a "
                "space and cycles or cycle, got '3'"},
        Mistake{"DramCycles", "a: 2.5 cycles\n",
                [](const auto& node) { (void)node.dram_cycles("a"); },
                "a.yaml:1:4: a: expected a number of cycles, a multiple of 1 cycle, "
                "got '2.5 cycles'"}),
    name_of_mistake);

INSTANTIATE_TEST_SUITE_P(
    Structure, ConfigMistake,
    testing::Values(
        Mistake{"MapMissing", "a: 1\n", [](const auto& node) { (void)node.map("matrix_unit"); },
                "a.yaml:1:1: matrix_unit: expected a map, got nothing"},
        Mistake{"MapScalar", "a: 1\n", [](const auto& node) { (void)node.map("a"); },
                "a.yaml:1:4: a: expected a map, got '1'"},
        Mistake{"MapNull", "a:\nb: 1\n", [](const auto& node) { (void)node.optional_map("a"); },
                "a.yaml:1:1: a: expected a map, got nothing"},
        Mistake{"ListMissing", "a: 1\n", [](const auto& node) { (void)node.list("layers"); },
                "a.yaml:1:1: layers: expected a list, got nothing"},
        Mistake{"ListMap", "a: {b: 1}\n", [](const auto& node) { (void)node.list("a"); },
                "a.yaml:1:4: a: expected a list, got a map"},
        Mistake{"ListOptional", "a: 1\n", [](const auto& node) { (void)node.optional_list("a"); },
                "a.yaml:1:4: a: expected a list, got '1'"},
        Mistake{"ChildMissing", "a: 1\n", [](const auto& node) { (void)node.child("input"); },
                "a.yaml:1:1: input: expected a value, got nothing"},
        Mistake{"KeyOfAScalar", "a: [x]\n",
                [](const auto& node) { (void)node.list("a")[0].text("name"); },
                "a.yaml:1:5: a[0]: expected a map, got 'x'"},
        Mistake{"KeysOfAList", "a: [x]\n", [](const auto& node) { (void)node.child("a").keys(); },
                "a.yaml:1:4: a: expected a map, got a list"},
        Mistake{"ElementsOfAMap", "a: {b: 1}\n",
                [](const auto& node) { (void)node.child("a").elements(); },
                "a.yaml:1:4: a: expected a list, got a map"},
        Mistake{"FinishOfAScalar", "a: 1\n", [](const auto& node) { node.child("a").finish(); },
                "a.yaml:1:4: a: expected a map, got '1'"},
        Mistake{"UnknownKey", "map:\n  rows: 1\n  colums: 2\n",
                [](const auto& node) {
                  const ConfigNode map = node.map("map");
                  (void)map.integer("rows");
                  (void)map.optional_integer("columns");
                  map.finish();
                },
                "a.yaml:3:3: map.colums: expected one of rows, columns, got 'colums' (did you mean "
                "'columns'?)"},
        Mistake{"UnknownKeyNothingNear", "zebra: 1\n",
                [](const auto& node) {
                  (void)node.optional_integer("rows");
                  node.finish();
                },
                "a.yaml:1:1: zebra: expected rows, got 'zebra'"},
        Mistake{"NoKeyKnown", "a: {b: 1}\n", [](const auto& node) { node.map("a").finish(); },
                "a.yaml:1:5: a.b: expected no key, got 'b'"},
        Mistake{"UnknownMap", "extra:\n  a: 1\n", [](const auto& node) { node.finish(); },
                "a.yaml:1:1: extra: expected no key, got 'extra'"},
        Mistake{"OwnMessage", "a: {b: 1}\n",
                [](const auto& node) { node.map("a").fail("expected two, got one"); },
                "a.yaml:1:4: a: expected two, got one"},
        Mistake{"OwnMessageAtAKey", "a: {b: 1}\n",
                [](const auto& node) { node.map("a").fail("b", "expected 2, got '1'"); },
                "a.yaml:1:8: a.b: expected 2, got '1'"},
        Mistake{"OwnMessageAtAnAbsentKey", "a: {b: 1}\n",
                [](const auto& node) { node.map("a").fail("c", "expected 2, got nothing"); },
                "a.yaml:1:4: a.c: expected 2, got nothing"}),
    name_of_mistake);

TEST(ConfigMistakes, TheTopMustBeAMap) {
  const auto message = [](const std::string& text) {
    return message_of([&] { (void)ConfigNode::parse(text, "a.yaml"); });
  };
  EXPECT_EQ(message(""), "a.yaml:1:1: expected a map, got nothing");
  EXPECT_EQ(message("\n# nothing\n"), "a.yaml:1:1: expected a map, got nothing");
  EXPECT_EQ(message("- 1\n"), "a.yaml:1:1: expected a map, got a list");
  EXPECT_EQ(message("text\n"), "a.yaml:1:1: expected a map, got 'text'");
  EXPECT_EQ(message("a: [1\n"),
            "a.yaml:2:1: expected well-formed YAML, got: end of sequence flow not found");
}

TEST(ConfigMistakes, FilesAreReadable) {
  const TemporaryDirectory directory;
  const std::string missing = (directory.path() / "missing.yaml").string();
  EXPECT_EQ(message_of([&] { (void)ConfigNode::open(missing); }),
            missing + ": expected a readable file, got no such file");
  EXPECT_EQ(message_of([&] { (void)ConfigNode::open(directory.path().string()); }),
            directory.path().string() + ": expected a readable file, got a directory");
  const std::string binary = directory.write("binary.yaml", std::string_view("\x7f"
                                                                             "ELF\0",
                                                                             5));
  EXPECT_EQ(message_of([&] { (void)ConfigNode::open(binary); }),
            binary + ":1:1: expected UTF-8 text, got the byte 0x7f");
  const std::string large = directory.write("large.yaml", std::string((16U << 20) + 1, ' '));
  EXPECT_EQ(message_of([&] { (void)ConfigNode::open(large); }),
            large + ": expected a file of at most 4194304 bytes, got more");
}

TEST(ConfigMistakes, WorkloadsThrowWorkloadErrors) {
  const auto parse = [](ConfigNode::Kind kind) {
    (void)ConfigNode::parse("a: 1\n", "a.yaml", kind).integer("b");
  };
  EXPECT_THROW(parse(ConfigNode::Kind::Config), ConfigError);
  EXPECT_THROW(parse(ConfigNode::Kind::Workload), WorkloadError);
  EXPECT_THROW((void)ConfigNode::open("/nowhere", ConfigNode::Kind::Workload), WorkloadError);
}

}  // namespace
}  // namespace systole
