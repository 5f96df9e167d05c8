#include "report/quality.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace systole {
namespace {

TensorQuality layer(const std::string& name, std::int64_t saturated) {
  return {.tensor = name, .elements = 1000, .saturated = saturated};
}

CheckResult with_floats() {
  CheckResult check;
  check.quality = {layer("x", 0), layer("conv1", 12), layer("prob", 0)};
  check.quality[0].error = TensorError{.elements = 1000};
  check.quality[1].error = TensorError{.elements = 1000,
                                       .mean = 0.00123456,
                                       .worst = 0.25,
                                       .worst_at = 17,
                                       .largest = 3,
                                       .sqnr_db = 31.46};
  check.quality[2].error = TensorError{.elements = 1000, .mean = 1, .worst = 1};
  return check;
}

TEST(QualityText, IsEmptyWhereThereIsNothingToTell) {
  CheckResult check;
  check.quality = {layer("conv1", 50)};  // 5 %
  EXPECT_EQ(quality_text(check, false), "");
}

TEST(QualityText, HasARowForEveryTensorOfAFloatNetwork) {
  EXPECT_EQ(quality_text(with_floats(), false),
            "\n"
            "against the float network  mean error  worst error  SQNR dB  clipped\n"
            "  x                                 0            0    exact    0.0 %\n"
            "  conv1                       0.00123         0.25     31.5    1.2 %\n"
            "  prob                              1            1        -    0.0 %\n");
}

TEST(QualityText, SaysWhatIsClipped) {
  CheckResult check;
  check.quality = {layer("conv1", 51), layer("fc", 0)};
  check.quality[1].clipped_weights = 1234;
  EXPECT_EQ(
      quality_text(check, false),
      "\n"
      "note: conv1: 5.1 % of the values do not fit int8 and are clipped: its scale is too "
      "small\n"
      "note: fc: 1,234 weights do not fit int8 and are clipped: weights.scale is too small\n");
}

TEST(QualityText, StopsAfterTenNotes) {
  CheckResult check;
  for (int i = 0; i < 13; ++i) {
    check.quality.push_back(layer("layer" + std::to_string(i), 1000));
  }
  EXPECT_THAT(quality_text(check, false), testing::EndsWith("small\n  and 3 more\n"));
}

TEST(QualityJson, HasTheErrorsOfAFloatNetwork) {
  EXPECT_EQ(quality_json(with_floats())[1].dump(),
            R"({"tensor":"conv1","elements":1000,"clipped":12,"clipped_weights":0,)"
            R"("mean_error":0.00123456,"worst_error":0.25,"worst_at":17,"sqnr_db":31.46})");
  EXPECT_TRUE(quality_json(with_floats())[0]["sqnr_db"].is_null());
}

TEST(QualityJson, HasNoErrorsWithoutOne) {
  CheckResult check;
  check.quality = {layer("conv1", 50)};
  EXPECT_EQ(quality_json(check).dump(),
            R"([{"tensor":"conv1","elements":1000,"clipped":50,"clipped_weights":0}])");
}

}  // namespace
}  // namespace systole
