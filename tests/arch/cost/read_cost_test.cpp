#include <gmock/gmock.h>

#include "arch/chip_spec.h"
#include "arch/config/text_file.h"
#include "tests/arch/chip_files.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

using testing::HasSubstr;

const std::string kConfigs = std::string(SYSTOLE_SOURCE_DIR) + "/configs";

std::string text_of(const std::string& file) {
  return read_text_file(kConfigs + "/" + file, 1U << 20);
}

std::string after_place(const std::string& line) {
  const std::size_t name = line.find(".yaml:");
  return name == std::string::npos ? line : line.substr(line.find(": ", name) + 2);
}

std::string chip_failure(const std::string& from, const std::string& to) {
  const TemporaryDirectory directory;
  const std::string text = replaced(text_of("chips/tpu_v1.yaml"), from, to);
  return after_place(message_of(
      [&] { (void)read_chip(directory.write("tpu_v1.yaml", text), {kConfigs + "/dram"}); }));
}

TEST(ReadCost, NamesWhatItDoesNotKnow) {
  EXPECT_THAT(
      chip_failure("prices: actuary", "prices: actuarry"),
      testing::StartsWith(
          "cost.prices: expected a set of prices (one of actuary, ttm) or a file of your own "
          "(FILE.yaml, from this file's folder), got 'actuarry' (did you mean 'actuary'?); "
          "looked in "));
  EXPECT_EQ(chip_failure("memory: ddr3\n", "memory: ddr9\n"),
            "cost.memory: expected one of ddr3, ddr4, ddr5, lpddr4, gddr6, hbm2, hbm3, got 'ddr9' "
            "(did you mean 'ddr3'?)");
  EXPECT_EQ(chip_failure("volume: {value: 100000,", "volume: {value: 0,"),
            "cost.volume: expected an integer in 1..1000000000, got '0'");
  EXPECT_EQ(chip_failure("board: {value: 60 USD,", "board: {value: 60 EUR,"),
            "cost.board: expected a price in 0 USD..1000000000 USD as a number, a space and USD, "
            "kUSD or MUSD, got '60 EUR'");
}

TEST(ReadCost, RefusesADieThatNoScannerExposes) {
  EXPECT_THAT(chip_failure("  memory_stacks: 0", "  memory_stacks: 0\n  die: 900 mm2"),
              HasSubstr("cost.die: expected an area in 0.1 mm2..858 mm2, got '900 mm2'"));
}

TEST(ReadCost, NeedsATechnology) {
  const std::string text = text_of("chips/tpu_v1.yaml");
  const TemporaryDirectory directory;
  const std::string without =
      text.substr(0, text.find("\ntechnology:") + 1) + text.substr(text.find("\ncost:") + 1);
  EXPECT_EQ(after_place(message_of([&] {
              (void)read_chip(directory.write("tpu_v1.yaml", without), {kConfigs + "/dram"});
            })),
            "technology: expected a technology for cost, got nothing");
}

std::string prices_failure(const std::string& from, const std::string& to) {
  const TemporaryDirectory directory;
  const std::string text = replaced(text_of("prices/actuary.yaml"), from, to);
  return after_place(message_of([&] { (void)read_prices(directory.write("actuary.yaml", text)); }));
}

TEST(ReadPrices, SaysWhatIsWrong) {
  EXPECT_EQ(prices_failure("model: {value: negative_binomial", "model: {value: murfy"),
            "yield.model: expected one of negative_binomial, murphy, poisson, seeds, got 'murfy'");
  EXPECT_EQ(prices_failure("defects: {low: 0.5, high: 2}", "defects: {low: 3, high: 2}"),
            "ranges.defects.low: expected at most high (2), got '3'");
  EXPECT_EQ(prices_failure("  pue: {value: 1.10", "  pue: {value: 0.9"),
            "operation.pue: expected a number in 1..10, got '0.9'");
  EXPECT_EQ(prices_failure("  bonding_yield: {value: 0.99", "  bonding_yield: {value: 0"),
            "package.bonding_yield: expected a number in 0.01..1, got '0'");
}

TEST(ReadPrices, HaveTheNameInTheirFileWhateverThatIsCalled) {
  const TemporaryDirectory directory;
  EXPECT_EQ(read_prices(directory.write("mine.yaml", text_of("prices/actuary.yaml"))).name,
            "actuary");
}

TEST(ReadPrices, ReadsBothNamesAndUnits) {
  const Prices prices = read_prices(kConfigs + "/prices/actuary.yaml");
  ASSERT_NE(prices.node("7nm"), nullptr);
  EXPECT_EQ(prices.node("7nm")->wafer, Usd(9346.0));
  EXPECT_EQ(prices.node("7nm")->design_of_300mm2, Usd(298e6));
  EXPECT_EQ(prices.node("8nm"), nullptr);
  EXPECT_DOUBLE_EQ(prices.memory_named("hbm2")->usd_per_gb, 7.0);
  EXPECT_DOUBLE_EQ(prices.site.electricity.count(), 0.08);
  EXPECT_EQ(prices.wafer.count, DieCount::Actuary);
}

}  // namespace
}  // namespace systole
