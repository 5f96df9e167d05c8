#include "arch/config/measure_text.h"

#include <gtest/gtest.h>

#include "arch/config/config_node.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

TEST(MeasureText, ReadsEveryUnitInTheBaseUnit) {
  EXPECT_DOUBLE_EQ(parse_measure("0.152 pJ", kPicojouleUnits).value(), 0.152);
  EXPECT_DOUBLE_EQ(parse_measure("152 fJ", kPicojouleUnits).value(), 0.152);
  EXPECT_DOUBLE_EQ(parse_measure("2 nJ", kPicojouleUnits).value(), 2000.0);
  EXPECT_DOUBLE_EQ(parse_measure("282 um2", kAreaUnits).value(), 282e-6);
  EXPECT_DOUBLE_EQ(parse_measure("-2.27 pJ", kPicojouleUnits).value(), -2.27);
  EXPECT_DOUBLE_EQ(parse_measure("51 MUSD", kUsdUnits).value(), 51e6);
  EXPECT_DOUBLE_EQ(parse_measure("1 year", kYearUnits).value(), 1.0);
}

TEST(MeasureText, RefusesWhatIsNoNumberASpaceAndAUnit) {
  for (const char* text : {"", "1", "1 ", " pJ", "1pJ", "1  pJ", "1 pj", "1 W", "x pJ", "01 pJ",
                           "1e999 pJ", "nan pJ", "1 pJ "}) {
    EXPECT_FALSE(parse_measure(text, kPicojouleUnits).has_value()) << text;
  }
}

TEST(MeasureText, ReadsBackWhatItPrints) {
  EXPECT_EQ(print_measure(0.152, kPicojouleUnits), "0.152 pJ");
  EXPECT_EQ(parse_measure(print_measure(1.0 / 3.0, kWattUnits), kWattUnits).value(), 1.0 / 3.0);
}

std::string failure(const std::string& text, RealRange range) {
  return message_of([&] {
    (void)ConfigNode::parse("e: " + text + "\n", "f.yaml").measure("e", kPicojouleUnits, range);
  });
}

TEST(ConfigNodeMeasure, SaysTheRangeInTheBaseUnitAndTheUnits) {
  EXPECT_EQ(failure("3 W", {.min = 0.0, .max = 10.0}),
            "f.yaml:1:4: e: expected an energy in 0 pJ..10 pJ as a number, a space and pJ, fJ or "
            "nJ, got '3 W'");
  EXPECT_EQ(failure("11 pJ", {.min = 0.0, .max = 10.0}),
            "f.yaml:1:4: e: expected an energy in 0 pJ..10 pJ, got '11 pJ'");
  EXPECT_EQ(failure("-1 fJ", {.min = 0.0}),
            "f.yaml:1:4: e: expected an energy of at least 0 pJ, got '-1 fJ'");
  EXPECT_EQ(failure("[1]", {}), "f.yaml:1:4: e: expected an energy, got a list");
}

TEST(ConfigNodeMeasure, TakesTheLongFormAndKeepsItAsAFact) {
  const ConfigNode node = ConfigNode::parse(
      "sources: {h14: a paper}\ne: {value: 0.2 pJ, source: h14, status: found}\n", "f.yaml");
  EXPECT_DOUBLE_EQ(node.measure("e", kPicojouleUnits), 0.2);
  ASSERT_EQ(node.facts().size(), 1U);
  EXPECT_EQ(node.facts()[0].source, "a paper");
}

}  // namespace
}  // namespace systole
