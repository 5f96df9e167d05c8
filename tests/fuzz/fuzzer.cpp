#include "tests/fuzz/fuzzer.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/fuzz/mutation.h"

namespace systole::fuzz {

namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;

constexpr std::string_view kOld = "old\n";
constexpr std::string_view kTiny = R"(network: tiny
inputs:
  - {name: x, rows: 8, cols: 8, channels: 3}
layers:
  - {name: conv, op: conv2d, channels: 4, kernel: 3, activation: relu}
  - {name: pool, op: max_pool, kernel: 2}
  - {name: flat, op: flatten}
  - {name: scores, op: dense, features: 5}
)";

constexpr std::string_view kFlat = R"(network: flat
batch: 2
inputs:
  - {name: x, rows: 8, cols: 8, channels: 4}
layers:
  - {name: conv, op: conv2d, channels: 8, kernel: 3, groups: 2}
  - {name: pool, op: max_pool, kernel: 2}
  - {name: flat, op: flatten}
  - {name: scores, op: dense, features: 5}
)";

std::string read(const fs::path& file) {
  std::stringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

void write(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

std::string new_folder() {
  std::string name = (fs::temp_directory_path() / "systole-fuzz-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("cannot make a temporary directory");
  }
  return name;
}

std::set<std::string> files_below(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_directory()) {
      files.insert(entry.path().lexically_relative(folder).string());
    }
  }
  return files;
}

struct Case {
  Words arguments;
  ProcessOptions options;
  int signal = 0;
  useconds_t after = 0;  ///< microseconds, before the signal
};

/// What reads a file that ships, so that a mutated one is read.
Words reader_of(const fs::path& file, const fs::path& folder, Dice& dice) {
  const std::string kind = file.parent_path().filename().string();
  const std::string name = file.stem().string();
  const std::string path = file.string();
  static const std::map<std::string, std::vector<Words>> kReaders{
      {"chips",
       {{"run", "FILE", "tiny.yaml", "--check", "-o", "out.txt"},
        {"run", "FILE", "tiny.yaml", "--format", "json", "--timeline", "out.txt"},
        {"describe", "FILE"},
        {"compare", "tiny.yaml", "--on", "FILE", "--deadline", "7ms"}}},
      {"workloads",
       {{"compile", "edge", "FILE", "--batch", "1", "-o", "out.txt"},
        {"compile", "edge", "FILE", "--batch", "1", "--dim", "k=7", "-o", "out.txt"}}},
      {"dram",
       {{"dram", "FILE", "--requests", "300", "--pattern", "mix21_rand"},
        {"dram", "FILE", "--requests", "300", "--controller", "low_power", "-o", "out.txt"}}},
      {"dram_controllers",
       {{"dram", "ddr4_2400", "--controller", "FILE", "--requests", "300", "--pattern", "copy"},
        {"dram", "hbm2_2000", "--controller", "FILE", "--requests", "300"}}},
      {"devices", {{"compare", "tiny.yaml", "--on", "FILE", "--batch", "1,2"}}},
      {"device_families", {{"compare", "tiny.yaml", "--on", "xeon_8480,t4,a100,coral"}}},
      {"fpga_parts", {{"compare", "tiny.yaml", "--on", "NAME"}}},
      {"sites", {{"compare", "tiny.yaml", "--on", "t4,edge", "--site", "FILE"}}},
      {"recorded", {{"compare", "tiny.yaml", "--on", "FILE"}}}};
  const auto reader = kReaders.find(kind);
  Words words;
  if (reader != kReaders.end()) {
    words = dice.of(reader->second);
  } else {  // technologies, prices and interfaces: a chip that names it
    words = {"describe", "tpu_v1"};
    for (const auto& chip : fs::directory_iterator(folder / "configs/chips")) {
      if (read(chip.path()).find(name) != std::string::npos) {
        words[1] = chip.path().stem().string();
      }
    }
  }
  std::replace(words.begin(), words.end(), std::string("FILE"), path);
  std::replace(words.begin(), words.end(), std::string("NAME"), name);
  return words;
}

Case mutated_file(const std::vector<fs::path>& files, const fs::path& folder, Dice& dice) {
  const fs::path& file = dice.of(files);
  write(folder / file, mutated(read(folder / file), dice));
  return {.arguments = reader_of(file, folder, dice)};
}

Case odd_options(Dice& dice) {
  const std::vector<Words> starts{{"run", "edge", "tiny.yaml"},
                                  {"compile", "edge", "tiny.yaml"},
                                  {"run", "edge", "gemm"},
                                  {"describe", "edge"},
                                  {"compare", "tiny.yaml", "--on", "edge,t4"},
                                  {"dram", "ddr4_2400", "--requests", "100"},
                                  {"measure", "cpu", "tiny.yaml", "--repetitions", "1"},
                                  {"list"},
                                  {"nope"},
                                  {"run", "tiny.yaml", "edge"}};
  const std::vector<std::string> options{"--output",
                                         "-o",
                                         "--batch",
                                         "-b",
                                         "--type",
                                         "--seed",
                                         "--format",
                                         "--timeline",
                                         "--vcd",
                                         "--deadline",
                                         "--set",
                                         "--trace",
                                         "--pattern",
                                         "--requests",
                                         "--mapping",
                                         "--save-mapping",
                                         "--on",
                                         "--baseline",
                                         "--controller",
                                         "--site",
                                         "--threads",
                                         "--warm-up",
                                         "--record",
                                         "--check",
                                         "--quiet",
                                         "-q",
                                         "--help",
                                         "--no-compare",
                                         "--wrong",
                                         "--command-log",
                                         "--request-log",
                                         "--",
                                         "-",
                                         "--outstanding",
                                         "--arrival-rate",
                                         "--arrivals",
                                         "--dim"};
  const std::vector<std::string> values{"out.txt",
                                        "out2.txt",
                                        "tiny.yaml",
                                        "1",
                                        "2",
                                        "0",
                                        "-1",
                                        "08",
                                        "x",
                                        "",
                                        "int8",
                                        "bf16",
                                        "json",
                                        "csv",
                                        "7ms",
                                        "seq_rd",
                                        "lin",
                                        "edge",
                                        "t4",
                                        "/dev/null",
                                        "/dev/full",
                                        "/",
                                        "no/where",
                                        "a\nb",
                                        "\x1b[1m",
                                        "matrix_unit.rows=8",
                                        "clock=1 Hz",
                                        "x=y",
                                        "k=7,m=0",
                                        "k=99999999999999",
                                        "a=",
                                        "unlimited",
                                        std::string(5000, 'y')};
  Case made{.arguments = dice.of(starts)};
  for (std::size_t count = 1 + dice.below(4); count > 0; --count) {
    const std::string& option = dice.of(options);
    const std::string& value = dice.of(values);
    if (dice.one_in(2)) {
      made.arguments.push_back(option + "=" + value);
    } else {
      made.arguments.push_back(option);
      if (!dice.one_in(4)) {
        made.arguments.push_back(value);
      }
    }
  }
  if (dice.one_in(8)) {
    made.arguments.erase(made.arguments.begin() +
                         static_cast<std::ptrdiff_t>(dice.below(made.arguments.size())));
  }
  return made;
}

Case odd_trace(const fs::path& folder, Dice& dice) {
  std::string trace;
  for (std::size_t line = 0, cycle = 0; line < 60; ++line, cycle += dice.below(3000)) {
    trace += fmt::format("0x{:x} {} {}\n", dice.below(1U << 20U) * 64,
                         dice.one_in(3) ? "WRITE" : "READ", cycle);
  }
  write(folder / "t.trace", dice.one_in(4) ? trace : mutated(trace, dice));
  const std::vector<std::string> standards{"ddr4_2400", "hbm2_2000", "lpddr4_3200", "gddr6_14000"};
  return {.arguments = {"dram", dice.of(standards), "--trace", "t.trace", "-o", "out.txt"}};
}

/// A mapping that the program wrote, changed.
Case odd_mapping(const fs::path& folder, Dice& dice) {
  write(folder / "flat.yaml", kFlat);
  const ProcessResult made =
      run_systole({"compile", "edge", "flat.yaml", "--save-mapping", "m.yaml", "-o", "made.txt"},
                  {.directory = folder.string()});
  if (made.exit_code != 0) {
    throw std::runtime_error(made.err);
  }
  fs::remove(folder / "made.txt");
  write(folder / "m.yaml", mutated(read(folder / "m.yaml"), dice));
  return {.arguments = {dice.one_in(4) ? "run" : "compile", "edge", "flat.yaml", "--mapping",
                        "m.yaml", "-o", "out.txt"}};
}

/// Commands that write, long enough to be interrupted.
Words writer(Dice& dice) {
  const std::vector<Words> writers{
      {"run", "edge", "mobilenet_v1", "--batch", "1", "--vcd", "out.txt", "-o", "out2.txt"},
      {"run", "edge", "mlp0", "--timeline", "out.txt", "-o", "out2.txt", "--check"},
      {"dram", "ddr4_2400", "--requests", "30000", "-o", "out.txt"},
      {"compare", "mlp0", "--on", "edge,t4", "-o", "out.txt"},
      {"compile", "edge", "mobilenet_v1", "-o", "out.txt"},
      {"describe", "tpu_v1", "-o", "out.txt"}};
  return dice.of(writers);
}

Case interrupted(Dice& dice) {
  const std::vector<int> signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  return {.arguments = writer(dice),
          .signal = dice.of(signals),
          .after = static_cast<useconds_t>(dice.below(300'000))};
}

Case without_descriptors(Dice& dice) {
  Case made{.arguments = writer(dice)};
  if (dice.one_in(3)) {
    made.arguments = {"describe", "nope"};
  }
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (dice.one_in(2)) {
      made.options.closed.push_back(descriptor);
    }
  }
  if (dice.one_in(3)) {
    made.options.error = "/dev/full";
  }
  if (dice.one_in(3)) {
    made.options.output = "/dev/full";
  }
  return made;
}

Case limited(Dice& dice) {
  Case made{.arguments = writer(dice)};
  switch (dice.below(3)) {
    case 0:
      made.options.limits = {{RLIMIT_FSIZE, 1UL << dice.below(20)}};
      break;
    case 1:
      made.options.limits = {{RLIMIT_NOFILE, 4 + dice.below(4)}};
      break;
    default:
      made.options.limits = {{RLIMIT_AS, (64 + dice.below(400)) << 20U}};
  }
  return made;
}

Case made_case(const std::vector<fs::path>& files, const fs::path& folder, Dice& dice) {
  switch (dice.below(10)) {
    case 0:
      return interrupted(dice);
    case 1:
      return without_descriptors(dice);
    case 2:
      return limited(dice);
    case 3:
      return dice.one_in(2) ? odd_trace(folder, dice) : odd_mapping(folder, dice);
    case 4:
    case 5:
      return odd_options(dice);
    default:
      return mutated_file(files, folder, dice);
  }
}

std::string quoted(const std::string& word) {
  std::string text;
  for (const char letter : word.substr(0, 200)) {
    text += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  }
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-./=,:") == std::string::npos;
  return plain && word.size() <= 200 ? word : "'" + text + "'";
}

std::string shown(const Case& made) {
  std::string text = "systole";
  for (const std::string& word : made.arguments) {
    text += " " + quoted(word);
  }
  for (const int descriptor : made.options.closed) {
    text += fmt::format(" {}>&-", descriptor);
  }
  text += made.options.error.empty() ? "" : " 2>" + made.options.error;
  text += made.options.output.empty() ? "" : " >" + made.options.output;
  for (const auto& [resource, most] : made.options.limits) {
    text += fmt::format(" (limit {} of {})", resource, most);
  }
  if (made.signal != 0) {
    text += fmt::format(" (signal {} after {} us)", made.signal, made.after);
  }
  return text;
}

bool is_one_line(const std::string& text) {
  constexpr std::size_t kLongest = 2000;
  return text.ends_with('\n') && text.size() <= kLongest && text.size() > 1 &&
         std::none_of(text.begin(), text.end() - 1,
                      [](char letter) { return static_cast<unsigned char>(letter) < 0x20; });
}

/// What is wrong with how it ended.
std::string fault_of_end(const Case& made, const ProcessResult& result) {
  if (result.timed_out) {
    return "did not end";
  }
  if (result.signal != 0) {
    return result.signal == made.signal ? "" : fmt::format("signal {}", result.signal);
  }
  const bool refused_to_start = result.exit_code == 127 && !made.options.limits.empty();
  if (refused_to_start) {  // the loader, before the program
    return "";
  }
  if (result.exit_code < 0 || result.exit_code > 2) {
    return fmt::format("exit code {}: {}", result.exit_code, result.err.substr(0, 500));
  }
  const bool told = made.options.error.empty() && !made.options.limits.contains(RLIMIT_FSIZE) &&
                    std::count(made.options.closed.begin(), made.options.closed.end(), 2) == 0;
  const bool is_usage = made.arguments.empty();
  if (result.exit_code == 2 && told && !is_usage && !is_one_line(result.err)) {
    return fmt::format("more or less than one line: {}", result.err.substr(0, 500));
  }
  if (result.exit_code == 2 && !result.out.empty()) {
    return fmt::format("a report of a mistake: {}", result.out.substr(0, 200));
  }
  if (result.exit_code != 2 && told && !result.err.empty() && !is_one_line(result.err)) {
    return fmt::format("standard error: {}", result.err.substr(0, 500));
  }
  return "";
}

/// Files that came or changed and are no outputs.
std::string fault_of_files(const fs::path& folder, const std::map<std::string, std::string>& before,
                           const Words& arguments) {
  for (const std::string& file : files_below(folder)) {
    const auto old = before.find(file);
    const bool named = std::any_of(arguments.begin(), arguments.end(), [&](const auto& word) {
      return word == file || word.ends_with("=" + file);
    });
    if (old == before.end() && !named) {
      return fmt::format("left behind: {}", file);
    }
    const bool is_output = file.starts_with("out");
    if (old != before.end() && !is_output && read(folder / file) != old->second) {
      return fmt::format("changed: {}", file);
    }
  }
  return "";
}

const std::vector<std::string>& outputs() {
  static const std::vector<std::string> kNames{"out.txt", "out2.txt"};
  return kNames;
}

}  // namespace

Fuzzer::Fuzzer(std::uint64_t seed, std::string binary, int seconds)
    : seed_(seed), binary_(std::move(binary)), seconds_(seconds) {
  const fs::path source = SYSTOLE_SOURCE_DIR;
  for (const std::string top : {"configs", "workloads"}) {
    for (const auto& entry : fs::recursive_directory_iterator(source / top)) {
      const std::string extension = entry.path().extension().string();
      if (entry.is_regular_file() && (extension == ".yaml" || extension == ".json")) {
        files_.push_back(entry.path().lexically_relative(source));
      }
    }
  }
  std::sort(files_.begin(), files_.end());  // folders have no order
}

Verdict Fuzzer::run(std::uint64_t number, bool keep) const {
  Dice dice(seed_ * 1'000'003 + number);
  Verdict verdict{.folder = new_folder()};
  const fs::path folder = verdict.folder;
  for (const fs::path& file : files_) {
    fs::create_directories((folder / file).parent_path());
    fs::copy_file(fs::path(SYSTOLE_SOURCE_DIR) / file, folder / file);
  }
  write(folder / "tiny.yaml", kTiny);
  Case made = made_case(files_, folder, dice);
  for (const std::string& output : outputs()) {
    write(folder / output, kOld);
  }
  made.options.binary = binary_;
  made.options.directory = folder.string();
  made.options.environment = {{"SYSTOLE_DATA", "."}};
  made.options.time_limit = std::chrono::seconds(seconds_);
  verdict.command = shown(made);
  std::map<std::string, std::string> before;
  for (const std::string& file : files_below(folder)) {
    before[file] = read(folder / file);
  }
  Process process(made.arguments, made.options);
  if (made.signal != 0) {
    ::usleep(made.after);
    process.send(made.signal);
  }
  const ProcessResult result = process.wait();
  verdict.fault = fault_of_end(made, result);
  if (verdict.fault.empty()) {
    verdict.fault = fault_of_files(folder, before, made.arguments);
  }
  const bool failed = result.signal != 0 || result.exit_code == 2;
  std::map<std::string, std::string> written;
  for (const std::string& output : outputs()) {
    if (std::string text = read(folder / output); text != kOld) {
      written[output] = std::move(text);
    }
  }
  if (verdict.fault.empty() && failed && !written.empty()) {  // then it is a whole one
    ProcessOptions again = made.options;
    again.closed.clear();
    again.limits.clear();
    again.error.clear();
    again.output.clear();
    (void)run_systole(made.arguments, again);
    for (const auto& [output, text] : written) {
      if (read(folder / output) != text) {
        verdict.fault = fmt::format("cut: {} of {} bytes", output, text.size());
      }
    }
  }
  if (!keep && verdict.fault.empty()) {
    fs::remove_all(folder);
    verdict.folder.clear();
  }
  return verdict;
}

}  // namespace systole::fuzz
