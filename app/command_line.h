#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/explain_options.h"
#include "app/mapping_options.h"
#include "app/serve_options.h"
#include "app/study_options.h"
#include "app/training_options.h"
#include "arch/enum_names.h"
#include "arch/isa/data_type.h"
#include "arch/isa/io_memory.h"
#include "arch/units/units.h"
#include "compiler/frontend/dims.h"
#include "compiler/frontend/weight_storage.h"
#include "reference/measured_run.h"
#include "reference/user_numbers.h"
#include "report/text_options.h"
#include "study/batch_queue.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

enum class Command : std::uint8_t {
  Run,
  Compare,
  Diff,
  Compile,
  Explain,
  Map,
  Import,
  Describe,
  Dram,
  Measure,
  Serve,
  Study,
  List,
  Help
};

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
enum class Format : std::uint8_t { Text, Json, Csv, Html, Svg };

template <>
inline constexpr auto kEnumNames<Format> = std::to_array<EnumName<Format>>({{Format::Text, "text"},
                                                                            {Format::Json, "json"},
                                                                            {Format::Csv, "csv"},
                                                                            {Format::Html, "html"},
                                                                            {Format::Svg, "svg"}});

/// `systole dram`: a request train on a DRAM standard.
struct DramRequest {
  std::string standard;
  std::string controller = "default";
  std::string mapping = "lin";
  std::int64_t channels = 0;  ///< 0: as many as the standard says
  std::string trace;          ///< a file, or empty for a pattern
  std::string pattern = "seq_rd";
  std::int64_t requests = 100'000;  ///< of a pattern
  std::int64_t window = 0;          ///< 0: no limit
  std::string command_log;          ///< a file, or empty for none
  std::string request_log;
};

/// `systole compare`: a network on many devices.
struct CompareCommand {
  std::vector<std::string> on;        ///< names or files; empty: those that ship as examples
  std::vector<std::int64_t> batches;  ///< empty: the network's own
  std::string baseline;               ///< empty: the first
  std::string site = "datacentre";
  std::vector<std::string> sets;         ///< of its chips, as a Request's
  std::map<std::string, double> prices;  ///< dollars by device
  std::map<std::string, double> watts;   ///< by device, while it works
  std::optional<double> arrival_rate;    ///< requests a second
  ArrivalKind arrivals = ArrivalKind::Poisson;
  std::int64_t requests = 100'000;  ///< that are put through the queue
};

/// `systole diff`: two reports of runs.
struct DiffRequest {
  std::string before;
  std::string after;
};

/// `systole list`: as a table, JSON, or for completion a line `KIND NAME` each.
enum class ListFormat : std::uint8_t { Text, Json, Names };

template <>
inline constexpr auto kEnumNames<ListFormat> = std::to_array<EnumName<ListFormat>>(
    {{ListFormat::Text, "text"}, {ListFormat::Json, "json"}, {ListFormat::Names, "names"}});

/// `systole measure`: a network on a processor that is really there.
struct MeasureRequest {
  DeviceKind device = DeviceKind::Cpu;
  DataType type = DataType::Int8;
  std::int64_t threads = 0;  ///< 0: all
  std::int64_t warm_up = 3;
  std::int64_t repetitions = 20;
  bool compare = true;
  std::string record;  ///< a file of recorded runs to add this one to, or empty
};

/// What `systole run` does with the numbers of tensors.
struct TensorsRequest {
  std::string save;                           ///< a directory to write them to, or empty
  std::vector<std::string> names{"outputs"};  ///< which: `outputs`, `all`, or names of tensors
  std::string compare;                        ///< a directory of the user's own, or empty
  double tolerance = kDefaultTolerance;
  std::map<std::string, std::string> inputs;  ///< files by input
};

/// `systole import`: a file of another program as a layer description.
struct ImportRequest {
  std::string weights;  ///< a directory for files of weights, or empty
  bool explain = false;
};

/// What the user asked for, checked as far as no file is needed.
struct Request {
  Command command = Command::List;
  std::string chip;
  std::string network;
  std::int64_t batch = 0;                ///< 0: the network's own
  DimValues dims;                        ///< in place of the network's sizes by name
  std::string phase;                     ///< one of the network's phases, or nothing
  std::string routing;                   ///< a file, or nothing: which experts tokens go to
  std::string parameters;                ///< arguments of a StableHLO module that are weights
  std::int64_t generated = 0;            ///< tokens of `--phase generate`; 0: another phase
  std::optional<DataType> type;          ///< of the network; empty: what the chip multiplies best
  bool quantize = false;                 ///< to int8, by a run of it
  std::optional<WeightStorage> weights;  ///< stored in fewer bits than the network computes with
  std::optional<StateType> cache;        ///< the same of states
  std::optional<IoMemory> io;  ///< where inputs and outputs are; empty: what the chip says
  std::uint64_t seed = 1;
  bool check = false;
  std::optional<TrainingRequest> training;  ///< empty: inference
  TensorsRequest tensors;
  bool quiet = false;
  Format format = Format::Text;
  std::optional<std::size_t> layers;  ///< rows of the text report; empty: as it sees fit
  std::optional<LayerOrder> by;
  DramRequest dram;
  CompareCommand compare;
  DiffRequest diff;
  ListFormat list = ListFormat::Text;
  std::string topic;  ///< of `systole help`; empty: what there is
  std::optional<Femtoseconds> deadline;
  MeasureRequest measure;
  ImportRequest import;
  ExplainRequest explain;
  MappingRequest mapping;
  ServeRequest serve;
  StudyRequest study;
  std::vector<std::string> sets;  ///< `PATH=VALUE`, in place of values of the chip's file
  std::string output;             ///< a file, or empty for standard output
  std::string timeline;           ///< a file, or empty for none
  std::string waveform;           ///< a file, or empty for none
  std::string command_text;       ///< what the user wrote, as a shell would read it again
};

/// Text to print instead of doing anything: help and version.
struct Answer {
  std::string text;
};

/// Throws UserError with the one line to print when the command line is wrong.
[[nodiscard]] std::variant<Request, Answer> parse_command_line(int argc, const char* const* argv);

/// Text made of the table of commands and options that the parser uses.
[[nodiscard]] std::string of_command_table(
    const std::function<std::string(const CLI::App& app)>& make);

/// `run`, `compare`, ...: those that people use, in their order.
[[nodiscard]] std::vector<std::string> command_names();

}  // namespace systole
