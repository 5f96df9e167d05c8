#include "tests/support/vcd.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace systole {
namespace {

const std::string kHeader =
    "$date today $end\n$timescale 1 ps $end\n$scope module top $end\n$scope module a $end\n"
    "$var wire 4 !! x [3:0] $end\n$var wire 1 ?? y $end\n$upscope $end\n$upscope $end\n"
    "$enddefinitions $end\n";

std::string failure_of(const std::string& text) {
  try {
    static_cast<void>(parse_vcd(text));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(Vcd, ValuesHoldUntilTheNextChange) {
  const Vcd vcd = parse_vcd(kHeader + "$dumpvars\nb101 !!\n0??\n$end\n#7\nb0 !!\n1??\n#9\n");
  EXPECT_EQ(vcd.date, "today");
  EXPECT_EQ(vcd.variables.at("a.x").bits, 4);
  EXPECT_EQ(vcd.value("a.x", 6'999), 5U);
  EXPECT_EQ(vcd.value("a.x", 7'000), 0U);
  EXPECT_EQ(vcd.value("a.y", 7'000), 1U);
  EXPECT_EQ(vcd.time_at("a.x", 5), 7'000);
  EXPECT_EQ(vcd.time_at("a.y", 1), 2'000);
  EXPECT_EQ(vcd.end, 9'000);
}

TEST(Vcd, RefusesWhatIsNone) {
  EXPECT_EQ(failure_of("nonsense"), "line 1: expected a command, time or value, got nonsense");
  EXPECT_EQ(failure_of(kHeader + "b1 !?"), "line 10: no variable !?");
  EXPECT_EQ(failure_of(kHeader + "b10101 !!"), "line 10: too wide: 10101");
  EXPECT_EQ(failure_of(kHeader + "bx !!"), "line 10: expected bits, got x");
  EXPECT_EQ(failure_of(kHeader + "#5\n#4\n"), "line 11: time goes back");
  EXPECT_EQ(failure_of("$scope module a $end"), "line 1: a scope stays open");
  EXPECT_EQ(failure_of("$comment never ends"), "line 1: expected $end, got the end");
}

}  // namespace
}  // namespace systole
