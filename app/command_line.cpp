#include "app/command_line.h"

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/catalogue.h"
#include "arch/config/near_name.h"
#include "arch/diag/error.h"
#include "arch/enum_names.h"

namespace systole {

template <>
inline constexpr auto kEnumNames<Command> = std::to_array<EnumName<Command>>({
    {Command::Run, "run"},
    {Command::Compile, "compile"},
    {Command::Describe, "describe"},
    {Command::Dram, "dram"},
    {Command::List, "list"},
});

template <>
inline constexpr auto kEnumNames<Format> = std::to_array<EnumName<Format>>({{Format::Text, "text"},
                                                                            {Format::Json, "json"},
                                                                            {Format::Csv, "csv"}});

namespace {

constexpr std::int64_t kMaxBatch = 65'536;

constexpr std::string_view kExamples = R"(
Examples:
  systole list                                     what ships
  systole describe tpu_v1                          a chip: peaks, capacities, sources
  systole run tpu_v1 resnet50                      simulate, print a report
  systole run tpu_v1 resnet50 --check              and prove every number of it
  systole run tpu_v1 mlp0 --batch 200 --format json --output mlp0.json
  systole run my_chip.yaml my_network.yaml         your own files
  systole compile tpu_v1 mlp0 | less               the program, one instruction a line
  systole dram DDR4-2400 --pattern rand_rd         a DRAM alone, on a train of requests

Exit code: 0 done; 1 --check found wrong numbers; 2 a mistake in the command line or
in a file; 3 a mistake in systole.
)";

constexpr std::string_view kRunExamples = R"(
CHIP and NETWORK are files, or names from 'systole list'.

--check carries data through the simulated chip and compares every tensor with the
reference kernels, bit for bit. The cycles are the same with and without it.

--timeline writes what every engine did when: open the file at https://ui.perfetto.dev
(it stays on your machine) or in chrome://tracing. Each engine is a track; a slice is an
instruction, named by operation and layer, with operands and cycles as its arguments;
the slices before it say what it waited for. --vcd writes the states of engines, counts
of semaphores and levels of buffers as a waveform: gtkwave FILE. docs/timeline.md says
what everything in both means. Neither changes a cycle.

Examples:
  systole run tpu_v1 resnet50
  systole run tpu_v1 resnet50 --batch 8 --check
  systole run tpu_v1 mlp0 --format csv --output mlp0.csv
  systole run tpu_v1 resnet50 --timeline resnet50.json
  systole run edge my_network.yaml --check --vcd my_network.vcd
)";

constexpr std::string_view kCompileExamples = R"(
Prints layers, tensors, weight tiles, semaphores and one stream of instructions per
engine; the format is described in docs/program.md.

Examples:
  systole compile tpu_v1 mlp0 | less
  systole compile tpu_v1 resnet50 --batch 8 --output resnet50.program
)";

constexpr std::string_view kDescribeExamples = R"(
Example:
  systole describe tpu_v1
)";

constexpr std::string_view kDramExamples = R"(
SPEC is a file, or a name from configs/dram (DDR4-2400 is ddr4_2400). A trace has a request
a line: 0xADDRESS READ|WRITE CYCLE. Patterns: seq_rd, seq_wr, mix21_seq, copy, copy4k,
tile2d, stride_samebank, stride_bankrot, rand_rd, rand_wr, mix21_rand. Mappings: bgi, lin,
or fields from the most significant one, row:rank:bank:column:bank_group:pseudo_channel:channel.
docs/dram.md has the controllers' policies, the mappings and the keys of the report.

Examples:
  systole dram DDR4-2400 --pattern rand_rd --requests 100000 --outstanding 16 --mapping bgi
  systole dram HBM2-2000-8ch --trace my.trace --format json
  systole dram DDR3-1600 --pattern copy4k --requests 600 --command-log commands.csv
)";

/// Options as the user wrote them. Numbers stay text until read by us: the parser's own reading
/// takes 010 for 8 and 1e3 for 1.
struct Words {
  std::optional<std::string> batch;
  std::optional<std::string> output;
  std::optional<std::string> timeline;
  std::optional<std::string> waveform;
  std::string seed = "1";
  std::string format = "text";
  std::optional<std::string> trace;
  std::optional<std::string> pattern;
  std::optional<std::string> requests;
  std::optional<std::string> window;
};

template <class Integer>
Integer integer_of(const std::string& option, const std::string& text, Integer min, Integer max) {
  Integer value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  const bool padded = text.size() > 1 && text.starts_with('0');
  if (error != std::errc{} || stopped != end || padded || value < min || value > max) {
    throw UserError(fmt::format("systole: {}: expected an integer in {}..{}, got '{}'", option, min,
                                max, text));
  }
  return value;
}

Format format_of(const std::string& text, Command command) {
  const std::optional<Format> format = value_named<Format>(text);
  const bool known = format && (command != Command::Dram || *format != Format::Csv);
  if (!known) {
    throw UserError(fmt::format("systole: --format: expected one of text, json{}, got '{}'",
                                command == Command::Dram ? "" : ", csv", text));
  }
  return *format;
}

/// Elsewhere it is standard output; here that is what there is without --output.
void refuse_dash(const std::string& option, const std::string& file) {
  if (file == "-") {
    throw UserError(
        fmt::format("systole: {}: expected a file, got '-' (a file of that name is "
                    "'./-'; without --output the report goes to standard output)",
                    option));
  }
}

/// Empty where the option was not given.
std::string file_of(const std::string& option, const std::optional<std::string>& file) {
  if (file && file->empty()) {
    throw UserError(fmt::format("systole: {}: expected a file, got ''", option));
  }
  refuse_dash(option, file.value_or(""));
  return file.value_or("");
}

std::string version_text() {
  return fmt::format(
      "systole {}\nA cycle-level simulator of TPU-style accelerators.\n"
      "Chips and networks are looked up in: {}\n",
      SYSTOLE_VERSION, fmt::join(data_directories(), ", "));
}

void add_output(CLI::App& app, Request& request, Words& words) {
  app.add_option("-o,--output", words.output,
                 "Write to FILE, whole or not at all, instead of standard output")
      ->type_name("FILE");
  app.add_flag("-q,--quiet", request.quiet, "No progress line on the terminal");
}

void add_inputs(CLI::App& app, Request& request, Words& words) {
  app.add_option("CHIP", request.chip, "Chip: a YAML file or a name from 'systole list'")
      ->required()
      ->type_name("");
  app.add_option("NETWORK", request.network, "Network: a YAML file or a name from 'systole list'")
      ->required()
      ->type_name("");
  app.add_option("-b,--batch", words.batch, "Inputs at a time (default: what the network says)")
      ->type_name("N");
}

void add_dram(CLI::App& app, DramRequest& dram, Words& words, Request& request) {
  CLI::App* command = app.add_subcommand("dram", "Run a request train on a DRAM standard");
  command->add_option("SPEC", dram.standard, "DRAM standard: a YAML file or a name")
      ->required()
      ->type_name("");
  CLI::Option* trace =
      command->add_option("--trace", words.trace, "Requests from FILE")->type_name("FILE");
  command->add_option("--pattern", words.pattern, "Requests of a pattern (default: seq_rd)")
      ->type_name("NAME")
      ->excludes(trace);
  command->add_option("--requests", words.requests, "Length of the pattern (default: 100000)")
      ->type_name("N")
      ->excludes(trace);
  command
      ->add_option("--outstanding", words.window,
                   "Requests accepted and not complete, a channel (default: unlimited)")
      ->type_name("K");
  command
      ->add_option("--mapping", dram.mapping,
                   "Order of address bits (default: bgi with bank groups, else lin)")
      ->type_name("ORDER");
  command->add_option("--controller", dram.controller, "Policies (default: reference)")
      ->type_name("NAME");
  command->add_option("--command-log", dram.command_log, "Write every DRAM command to FILE")
      ->type_name("FILE");
  command->add_option("--request-log", dram.request_log, "Write every completion to FILE")
      ->type_name("FILE");
  command->add_option("--format", words.format, "text or json (default: text)")
      ->type_name("FORMAT");
  add_output(*command, request, words);
  command->footer(std::string(kDramExamples));
}

void add_commands(CLI::App& app, Request& request, Words& words) {
  CLI::App* run = app.add_subcommand("run", "Simulate a network on a chip and report");
  add_inputs(*run, request, words);
  run->add_flag("--check", request.check,
                "Compute real data as well, and compare it with reference kernels");
  run->add_option("--seed", words.seed, "Seed of generated weights and inputs (default: 1)")
      ->type_name("S");
  run->add_option("--format", words.format, "text, json or csv (default: text)")
      ->type_name("FORMAT");
  run->add_option("--timeline", words.timeline,
                  "Also write to FILE what every engine did when, for ui.perfetto.dev")
      ->type_name("FILE");
  run->add_option("--vcd", words.waveform,
                  "Also write to FILE states, semaphores and levels by cycle, for GTKWave")
      ->type_name("FILE");
  add_output(*run, request, words);
  run->footer(std::string(kRunExamples));

  CLI::App* compile = app.add_subcommand("compile", "Print the program of a network for a chip");
  add_inputs(*compile, request, words);
  add_output(*compile, request, words);
  compile->footer(std::string(kCompileExamples));

  CLI::App* describe =
      app.add_subcommand("describe", "Print a chip: peaks, capacities, every figure's source");
  describe->add_option("CHIP", request.chip, "Chip: a YAML file or a name from 'systole list'")
      ->required()
      ->type_name("");
  add_output(*describe, request, words);
  describe->footer(std::string(kDescribeExamples));

  add_dram(app, request.dram, words, request);
  app.add_subcommand("list", "Print the chips and networks that ship");
}

/// The parser calls a mistyped command an unexpected argument; we know better.
void check_command(int argc, const char* const* argv) {
  if (argc < 2 || argv[1][0] == '-') {
    return;
  }
  std::vector<std::string_view> names;
  names.reserve(kEnumNames<Command>.size());
  for (const auto& [command, name] : kEnumNames<Command>) {
    names.push_back(name);
  }
  const std::string_view word = argv[1];
  if (value_named<Command>(word)) {
    return;
  }
  const std::string near = suggestion(word, names);
  throw UserError(
      fmt::format("systole: no command '{}'{}; see 'systole --help'", word,
                  near.empty() ? fmt::format(" (known: {})", fmt::join(names, ", ")) : near));
}

DramRequest checked_dram(DramRequest dram, const Words& words) {
  constexpr std::int64_t kMostRequests = 1'000'000'000'000;
  constexpr std::int64_t kWidestWindow = 1'000'000;
  if (words.trace) {
    if (words.trace->empty()) {
      throw UserError("systole: --trace: expected a file, got ''");
    }
    dram.trace = *words.trace;
  }
  refuse_dash("--command-log", dram.command_log);
  refuse_dash("--request-log", dram.request_log);
  dram.pattern = words.pattern.value_or(dram.pattern);
  if (words.requests) {
    dram.requests = integer_of<std::int64_t>("--requests", *words.requests, 1, kMostRequests);
  }
  if (words.window && *words.window != "unlimited") {
    dram.window = integer_of<std::int64_t>("--outstanding", *words.window, 1, kWidestWindow);
  }
  return dram;
}

Request checked(const CLI::App& app, Request request, const Words& words) {
  request.command = *value_named<Command>(app.get_subcommands().front()->get_name());
  if (words.batch) {
    request.batch = integer_of<std::int64_t>("--batch", *words.batch, 1, kMaxBatch);
  }
  request.seed =
      integer_of<std::uint64_t>("--seed", words.seed, 0, std::numeric_limits<std::uint64_t>::max());
  request.format = format_of(words.format, request.command);
  request.dram = checked_dram(std::move(request.dram), words);
  request.output = file_of("--output", words.output);
  request.timeline = file_of("--timeline", words.timeline);
  request.waveform = file_of("--vcd", words.waveform);
  return request;
}

}  // namespace

std::variant<Request, Answer> parse_command_line(int argc, const char* const* argv) {
  Request request;
  Words words;
  CLI::App app("Simulates neural networks on TPU-style accelerators, cycle by cycle.", "systole");
  app.set_version_flag("--version", version_text, "Print version and data directories");
  app.require_subcommand(1);
  app.footer(std::string(kExamples));
  add_commands(app, request, words);
  // Footers are inherited by copy when a command is added; list has nothing to add.
  app.get_subcommand("list")->footer("");
  check_command(argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForVersion& version) {
    return Answer{version.what()};
  } catch (const CLI::CallForHelp&) {
    return Answer{app.help()};
  } catch (const CLI::ParseError& error) {
    throw UserError(fmt::format("systole: {}; see 'systole --help'", error.what()));
  }
  return checked(app, request, words);
}

}  // namespace systole
