#include "reference/measured/measured_json.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "arch/diag/error.h"

namespace systole {
namespace {

MeasuredRun full_run() {
  return {.kind = DeviceKind::Gpu,
          .device = "NVIDIA \"H100\" 80GB\\HBM3",
          .network = "resnet50",
          .type = DataType::Bf16,
          .batch = 8,
          .obtained = Obtained::Measured,
          .date = "2026-11-24",
          .software = "cuBLASLt 13.0, driver 580.95",
          .isa = "sm_90",
          .threads = 132,
          .clock = 1'980'000'000,
          .memory_clock = 2'619'000'000,
          .warm_up = 3,
          .repetitions = 20,
          .total = {.median = 1.0 / 3, .lower_quartile = 0.1, .upper_quartile = 2.5e10},
          .layers = {{.name = "conv1",
                      .kind = "conv2d",
                      .kernel = "cudnn: implicit",
                      .macs = 118'013'952,
                      .time = {.median = 1.23e-7, .lower_quartile = 0, .upper_quartile = 1}},
                     {.name = "flat # 1, {a: b}", .kind = "flatten", .kernel = "", .time = {}}},
          .energy = MeasuredEnergy{.joules = 0.25,
                                   .watts = 400,
                                   .obtained = Obtained::Measured,
                                   .method = "NVML board power"},
          .numerics = MeasuredNumerics{.elements = 100,
                                       .different = 3,
                                       .outside = 0,
                                       .largest_error = 0.75,
                                       .bound = "2^-8 of the value",
                                       .first_outside = "conv1 (jit)"},
          .note = "line one, \xC3\xA9"};
}

MeasuredRun least_run() {
  MeasuredRun run;
  run.device = "cpu";
  run.network = "mlp0";
  run.date = "2026-01-01";
  run.software = "oneDNN 2.6.3";
  run.isa = "AVX2";
  run.repetitions = 1;
  run.total = {.median = 1, .lower_quartile = 1, .upper_quartile = 1};
  return run;
}

/// What reading makes of a run that was measured when it was written.
MeasuredRun recorded(MeasuredRun run) {
  run.obtained = Obtained::Recorded;
  if (run.energy && run.energy->obtained == Obtained::Measured) {
    run.energy->obtained = Obtained::Recorded;
  }
  return run;
}

TEST(MeasuredJson, ReadsBackWhatItWroteAsRecorded) {
  const std::vector<MeasuredRun> runs{full_run(), least_run()};
  const Recording recording = parse_recording(measured_json(runs), "a.json");
  EXPECT_EQ(recording.file, "a.json");
  ASSERT_EQ(recording.runs.size(), 2U);
  EXPECT_EQ(recording.runs[0], recorded(full_run()));
  EXPECT_EQ(recording.runs[1], recorded(least_run()));
}

TEST(MeasuredJson, IsTheSameTextWhenRecordedRunsAreWrittenAgain) {
  const std::vector<MeasuredRun> runs{recorded(full_run())};
  const std::string text = measured_json(runs);
  EXPECT_EQ(measured_json(parse_recording(text, "a.json").runs), text);
}

TEST(MeasuredJson, ModelledEnergyStaysModelled) {
  MeasuredRun run = least_run();
  run.energy = MeasuredEnergy{
      .joules = 1, .watts = 2, .obtained = Obtained::Modelled, .method = "2 threads x 1 W"};
  const Recording recording = parse_recording(measured_json({{run}}), "a.json");
  EXPECT_EQ(recording.runs[0].energy->obtained, Obtained::Modelled);
}

TEST(MeasuredJson, IsJsonForOthersToo) {
  const auto json = nlohmann::json::parse(measured_json({{full_run()}}));
  EXPECT_EQ(json["runs"][0]["device"], "NVIDIA \"H100\" 80GB\\HBM3");
  EXPECT_EQ(json["runs"][0]["layers"][0]["seconds"]["median"], 1.23e-7);
  EXPECT_EQ(json["runs"][0]["seconds"]["median"], 1.0 / 3);
}

TEST(MeasuredJson, ReplacesBytesThatAreNoText) {
  MeasuredRun run = least_run();
  run.device = "cpu \xFF";
  EXPECT_EQ(parse_recording(measured_json({{run}}), "a.json").runs[0].device, "cpu \xEF\xBF\xBD");
}

TEST(MeasuredRecord, ReplacesTheSameRunAndAddsOthers) {
  Recording recording;
  record(recording, full_run());
  MeasuredRun other = full_run();
  other.batch = 16;
  record(recording, other);
  MeasuredRun again = full_run();
  again.total.median = 0.2;
  record(recording, again);
  ASSERT_EQ(recording.runs.size(), 2U);
  EXPECT_EQ(recording.runs[0], recorded(again));
  EXPECT_EQ(recording.runs[1], recorded(other));
}

struct Mistake {
  std::string name;
  std::string from;  ///< first occurrence in the text of least_run()
  std::string to;
  std::string line;
};

class MeasuredJsonMistake : public testing::TestWithParam<Mistake> {};

TEST_P(MeasuredJsonMistake, IsOneLineWithItsPlace) {
  std::string text = measured_json({{least_run()}});
  const std::size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos) << text;
  text.replace(at, GetParam().from.size(), GetParam().to);
  try {
    (void)parse_recording(text, "a.json");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.what(), GetParam().line);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, MeasuredJsonMistake,
    testing::Values(
        Mistake{"Type", "\"int8\"", "\"int16\"",
                "a.json:6:12: runs[0].type: expected one of int8, fp16, bf16, fp32, got 'int16'"},
        Mistake{"Batch", "\"batch\": 1", "\"batch\": 0",
                "a.json:7:13: runs[0].batch: expected an integer of at least 1, got '0'"},
        Mistake{"Obtained", "\"measured\"", "\"simulated\"",
                "a.json:8:16: runs[0].obtained: expected measured or recorded, got 'simulated'"},
        Mistake{"Quartiles", "\"lower_quartile\":1", "\"lower_quartile\":2",
                "a.json:15:25: runs[0].seconds.median: expected a number of at least 2, got '1.0'"},
        Mistake{"Unknown", "\"isa\"", "\"iso\"",
                "a.json:2:3: runs[0].isa: expected text, got nothing (is 'iso' meant?)"},
        Mistake{"Repetitions", "\"repetitions\": 1", "\"repetitions\": 1.5",
                "a.json:14:19: runs[0].repetitions: expected an integer of at least 1, got '1.5'"},
        Mistake{"Empty", "\"runs\": [", "\"runs\": [], \"more\": [",
                "a.json:1:14: more: expected runs, got 'more'"}),
    [](const auto& mistake) { return mistake.param.name; });

TEST(MeasuredJson, AFileWithoutRunsIsAMistake) {
  try {
    (void)parse_recording("{\"runs\": []}", "a.json");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()), "a.json:1:10: runs: expected at least one run, got none");
  }
}

TEST(ShippedRecordings, AreReadAndWithinTheirBounds) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(SYSTOLE_SOURCE_DIR) / "configs/recorded";
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, none)) {
    ASSERT_EQ(entry.path().extension(), ".json") << entry.path();
    for (const MeasuredRun& run : read_recording(entry.path()).runs) {
      EXPECT_EQ(run.obtained, Obtained::Recorded);
      EXPECT_TRUE(!run.numerics || run.numerics->passed()) << entry.path() << ' ' << run.network;
    }
  }
}

TEST(MeasuredRun, GivesInferencesASecondFromTheMedian) {
  MeasuredRun run = least_run();
  run.batch = 8;
  run.total = {.median = 0.5, .lower_quartile = 0.25, .upper_quartile = 4};
  EXPECT_EQ(run.inferences_per_second(), 16);
  EXPECT_EQ(run.total.interquartile_range(), 3.75);
}

}  // namespace
}  // namespace systole
