#include "arch/config/formula.h"

#include <gtest/gtest.h>

#include "arch/config/number_text.h"

namespace systole {
namespace {

double value(const std::string& text, const std::vector<double>& numbers = {}) {
  return Formula(text).value(numbers);
}

std::string fault_of(const std::string& text) {
  try {
    static_cast<void>(Formula(text));
  } catch (const FormulaFault& fault) {
    return fault.message;
  }
  return "no fault";
}

TEST(Formula, Computes) {
  EXPECT_EQ(value("2 + 3 * 4"), 14);
  EXPECT_EQ(value("matrix_unit.rows * matrix_unit.columns <= 65536", {256, 256}), 1);
  EXPECT_EQ(value("matrix_unit.rows * matrix_unit.columns <= 65536", {256, 257}), 0);
  EXPECT_EQ(value("a > 1 && b < 2 || a == b", {1, 1}), 1);
  EXPECT_EQ(value("a > 0 ? min(a, 3) : -a", {5}), 3);
  EXPECT_EQ(value("log2(8)"), 3);
}

TEST(Formula, KnowsUnitsBehindNumbers) {
  EXPECT_EQ(value("4 MiB"), 4 * 1024 * 1024);
  EXPECT_EQ(value("a <= 512 KiB", {524288}), 1);
  EXPECT_DOUBLE_EQ(value("33 ms"), 0.033);
  EXPECT_EQ(value("area < 50 mm2", {49.9}), 1);
  EXPECT_EQ(value("a < 2 W && b < 1.5 GHz", {1.9, 1.4e9}), 1);
  EXPECT_EQ(value("12.8 GB / s"), 12.8e9);
  EXPECT_EQ(value("a == 3 cycles", {3}), 1);
}

TEST(Formula, TellsItsNamesInOrder) {
  EXPECT_EQ(Formula("b * a + b").names(), (std::vector<std::string>{"b", "a"}));
  EXPECT_TRUE(Formula("4 MiB").names().empty());
}

TEST(Formula, IsTheSameEveryTime) {
  const Formula formula("a * 2");
  EXPECT_EQ(formula.value({1}), 2);
  EXPECT_EQ(formula.value({3}), 6);
  EXPECT_EQ(formula.value({1}), 2);
}

TEST(Formula, SaysWhatDoesNotFit) {
  EXPECT_EQ(fault_of("rows * * 2"),
            "expected a formula, got 'rows * * 2': '* 2' at character 8 does not fit");
  EXPECT_EQ(fault_of("rows +"), "expected a formula, got 'rows +': it ends too early");
  EXPECT_EQ(fault_of("rows = columns"),
            "expected a formula, got 'rows = columns': '=' at character 6 (equality is '==')");
  EXPECT_EQ(fault_of("a, b"),
            "expected a formula, got 'a, b': there are several, with commas "
            "between");
  EXPECT_EQ(fault_of(std::string(2001, '1')),
            "expected a formula of at most 2000 characters, got 2001");
  for (const char* text : {"", ")", "(", "a b", "a ? b", "min()", "\"x\"", "@", "a..b c",
                           "((((((((((", "4 parsecs", "é"}) {
    EXPECT_NE(fault_of(text), "no fault") << text;
  }
}

TEST(NumberText, ReadsValuesOfConfigurationFiles) {
  EXPECT_EQ(number_of("128"), 128.0);
  EXPECT_EQ(number_of("1 MiB"), 1048576.0);
  EXPECT_DOUBLE_EQ(number_of("5 us").value(), 5e-6);
  EXPECT_EQ(number_of("1 GB/s"), 1e9);
  EXPECT_EQ(number_of("lpddr4_3200"), std::nullopt);
  EXPECT_EQ(unit_of("1 MiB"), "MiB");
  EXPECT_EQ(unit_of("weight stationary"), "");
}

TEST(NumberText, WritesThemBack) {
  EXPECT_EQ(number_text(2097152, "MiB"), "2 MiB");
  EXPECT_EQ(number_text(8 * 32, ""), "256");
  EXPECT_EQ(number_text(0.1 + 0.2, ""), "0.3");
  EXPECT_EQ(number_text(4e8, "MHz"), "400 MHz");
}

}  // namespace
}  // namespace systole
