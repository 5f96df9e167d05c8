#include "arch/fpga/read_fpga_part.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "tests/arch/chip_files.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

namespace fs = std::filesystem;

const fs::path kConfigs = fs::path(SYSTOLE_SOURCE_DIR) / "configs";

std::vector<std::string> part_files() {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(kConfigs / "fpga_parts")) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string stem_of(const testing::TestParamInfo<std::string>& info) {
  return fs::path(info.param).stem().string();
}

class ShippedPart : public testing::TestWithParam<std::string> {};

TEST_P(ShippedPart, LoadsUnderItsOwnNameWithSources) {
  const FpgaPartFile file = read_fpga_part(GetParam());
  EXPECT_EQ(file.part.name, fs::path(GetParam()).stem().string());
  EXPECT_GT(file.part.packing_of(MacKind::Int8).macs, 0);
  for (const Fact& fact : file.facts) {
    EXPECT_TRUE(fact.status == FactStatus::Assumed || !fact.source.empty()) << fact.path;
  }
}

INSTANTIATE_TEST_SUITE_P(Configs, ShippedPart, testing::ValuesIn(part_files()), stem_of);

}  // namespace
}  // namespace systole
