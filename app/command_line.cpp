#include "app/command_line.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/catalogue.h"
#include "app/command_words.h"
#include "arch/config/near_name.h"
#include "arch/config/quantity_text.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "arch/enum_names.h"
#include "compiler/graph/graph.h"
#include "compiler/network_type.h"
#include "study/compare.h"

namespace systole {

template <>
inline constexpr auto kEnumNames<Command> = std::to_array<EnumName<Command>>({
    {Command::Run, "run"},
    {Command::Compare, "compare"},
    {Command::Diff, "diff"},
    {Command::Compile, "compile"},
    {Command::Explain, "explain"},
    {Command::Map, "map"},
    {Command::Import, "import"},
    {Command::Describe, "describe"},
    {Command::Dram, "dram"},
    {Command::Measure, "measure"},
    {Command::Serve, "serve"},
    {Command::Study, "study"},
    {Command::List, "list"},
    {Command::Help, "help"},
});

template <>
inline constexpr auto kEnumNames<ListFormat> = std::to_array<EnumName<ListFormat>>(
    {{ListFormat::Text, "text"}, {ListFormat::Json, "json"}, {ListFormat::Names, "names"}});

template <>
inline constexpr auto kEnumNames<Format> = std::to_array<EnumName<Format>>({{Format::Text, "text"},
                                                                            {Format::Json, "json"},
                                                                            {Format::Csv, "csv"},
                                                                            {Format::Html, "html"},
                                                                            {Format::Svg, "svg"}});

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
  systole compare resnet50                         on ten kinds of hardware, side by side
  systole diff before.json after.json              what changed between two runs
  systole compile tpu_v1 mlp0 | less               the program, one instruction a line
  systole explain edge resnet50                    how it is mapped, and what else there was
  systole map edge resnet50 --front --search 16    time, energy and DRAM traffic of mappings
  systole import net.onnx --explain                what an ONNX model becomes
  systole dram DDR4-2400 --pattern rand_rd         a DRAM alone, on a train of requests
  systole measure cpu resnet50                     the same network on this machine's CPU
  systole serve tpu_v3 gpt2 --rate 20              a language model under load
  systole study run edge_vision                    explore a design space, print its front

Exit code: 0 done; 1 --check or --compare found wrong numbers; 2 a mistake in the command line or
in a file, or no room on the disk, no memory, no process left; 3 a mistake in systole.
)";

constexpr std::string_view kRunExamples = R"(
CHIP and NETWORK are files, or names from 'systole list'.

--check carries data through the simulated chip and compares every tensor with the
reference kernels, bit for bit. The cycles are the same with and without it.

Numbers: --save-tensors writes the outputs as the chip computed them, NAME.npy as they are stored
(int8, or the 16 bits of a bf16) and NAME.float32.npy as the real numbers that they mean, images
first, channels last; --tensors all writes every tensor. --compare DIR compares tensors with your
own numbers, files DIR/NAME.npy from your framework: floats, or the integers that are stored. Exit
code 1 where the largest error is more than --tolerance of a tensor's largest number. --input
replaces the input file of the network. docs/validate.md goes through an example.

--mode training simulates a step forward, backward and of the optimiser (docs/training.md);
with --steps the losses of several, each behind the one before, are part of the report.

--timeline writes what every engine did when: open the file at https://ui.perfetto.dev
(it stays on your machine) or in chrome://tracing. Each engine is a track; a slice is an
instruction, named by operation and layer, with operands and cycles as its arguments;
the slices before it say what it waited for. --vcd writes the states of engines, counts
of semaphores and levels of buffers as a waveform: gtkwave FILE. docs/timeline.md says
what everything in both means. Neither changes a cycle.

Examples:
  systole run tpu_v1 resnet50
  systole run tpu_v1 resnet50 --batch 8 --check
  systole run tpu_v3 gemm --dim m=2048,k=2048,n=2048
  systole run tpu_v3 gpt2 --phase decode --context 1024 --io device
  systole run tpu_v3 gpt2 --phase generate --prompt 512 --generate 128 --io device
  systole run tpu_v3 mlp0 --mode training --batch 200
  systole run tpu_v1 mlp0 --format csv --output mlp0.csv
  systole run tpu_v1 resnet50 --format html --output resnet50.html
  systole run tpu_v1 resnet50 --layers 10 --by energy
  systole run tpu_v1 resnet50 --timeline resnet50.json
  systole run edge my_network.yaml --check --vcd my_network.vcd
  systole run edge mobilenet_v1 --set matrix_unit.rows=64 --set 'unified_buffer.capacity=2 MiB'
  systole run edge my_network.yaml --input image=cat.npy --save-tensors out --tensors all
  systole run edge my_network.yaml --check --compare from_pytorch --tolerance 0.02
)";

constexpr std::string_view kCompareExamples = R"(
Devices are chips (simulated, each in a process of its own), CPUs, GPUs and edge modules
(modelled), recordings, FPGA cards (the chip that ships for the card), or files of chips and
devices; 'systole list' has their names. cpu is this machine's, measured; t4:fp16 is a device
with another type than the preferred one. --site is a file or a name of configs/sites.

--arrival-rate and --deadline put every device under load; with a rate, energy, utilisation and
dollars are those of that stream, in which the device idles between requests. --price and --watts
give a device what is not known of it, as the price of cpu. docs/compare.md has every figure.

Examples:
  systole compare resnet50
  systole compare resnet50 --on tpu_v1,alveo_u280,t4,a100 --batch 1,8,32 --baseline t4
  systole compare mlp0 --on haswell:fp32,k80,tpu_v1 --deadline 7ms --arrival-rate 5000
  systole compare mobilenet_v1 --on edge,cpu --price cpu=400 --arrival-rate 30 --arrivals periodic
  systole compare mobilenet_v1 --format csv --output mobilenet.csv
  systole compare resnet50 --batch 1,8 --format html --output resnet50.html
)";

constexpr std::string_view kDiffExamples = R"(
BEFORE and AFTER are what 'systole run' wrote with --format json or html.

Examples:
  systole run edge resnet50 --format json --output before.json
  systole run edge resnet50 --set matrix_unit.rows=64 --format json --output after.json
  systole diff before.json after.json
)";

constexpr std::string_view kCompileExamples = R"(
Prints layers, tensors, weight tiles, semaphores and one stream of instructions per
engine; the format is described in docs/program.md.

Examples:
  systole compile tpu_v1 mlp0 | less
  systole compile tpu_v1 resnet50 --batch 8 --output resnet50.program
)";

constexpr std::string_view kServeExamples = R"(
A language model under load: requests arrive one by one (a Poisson stream), each with a prompt and
a number of tokens that it wants. The chip takes the prompt of the oldest request that waits where
a slot is free, else makes a step, a token for every sequence that it holds. Times of prompts and
steps are simulated at some points, with straight lines between them; the report says how far off
these are. docs/serving.md has what is modelled, every figure, and what is not.

Examples:
  systole serve tpu_v5e llama2_7b --rate 1 --prompts 512 --outputs 128
  systole serve tpu_v3 gpt2 --rate 20 --prompts 64..512 --outputs 1..256 --slots 8
  systole serve tpu_v3 gpt2 --rate 20 --first-token 200ms --each-token 20ms --format json
  systole serve tpu_v3 gpt2 --rate 5 --prompts requests.txt
)";

constexpr std::string_view kImportExamples = R"(
FILE is an ONNX model (.onnx), a module of StableHLO (.mlir), a topology of SCALE-Sim (.csv) or a
problem of Timeloop (.yaml with `problem:`). The description runs to the same results as the file
itself; docs/onnx.md and docs/stablehlo.md say what is recognised and what is refused.

Examples:
  systole import resnet50.onnx -o resnet50.yaml --weights resnet50_weights
  systole import resnet50.onnx --explain
  systole import mlp.mlir --parameters 0-3 -o mlp.yaml --weights mlp_weights
  systole import topology.csv -o topology.yaml
)";

constexpr std::string_view kDescribeExamples = R"(
NAME is a chip, network, DRAM standard, device or FPGA card: a file, or a name from 'systole list'.

Examples:
  systole describe tpu_v1
  systole describe resnet50 --format json
  systole describe ddr4_2400
  systole describe tpu_v1 --set matrix_unit.rows=128 --set 'clock=900 MHz'
)";

constexpr std::string_view kHelpExamples = R"(
TOPIC is a command, a page, or a word that pages write of; without one the pages are listed.
man is the manual's page; bash and zsh are the completions of these shells.

Examples:
  systole help run                                 as 'systole run --help'
  systole help timing                              a page
  systole help wait_vector                         where the pages say what that is
  systole help bash > ~/.local/share/bash-completion/completions/systole
)";

constexpr std::string_view kDramExamples = R"(
SPEC is a file, or a name from configs/dram (DDR4-2400 is ddr4_2400). A trace has a request
a line, 0xADDRESS READ|WRITE CYCLE; R, W, LD, ST, P_MEM_RD and P_MEM_WR are known too, the operation
may come first, the cycle may be left out, and the file may be compressed by gzip.
Patterns: seq_rd, seq_wr, mix21_seq, copy, copy4k, tile2d, stride_samebank, stride_bankrot,
rand_rd, rand_wr, mix21_rand. Mappings: lin, bgi, or fields from the most significant one,
row:rank:bank:column:bank_group:pseudo_channel:channel. Controller and mapping are by default those
of a chip whose file names none. Logs are written whole or not at all.
docs/dram.md has the controllers' policies, the mappings and the keys of the report.

Examples:
  systole dram DDR4-2400 --pattern rand_rd --requests 100000 --outstanding 16 --mapping bgi
  systole dram HBM2-2000-8ch --trace my.trace --format json
  systole dram DDR3-1600 --pattern copy4k --requests 600 --command-log commands.csv
)";

constexpr std::string_view kMeasureExamples = R"(
Runs the network layer by layer on the device and times it: cpu through oneDNN, gpu through
cuBLASLt and cuDNN where systole was built with CUDA. Every layer's numbers are compared with
the reference as well; exit code 1 where they are wrong. docs/reference.md says what is
measured, where energy comes from, and what is not measured.

Examples:
  systole measure cpu resnet50
  systole measure cpu resnet50 --type bf16 --batch 8 --threads 2 --repetitions 50
  systole measure gpu resnet50 --type fp16 --format json --output resnet50.json
  systole measure cpu mlp0 --record my_machine.json
)";

/// Options as the user wrote them. Numbers stay text until read by us: the parser's own reading
/// takes 010 for 8 and 1e3 for 1.
struct Words {
  std::optional<std::string> batch;
  std::optional<std::string> type;
  std::optional<std::string> quantize;
  std::optional<std::string> stored;
  std::optional<std::string> cache;
  std::optional<std::string> io;
  std::optional<std::string> output;
  std::optional<std::string> timeline;
  std::optional<std::string> waveform;
  std::vector<std::string> dims;
  std::map<std::string, std::optional<std::string>> named_dims;  ///< of options of their own
  std::optional<std::string> phase;
  std::optional<std::string> generate;
  std::vector<std::string> inputs;
  std::optional<std::string> save_tensors;
  std::optional<std::string> weights;
  std::optional<std::string> parameters;
  std::optional<std::string> tensors;
  std::optional<std::string> compare_with;
  std::optional<std::string> tolerance;
  std::string seed = "1";
  std::string format = "text";
  std::optional<std::string> layers;
  std::optional<std::string> by;
  std::optional<std::string> list;
  std::optional<std::string> trace;
  std::optional<std::string> pattern;
  std::optional<std::string> requests;
  std::optional<std::string> window;
  std::optional<std::string> channels;
  std::optional<std::string> on;
  std::optional<std::string> batches;
  std::optional<std::string> prices;
  std::optional<std::string> watts;
  std::optional<std::string> arrival_rate;
  std::optional<std::string> arrivals;
  std::optional<std::string> deadline;
  std::optional<std::string> load_requests;
  std::string device;
  std::optional<std::string> threads;
  std::optional<std::string> warm_up;
  std::optional<std::string> repetitions;
  std::optional<std::string> record;
  bool no_compare = false;
  ExplainWords explain;
  MappingWords mapping;
  ServeWords serve;
  StudyWords study;
  TrainingWords training;
};

template <class Integer>
Integer integer_of(const std::string& option, const std::string& text, Integer min, Integer max) {
  Integer value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  const bool padded = text.size() > 1 && text.starts_with('0');
  if (error != std::errc{} || stopped != end || padded || value < min || value > max) {
    throw UserError(fmt::format("systole: {}: expected an integer in {}..{}, got {}", option, min,
                                max, in_quotes(text)));
  }
  return value;
}

bool has_format(Command command, Format format) {
  switch (format) {
    case Format::Text:
    case Format::Json:
      return true;
    case Format::Csv:
      return command == Command::Run || command == Command::Compare || command == Command::Study ||
             command == Command::Map;
    case Format::Html:
      return command == Command::Run || command == Command::Compare || command == Command::Explain;
    case Format::Svg:
      return command == Command::Explain;
  }
  return false;
}

Format format_of(const std::string& text, Command command) {
  const std::optional<Format> format = value_named<Format>(text);
  if (!format || !has_format(command, *format)) {
    std::vector<std::string_view> known;
    for (const auto& [one, name] : kEnumNames<Format>) {
      if (has_format(command, one)) {
        known.push_back(name);
      }
    }
    throw UserError(fmt::format("systole: --format: expected one of {}, got {}",
                                fmt::join(known, ", "), in_quotes(text)));
  }
  return *format;
}

/// What a network of reals becomes.
bool quantize_of(const Words& words) {
  if (*words.quantize != name_of(DataType::Int8)) {
    throw UserError(
        fmt::format("systole: --quantize: expected int8, got {}", in_quotes(*words.quantize)));
  }
  if (words.type && *words.type != name_of(DataType::Int8)) {
    throw UserError(
        fmt::format("systole: --quantize: expected --type int8 or none beside it, got {}",
                    in_quotes(*words.type)));
  }
  return true;
}

/// A type that networks compute in.
DataType type_of(const std::string& text) {
  const std::optional<DataType> type = value_named<DataType>(text);
  if (!type ||
      std::find(kNetworkTypes.begin(), kNetworkTypes.end(), *type) == kNetworkTypes.end()) {
    std::vector<std::string_view> names;
    for (const DataType known : kNetworkTypes) {
      names.push_back(name_of(known));
    }
    throw UserError(
        fmt::format("systole: --type: expected {}, got {}", one_of(names), in_quotes(text)));
  }
  return *type;
}

/// `int4` or `int4:64`.
WeightStorage storage_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string word = text.substr(0, colon);
  const std::optional<StorageType> type = value_named<StorageType>(word);
  if (!type) {
    std::vector<std::string_view> names;
    for (const auto& [one, name] : kEnumNames<StorageType>) {
      names.push_back(name);
    }
    throw UserError(
        fmt::format("systole: --weights: expected {}, got {}", one_of(names), in_quotes(word)));
  }
  WeightStorage storage{.type = *type, .group = usual_group(*type)};
  if (colon != std::string::npos) {
    storage.group = integer_of<std::int64_t>("--weights", text.substr(colon + 1), 1, kMostInGroup);
  }
  return storage;
}

/// `a,b,c`; an empty name is a mistake.
std::vector<std::string> list_of(const std::string& option, const std::string& text) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
    if (words.back().empty()) {
      throw UserError(fmt::format("systole: {}: expected words with a comma between them, got {}",
                                  option, in_quotes(text)));
    }
  }
  return words;
}

double real_of(const std::string& option, const std::string& text, double min, double max) {
  const std::optional<double> value = parse_real(text);
  if (!value || *value < min || *value > max) {
    throw UserError(fmt::format("systole: {}: expected a number in {:g}..{:g}, got {}", option, min,
                                max, in_quotes(text)));
  }
  return *value;
}

/// Of files, and seconds: nobody writes a clock period in them.
constexpr auto kLongDurations = std::to_array<UnitName>({{"fs", 1},
                                                         {"ps", 1'000},
                                                         {"ns", 1'000'000},
                                                         {"us", 1'000'000'000},
                                                         {"ms", 1'000'000'000'000},
                                                         {"s", 1'000'000'000'000'000}});

/// `7ms` or `7 ms`.
Femtoseconds duration_of(const std::string& option, const std::string& text) {
  constexpr QuantityUnits kUnits{.noun = "a time", .units = kLongDurations};
  constexpr std::int64_t kLongest = 1'000'000'000'000'000'000;  // 1000 s
  std::string spaced = text;
  const std::size_t unit = spaced.find_first_not_of("0123456789.");
  if (unit != std::string::npos && spaced[unit] != ' ') {
    spaced.insert(unit, 1, ' ');
  }
  const ParsedQuantity parsed = parse_quantity(spaced, kUnits);
  if (parsed.fault != QuantityFault::None || parsed.count < 1 || parsed.count > kLongest) {
    throw UserError(
        fmt::format("systole: {}: expected a time such as 7ms in {}, at most 1000 s, got {}",
                    option, unit_list(kUnits), in_quotes(text)));
  }
  return Femtoseconds(parsed.count);
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

void add_set(CLI::App& app, Request& request) {
  app.add_option("--set", request.sets,
                 "Another value in place of one of the chip's file, such as matrix_unit.rows=64; "
                 "may be repeated")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
}

void add_dims(CLI::App& app, Words& words) {
  app.add_option("--dim", words.dims,
                 "Sizes by name in place of the network's own, such as m=2048,k=512; "
                 "may be repeated")
      ->type_name("NAME=N,...")
      ->allow_extra_args(false);
  app.add_option("--phase", words.phase, "One of the network's phases, such as prefill or decode")
      ->type_name("NAME");
  app.add_option("--prompt", words.named_dims["prompt"], "Tokens of a prompt: --dim prompt=N")
      ->type_name("N");
  app.add_option("--context", words.named_dims["context"],
                 "Tokens that a decoded one attends to, itself included: --dim context=N")
      ->type_name("N");
}

void add_routing(CLI::App& app, Request& request) {
  app.add_option("--routing", request.routing,
                 "Experts that tokens go to: FILE has a line for each token, over and over")
      ->type_name("FILE");
}

void add_parameters(CLI::App& app, Words& words) {
  app.add_option("--parameters", words.parameters,
                 "Arguments of a StableHLO module that are weights: names, numbers and ranges "
                 "(0-3,params), none, or a directory of their numbers, arg0.npy, ...")
      ->type_name("WHICH");
}

void add_chip_and_network(CLI::App& app, Request& request) {
  app.add_option("CHIP", request.chip, "Chip: a YAML file or a name from 'systole list'")
      ->required()
      ->type_name("");
  app.add_option("NETWORK", request.network,
                 "Network: a YAML, ONNX or StableHLO file, or a name from 'systole list'")
      ->required()
      ->type_name("");
}

void add_type_and_io(CLI::App& app, Words& words) {
  app.add_option(
         "--type", words.type,
         "Type of tensors and weights: int8, bf16, fp16, fp8_e4m3 or fp8_e5m2 (default: the "
         "first of them that the chip multiplies)")
      ->type_name("TYPE");
  app.add_option("--io", words.io,
                 "Where inputs and outputs are: host (behind the host link) or device (in its "
                 "DRAM, as kernels are measured; default: what the chip says)")
      ->type_name("MEMORY");
}

void add_storage(CLI::App& app, Words& words) {
  app.add_option(
         "--weights", words.stored,
         "Stores weights in fewer bits than the network computes with: int8, int4, fp8_e4m3 "
         "or fp8_e5m2, a scale for each output channel, or for GROUP elements of it "
         "(default of int4: 128); of a network of int8 in more: int16")
      ->type_name("TYPE[:GROUP]");
  app.add_option("--cache", words.cache,
                 "Stores states, such as keys and values, in fewer bits than the network computes "
                 "with: int8, fp8_e4m3 or fp8_e5m2")
      ->type_name("TYPE");
}

void add_inputs(CLI::App& app, Request& request, Words& words) {
  add_chip_and_network(app, request);
  app.add_option("-b,--batch", words.batch, "Inputs at a time (default: what the network says)")
      ->type_name("N");
  add_type_and_io(app, words);
  app.add_option("--quantize", words.quantize,
                 "Runs a network of reals as int8, quantised by the ranges that its tensors have "
                 "on the inputs of the run: int8")
      ->type_name("TYPE");
  add_storage(app, words);
  add_dims(app, words);
  add_routing(app, request);
  add_parameters(app, words);
  add_set(app, request);
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
  command->add_option("--mapping", dram.mapping, "Order of address bits (default: lin)")
      ->type_name("ORDER");
  command->add_option("--channels", words.channels, "Channels (default: what the standard says)")
      ->type_name("N");
  command->add_option("--controller", dram.controller, "Policies (default: default)")
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

void add_compare(CLI::App& app, Request& request, Words& words) {
  CLI::App* command = app.add_subcommand("compare", "Put a network on many devices, side by side");
  command
      ->add_option("NETWORK", request.network,
                   "Network: a YAML, ONNX or StableHLO file, or a name from 'systole list'")
      ->required()
      ->type_name("");
  command->add_option("--on", words.on, "Devices, with commas between (default: ten that ship)")
      ->type_name("A,B,...");
  command
      ->add_option("-b,--batch", words.batches,
                   "Inputs at a time, one or several (default: what the network says)")
      ->type_name("N,...");
  add_dims(*command, words);
  command->add_option("--baseline", request.compare.baseline, "Device that others are multiples of")
      ->type_name("NAME");
  command->add_option("--site", request.compare.site, "Where they run (default: datacentre)")
      ->type_name("NAME");
  command->add_option("--price", words.prices, "What devices cost (default: what their files say)")
      ->type_name("NAME=USD,...");
  command
      ->add_option("--watts", words.watts,
                   "What devices draw while they work (default: what is known of them)")
      ->type_name("NAME=W,...");
  command
      ->add_option("--arrival-rate", words.arrival_rate,
                   "Requests a second: latencies, energy and dollars of that stream")
      ->type_name("R");
  command->add_option("--arrivals", words.arrivals, "poisson or periodic (default: poisson)")
      ->type_name("KIND");
  command->add_option("--deadline", words.deadline, "Find the largest rate of which 99 % meet it")
      ->type_name("TIME");
  command
      ->add_option("--requests", words.load_requests, "To put through the queue (default: 100000)")
      ->type_name("N");
  command->add_option("--seed", words.seed, "Seed of the arrivals (default: 1)")->type_name("S");
  command->add_option("--format", words.format, "text, json, csv or html (default: text)")
      ->type_name("FORMAT");
  add_set(*command, request);
  add_output(*command, request, words);
  command->footer(std::string(kCompareExamples));
}

void add_explain(CLI::App& app, Request& request, Words& words) {
  CLI::App* command = app.add_subcommand(
      "explain", "Say how a network is mapped to a chip, and what else there was");
  add_inputs(*command, request, words);
  add_mapping_options(*command, words.mapping);
  add_explain_options(*command, words.explain);
  command
      ->add_option("--layers", words.layers,
                   "Loop nests in the text: all, none or the first N of those that lose most "
                   "(default: 3)")
      ->type_name("N");
  command->add_option("--format", words.format, "text, json or svg (default: text)")
      ->type_name("FORMAT");
  add_output(*command, request, words);
  command->footer(kExplainFooter);
}

void add_map(CLI::App& app, Request& request, Words& words) {
  CLI::App* command = app.add_subcommand("map", "Look for mappings of a network to a chip");
  add_inputs(*command, request, words);
  add_map_options(*command, words.mapping);
  command->add_flag("--front", words.mapping.front, "Those alone that no other beats");
  command->add_option("--format", words.format, "text, json or csv (default: text)")
      ->type_name("FORMAT");
  add_output(*command, request, words);
  command->footer(kMapFooter);
}

void add_serve(CLI::App& app, Request& request, Words& words) {
  CLI::App* command = app.add_subcommand("serve", "Put a language model under load");
  add_chip_and_network(*command, request);
  add_serve_options(*command, words.serve);
  add_type_and_io(*command, words);
  add_storage(*command, words);
  command
      ->add_option("--dim", words.dims,
                   "Sizes by name in place of the network's own; may be repeated")
      ->type_name("NAME=N,...")
      ->allow_extra_args(false);
  add_set(*command, request);
  command->add_option("--seed", words.seed, "Seed of the requests (default: 1)")->type_name("S");
  command->add_option("--format", words.format, "text or json (default: text)")
      ->type_name("FORMAT");
  add_output(*command, request, words);
  command->footer(std::string(kServeExamples));
}

void add_diff(CLI::App& app, Request& request, Words& words) {
  CLI::App* command = app.add_subcommand("diff", "Say what changed from one run to another");
  command->add_option("BEFORE", request.diff.before, "Report of a run: JSON or HTML")
      ->required()
      ->type_name("");
  command->add_option("AFTER", request.diff.after, "Report of the other run")
      ->required()
      ->type_name("");
  command
      ->add_option("--layers", words.layers,
                   "Changed layers: all, none or the first N "
                   "(default: 30)")
      ->type_name("N");
  command->add_option("--format", words.format, "text or json (default: text)")
      ->type_name("FORMAT");
  add_output(*command, request, words);
  command->footer(std::string(kDiffExamples));
}

void add_measure(CLI::App& app, Request& request, Words& words) {
  CLI::App* command =
      app.add_subcommand("measure", "Run a network on a CPU or GPU that is really there");
  command->add_option("DEVICE", words.device, "cpu or gpu")->required()->type_name("");
  command->add_option("NETWORK", request.network, "Network: a YAML or ONNX file, or a name")
      ->required()
      ->type_name("");
  command
      ->add_option("-b,--batch", words.batch, "Inputs at a time (default: what the network says)")
      ->type_name("N");
  add_dims(*command, words);
  command->add_option("--type", words.type, "int8, bf16, fp32, on a gpu fp16 too (default: int8)")
      ->type_name("TYPE");
  command->add_option("--threads", words.threads, "Threads of a cpu (default: all)")
      ->type_name("N");
  command->add_option("--repetitions", words.repetitions, "Timed passes (default: 20)")
      ->type_name("N");
  command->add_option("--warm-up", words.warm_up, "Passes before them (default: 3)")
      ->type_name("N");
  command->add_option("--record", words.record, "Also add the run to FILE of recorded runs")
      ->type_name("FILE");
  command->add_flag("--no-compare", words.no_compare, "Do not compare the numbers");
  command->add_option("--seed", words.seed, "Seed of generated weights and inputs (default: 1)")
      ->type_name("S");
  command->add_option("--format", words.format, "text or json (default: text)")
      ->type_name("FORMAT");
  add_output(*command, request, words);
  command->footer(std::string(kMeasureExamples));
}

void add_list_and_help(CLI::App& app, Request& request, Words& words) {
  CLI::App* list =
      app.add_subcommand("list", "Print what ships: chips, devices, networks, memories, sites");
  list->footer("");
  list->add_option("--format", words.list, "text, json, or names: a line of kind and name each")
      ->type_name("FORMAT");
  CLI::App* help = app.add_subcommand("help", "Print a page of the documentation");
  help->add_option("TOPIC", request.topic, "A command, a page or a word; none: the pages")
      ->type_name("");
  add_output(*help, request, words);
  help->footer(std::string(kHelpExamples));
}

void add_commands(CLI::App& app, Request& request, Words& words) {
  CLI::App* run = app.add_subcommand("run", "Simulate a network on a chip and report");
  add_inputs(*run, request, words);
  run->add_option("--generate", words.generate,
                  "Tokens of --phase generate: one behind the prompt, each other one by a step")
      ->type_name("N");
  add_training_options(*run, words.training);
  run->add_flag("--check", request.check,
                "Compute real data as well, and compare it with reference kernels");
  run->add_option("--input", words.inputs, "Numbers of an input from FILE.npy (may be repeated)")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  run->add_option("--save-tensors", words.save_tensors,
                  "Also write the outputs' numbers to files of DIR")
      ->type_name("DIR");
  run->add_option("--tensors", words.tensors,
                  "Which to write: outputs, all, or NAME,NAME,... (default: outputs)")
      ->type_name("WHICH");
  run->add_option("--compare", words.compare_with,
                  "Also compare tensors with your own numbers, DIR/NAME.npy")
      ->type_name("DIR");
  run->add_option("--tolerance", words.tolerance,
                  "Largest error that passes, over the tensor's largest number (default: 0.05)")
      ->type_name("SHARE");
  run->add_option("--seed", words.seed, "Seed of generated weights and inputs (default: 1)")
      ->type_name("S");
  run->add_option("--format", words.format, "text, json, csv or html (default: text)")
      ->type_name("FORMAT");
  run->add_option("--layers", words.layers,
                  "Layers of the text report: all, none or the first N (default: all of up to 150, "
                  "else 30)")
      ->type_name("N");
  run->add_option("--by", words.by,
                  "Their order: network, time, energy, loss (cycles beyond the bound) or name "
                  "(default: network where all are shown, else loss)")
      ->type_name("ORDER");
  run->add_option("--deadline", words.deadline,
                  "Say whether the run meets TIME, at what margin, and in the worst case")
      ->type_name("TIME");
  run->add_option("--timeline", words.timeline,
                  "Also write to FILE what every engine did when, for ui.perfetto.dev")
      ->type_name("FILE");
  run->add_option("--vcd", words.waveform,
                  "Also write to FILE states, semaphores and levels by cycle, for GTKWave")
      ->type_name("FILE");
  add_mapping_options(*run, words.mapping);
  add_output(*run, request, words);
  run->footer(std::string(kRunExamples));

  add_compare(app, request, words);
  add_diff(app, request, words);

  CLI::App* compile = app.add_subcommand("compile", "Print the program of a network for a chip");
  add_inputs(*compile, request, words);
  add_mapping_options(*compile, words.mapping);
  add_output(*compile, request, words);
  compile->footer(std::string(kCompileExamples));

  add_explain(app, request, words);
  add_map(app, request, words);

  CLI::App* import = app.add_subcommand("import", "Write a file of another program as a network");
  import
      ->add_option("FILE", request.network,
                   "An ONNX model, a module of StableHLO, a topology of SCALE-Sim or a problem of "
                   "Timeloop")
      ->required()
      ->type_name("");
  import->add_option("--weights", words.weights, "Write weights to files of DIR")->type_name("DIR");
  import->add_option("-b,--batch", words.batch, "Inputs at a time, where the file leaves it open")
      ->type_name("N");
  add_dims(*import, words);
  add_parameters(*import, words);
  import->add_flag("--explain", request.import.explain,
                   "Say what was recognised and what is missing, write nothing else");
  add_output(*import, request, words);
  import->footer(std::string(kImportExamples));

  CLI::App* describe = app.add_subcommand(
      "describe", "Print what a chip, network, DRAM, device or card is, every figure's source");
  describe->add_option("NAME", request.chip, "Chip, network, DRAM standard, device or FPGA card")
      ->required()
      ->type_name("");
  add_set(*describe, request);
  describe->add_option("--format", words.format, "text or json (default: text)")
      ->type_name("FORMAT");
  add_output(*describe, request, words);
  describe->footer(std::string(kDescribeExamples));

  add_dram(app, request.dram, words, request);
  add_measure(app, request, words);
  add_serve(app, request, words);
  add_study(app, request.study, words.study, [&](CLI::App& command, const char* formats) {
    if (formats != nullptr) {
      command.add_option("--format", words.format, formats)->type_name("FORMAT");
    }
    add_output(command, request, words);
  });
  add_list_and_help(app, request, words);
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
      fmt::format("systole: no command {}{}; see 'systole --help'", in_quotes(word),
                  near.empty() ? fmt::format(" (known: {})", fmt::join(names, ", ")) : near));
}

/// `words` come behind a command that may have commands of its own.
void check_action(const CLI::App& command, const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const CLI::App* action : command.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(action->get_name());
  }
  if (command.get_parent() == nullptr || names.empty() || words.empty() ||
      words.front().starts_with('-')) {
    return;
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  throw UserError(fmt::format("systole: {}: expected {}, got {}{}; see 'systole {} --help'",
                              command.get_name(), one_of(known), in_quotes(words.front()),
                              suggestion(words.front(), known), command.get_name()));
}

/// What the parser gets.
std::vector<std::string> words_for(const CLI::App& app, int argc, const char* const* argv) {
  std::vector<std::string> behind(argv + 1, argv + argc);
  std::vector<std::string> commands;
  const CLI::App* command = &app;
  while (!behind.empty()) {
    const auto inner = command->get_subcommands(
        [&](const CLI::App* named) { return named->get_name() == behind.front(); });
    if (inner.empty()) {
      break;
    }
    command = inner.front();
    commands.push_back(behind.front());
    behind.erase(behind.begin());
  }
  check_action(*command, behind);
  const std::vector<std::string> words = command_words(*command, behind);
  commands.insert(commands.end(), words.begin(), words.end());
  return commands;
}

std::string unexpected(const CLI::App& app) {
  const std::string command = app.get_subcommands().front()->get_name();
  std::vector<std::string> words;
  for (const std::string& word : app.remaining(true)) {
    words.push_back(in_quotes(word));
  }
  constexpr std::size_t kMost = 5;
  const bool all = words.size() <= kMost;
  words.resize(std::min(words.size(), kMost));
  return fmt::format("systole: {}: expected nothing else, got {}{}; see 'systole {} --help'",
                     command, fmt::join(words, ", "), all ? "" : ", ...", command);
}

void check_sets(const std::vector<std::string>& sets) {
  for (const std::string& set : sets) {
    if (set.find('=') == std::string::npos || set.starts_with('=')) {
      throw UserError(
          fmt::format("systole: --set: expected PATH=VALUE such as matrix_unit.rows=64, got {}",
                      in_quotes(set)));
    }
  }
}

/// Options whose empty text means that they were not given.
void refuse_empty(const std::string& option, const CLI::App& command, const std::string& value) {
  const CLI::Option* const given = command.get_option_no_throw(option);
  if (given != nullptr && given->count() > 0 && value.empty()) {
    throw UserError(fmt::format("systole: {}: expected a value, got ''", option));
  }
}

DramRequest checked_dram(DramRequest dram, const Words& words) {
  constexpr std::int64_t kMostRequests = 1'000'000'000'000;
  constexpr std::int64_t kWidestWindow = 1'000'000;
  constexpr std::int64_t kMostChannels = 128;
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
  if (words.channels) {
    dram.channels = integer_of<std::int64_t>("--channels", *words.channels, 1, kMostChannels);
    if (!std::has_single_bit(static_cast<std::uint64_t>(dram.channels))) {
      throw UserError(
          fmt::format("systole: --channels: expected a power of two, got '{}'", *words.channels));
    }
  }
  return dram;
}

/// `cpu=2400,t4=1900.50`.
std::map<std::string, double> by_device(const std::string& option, const std::string& unit,
                                        double most, const std::string& text) {
  std::map<std::string, double> figures;
  for (const std::string& word : list_of(option, text)) {
    const std::size_t equals = word.rfind('=');
    if (equals == std::string::npos || equals == 0) {
      throw UserError(fmt::format("systole: {}: expected NAME={} with commas between, got {}",
                                  option, unit, in_quotes(text)));
    }
    const std::string name = word.substr(0, equals);
    if (!figures.emplace(name, real_of(option, word.substr(equals + 1), 0, most)).second) {
      throw UserError(fmt::format("systole: {}: expected each device once, got {} twice", option,
                                  in_quotes(name)));
    }
  }
  return figures;
}

CompareCommand checked_compare(CompareCommand compare, const Words& words) {
  if (words.on) {
    compare.on = list_of("--on", *words.on);
  }
  if (words.batches) {
    for (const std::string& batch : list_of("--batch", *words.batches)) {
      compare.batches.push_back(integer_of<std::int64_t>("--batch", batch, 1, kMaxBatch));
      if (std::count(compare.batches.begin(), compare.batches.end(), compare.batches.back()) > 1) {
        throw UserError(fmt::format("systole: --batch: expected each batch once, got {} twice",
                                    in_quotes(batch)));
      }
    }
  }
  if (words.arrival_rate) {
    compare.arrival_rate = real_of("--arrival-rate", *words.arrival_rate, kLeastRate, kLargestRate);
  }
  if (words.arrivals) {
    const std::optional<ArrivalKind> kind = value_named<ArrivalKind>(*words.arrivals);
    if (!kind) {
      throw UserError(fmt::format("systole: --arrivals: expected poisson or periodic, got {}",
                                  in_quotes(*words.arrivals)));
    }
    compare.arrivals = *kind;
  }
  if (words.prices) {
    compare.prices = by_device("--price", "USD", 1e9, *words.prices);
  }
  if (words.watts) {
    compare.watts = by_device("--watts", "W", 1e6, *words.watts);
  }
  if (words.load_requests) {
    compare.requests =
        integer_of<std::int64_t>("--requests", *words.load_requests, 100, kMostRequests);
  }
  return compare;
}

MeasureRequest checked_measure(MeasureRequest measure, const Words& words) {
  constexpr std::int64_t kMostThreads = 1024;
  constexpr std::int64_t kMostPasses = 1'000'000;
  const std::optional<DeviceKind> device = value_named<DeviceKind>(words.device);
  if (!device) {
    throw UserError(
        fmt::format("systole: DEVICE: expected one of cpu, gpu, got {}", in_quotes(words.device)));
  }
  measure.device = *device;
  const bool is_gpu = *device == DeviceKind::Gpu;
  const std::string word = words.type.value_or("int8");
  const std::optional<DataType> type = value_named<DataType>(word);
  const bool known = type == DataType::Int8 || type == DataType::Bf16 || type == DataType::Fp32 ||
                     (type == DataType::Fp16 && is_gpu);
  if (!known) {
    throw UserError(fmt::format("systole: --type: expected one of int8, bf16, fp32{}, got {}",
                                is_gpu ? ", fp16" : "", in_quotes(word)));
  }
  measure.type = *type;
  if (words.threads) {
    if (is_gpu) {
      throw UserError("systole: --threads: expected with cpu only, got gpu");
    }
    measure.threads = integer_of<std::int64_t>("--threads", *words.threads, 1, kMostThreads);
  }
  if (words.warm_up) {
    measure.warm_up = integer_of<std::int64_t>("--warm-up", *words.warm_up, 0, kMostPasses);
  }
  if (words.repetitions) {
    measure.repetitions =
        integer_of<std::int64_t>("--repetitions", *words.repetitions, 1, kMostPasses);
  }
  measure.record = file_of("--record", words.record);
  measure.compare = !words.no_compare;
  return measure;
}

/// `all`, `none`, `10`, `top 10`.
std::size_t layers_of(const std::string& text) {
  constexpr std::int64_t kMostLayers = 1'000'000;
  if (text == "all") {
    return static_cast<std::size_t>(kMostLayers);
  }
  if (text == "none") {
    return 0;
  }
  constexpr std::string_view kTop = "top ";
  const std::string number = text.starts_with(kTop) ? text.substr(kTop.size()) : text;
  const std::optional<std::int64_t> layers = parse_integer(number);
  if (!layers || *layers < 1 || *layers > kMostLayers) {
    throw UserError(
        fmt::format("systole: --layers: expected all, none or an integer in 1..{}, got {}",
                    kMostLayers, in_quotes(text)));
  }
  return static_cast<std::size_t>(*layers);
}

/// A share such as 0.05; also 0.
double tolerance_of(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end || !(value >= 0) || !std::isfinite(value)) {
    throw UserError(
        fmt::format("systole: --tolerance: expected a share such as 0.05, at least 0, got {}",
                    in_quotes(text)));
  }
  return value;
}

/// `NAME=FILE`
std::map<std::string, std::string> inputs_of(const std::vector<std::string>& words) {
  std::map<std::string, std::string> inputs;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == word.size()) {
      throw UserError(fmt::format(
          "systole: --input: expected NAME=FILE, such as image=cat.npy, got {}", in_quotes(word)));
    }
    const std::string name = word.substr(0, equals);
    if (!inputs.emplace(name, word.substr(equals + 1)).second) {
      throw UserError(
          fmt::format("systole: --input: expected each input once, got {} twice", in_quotes(name)));
    }
  }
  return inputs;
}

/// `NAME=N,NAME=N`, each name once.
DimValues dims_of(const std::vector<std::string>& words) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 40;
  DimValues dims;
  for (const std::string& word : words) {
    for (const std::string& dim : list_of("--dim", word)) {
      const std::size_t equals = dim.find('=');
      if (equals == 0 || equals == std::string::npos) {
        throw UserError(fmt::format(
            "systole: --dim: expected NAME=N with commas between, such as m=2048,k=512, got {}",
            in_quotes(word)));
      }
      const std::string name = dim.substr(0, equals);
      const auto value = integer_of<std::int64_t>(fmt::format("--dim: {}", name),
                                                  dim.substr(equals + 1), 0, kLargest);
      if (!dims.emplace(name, value).second) {
        throw UserError(
            fmt::format("systole: --dim: expected each size once, got {} twice", in_quotes(name)));
      }
    }
  }
  return dims;
}

/// `--prompt 512` is `--dim prompt=512`.
std::vector<std::string> with_named(const Words& words) {
  constexpr std::int64_t kMostTokens = std::int64_t{1} << 20;
  std::vector<std::string> dims = words.dims;
  for (const auto& [name, value] : words.named_dims) {
    if (value) {
      static_cast<void>(integer_of<std::int64_t>("--" + name, *value, 1, kMostTokens));
      dims.push_back(fmt::format("{}={}", name, *value));
    }
  }
  return dims;
}

/// `--phase generate` beside a prompt and how much is generated; 0 for every other phase.
std::int64_t generated_of(const Request& request, const Words& words) {
  constexpr std::int64_t kMostTokens = std::int64_t{1} << 20;
  const bool is_wanted = request.command == Command::Run && request.phase == "generate";
  if (!is_wanted) {
    if (words.generate) {
      throw UserError("systole: --generate: expected beside --phase generate, got it without");
    }
    return 0;
  }
  const auto prompt = request.dims.find("prompt");
  if (prompt == request.dims.end() || !words.generate) {
    throw UserError(fmt::format("systole: --phase: expected {} beside generate, got none",
                                words.generate ? "--prompt" : "--generate"));
  }
  const auto generated = integer_of<std::int64_t>("--generate", *words.generate, 1, kMostTokens);
  const std::int64_t needed = prompt->second + generated - 1;
  const auto context = request.dims.find("context");
  if (context != request.dims.end() && context->second < needed) {
    throw UserError(
        fmt::format("systole: --context: expected at least {}, which a prompt of {} and {} tokens "
                    "behind it take, got {}",
                    needed, prompt->second, generated, context->second));
  }
  return generated;
}

TensorsRequest checked_tensors(const Words& words, bool check) {
  TensorsRequest tensors;
  tensors.save = file_of("--save-tensors", words.save_tensors);
  tensors.compare = file_of("--compare", words.compare_with);
  tensors.inputs = inputs_of(words.inputs);
  if (words.tensors) {
    if (tensors.save.empty()) {
      throw UserError("systole: --tensors: expected beside --save-tensors, got it alone");
    }
    tensors.names = list_of("--tensors", *words.tensors);
  }
  if (words.tolerance) {
    if (tensors.compare.empty()) {
      throw UserError("systole: --tolerance: expected beside --compare, got it alone");
    }
    tensors.tolerance = tolerance_of(*words.tolerance);
  }
  if (!tensors.inputs.empty() && !check && tensors.save.empty() && tensors.compare.empty()) {
    throw UserError(
        "systole: --input: expected beside --check, --save-tensors or --compare, got none of them: "
        "a run for time alone has no numbers");
  }
  return tensors;
}

Request checked(const CLI::App& app, Request request, const Words& words) {
  const CLI::App& command = *app.get_subcommands().front();
  request.command = *value_named<Command>(command.get_name());
  check_sets(request.sets);
  request.compare.sets = request.sets;
  refuse_empty("--mapping", command, request.dram.mapping);
  refuse_empty("--controller", command, request.dram.controller);
  refuse_empty("--command-log", command, request.dram.command_log);
  refuse_empty("--request-log", command, request.dram.request_log);
  refuse_empty("--baseline", command, request.compare.baseline);
  refuse_empty("--site", command, request.compare.site);
  if (words.batch) {
    request.batch = integer_of<std::int64_t>("--batch", *words.batch, 1, kMaxBatch);
  }
  request.dims = dims_of(with_named(words));
  request.parameters = words.parameters.value_or("");
  refuse_empty("--parameters", command, request.parameters);
  request.phase = words.phase.value_or("");
  refuse_empty("--phase", command, request.phase);
  refuse_empty("--routing", command, request.routing);
  request.generated = generated_of(request, words);
  if (words.quantize) {
    request.quantize = quantize_of(words);
  }
  if (words.cache) {
    request.cache = value_named<StateType>(*words.cache);
    if (!request.cache) {
      throw UserError(
          fmt::format("systole: --cache: expected one of full, int8, fp8_e4m3, fp8_e5m2, got {}",
                      in_quotes(*words.cache)));
    }
    if (words.quantize) {
      throw UserError("systole: --cache: expected without --quantize, got it beside");
    }
  }
  if (words.stored) {
    request.weights = storage_of(*words.stored);
    if (words.quantize) {
      throw UserError("systole: --weights: expected without --quantize, got it beside");
    }
  }
  if (words.type && request.command != Command::Measure) {
    request.type = type_of(*words.type);
  }
  if (words.io) {
    request.io = value_named<IoMemory>(*words.io);
    if (!request.io) {
      throw UserError(fmt::format("systole: --io: expected host or device, got '{}'", *words.io));
    }
  }
  request.seed =
      integer_of<std::uint64_t>("--seed", words.seed, 0, std::numeric_limits<std::uint64_t>::max());
  request.format = format_of(words.format, request.command);
  if (words.list) {
    const std::optional<ListFormat> format = value_named<ListFormat>(*words.list);
    if (!format) {
      throw UserError(fmt::format("systole: --format: expected one of text, json, names, got {}",
                                  in_quotes(*words.list)));
    }
    request.list = *format;
  }
  if (words.layers) {
    request.layers = layers_of(*words.layers);
  }
  if (words.by) {
    request.by = value_named<LayerOrder>(*words.by);
    if (!request.by) {
      throw UserError(
          fmt::format("systole: --by: expected one of network, time, energy, loss, name, got {}",
                      in_quotes(*words.by)));
    }
  }
  request.dram = checked_dram(std::move(request.dram), words);
  request.compare = checked_compare(std::move(request.compare), words);
  if (words.deadline) {
    request.deadline = duration_of("--deadline", *words.deadline);
  }
  if (request.command == Command::Measure) {
    request.measure = checked_measure(request.measure, words);
  }
  request.explain = checked_explain(words.explain);
  request.mapping = checked_mapping_request(words.mapping);
  const MappingRequest& mapping = request.mapping;
  if (request.generated > 0 &&
      (!mapping.file.empty() || !mapping.save.empty() || mapping.objective)) {
    throw UserError(fmt::format("systole: {}: expected beside another phase than generate",
                                !mapping.file.empty()   ? "--mapping"
                                : !mapping.save.empty() ? "--save-mapping"
                                                        : "--objective"));
  }
  request.tensors = checked_tensors(words, request.check);
  request.training = checked_training(words.training);
  if (request.training && !request.tensors.inputs.empty()) {
    throw UserError("systole: --input: expected without --mode training, which makes its batches");
  }
  if (request.training && request.generated > 0) {
    throw UserError("systole: --generate: expected without --mode training, got it beside");
  }
  if (request.command == Command::Serve) {
    request.serve =
        checked_serve(words.serve, [](const std::string& option, const std::string& text) {
          constexpr double kFemtosecondsPerSecond = 1e15;
          return static_cast<double>(duration_of(option, text).count()) / kFemtosecondsPerSecond;
        });
  }
  if (request.command == Command::Study) {
    request.study = checked_study(*app.get_subcommands().front(), request.study, words.study);
  }
  request.import.weights = file_of("--weights", words.weights);
  request.output = file_of("--output", words.output);
  request.timeline = file_of("--timeline", words.timeline);
  request.waveform = file_of("--vcd", words.waveform);
  return request;
}

/// As a shell reads it again.
std::string command_text(int argc, const char* const* argv) {
  std::string text = "systole";
  for (int index = 1; index < argc; ++index) {
    const std::string_view word = argv[index];
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789_-+=.,:/@%") == std::string_view::npos;
    text += ' ';
    if (plain) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char letter : word) {
      text += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    }
    text += '\'';
  }
  return text;
}

constexpr std::string_view kPurpose =
    "Simulates neural networks on TPU-style accelerators, cycle by cycle.";

/// Everything that the command line may hold.
void add_table(CLI::App& app, Request& request, Words& words) {
  app.set_version_flag("--version", version_text, "Print version and data directories");
  app.require_subcommand(1);
  app.footer(std::string(kExamples));
  add_commands(app, request, words);
}

}  // namespace

std::variant<Request, Answer> parse_command_line(int argc, const char* const* argv) {
  Request request;
  Words words;
  CLI::App app(std::string(kPurpose), "systole");
  add_table(app, request, words);
  check_command(argc, argv);
  std::vector<std::string> words_read = words_for(app, argc, argv);
  try {
    std::reverse(words_read.begin(), words_read.end());  // the parser takes them from the end
    app.parse(std::move(words_read));
  } catch (const CLI::CallForVersion& version) {
    return Answer{version.what()};
  } catch (const CLI::CallForHelp&) {
    return Answer{app.help()};
  } catch (const CLI::ExtrasError&) {
    throw UserError(unexpected(app));
  } catch (const CLI::ParseError& error) {
    throw UserError(fmt::format("systole: {}; see 'systole --help'", error.what()));
  }
  Request result = checked(app, request, words);
  result.command_text = command_text(argc, argv);
  return result;
}

std::string of_command_table(const std::function<std::string(const CLI::App& app)>& make) {
  Request request;
  Words words;
  CLI::App app(std::string(kPurpose), "systole");
  add_table(app, request, words);
  return make(app);
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const auto& [command, name] : kEnumNames<Command>) {
    names.emplace_back(name);
  }
  return names;
}

}  // namespace systole
