#include "app/commands.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/catalogue.h"
#include "app/compare_command.h"
#include "app/describe_command.h"
#include "app/device_files.h"
#include "app/dram_command.h"
#include "app/explain_command.h"
#include "app/file_roles.h"
#include "app/generate_run.h"
#include "app/heap.h"
#include "app/help_command.h"
#include "app/import_command.h"
#include "app/listing.h"
#include "app/mapping_files.h"
#include "app/measure_command.h"
#include "app/output.h"
#include "app/progress.h"
#include "app/serve_command.h"
#include "app/study_command.h"
#include "app/tensor_files.h"
#include "arch/chip_spec.h"
#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"
#include "arch/diag/printable.h"
#include "arch/isa/program_text.h"
#include "arch/units/units.h"
#include "compiler/compilation.h"
#include "compiler/frontend/onnx/read_onnx_network.h"
#include "compiler/frontend/read_network.h"
#include "compiler/frontend/stablehlo/read_stablehlo_network.h"
#include "compiler/frontend/stored_weights.h"
#include "compiler/network_type.h"
#include "reference/calibrate.h"
#include "reference/devices/read_device.h"
#include "reference/measured/measured_json.h"
#include "report/csv.h"
#include "report/diff.h"
#include "report/json.h"
#include "report/mappings.h"
#include "report/measured.h"
#include "report/own_numbers.h"
#include "report/page/run_page.h"
#include "report/text.h"
#include "report/timeline.h"
#include "sim/simulate.h"
#include "study/compare.h"
#include "study/compare_chip.h"
#include "study/deadline.h"
#include "study/evaluate.h"
#include "study/training.h"
#include "study/training_devices.h"

namespace systole {

namespace {

/// https://no-color.org: any non-empty NO_COLOR switches colours off.
bool has_colour(const Request& request) {
  const auto given = [](const char* name) {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return std::string(value == nullptr ? "" : value);
  };
  return request.output.empty() && ::isatty(STDOUT_FILENO) == 1 && given("NO_COLOR").empty() &&
         given("TERM") != "dumb";
}

/// As wide as the terminal, or as COLUMNS says; elsewhere as a report is.
std::size_t line_width(const Request& request) {
  winsize size{};
  std::size_t width = kReportWidth;
  if (request.output.empty() && ::isatty(STDOUT_FILENO) == 1) {
    const char* const columns = std::getenv("COLUMNS");  // NOLINT(concurrency-mt-unsafe)
    const auto given = parse_integer(columns == nullptr ? "" : columns);
    if (given && *given > 0) {
      width = static_cast<std::size_t>(*given);
    } else if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
      width = size.ws_col;
    }
  }
  return std::clamp(width, kNarrowest, kWidest);
}

TextOptions text_options(const Request& request) {
  return {.colour = has_colour(request),
          .width = line_width(request),
          .layers = request.layers,
          .by = request.by};
}

void deliver(const Request& request, std::string_view text) {
  if (request.output.empty()) {
    write_standard_output(text);
  } else {
    write_file(request.output, text);
  }
}

ChipSpec chip_of(const Request& request) {
  const std::string file = find_entry(EntryKind::Chip, request.chip);
  ChipSpec chip = read_as(EntryKind::Chip, file, [&] { return chip_with(file, request.sets); });
  chip.io = request.io.value_or(chip.io);
  return chip;
}

/// What is stored in fewer bits becomes numbers of bf16 or fp16.
DataType type_of_stored(std::string_view option, const Request& request, const ChipSpec& chip) {
  constexpr auto kTypes = std::to_array<DataType>({DataType::Bf16, DataType::Fp16});
  for (const DataType type : kTypes) {
    if (multiplies(chip, type) && request.type.value_or(type) == type) {
      return type;
    }
  }
  throw UserError(fmt::format(
      "systole: {}: expected a network of bf16 or fp16 on a chip that multiplies it, got {}",
      option,
      request.type ? fmt::format("--type {}", name_of(*request.type)) : printable(chip.name)));
}

/// Weights of int16 are multiplied with what a network of int8 has, others with reals.
DataType type_with_weights(const Request& request, const ChipSpec& chip) {
  if (request.weights->type != StorageType::Int16) {
    return type_of_stored("--weights", request, chip);
  }
  const auto kind = mac_kind(DataType::Int8, DataType::Int16);
  if (!chip.matrix.supports(*kind) || request.type.value_or(DataType::Int8) != DataType::Int8) {
    throw UserError(fmt::format(
        "systole: --weights: expected a network of int8 on a chip that multiplies {}, got {}",
        name_of(*kind),
        chip.matrix.supports(*kind) ? fmt::format("--type {}", name_of(*request.type))
                                    : printable(chip.name)));
  }
  return DataType::Int8;
}

/// The network's type: what the user asked for, if the chip has it.
DataType type_of(const Request& request, const ChipSpec& chip) {
  if (request.training) {
    if (request.weights || request.cache) {
      throw UserError(fmt::format("systole: {}: expected a run of inference, got --mode training",
                                  request.weights ? "--weights" : "--cache"));
    }
    const DataType type = request.type.value_or(DataType::Bf16);
    const bool is_known = type == DataType::Bf16 || type == DataType::Fp16;
    if (!is_known || !multiplies(chip, type)) {
      throw UserError(fmt::format(
          "systole: --mode: expected training in bf16 or fp16 on a chip that multiplies it, got {}",
          is_known && type == DataType::Bf16 ? printable(chip.name)
                                             : fmt::format("--type {}", name_of(type))));
    }
    return type;
  }
  if (request.weights && element_type(request.weights->type)) {
    return type_with_weights(request, chip);
  }
  if (request.cache && element_type(*request.cache)) {
    return type_of_stored("--cache", request, chip);
  }
  const DataType type = request.type.value_or(default_network_type(chip));
  if (request.type && !multiplies(chip, type)) {
    throw UserError(fmt::format(
        "systole: --type: expected a type that the matrix unit of {} multiplies, got '{}'",
        printable(chip.name), name_of(type)));
  }
  return type;
}

bool carries_data(const Request& request) {
  return request.check || !request.tensors.save.empty() || !request.tensors.compare.empty() ||
         (request.training && request.training->steps);
}

/// Read as reals, and quantised by a run of them.
Network quantized_network_of(const ChipSpec& chip, const std::string& file,
                             NetworkOptions options) {
  if (!multiplies(chip, DataType::Int8)) {
    throw UserError(fmt::format("systole: --quantize: expected a chip that multiplies int8, got {}",
                                printable(chip.name)));
  }
  options.type = DataType::Fp32;
  options.numbers = true;
  return read_as(EntryKind::Network, file, [&] { return quantized(read_network(file, options)); });
}

/// Time alone needs no numbers; a program that is printed has them in its scales.
Network network_of(const Request& request, const ChipSpec& chip) {
  const std::string file = find_entry(EntryKind::Network, request.network);
  const NetworkOptions options{
      .batch = request.batch,
      .seed = request.seed,
      .dims = request.dims,
      .phase = request.phase,
      .type = type_of(request, chip),
      .weights = request.weights,
      .states = request.cache,
      .numbers = carries_data(request) || request.command == Command::Compile,
      .input_files = request.tensors.inputs,
      .routing_file = request.routing,
      .parameters = request.parameters};
  if (request.quantize) {
    if (request.training) {
      throw UserError("systole: --quantize: expected a run of inference, got --mode training");
    }
    return quantized_network_of(chip, file, options);
  }
  if (is_onnx_file(file) || is_stablehlo_file(file)) {
    std::vector<DataType> others;  // where the user leaves the choice to the file
    std::copy_if(
        kNetworkTypes.begin(), kNetworkTypes.end(), std::back_inserter(others),
        [&](DataType type) { return !request.type && !request.weights && multiplies(chip, type); });
    const OnnxOptions reals{options, others, false};
    return with_default_storage(
        is_onnx_file(file) ? read_onnx_network(file, reals) : read_stablehlo_network(file, reals),
        options);
  }
  Network network = read_as(EntryKind::Network, file, [&] { return read_network(file, options); });
  if (request.cache && network.graph.states.empty()) {
    throw UserError(fmt::format("systole: --cache: expected a network with states, got {}",
                                printable(network.graph.name)));
  }
  return network;
}

Provenance provenance_of(const Request& request) {
  const auto source = [](EntryKind kind, const std::string& name) {
    return source_of(kind, name, find_entry(kind, name));
  };
  return {.version = SYSTOLE_VERSION,
          .seed = request.seed,
          .chip = source(EntryKind::Chip, request.chip),
          .network = source(EntryKind::Network, request.network)};
}

/// A CPU and a GPU to compare with, at the run's batch.
std::vector<ComparedDevice> devices_beside(const Graph& graph) {
  std::vector<ComparedDevice> devices;
  if (graph.step) {
    return devices;  // their models are of inference
  }
  for (const std::string name : {"xeon_8480", "a100"}) {
    if (const auto device = shipped_device(name)) {
      const DataType type = graph.input_type();
      ComparedDevice row = compare_device(
          *device, graph, device->supports(type) ? std::optional(type) : std::nullopt);
      if (row.error.empty()) {
        devices.push_back(std::move(row));
      }
    }
  }
  return devices;
}

RunExtras extras_of(const Result& result, const Request& request) {
  RunExtras extras{.own = compared_run(result), .devices = devices_beside(result.graph)};
  if (const std::string file = file_of_entry(EntryKind::Site, "datacentre"); !file.empty()) {
    const Site site = read_site(file);
    add_dollars(extras.own, site);
    for (ComparedDevice& device : extras.devices) {
      add_dollars(device, site);
    }
  }
  if (request.deadline) {
    extras.deadline = check_deadline(result, *request.deadline);
  }
  return extras;
}

/// Asked before the work, and again when its files are read.
void check_outputs(const Request& request) {
  for (const std::string& file : {request.output, request.timeline, request.mapping.save,
                                  request.dram.command_log, request.dram.request_log}) {
    if (!file.empty()) {
      check_output(file);
    }
  }
  if (!request.waveform.empty()) {
    check_regular_output("--vcd", request.waveform);
  }
}

/// The files that a request writes; standard output counts where the shell made it one.
std::vector<FileRole> results_of(const Request& request) {
  std::vector<FileRole> results{{"--output", request.output},
                                {"--record", request.measure.record},
                                {"--timeline", request.timeline},
                                {"--vcd", request.waveform},
                                {"--save-mapping", request.mapping.save},
                                {"--command-log", request.dram.command_log},
                                {"--request-log", request.dram.request_log}};
  std::error_code ignored;
  if (request.output.empty() && std::filesystem::is_regular_file("/dev/stdout", ignored)) {
    results.push_back({std::string(kStandardOutput), "/dev/stdout"});
  }
  return results;
}

/// The files that a request reads.
std::vector<FileRole> inputs_of(const Request& request) {
  switch (request.command) {
    case Command::Run:
    case Command::Compile:
    case Command::Explain:
    case Command::Map:
      return {{"chip", find_entry(EntryKind::Chip, request.chip)},
              {"network", find_entry(EntryKind::Network, request.network)},
              {"mapping", request.mapping.file}};
    case Command::Serve:
      return {{"chip", find_entry(EntryKind::Chip, request.chip)},
              {"network", find_entry(EntryKind::Network, request.network)}};
    case Command::Import:
      return {{"file", request.network}};
    case Command::Describe:
      return {described_file(request.chip)};
    case Command::Dram:
      return {{"DRAM standard", find_entry(EntryKind::Dram, request.dram.standard)},
              {"DRAM controller", find_entry(EntryKind::DramController, request.dram.controller)},
              {"trace", request.dram.trace}};
    case Command::Compare:
    case Command::Measure:
      return {{"network", find_entry(EntryKind::Network, request.network)}};
    case Command::Diff:
      return {{"report", request.diff.before}, {"report", request.diff.after}};
    case Command::Study:
      return {{"study", find_entry(EntryKind::Study, request.study.study)}};
    case Command::List:
    case Command::Help:
      break;
  }
  return {};
}

/// No other result of the request is a file of a tensor.
void check_apart_from_tensors(const Request& request, const std::set<std::string>& saved) {
  std::vector<FileRole> files;
  for (const std::string& file : tensor_files(request.tensors.save, saved)) {
    files.push_back({"file of a tensor (--save-tensors)", file});
  }
  check_files_apart({{"--output", request.output},
                     {"--timeline", request.timeline},
                     {"--vcd", request.waveform},
                     {"--save-mapping", request.mapping.save}},
                    files);
}

/// Which tensors a run is asked for, and for what.
struct TensorWishes {
  std::set<std::string> saved;
  std::set<std::string> wanted;  ///< saved or compared
  std::optional<UserNumbers> own_numbers;
};

/// Opens the user's files, and checks those to be written, before the work.
TensorWishes tensor_wishes(const Request& request, const Network& network) {
  const Graph& graph = network.graph;
  TensorWishes wishes{.saved = saved_tensors(request.tensors, graph), .wanted = {}};
  wishes.wanted = wishes.saved;
  if (!request.tensors.compare.empty()) {
    wishes.own_numbers.emplace(request.tensors.compare, graph, file_orders_of(network));
    const std::vector<std::string> compared = wishes.own_numbers->names();
    wishes.wanted.insert(compared.begin(), compared.end());
  }
  if (!wishes.saved.empty()) {
    check_tensor_files(request.tensors.save, wishes.saved);
    check_apart_from_tensors(request, wishes.saved);
  }
  return wishes;
}

/// `record` is there where the format needs it.
std::string formatted(const Result& result, const RunRecord& record, const Request& request) {
  switch (request.format) {
    case Format::Text:
      return text_report(result, text_options(request), extras_of(result, request));
    case Format::Json:
      return json_report(result, extras_of(result, request));
    case Format::Csv:
      return csv_report(result);
    case Format::Html:
      return run_page(result, extras_of(result, request), &record, request.command_text);
    case Format::Svg:
      break;  // no run is drawn
  }
  return "";
}

void deliver_timeline(const ChipSpec& chip, const RunRecord& record, const std::string& name) {
  OutputFile file(name);
  write_timeline(chip, record.program, record.trace,
                 [&](std::string_view text) { file.write(text); });
  file.finish();
}

/// `waveform` is what the user calls the file behind `options.waveform`.
Result evaluate_with(const EvaluateOptions& options, const ChipSpec& chip, const Network& network,
                     const std::string& waveform) {
  try {
    return evaluate(chip, network, options);
  } catch (const WaveformError& error) {
    throw UserError(
        fmt::format("systole: cannot write {}: {}", path_in_quotes(waveform), error.what()));
  }
}

/// Three chips that ship, multiply the type and have so many bytes of DRAM: those with the least.
/// Where none has, how many of that chip have.
std::string roomy_chips(std::int64_t bytes, DataType type, const ChipSpec& full) {
  constexpr std::size_t kMost = 3;
  std::vector<std::pair<std::int64_t, std::string>> chips;
  for (const Entry& entry : entries(EntryKind::Chip)) {
    try {
      const ChipSpec chip = read_chip(entry.file);
      if (chip.dram.capacity.count() >= bytes && multiplies(chip, type)) {
        chips.emplace_back(chip.dram.capacity.count(), entry.name);
      }
    } catch (const UserError&) {
      continue;  // a broken file of the user's under a name that ships
    }
  }
  std::sort(chips.begin(), chips.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(kMost, chips.size()); ++i) {
    names.push_back(chips[i].second);
  }
  return names.empty()
             ? fmt::format("; no chip that ships has room with {}, {} of {} have", name_of(type),
                           ceil_div(bytes, full.dram.capacity.count()), full.name)
             : fmt::format("; room with {} have, for example: {}", name_of(type),
                           fmt::join(names, ", "));
}

/// A batch that the chip has no room for is told where it was asked for, and which chips have room.
template <class Work>
auto with_room(const Request& request, const ChipSpec& chip, const Network& network, Work work) {
  try {
    return work();
  } catch (const CapacityError& error) {
    const std::string in_file =
        printable_path(find_entry(EntryKind::Network, request.network)) + ":1:1: batch: ";
    const std::string_view message = error.what();
    const std::string help = roomy_chips(error.needed(), network.graph.input_type(), chip);
    if (request.batch == 0 || !message.starts_with(in_file)) {
      throw UserError(fmt::format("{}{}", message, help));
    }
    throw UserError(fmt::format("systole: --batch: {}{}", message.substr(in_file.size()), help));
  }
}

/// What is trained, and the numbers of its steps.
struct Training {
  TrainingGraph step;
  std::shared_ptr<TrainingData> data;
};

Training training_of(const Request& request, const ChipSpec& chip, const Network& network) {
  if (chip.cores > 1) {
    throw UserError(fmt::format(
        "systole: --mode training: expected a chip of one core, got {} with {}: a step is not "
        "divided among cores (--set cores=1 takes one of them)",
        chip.name, chip.cores));
  }
  TrainingOptions options = request.training->options;
  std::vector<std::string> outputs;
  for (const GraphTensorId output : network.graph.outputs) {
    outputs.push_back(network.graph.tensor(output).name);
  }
  if (!options.loss_of.empty() &&
      std::find(outputs.begin(), outputs.end(), options.loss_of) == outputs.end()) {
    throw UserError(fmt::format("systole: --loss-of: expected one of the outputs {}, got {}",
                                fmt::join(outputs, ", "), in_quotes(options.loss_of)));
  }
  constexpr std::int64_t kWholeOperands = 8;  // that a buffer has room for
  options.most_whole_bytes = chip.buffer.capacity.count() / kWholeOperands;
  TrainingGraph step = training_graph(network.graph, options);
  if (request.training->recompute_if_needed && most_bytes_alive(step.graph) > chip.dram.capacity) {
    options.recompute = Recompute::Blocks;
    step = training_graph(network.graph, options);
  }
  auto data =
      std::make_shared<TrainingData>(network.graph, network.data, step, options, request.seed);
  return {.step = std::move(step), .data = std::move(data)};
}

/// A step of the network on every CPU and GPU that ships.
std::vector<ComparedDevice> trained_beside(const Request& request, const Graph& network) {
  std::vector<reference::DeviceSpec> devices;
  for (const Entry& entry : entries(EntryKind::Device)) {
    devices.push_back(reference::read_device(entry.file, families_folder()));
  }
  const std::string file = file_of_entry(EntryKind::Site, "datacentre");
  const auto site = file.empty() ? std::nullopt : std::optional(read_site(file));
  return training_devices(devices, network, request.training->options, site ? &*site : nullptr);
}

Result evaluate_request(const Request& request, RunRecord& record) {
  Progress progress(!request.quiet);
  progress.stage("reading");
  const ChipSpec chip = chip_of(request);
  const bool generates = request.generated > 0;
  const auto in_phase = [&](const DimChoice& choice) {
    return network_of(with_choice(request, choice), chip);
  };
  Network network = generates ? in_phase(reported_choice(request)) : network_of(request, chip);
  std::optional<Training> training;
  std::optional<double> all_samples;
  std::vector<ComparedDevice> beside;
  if (request.training) {
    training = training_of(request, chip, network);
    all_samples = samples_to_the_end(*request.training, *training->step.graph.step);
    if (all_samples) {
      beside = trained_beside(request, network.graph);
    }
    network = {.graph = training->step.graph, .data = training->data};
  }
  check_outputs(request);
  const TensorWishes wishes = tensor_wishes(request, network);
  std::optional<Generation> generation;
  if (generates) {
    generation = generation_of(request, chip, in_phase,
                               [&](std::string_view name) { progress.stage(name); });
  }
  const bool recorded = !request.timeline.empty() || request.format == Format::Html;
  std::optional<Replacement> waveform;  // SystemC writes it while it simulates
  if (!request.waveform.empty()) {
    waveform.emplace(request.waveform, ".vcd");
  }
  const auto mapping = with_room(request, chip, network, [&] {
    return requested_mapping(
        request.mapping, chip, network, [&](std::string_view name) { progress.stage(name); },
        wishes.wanted);
  });
  const auto keep = [&](const Compilation& compiled) {
    save_mapping(request.mapping, chip, network.graph, compiled.mapping);
  };
  const EvaluateOptions options{.check = request.check,
                                .tensors = wishes.wanted,
                                .mapping = mapping ? &*mapping : nullptr,
                                .on_compiled = keep,
                                .on_stage = [&](std::string_view name) { progress.stage(name); },
                                .record = recorded ? &record : nullptr,
                                .waveform = waveform ? waveform->name() : ""};
  Result result = with_room(request, chip, network, [&] {
    return training ? train(chip, training->step, training->data,
                            request.training->steps.value_or(1), carries_data(request), options)
                    : evaluate_with(options, chip, network, request.waveform);
  });
  if (training) {
    result.training->all_samples = all_samples;
    result.training->devices = std::move(beside);
  }
  result.made_by = provenance_of(request);
  result.generation = std::move(generation);
  if (waveform) {
    waveform->commit();
  }
  if (!request.timeline.empty()) {
    progress.stage("writing the timeline");
    deliver_timeline(chip, record, request.timeline);
  }
  if (wishes.own_numbers) {
    result.comparison = wishes.own_numbers->compare(result.tensors, request.tensors.tolerance);
  }
  if (!wishes.saved.empty()) {
    progress.stage("writing tensors");
    std::erase_if(result.tensors,
                  [&](const RunTensor& tensor) { return wishes.saved.count(tensor.name) == 0; });
    save_tensors(request.tensors.save, result.tensors, file_orders_of(network));
  }
  return result;
}

ExitCode run(const Request& request) {
  prepare_heap();
  RunRecord record;
  const Result result = evaluate_request(request, record);
  deliver(request, formatted(result, record, request));
  // The other formats carry the outcome too, but nobody reads them while they scroll by.
  const bool unseen = request.format != Format::Text || !request.output.empty();
  bool passed = true;
  const auto tell = [&](bool good, const std::string& line) {
    passed = passed && good;
    if (!good || (unseen && !request.quiet)) {
      write_standard_error(fmt::format("systole: {}\n", line));
    }
  };
  if (result.check) {
    tell(result.check->passed(), check_line(*result.check));
  }
  if (result.comparison) {
    tell(result.comparison->passed(), comparison_line(*result.comparison));
  }
  return passed ? ExitCode::Ok : ExitCode::CheckFailed;
}

ExitCode measure(const Request& request) {
  if (!request.measure.record.empty()) {
    check_recording(request.measure.record);
  }
  const MeasuredRun result = [&] {
    Progress progress(!request.quiet);
    return measured_run(request, [&](std::string_view stage) { progress.stage(stage); });
  }();
  deliver(request, request.format == Format::Json
                       ? measured_json({{result}})
                       : measured_text(result, {.colour = has_colour(request)}));
  const bool passed = !result.numerics || result.numerics->passed();
  if (passed && !request.measure.record.empty()) {
    add_to_recording(request.measure.record, result);
  }
  return passed ? ExitCode::Ok : ExitCode::CheckFailed;
}

nlohmann::ordered_json report_of(const std::string& file) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 30;
  try {
    return report_in(read_text_file(file, kMost), file);
  } catch (const TextFault& fault) {
    throw UserError(fmt::format("{}: {}", printable_path(file), fault.message));
  }
}

std::string differences(const Request& request, const TextOptions& options) {
  const nlohmann::ordered_json before = report_of(request.diff.before);
  const nlohmann::ordered_json after = report_of(request.diff.after);
  return request.format == Format::Json ? diff_json(before, after).dump(2) + '\n'
                                        : diff_text(before, after, options);
}

std::string served(const Request& request) {
  Progress progress(!request.quiet);
  progress.stage("reading");
  const ChipSpec chip = chip_of(request);
  return run_serve(
      request, chip, [&](const Request& one) { return network_of(one, chip); },
      text_options(request), [&](std::string_view stage) { progress.stage(stage); });
}

std::string mapped(const Request& request) {
  Progress progress(!request.quiet);
  progress.stage("reading");
  const ChipSpec chip = chip_of(request);
  const Network network = network_of(request, chip);
  const SearchedMappings searched = with_room(request, chip, network, [&] {
    return searched_mappings(request.mapping, chip, network,
                             [&](std::string_view stage) { progress.stage(stage); });
  });
  save_mapping(request.mapping, chip, network.graph, searched.tried[searched.best].mapping);
  const MappingsReport report{
      .chip = chip,
      .graph = network.graph,
      .searched = searched,
      .objective = request.mapping.objective.value_or(MappingObjective::Latency),
      .front = request.mapping.front};
  return request.format == Format::Json  ? mappings_json(report)
         : request.format == Format::Csv ? mappings_csv(report)
                                         : mappings_text(report, text_options(request));
}

std::string explained(const Request& request) {
  Progress progress(!request.quiet);
  progress.stage("reading");
  const ChipSpec chip = chip_of(request);
  const Network network = network_of(request, chip);
  const auto changed = [&](const std::vector<std::string>& sets) {
    Request other = request;
    other.sets.insert(other.sets.end(), sets.begin(), sets.end());
    return chip_of(other);
  };
  return with_room(request, chip, network, [&] {
    return run_explain(request, chip, network, changed, text_options(request),
                       [&](std::string_view stage) { progress.stage(stage); });
  });
}

std::string compiled(const Request& request) {
  prepare_heap();
  Progress progress(!request.quiet);
  progress.stage("compiling");
  const ChipSpec chip = chip_of(request);
  const Network network = network_of(request, chip);
  return with_room(request, chip, network, [&] {
    const auto mapping = requested_mapping(request.mapping, chip, network,
                                           [&](std::string_view stage) { progress.stage(stage); });
    const Compilation compiled =
        compile_mapped(chip, network.graph, {.mapping = mapping ? &*mapping : nullptr});
    save_mapping(request.mapping, chip, network.graph, compiled.mapping);
    return print_program(compiled.program);
  });
}

}  // namespace

std::optional<std::string> text_answer(const Request& request, const TextOptions& options) {
  switch (request.command) {
    case Command::Diff:
      return differences(request, options);
    case Command::Compile:
      return compiled(request);
    case Command::Describe:
      return run_describe(request, options);
    case Command::List:
      return request.list == ListFormat::Text ? list_catalogue(options.colour)
                                              : list_names(request.list == ListFormat::Json);
    case Command::Help:
      return help_on(request.topic);
    case Command::Run:
    case Command::Compare:
    case Command::Explain:
    case Command::Map:
    case Command::Import:
    case Command::Dram:
    case Command::Measure:
    case Command::Serve:
    case Command::Study:
      break;
  }
  return std::nullopt;
}

ExitCode execute(const Request& request) {
  check_outputs(request);
  if (!request.measure.record.empty()) {
    check_output(request.measure.record);
  }
  check_files_apart(results_of(request), inputs_of(request));
  const TextOptions options = text_options(request);
  if (const std::optional<std::string> text = text_answer(request, options)) {
    deliver(request, *text);
    return ExitCode::Ok;
  }
  switch (request.command) {
    case Command::Run:
      return run(request);
    case Command::Measure:
      return measure(request);
    case Command::Compare:
      deliver(request, run_compare(request, {.colour = options.colour}));
      return ExitCode::Ok;
    case Command::Explain:
      deliver(request, explained(request));
      return ExitCode::Ok;
    case Command::Map:
      deliver(request, mapped(request));
      return ExitCode::Ok;
    case Command::Import:
      deliver(request, run_import(request));
      return ExitCode::Ok;
    case Command::Dram:
      deliver(request, run_dram(request.dram, request.format));
      return ExitCode::Ok;
    case Command::Serve:
      deliver(request, served(request));
      return ExitCode::Ok;
    case Command::Study:
      deliver(request, run_study(request, {.colour = options.colour}));
      return ExitCode::Ok;
    case Command::Diff:
    case Command::Compile:
    case Command::Describe:
    case Command::List:
    case Command::Help:
      break;
  }
  return ExitCode::InternalError;
}

}  // namespace systole
