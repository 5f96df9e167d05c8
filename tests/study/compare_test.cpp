#include "study/compare.h"

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"
#include "reference/devices/device_model.h"
#include "reference/devices/read_device.h"
#include "study/compare_chip.h"

namespace systole {
namespace {

const std::string kRoot = SYSTOLE_SOURCE_DIR;
const std::string kMlp0 = kRoot + "/workloads/mlp0.yaml";

CompareSubject device(const std::string& name) {
  return {.name = name,
          .device = std::make_shared<reference::DeviceSpec>(
              reference::read_device(kRoot + "/configs/devices/" + name + ".yaml"))};
}

CompareSubject chip(const std::string& name) {
  return {
      .name = name,
      .chip = std::make_shared<ChipSpec>(read_chip(kRoot + "/configs/chips/" + name + ".yaml"))};
}

Site site() {
  return read_site(kRoot + "/configs/sites/datacentre.yaml");
}

const ComparedDevice& row_of(const Comparison& comparison, const std::string& name) {
  for (const ComparedDevice& row : comparison.rows) {
    if (row.name == name) {
      return row;
    }
  }
  throw std::runtime_error("no row " + name);
}

/// Several chips in one process' comparison: each needs a process of its own.
TEST(Compare, SimulatesEachChipAndModelsEachDevice) {
  const Comparison comparison =
      compare(kMlp0, {chip("tpu_v1"), device("t4"), chip("edge"), chip("fpga_overlay_u250")},
              {.batches = {1}, .parallel = 2}, site());
  ASSERT_EQ(comparison.rows.size(), 4);
  EXPECT_EQ(comparison.baseline, "tpu_v1");
  for (const ComparedDevice& row : comparison.rows) {
    EXPECT_EQ(row.error, "") << row.name;
    EXPECT_EQ(row.macs, 5 * 2048 * 2048) << row.name;
    EXPECT_GT(row.time, Femtoseconds(0)) << row.name;
    EXPECT_TRUE(row.utilisation > 0 && row.utilisation < 1) << row.name;
  }
  EXPECT_EQ(row_of(comparison, "t4").time_obtained, Obtained::Modelled);
  const ComparedDevice& fpga = row_of(comparison, "fpga_overlay_u250");
  EXPECT_EQ(fpga.kind, ComparedKind::Fpga);
  EXPECT_EQ(fpga.time_obtained, Obtained::Simulated);
  EXPECT_EQ(fpga.power_obtained, Obtained::Modelled);
  EXPECT_GT(fpga.power, fpga.idle);
}

TEST(Compare, AChipWithoutInt8RunsWhatItMultiplies) {
  const Comparison comparison = compare(kMlp0, {chip("tpu_v3")}, {.batches = {1}}, site());
  EXPECT_EQ(comparison.rows.front().error, "");
  EXPECT_EQ(comparison.rows.front().type, DataType::Bf16);
}

TEST(Compare, AChipRunsAnotherTypeWhereOneIsGiven) {
  CompareSubject asic = chip("asic_inference");
  asic.type = DataType::Bf16;
  const Comparison comparison =
      compare(kMlp0, {asic, chip("asic_inference")}, {.batches = {1}}, site());
  EXPECT_EQ(comparison.rows[0].type, DataType::Bf16);
  EXPECT_EQ(comparison.rows[1].type, DataType::Int8);
}

/// TPU v2 is rented at 0.75 USD an hour, billed for the hours of work.
TEST(Compare, ChipsHaveTheirOwnRentAndShareOfAServer) {
  const ComparedDevice row =
      compare(kMlp0, {chip("tpu_v2")}, {.batches = {200}}, site()).rows.front();
  ASSERT_TRUE(row.host);
  EXPECT_EQ(row.host->price, Usd(1500));
  EXPECT_EQ(row.host->power, Watts(50));
  ASSERT_TRUE(row.rent_per_million);
  EXPECT_NEAR(row.rent_per_million->count(), 0.75 / 3600 / row.inferences_per_second() * 1e6,
              1e-12);
}

TEST(Compare, RowsAreByDeviceThenBatch) {
  const Comparison comparison = compare(kMlp0, {device("t4"), device("a100")},
                                        {.batches = {4, 1}, .baseline = "a100"}, site());
  const auto key = [](const ComparedDevice& row) { return row.name + std::to_string(row.batch); };
  std::vector<std::string> keys;
  std::transform(comparison.rows.begin(), comparison.rows.end(), std::back_inserter(keys), key);
  EXPECT_THAT(keys, testing::ElementsAre("t44", "t41", "a1004", "a1001"));
  EXPECT_EQ(comparison.baseline_of(4)->name, "a100");
  EXPECT_EQ(comparison.baseline_of(4)->batch, 4);
  EXPECT_EQ(comparison.baseline_of(2), nullptr);
}

TEST(Compare, AChipThatFailsCostsItsRowAlone) {
  ChipSpec small = *chip("edge").chip;
  small.buffer.capacity = Bytes(small.buffer.banks * small.buffer.port_width.count());
  const Comparison comparison = compare(
      kMlp0,
      {{.name = "small", .chip = std::make_shared<ChipSpec>(std::move(small))}, chip("edge")},
      {.batches = {1}}, site());
  EXPECT_THAT(row_of(comparison, "small").error, testing::HasSubstr("fc1"));
  EXPECT_EQ(row_of(comparison, "edge").error, "");
}

TEST(Compare, FindsRecordingsByNetworkBatchAndType) {
  auto recording = std::make_shared<Recording>();
  recording->runs.push_back({.kind = DeviceKind::Gpu,
                             .device = "a GPU",
                             .network = "mlp0",
                             .type = DataType::Bf16,
                             .batch = 2,
                             .obtained = Obtained::Recorded,
                             .date = "2026-01-02",
                             .software = "library 1",
                             .total = {.median = 0.25},
                             .energy = MeasuredEnergy{.joules = 20, .watts = 80}});
  recording->runs.push_back(recording->runs.front());
  recording->runs.back().type = DataType::Fp32;
  recording->runs.back().total.median = 0.5;
  const Comparison comparison =
      compare(kMlp0,
              {{.name = "recorded", .recording = recording},
               {.name = "recorded:fp32", .recording = recording, .type = DataType::Fp32}},
              {.batches = {1, 2}}, site());
  EXPECT_EQ(comparison.rows[0].error, "nothing is recorded of this network and batch");
  const ComparedDevice& row = comparison.rows[1];
  EXPECT_EQ(row.time_obtained, Obtained::Recorded);
  EXPECT_EQ(row.power_obtained, Obtained::Measured);
  EXPECT_DOUBLE_EQ(row.seconds(), 0.25);
  EXPECT_DOUBLE_EQ(row.inferences_per_second(), 8);
  EXPECT_DOUBLE_EQ(row.energy_per_inference()->count(), 10);
  EXPECT_EQ(row.notes.front(), "a GPU, 2026-01-02, library 1");
  EXPECT_EQ(comparison.rows[3].type, DataType::Fp32);
  EXPECT_DOUBLE_EQ(comparison.rows[3].seconds(), 0.5);
  recording->runs.back().type = DataType::Int8;  // which is preferred, wherever it stands
  EXPECT_DOUBLE_EQ(
      compare(kMlp0, {{.name = "recorded", .recording = recording}}, {.batches = {2}}, site())
          .rows.front()
          .seconds(),
      0.5);
}

/// The queue sees the device's own times at powers of two and the largest batch.
TEST(Compare, PutsDevicesUnderLoad) {
  const CompareSubject t4 = device("t4");
  const Femtoseconds deadline(7'000'000'000'000);
  const CompareOptions options{.batches = {6},
                               .arrival_rate = 100.0,
                               .deadline = deadline,
                               .load = {.requests = 1000, .seed = 5}};
  const Comparison comparison = compare(kMlp0, {t4}, options, site());
  BatchServer server;
  for (const std::int64_t batch : {1, 2, 4, 6}) {
    const Graph graph = read_network(kMlp0, {.batch = batch}).graph;
    server.sizes.push_back(
        {batch, reference::model_device(*t4.device, graph, {.type = DataType::Int8}).time});
  }
  const std::optional<ComparedLoad>& load = comparison.rows.front().load;
  ASSERT_TRUE(load);
  EXPECT_EQ(load->at_rate, under_load(server, StreamTime(10'000'000'000'000), options.load));
  EXPECT_EQ(load->largest, largest_load(server, deadline, options.load));
  EXPECT_EQ(load->largest_batch, 6);
}

TEST(Compare, SaysWhereMoreArriveThanCanBeServed) {
  const Comparison comparison =
      compare(kMlp0, {device("t4")},
              {.batches = {1}, .arrival_rate = 1e8, .load = {.requests = 100}}, site());
  EXPECT_FALSE(comparison.rows.front().load->at_rate);
  EXPECT_THAT(comparison.rows.front().notes,
              testing::Contains(testing::StartsWith("more requests arrive than it can serve: it "
                                                    "takes ")));
  EXPECT_FALSE(comparison.rows.front().stream);
  EXPECT_FALSE(comparison.use_of(comparison.rows.front()).power);
}

/// Twice what one can serve takes three of them: two would wait ever longer.
TEST(Compare, SaysHowManyDevicesAStreamTakes) {
  const ComparedDevice full = compare(kMlp0, {device("t4")}, {.batches = {1}}, site()).rows.front();
  const Comparison comparison = compare(
      kMlp0, {device("t4")},
      {.batches = {1}, .arrival_rate = 2 * full.inferences_per_second(), .load = {.requests = 100}},
      site());
  EXPECT_THAT(comparison.rows.front().notes,
              testing::Contains("more requests arrive than it can serve: it takes 3"));
}

/// 30 requests a second, a gap apart, are served alone: each takes the time t and power P of batch
/// 1, and the device idles for the rest of 1/30 s.
TEST(Compare, DollarsAndEnergyAreThoseOfTheStream) {
  const Comparison comparison =
      compare(kMlp0, {device("t4")},
              {.batches = {1},
               .arrival_rate = 30.0,
               .load = {.requests = 1000, .arrivals = ArrivalKind::Periodic}},
              site());
  const ComparedDevice& row = comparison.rows.front();
  ASSERT_TRUE(row.stream);
  const double busy = 30 * row.seconds();
  EXPECT_NEAR(row.stream->busy_share, busy, 1e-12);
  const UseFigures use = comparison.use_of(row);
  const double joules = row.power->count() * row.seconds() + row.idle->count() * (1 - busy) / 30;
  EXPECT_NEAR(use.energy_per_inference->count(), joules, 1e-9 * joules);
  EXPECT_NEAR(use.power->count(), 30 * joules, 1e-9 * 30 * joules);
  EXPECT_NEAR(use.utilisation, row.utilisation * busy, 1e-12);
  // T4, in an hour: its price and 3000 USD of a server over three years, 11 USD a watt of 70 + 80 W
  // over 15, and PUE 1.1 at 0.08 USD/kWh for what it draws and 80 W.
  const double hour = (row.price->count() + 3000) / (3 * 8760) + 11 * 150 / (15.0 * 8760) +
                      (30 * joules + 80) / 1000 * 1.1 * 0.08;
  ASSERT_TRUE(use.own_per_million);
  EXPECT_NEAR(use.own_per_million->count(), hour / (30 * 3600) * 1e6, 1e-9);
  // Rented at all hours.
  ASSERT_TRUE(use.rent_per_million);
  EXPECT_NEAR(use.rent_per_million->count(), row.rent->count() / (30 * 3600) * 1e6, 1e-9);
  EXPECT_GT(*use.own_per_million, *row.own_per_million * 10);
  EXPECT_EQ(comparison.site, "datacentre: all hours, 3 years, PUE 1.1, 0.08 USD/kWh");
}

/// A batch of four that is always full has the power of four, and no time to idle.
TEST(Compare, AStreamNearTheCapacityCostsWhatFullUseDoes) {
  const ComparedDevice full = compare(kMlp0, {device("t4")}, {.batches = {4}}, site()).rows.front();
  const Comparison comparison = compare(kMlp0, {device("t4")},
                                        {.batches = {4},
                                         .arrival_rate = 0.9999 * full.inferences_per_second(),
                                         .load = {.requests = 100'000}},
                                        site());
  const ComparedDevice& row = comparison.rows.front();
  ASSERT_TRUE(row.stream);
  EXPECT_NEAR(row.stream->use.energy_per_inference->count() / full.energy_per_inference()->count(),
              1, 0.02);
  EXPECT_NEAR(row.stream->use.power->count() / full.power->count(), 1, 0.02);
}

/// Nothing ends: a request in eleven days and a half, and a device that is too slow for any rate.
TEST(Compare, AnyRateAndDeadlineHaveARow) {
  for (const double rate : {kLeastRate, 0.1, 11.0, 1e9}) {
    const Comparison comparison = compare(kMlp0, {device("t4"), device("xeon_8380")},
                                          {.batches = {1, 2},
                                           .arrival_rate = rate,
                                           .deadline = Femtoseconds(1),
                                           .load = {.requests = 1000}},
                                          site());
    for (const ComparedDevice& row : comparison.rows) {
      ASSERT_TRUE(row.load);
      EXPECT_FALSE(row.load->largest);
      EXPECT_THAT(row.load->why_none, testing::StartsWith("one input alone takes 0."));
    }
  }
}

TEST(Compare, SaysWhyADeadlineCannotBeMet) {
  const Comparison comparison = compare(
      kMlp0, {device("t4")},
      {.batches = {1}, .deadline = Femtoseconds(1'000'000'000), .load = {.requests = 100}}, site());
  const std::string alone = comparison.rows.front().load->why_none;
  EXPECT_THAT(alone, testing::MatchesRegex("one input alone takes 0.[0-9]+ ms"));
  EXPECT_THAT(comparison.rows.front().notes,
              testing::Contains("cannot meet the deadline of 0.001 ms: " + alone));
}

/// A chip's note says that its price is modelled; a price that is given is not.
TEST(Compare, PricesMayBeGiven) {
  const std::vector<CompareSubject> subjects{chip("edge"), device("coral")};
  const Comparison without = compare(kMlp0, subjects, {.batches = {1}}, site());
  const Comparison with =
      compare(kMlp0, subjects, {.batches = {1}, .prices = {{"edge", Usd(100)}, {"coral", Usd(60)}}},
              site());
  EXPECT_THAT(without.rows[0].notes, testing::Contains(kModelledPrice));
  EXPECT_FALSE(without.rows[1].own_per_million);
  EXPECT_EQ(with.rows[0].price, Usd(100));
  EXPECT_THAT(with.rows[0].notes, testing::Not(testing::Contains(kModelledPrice)));
  EXPECT_TRUE(with.rows[1].own_per_million);
}

TEST(Compare, FamiliesWithoutAMeasurementOfTheirOwnAreMarked) {
  const Comparison comparison =
      compare(kMlp0, {device("t4"), device("coral"), device("h100")}, {.batches = {1}}, site());
  EXPECT_TRUE(comparison.rows[0].calibrated);
  EXPECT_FALSE(comparison.rows[1].calibrated);
  EXPECT_FALSE(comparison.rows[2].calibrated);
}

TEST(ChipRow, SurvivesTheWayBack) {
  const ComparedDevice row{.kind = ComparedKind::Fpga,
                           .type = DataType::Bf16,
                           .batch = 3,
                           .time = Femtoseconds(123'456'789'012'345'678),
                           .macs = 9'007'199'254'740'993,
                           .utilisation = 1.0 / 3,
                           .power = Watts(0.1),
                           .power_obtained = Obtained::Simulated,
                           .tdp = Watts(225),
                           .rent = UsdPerHour(0.7),
                           .host = HostShare{.power = Watts(50.1), .price = Usd(1500)},
                           .notes = {"a \"note\""}};
  const ComparedDevice back = parse_chip_row(print_chip_row(row));
  EXPECT_EQ(back.kind, row.kind);
  EXPECT_EQ(back.type, row.type);
  EXPECT_EQ(back.batch, row.batch);
  EXPECT_EQ(back.time, row.time);
  EXPECT_EQ(back.macs, row.macs);
  EXPECT_EQ(back.utilisation, row.utilisation);
  EXPECT_EQ(back.power, row.power);
  EXPECT_EQ(back.power_obtained, row.power_obtained);
  EXPECT_FALSE(back.idle);
  EXPECT_EQ(back.tdp, row.tdp);
  EXPECT_FALSE(back.price);
  EXPECT_EQ(back.rent, row.rent);
  ASSERT_TRUE(back.host);
  EXPECT_EQ(back.host->power, row.host->power);
  EXPECT_EQ(back.host->price, row.host->price);
  EXPECT_EQ(back.notes, row.notes);
}

}  // namespace
}  // namespace systole
