#include <filesystem>

#include <gmock/gmock.h>

#include "tests/app/process.h"
#include "tests/app/scratch.h"

namespace systole {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace fs = std::filesystem;

/// A copy of tpu_v1 under another name and description.
std::string chip_text(const std::string& name) {
  std::stringstream text;
  text << std::ifstream(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v1.yaml").rdbuf();
  std::string chip = text.str();
  const std::size_t at = chip.find("name: tpu_v1");
  return at == std::string::npos ? "" : chip.replace(at, 12, "name: " + name);
}

TEST(Catalogue, FindsWhatShipsFromAnyDirectory) {
  const Scratch scratch;
  const ProcessResult result = run_systole({"describe", "tpu_v1"}, {.directory = scratch.root()});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, StartsWith("tpu_v1\n"));
}

TEST(Catalogue, TakesANameWithItsExtensionToo) {
  EXPECT_EQ(run_systole({"describe", "tpu_v1.yaml"}, {.directory = "/"}).exit_code, 0);
}

TEST(Catalogue, PrefersAFileOfThatName) {
  const Scratch scratch;
  scratch.write("configs/chips/mine.yaml", chip_text("from_folder"));
  scratch.write("mine", chip_text("from_file"));
  const ProcessResult result = run_systole({"describe", "mine"}, {.directory = scratch.root()});
  EXPECT_THAT(result.out, StartsWith("from_file\n")) << result.err;
}

TEST(Catalogue, DoesNotTakeADirectoryForAFile) {
  const Scratch scratch;
  fs::create_directory(scratch.path("tpu_v1"));
  EXPECT_EQ(run_systole({"describe", "tpu_v1"}, {.directory = scratch.root()}).exit_code, 0);
}

TEST(Catalogue, PrefersTheCurrentDirectoryToTheSourceTree) {
  const Scratch scratch;
  scratch.write("configs/chips/tpu_v1.yaml", chip_text("from_here"));
  const ProcessResult result = run_systole({"describe", "tpu_v1"}, {.directory = scratch.root()});
  EXPECT_THAT(result.out, StartsWith("from_here\n")) << result.err;
}

TEST(Catalogue, PrefersTheDirectoryInTheEnvironmentToAll) {
  const Scratch here;
  const Scratch data;
  here.write("configs/chips/tpu_v1.yaml", chip_text("from_here"));
  data.write("configs/chips/tpu_v1.yaml", chip_text("from_environment"));
  const ProcessResult result =
      run_systole({"describe", "tpu_v1"},
                  {.directory = here.root(), .environment = {{"SYSTOLE_DATA", data.root()}}});
  EXPECT_THAT(result.out, StartsWith("from_environment\n")) << result.err;
}

TEST(Catalogue, IgnoresAnEnvironmentThatPointsNowhere) {
  const ProcessResult result =
      run_systole({"describe", "tpu_v1"}, {.environment = {{"SYSTOLE_DATA", "/no/such/place"}}});
  EXPECT_EQ(result.exit_code, 0);
}

TEST(Catalogue, FindsWhatIsInstalledBesideTheProgram) {
  const Scratch scratch;
  fs::create_directory(scratch.path("bin"));
  fs::copy_file(SYSTOLE_BINARY, scratch.path("bin/systole"));
  scratch.write("share/systole/configs/chips/installed.yaml", chip_text("installed"));
  fs::copy(SYSTOLE_SOURCE_DIR "/configs/dram", scratch.path("share/systole/configs/dram"));
  const ProcessResult result = run_systole(
      {"describe", "installed"}, {.binary = scratch.path("bin/systole"), .directory = "/"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, StartsWith("installed\n")) << result.err;
}

TEST(Catalogue, NamesNearNamesOfTheUsersOwnFiles) {
  const Scratch scratch;
  scratch.write("configs/chips/my_chip.yaml", chip_text("my_chip"));
  const ProcessResult result = run_systole({"describe", "mychip"}, {.directory = scratch.root()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(
      result.err,
      "systole: no chip 'mychip': neither a file nor a known name (did you mean 'my_chip'?); see "
      "'systole list'\n");
}

TEST(Catalogue, NamesWhatIsKnownWhereNothingIsNear) {
  const ProcessResult result = run_systole({"describe", "xyzzyxyzzy"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(
      result.err,
      StartsWith("systole: no chip 'xyzzyxyzzy': neither a file nor a known name (known: "));
  EXPECT_THAT(result.err, HasSubstr("fpga_overlay_vck5000, ...); see 'systole list'\n"));
}

TEST(List, ShowsChipsAndNetworks) {
  const ProcessResult result = run_systole({"list"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, AllOf(HasSubstr("\ntpu_v1 "), HasSubstr("34.13 GB/s"),
                                HasSubstr("24 MiB"), HasSubstr("network")));
}

TEST(List, KeepsGoingAtAFileThatCannotBeRead) {
  const Scratch scratch;
  scratch.write("configs/chips/broken.yaml", "name: [");
  const ProcessResult result = run_systole({"list"}, {.directory = scratch.root()});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, AllOf(HasSubstr("\nbroken "), HasSubstr("\ntpu_v1 ")));
  EXPECT_THAT(result.out, testing::ContainsRegex("\nalveo_u280 .* fpga_overlay_u280\n"));
}

TEST(List, IgnoresWhatIsNoYaml) {
  const Scratch scratch;
  scratch.write("configs/chips/notes.txt", "");
  EXPECT_THAT(run_systole({"list"}, {.directory = scratch.root()}).out, Not(HasSubstr("notes")));
}

TEST(Describe, EndsInOneLineAtABrokenFile) {
  const Scratch scratch;
  scratch.write("chip.yaml", "name: chip\nname: chip\n");
  const ProcessResult result =
      run_systole({"describe", "chip.yaml"}, {.directory = scratch.root()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, StartsWith("chip.yaml:2:1: "));
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1);
  EXPECT_EQ(result.out, "");
}

}  // namespace
}  // namespace systole
