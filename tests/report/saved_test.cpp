#include "study/saved.h"

#include <filesystem>
#include <limits>

#include <gmock/gmock.h>

#include "arch/diag/error.h"
#include "report/csv.h"
#include "report/describe.h"
#include "report/json.h"
#include "report/text.h"
#include "tests/report/sample_result.h"
#include "tests/report/whole_result.h"

namespace systole {
namespace {

namespace fs = std::filesystem;
using testing::StartsWith;

std::vector<std::string> shipped_chips() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(SYSTOLE_SOURCE_DIR "/configs/chips")) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class SavedChip : public testing::TestWithParam<std::string> {};

TEST_P(SavedChip, IsReadBackToTheSameTextAndDescription) {
  const ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/" + GetParam() + ".yaml");
  const std::string text = save(chip);
  const ChipSpec back = saved_chip(text);
  EXPECT_EQ(save(back), text);
  EXPECT_EQ(describe_chip(back), describe_chip(chip));  // every figure, its source and status
  EXPECT_EQ(back.dram.controller, chip.dram.controller);
}

INSTANTIATE_TEST_SUITE_P(Shipped, SavedChip, testing::ValuesIn(shipped_chips()),
                         [](const auto& name) { return name.param; });

TEST(SavedCounters, AreEqual) {
  Counters counters = sample_result().counters;
  counters.dram.forwarded = std::numeric_limits<std::int64_t>::max();
  counters.layers[2].actions.macs_of_kind[3] = -7;
  EXPECT_EQ(saved_counters(save(counters)), counters);
}

class SavedResult : public testing::TestWithParam<const char*> {};

TEST_P(SavedResult, HasTheSameReports) {
  const WholeResult whole = whole_result(GetParam());
  const Result& result = whole.result;
  const Result back = saved_result(save(result), result.graph);
  EXPECT_EQ(json_report(back, whole.extras), json_report(result, whole.extras));
  EXPECT_EQ(csv_report(back), csv_report(result));
  EXPECT_EQ(text_report(back, {}, whole.extras), text_report(result, {}, whole.extras));
  EXPECT_EQ(save(back), save(result));
}

INSTANTIATE_TEST_SUITE_P(Chips, SavedResult,
                         testing::Values("edge", "edge_os", "tpu_v1", "fpga_overlay_u250"));

std::string message(const std::string& text) {
  try {
    (void)saved_counters(text);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Saved, RefusesWhatIsNoSuchValue) {
  EXPECT_EQ(message(save(sample_chip())),
            "systole: expected a saved systole.counters/1, got a systole.chip/1");
  EXPECT_THAT(message("{"),
              StartsWith("systole: expected a saved systole.counters/1, got something "
                         "else: [json.exception.parse_error"));
  EXPECT_THAT(message(R"({"schema": "systole.counters/1", "value": {"elapsed": 1}})"),
              StartsWith("systole: expected a saved systole.counters/1, got something else: "
                         "[json.exception.out_of_range"));
}

}  // namespace
}  // namespace systole
