#include "reference/cpu/rapl.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "tests/support/temporary_directory.h"

namespace systole::cpu {
namespace {

namespace fs = std::filesystem;

/// A powercap tree as Linux shows it.
class RaplTree : public testing::Test {
 protected:
  void put(const std::string& zone, const std::string& file, const std::string& text) {
    fs::create_directories(root() / zone);
    std::ofstream(root() / zone / file) << text << '\n';
  }
  void zone(const std::string& name, const std::string& label, const std::string& microjoules) {
    put(name, "name", label);
    put(name, "max_energy_range_uj", "1000000000");
    put(name, "energy_uj", microjoules);
  }
  [[nodiscard]] fs::path root() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

TEST_F(RaplTree, AddsPackagesUpAndLeavesTheirPartsOut) {
  zone("intel-rapl:0", "package-0", "100");
  zone("intel-rapl:0:0", "core", "7");
  zone("intel-rapl:1", "package-1", "200");
  zone("intel-rapl:2", "psys", "900");
  put("intel-rapl", "enabled", "1");
  Rapl rapl(root());
  ASSERT_TRUE(rapl.is_present());
  EXPECT_EQ(rapl.method(), "RAPL package-0 + package-1");
  rapl.start();
  put("intel-rapl:0", "energy_uj", "2000100");
  put("intel-rapl:1", "energy_uj", "500200");
  put("intel-rapl:0:0", "energy_uj", "999");
  EXPECT_EQ(rapl.stop(), 2.5);
}

TEST_F(RaplTree, CountsOnWhereACounterStartsAgain) {
  zone("intel-rapl:0", "package-0", "999500000");
  Rapl rapl(root());
  rapl.start();
  put("intel-rapl:0", "energy_uj", "1000000");
  EXPECT_EQ(rapl.stop(), 1.5);  // 0.5 J to the end of the range, 1 J behind it
}

TEST_F(RaplTree, IsAbsentWhereNothingCanBeRead) {
  EXPECT_FALSE(Rapl(root() / "nowhere").is_present());
  put("intel-rapl:0", "name", "package-0");
  put("intel-rapl:0", "max_energy_range_uj", "1000");
  EXPECT_FALSE(Rapl(root()).is_present());  // no counter
  put("intel-rapl:0", "energy_uj", "12x");
  EXPECT_FALSE(Rapl(root()).is_present());
  EXPECT_EQ(Rapl(root()).stop(), std::nullopt);
}

TEST_F(RaplTree, GivesNothingWhereACounterGoesAway) {
  zone("intel-rapl:0", "package-0", "1");
  Rapl rapl(root());
  rapl.start();
  fs::remove(root() / "intel-rapl:0" / "energy_uj");
  EXPECT_EQ(rapl.stop(), std::nullopt);
}

}  // namespace
}  // namespace systole::cpu
