#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/app/process.h"
#include "tests/app/scratch.h"

namespace systole {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

namespace fs = std::filesystem;

TEST(Output, GoesToTheFileAndNowhereElse) {
  const Scratch scratch;
  const ProcessResult result =
      run_systole({"describe", "tpu_v1", "--output", scratch.path("chip.txt")});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(scratch.read("chip.txt"), run_systole({"describe", "tpu_v1"}).out);
  EXPECT_EQ(scratch.entries(), 1U);
}

TEST(Output, ReplacesAFileAndKeepsItsPermissions) {
  const Scratch scratch;
  scratch.write("chip.txt", "before");
  fs::permissions(scratch.path("chip.txt"), fs::perms{0640});
  EXPECT_EQ(run_systole({"describe", "tpu_v1", "-o", scratch.path("chip.txt")}).exit_code, 0);
  EXPECT_THAT(scratch.read("chip.txt"), StartsWith("tpu_v1\n"));
  EXPECT_EQ(fs::status(scratch.path("chip.txt")).permissions(), fs::perms{0640});
  EXPECT_EQ(scratch.entries(), 1U);
}

TEST(Output, GivesANewFileThePermissionsOfTheUmask) {
  const Scratch scratch;
  const mode_t before = ::umask(027);
  EXPECT_EQ(run_systole({"describe", "tpu_v1", "-o", scratch.path("chip.txt")}).exit_code, 0);
  ::umask(before);
  EXPECT_EQ(fs::status(scratch.path("chip.txt")).permissions(), fs::perms{0640});
}

TEST(Output, FollowsALinkInsteadOfReplacingIt) {
  const Scratch scratch;
  scratch.write("real.txt", "before");
  fs::create_symlink("real.txt", scratch.path("link.txt"));
  EXPECT_EQ(run_systole({"describe", "tpu_v1", "-o", scratch.path("link.txt")}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(scratch.path("link.txt")));
  EXPECT_THAT(scratch.read("real.txt"), StartsWith("tpu_v1\n"));
}

TEST(Output, OfAPlainNameLandsInTheCurrentDirectory) {
  const Scratch scratch;
  EXPECT_EQ(run_systole({"describe", "tpu_v1", "-o", "chip.txt"}, {.directory = scratch.root()})
                .exit_code,
            0);
  EXPECT_THAT(scratch.read("chip.txt"), StartsWith("tpu_v1\n"));
}

TEST(Output, ToAMissingDirectoryLeavesNothingBehind) {
  const Scratch scratch;
  const std::string file = scratch.path("missing/chip.txt");
  const ProcessResult result = run_systole({"describe", "tpu_v1", "--output", file});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "systole: cannot write '" + file + "': No such file or directory\n");
  EXPECT_EQ(scratch.entries(), 0U);
}

TEST(Output, ToADirectoryIsRefused) {
  const Scratch scratch;
  const ProcessResult result = run_systole({"describe", "tpu_v1", "--output", scratch.root()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "systole: cannot write '" + scratch.root() + "': Is a directory\n");
  EXPECT_EQ(scratch.entries(), 0U);
}

TEST(Output, BelowAFileIsRefused) {
  const Scratch scratch;
  scratch.write("plain", "");
  const std::string file = scratch.path("plain/chip.txt");
  const ProcessResult result = run_systole({"describe", "tpu_v1", "--output", file});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "systole: cannot write '" + file + "': Not a directory\n");
}

TEST(Output, StaysAsItWasWhenTheWorkFails) {
  const Scratch scratch;
  scratch.write("chip.txt", "before");
  EXPECT_EQ(run_systole({"describe", "no_such_chip", "-o", scratch.path("chip.txt")}).exit_code, 2);
  EXPECT_EQ(scratch.read("chip.txt"), "before");
  EXPECT_EQ(scratch.entries(), 1U);
}

TEST(Output, ToADeviceIsWrittenInPlace) {
  EXPECT_EQ(run_systole({"describe", "tpu_v1", "-o", "/dev/null"}).exit_code, 0);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(Output, ToAFullDeviceIsAnError) {
  const ProcessResult file = run_systole({"describe", "tpu_v1", "-o", "/dev/full"});
  EXPECT_EQ(file.exit_code, 2);
  EXPECT_EQ(file.err, "systole: cannot write '/dev/full': No space left on device\n");
  const ProcessResult standard = run_systole({"describe", "tpu_v1"}, {.output = "/dev/full"});
  EXPECT_EQ(standard.exit_code, 2);
  EXPECT_EQ(standard.err, "systole: cannot write to standard output: No space left on device\n");
}

TEST(Output, ToAReaderThatWentAwayEndsQuietly) {
  const ProcessResult result = run_systole({"describe", "tpu_v1"}, {.closed_reader = true});
  EXPECT_EQ(result.signal, SIGPIPE);
  EXPECT_EQ(result.err, "");
}

TEST(Output, ToAReaderThatWentAwayIsAnErrorWhereTheSignalIsIgnored) {
  const ProcessResult result =
      run_systole({"describe", "tpu_v1"}, {.closed_reader = true, .ignore_broken_pipe = true});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "systole: cannot write to standard output: Broken pipe\n");
}

TEST(Output, HasNoColourWhereThereIsNoTerminal) {
  EXPECT_THAT(run_systole({"describe", "tpu_v1"}).out, testing::Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace systole
