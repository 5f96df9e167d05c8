#include "report/dram.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace systole {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// 200 bursts of 64 bytes in 1000 cycles of 1 ns; 160 reads, of which 10 from the write buffer.
DramReport sample() {
  DramReport report;
  report.standard.name = "sample";
  report.standard.channels = 2;
  report.standard.organization.burst_length = 8;
  report.standard.timing.tCK = Femtoseconds(1'000'000);
  report.standard.timing.nBL = DramCycles(4);
  report.controller.name = "policies";
  report.mapping = "lin";
  report.train = "seq_rd";
  DramRunResult& run = report.result;
  run.cycles = DramCycles(1000);
  run.read_requests = 160;
  run.write_requests = 40;
  run.activates = 19;
  run.precharges = 7;
  run.precharges_all = 2;
  run.reads = 150;
  run.writes = 40;
  run.refreshes = 3;
  run.bank_refreshes = 5;
  run.row_misses = 12;
  run.row_conflicts = 7;
  run.forwarded = 10;
  run.read_latency.add(DramCycles(26), 100);
  run.read_latency.add(DramCycles(50), 60);
  return report;
}

TEST(DramReport, FiguresFollowFromCountsAndTime) {
  const DramFigures figures = dram_figures(sample());
  EXPECT_DOUBLE_EQ(figures.seconds, 1e-6);
  EXPECT_DOUBLE_EQ(figures.bandwidth, 200 * 64 / 1e-6);
  EXPECT_DOUBLE_EQ(figures.peak, 2 * 64 / 4e-9);  // two channels, a burst in nBL
  EXPECT_DOUBLE_EQ(figures.row_hit_rate, (150.0 + 40 - 19) / (150 + 40));
}

TEST(DramReport, JsonHasEveryCount) {
  const auto json = nlohmann::json::parse(dram_json(sample()));
  EXPECT_EQ(json["schema"], "systole.dram/1");
  EXPECT_EQ(json["cycles"], 1000);
  EXPECT_EQ(json["outstanding"], nullptr);
  EXPECT_EQ(json["requests"]["reads"], 160);
  EXPECT_EQ(json["commands"]["REFpb"], 5);
  EXPECT_EQ(json["rows"]["hits"], 150 + 40 - 19);
  EXPECT_EQ(json["forwarded_reads"], 10);
  EXPECT_EQ(json["energy_nj"], nullptr);  // no currents
  EXPECT_DOUBLE_EQ(json["bandwidth_gbps"].get<double>(), 12.8);
  EXPECT_DOUBLE_EQ(json["percent_of_peak"].get<double>(), 12.8 / 32 * 100);
  const auto& latency = json["read_latency_ns"];
  EXPECT_DOUBLE_EQ(latency["mean"].get<double>(), (26.0 * 100 + 50 * 60) / 160);
  EXPECT_DOUBLE_EQ(latency["p50"].get<double>(), 26);  // index 80 of 160
  EXPECT_DOUBLE_EQ(latency["p99"].get<double>(), 50);  // index 158
}

TEST(DramReport, TextSaysWhatIsNotDescribed) {
  const std::string text = dram_text(sample());
  EXPECT_THAT(text, HasSubstr("seq_rd on sample, 2 channels, mapping lin, controller policies"));
  EXPECT_THAT(text, HasSubstr("12.8000 GB/s, 40.000 % of the peak 32 GB/s"));
  EXPECT_THAT(text, HasSubstr("energy: not described for this standard"));
  DramReport windowed = sample();
  windowed.window = 16;
  EXPECT_THAT(dram_text(windowed), HasSubstr("outstanding 16"));
}

TEST(DramReport, WithoutReadsThereIsNoLatency) {
  DramReport report = sample();
  report.result.read_latency = {};
  EXPECT_THAT(dram_text(report), Not(HasSubstr("read latency")));
}

TEST(DramReport, EnergyIsListedByComponent) {
  DramReport report = sample();
  DramPower power;
  power.VDD = Microvolts(1'000'000);
  power.IDD3N = Microamperes(10'000);
  power.IDD4R = Microamperes(110'000);
  report.standard.power = power;
  const auto json = nlohmann::json::parse(dram_json(report));
  // 150 RD x 1 V x 100 mA x 4 ns x 1 device.
  EXPECT_DOUBLE_EQ(json["energy_nj"]["read"].get<double>(), 150 * 0.1 * 4);
  EXPECT_THAT(dram_text(report), HasSubstr("active standby"));
}

}  // namespace
}  // namespace systole
