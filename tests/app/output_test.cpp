#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <sys/resource.h>
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

// --- standard error that cannot be written ---

TEST(Output, OfAMistakeNeedsNoStandardError) {
  EXPECT_EQ(run_systole({"describe", "nope"}, {.closed = {STDERR_FILENO}}).exit_code, 2);
  EXPECT_EQ(run_systole({"describe", "nope"}, {.error = "/dev/full"}).exit_code, 2);
}

/// The line of a check that passed goes to standard error, where the report is elsewhere.
TEST(Output, OfARunThatPassedNeedsNoStandardError) {
  const Scratch scratch;
  const std::vector<std::string> run{"run",      "edge", "mlp0", "--check",
                                     "--format", "json", "-o",   scratch.path("r.json")};
  EXPECT_EQ(run_systole(run, {.error = "/dev/full"}).exit_code, 0);
  const std::string whole = scratch.read("r.json");
  EXPECT_THAT(whole, testing::EndsWith("}\n"));
  scratch.write("r.json", "before");
  EXPECT_EQ(run_systole(run, {.closed = {STDERR_FILENO}}).exit_code, 0);
  EXPECT_EQ(scratch.read("r.json"), whole);  // no message in it: no file took the number 2
}

TEST(Output, ToAClosedStandardOutputIsAnError) {
  const ProcessResult result = run_systole({"describe", "tpu_v1"}, {.closed = {STDOUT_FILENO}});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "systole: cannot write to standard output: Bad file descriptor\n");
  const Scratch scratch;
  EXPECT_EQ(run_systole({"describe", "tpu_v1", "-o", scratch.path("chip.txt")},
                        {.closed = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}})
                .exit_code,
            0);
  EXPECT_THAT(scratch.read("chip.txt"), StartsWith("tpu_v1\n"));
}

// --- outputs and what is read ---

/// NumPy's format 1.0: magic, version, length of the header, header, numbers.
std::string npy_of_two_floats() {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
  header += std::string(118 - 1 - header.size(), ' ') + "\n";
  return std::string("\x93NUMPY\x01\x00v\x00", 10) + header + std::string(8, '\0');
}

TEST(Output, NeverReplacesWhatAnotherFileNames) {
  const Scratch scratch;
  fs::copy_file(SYSTOLE_SOURCE_DIR "/configs/sites/datacentre.yaml", scratch.path("site.yaml"));
  fs::create_directories(scratch.path("dram"));
  for (const std::string folder : {"chips", "dram", "dram_controllers"}) {
    fs::create_directories(scratch.path(folder));
    fs::copy(SYSTOLE_SOURCE_DIR "/configs/" + folder, scratch.path(folder));
  }
  scratch.write("net.yaml", R"(network: small
inputs:
  - {name: x, rows: 1, cols: 1, channels: 2}
weights: {directory: w}
layers:
  - {name: scores, op: dense, features: 1, bias: false}
)");
  scratch.write("w/scores.weight.npy", npy_of_two_floats());
  struct Case {
    std::vector<std::string> arguments;
    std::string victim;
  };
  const std::vector<Case> cases{
      {{"compare", "mlp0", "--on", "t4", "--site", "site.yaml"}, "site.yaml"},
      {{"run", "chips/edge.yaml", "mlp0"}, "dram/lpddr4_3200.yaml"},
      {{"describe", "chips/edge.yaml"}, "./dram/../dram/lpddr4_3200.yaml"},
      {{"compile", "chips/edge.yaml", "mlp0"}, "dram/lpddr4_3200.yaml"},
      {{"run", "edge", "net.yaml"}, "w/scores.weight.npy"}};
  for (const Case& each : cases) {
    const std::string before = scratch.read(each.victim);
    std::vector<std::string> arguments = each.arguments;
    arguments.insert(arguments.end(), {"-o", each.victim});
    const ProcessResult result = run_systole(
        arguments, {.directory = scratch.root(), .environment = {{"SYSTOLE_DATA", "."}}});
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(result.err, "systole: cannot write '" + each.victim +
                              "': it is a file that this command reads\n");
    EXPECT_EQ(scratch.read(each.victim), before);
  }
}

TEST(Output, NeverJoinsAnInputThroughTheShell) {
  const Scratch scratch;
  fs::copy_file(SYSTOLE_SOURCE_DIR "/workloads/mlp0.yaml", scratch.path("net.yaml"));
  const std::string before = scratch.read("net.yaml");
  const ProcessResult result = run_systole(
      {"compile", "edge", "net.yaml"},
      {.directory = scratch.root(), .output = scratch.path("net.yaml"), .appends = true});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err,
            "systole: standard output: expected a file to write, got '/dev/stdout', which is the "
            "network\n");
  EXPECT_EQ(scratch.read("net.yaml"), before);
}

// --- open files by name ---

TEST(Output, ToStandardOutputByNameGoesBehindWhatItHolds) {
  const Scratch scratch;
  fs::create_symlink("/dev/stdout", scratch.path("link"));
  for (const std::string name : {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"}) {
    scratch.write("log", "precious\n");
    const ProcessResult result =
        run_systole({"describe", "tpu_v1", "-o", name},
                    {.directory = scratch.root(), .output = scratch.path("log"), .appends = true});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(scratch.read("log"), StartsWith("precious\ntpu_v1\n")) << name;
  }
  EXPECT_EQ(scratch.entries(), 2U);
}

TEST(Output, OfATimelineAndAReportShareStandardOutput) {
  const Scratch scratch;
  scratch.write("both", "");
  const ProcessResult result = run_systole({"run", "edge", "mlp0", "--timeline", "/dev/stdout"},
                                           {.output = scratch.path("both")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(scratch.read("both"),
              testing::AllOf(StartsWith("{"), HasSubstr(run_systole({"run", "edge", "mlp0"}).out)));
}

TEST(Output, ToADescriptorThatIsNotOpenIsAnError) {
  const ProcessResult result = run_systole({"describe", "tpu_v1", "-o", "/dev/fd/99"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "systole: cannot write '/dev/fd/99': Bad file descriptor\n");
  const ProcessResult readable = run_systole({"describe", "tpu_v1", "-o", "/dev/stdin"});
  EXPECT_EQ(readable.err, "systole: cannot write '/dev/stdin': Bad file descriptor\n");
}

TEST(Output, ThroughALinkToNothingMakesTheFileThere) {
  const Scratch scratch;
  fs::create_symlink("later.txt", scratch.path("link.txt"));
  EXPECT_EQ(run_systole({"describe", "tpu_v1", "-o", scratch.path("link.txt")}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(scratch.path("link.txt")));
  EXPECT_THAT(scratch.read("later.txt"), StartsWith("tpu_v1\n"));
}

TEST(Output, ThroughLinksInARingIsAnError) {
  const Scratch scratch;
  fs::create_symlink("b", scratch.path("a"));
  fs::create_symlink("a", scratch.path("b"));
  const ProcessResult result = run_systole({"describe", "tpu_v1", "-o", scratch.path("a")});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "systole: cannot write '" + scratch.path("a") +
                            "': Too many levels of symbolic links\n");
}

// --- signals and limits ---

TEST(Output, WaitsForAReaderOnlyAsLongAsTheUser) {
  const Scratch scratch;
  ASSERT_EQ(::mkfifo(scratch.path("pipe").c_str(), 0600), 0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Process waiting({"describe", "tpu_v1", "-o", scratch.path("pipe")},
                    {.time_limit = std::chrono::seconds(20)});
    ::usleep(300'000);
    waiting.send(signal);
    const ProcessResult result = waiting.wait();
    EXPECT_FALSE(result.timed_out);
    EXPECT_EQ(result.signal, signal);
  }
}

TEST(Output, LeavesNoTemporaryFileBehindASignal) {
  const Scratch scratch;
  scratch.write("wave.vcd", "before");
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Process running({"run", "edge", "resnet50", "--check", "--vcd", scratch.path("wave.vcd")},
                    {.time_limit = std::chrono::seconds(60)});
    for (int i = 0; i < 1000 && scratch.entries() < 2; ++i) {  // until it writes
      ::usleep(10'000);
    }
    ASSERT_EQ(scratch.entries(), 2U);
    running.send(signal);
    EXPECT_EQ(running.wait().signal, signal);
    EXPECT_EQ(scratch.entries(), 1U);
    EXPECT_EQ(scratch.read("wave.vcd"), "before");
  }
}

TEST(Output, BeyondALimitIsAnError) {
  const Scratch scratch;
  const std::string file = scratch.path("file");
  const ProcessResult report =
      run_systole({"describe", "tpu_v1", "-o", file}, {.limits = {{RLIMIT_FSIZE, 4096}}});
  EXPECT_EQ(report.exit_code, 2);
  EXPECT_EQ(report.err, "systole: cannot write '" + file + "': File too large\n");
  const ProcessResult wave =
      run_systole({"run", "edge", "mlp0", "--vcd", file, "-q"}, {.limits = {{RLIMIT_FSIZE, 4096}}});
  EXPECT_EQ(wave.exit_code, 2);
  EXPECT_EQ(wave.err, "systole: cannot write '" + file +
                          "': only a part could be written; is there space left?\n");
  EXPECT_EQ(scratch.entries(), 0U);
}

}  // namespace
}  // namespace systole
