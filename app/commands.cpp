#include "app/commands.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "app/catalogue.h"
#include "app/dram_command.h"
#include "app/file_roles.h"
#include "app/listing.h"
#include "app/output.h"
#include "app/progress.h"
#include "arch/chip_spec.h"
#include "arch/isa/program_text.h"
#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "report/csv.h"
#include "report/describe.h"
#include "report/json.h"
#include "report/text.h"
#include "report/timeline.h"
#include "sim/simulate.h"
#include "study/evaluate.h"

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

void deliver(const Request& request, std::string_view text) {
  if (request.output.empty()) {
    write_standard_output(text);
  } else {
    write_file(request.output, text);
  }
}

ChipSpec chip_of(const Request& request) {
  return read_chip(find_entry(EntryKind::Chip, request.chip), dram_directories());
}

Network network_of(const Request& request) {
  return read_network(find_entry(EntryKind::Network, request.network),
                      {.batch = request.batch, .seed = request.seed});
}

/// The files that a request reads.
std::vector<FileRole> inputs_of(const Request& request) {
  switch (request.command) {
    case Command::Run:
    case Command::Compile:
      return {{"chip", find_entry(EntryKind::Chip, request.chip)},
              {"network", find_entry(EntryKind::Network, request.network)}};
    case Command::Describe:
      return {{"chip", find_entry(EntryKind::Chip, request.chip)}};
    case Command::Dram:
      return {{"DRAM standard", find_entry(EntryKind::Dram, request.dram.standard)},
              {"DRAM controller", find_entry(EntryKind::DramController, request.dram.controller)},
              {"trace", request.dram.trace}};
    case Command::List:
      break;
  }
  return {};
}

std::string formatted(const Result& result, const Request& request) {
  switch (request.format) {
    case Format::Text:
      return text_report(result, {.colour = has_colour(request)});
    case Format::Json:
      return json_report(result);
    case Format::Csv:
      return csv_report(result);
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
    throw UserError(fmt::format("systole: cannot write '{}': {}", waveform, error.what()));
  }
}

Result evaluate_request(const Request& request) {
  Progress progress(!request.quiet);
  progress.stage("reading");
  const ChipSpec chip = chip_of(request);
  const Network network = network_of(request);
  RunRecord record;
  std::optional<Replacement> waveform;  // SystemC writes it while it simulates
  if (!request.waveform.empty()) {
    waveform.emplace(request.waveform, ".vcd");
  }
  const EvaluateOptions options{.check = request.check,
                                .on_stage = [&](std::string_view name) { progress.stage(name); },
                                .record = request.timeline.empty() ? nullptr : &record,
                                .waveform = waveform ? waveform->name() : ""};
  Result result = evaluate_with(options, chip, network, request.waveform);
  if (waveform) {
    waveform->commit();
  }
  if (!request.timeline.empty()) {
    progress.stage("writing the timeline");
    deliver_timeline(chip, record, request.timeline);
  }
  return result;
}

ExitCode run(const Request& request) {
  const Result result = evaluate_request(request);
  deliver(request, formatted(result, request));
  if (!result.check) {
    return ExitCode::Ok;
  }
  // The other formats carry the outcome too, but nobody reads them while they scroll by.
  const bool unseen = request.format != Format::Text || !request.output.empty();
  if (!result.check->passed() || (unseen && !request.quiet)) {
    fmt::print(stderr, "systole: {}\n", check_line(*result.check));
  }
  return result.check->passed() ? ExitCode::Ok : ExitCode::CheckFailed;
}

ExitCode print_compiled(const Request& request) {
  std::string text;
  {
    Progress progress(!request.quiet);
    progress.stage("compiling");
    const ChipSpec chip = chip_of(request);
    text = print_program(compile(chip, network_of(request).graph));
  }
  deliver(request, text);
  return ExitCode::Ok;
}

}  // namespace

ExitCode execute(const Request& request) {
  for (const std::string& file : {request.output, request.timeline}) {
    if (!file.empty()) {
      check_output(file);
    }
  }
  if (!request.waveform.empty()) {
    check_regular_output("--vcd", request.waveform);
  }
  check_files_apart({{"--output", request.output},
                     {"--timeline", request.timeline},
                     {"--vcd", request.waveform},
                     {"--command-log", request.dram.command_log},
                     {"--request-log", request.dram.request_log}},
                    inputs_of(request));
  switch (request.command) {
    case Command::Run:
      return run(request);
    case Command::Compile:
      return print_compiled(request);
    case Command::Describe:
      deliver(request, describe_chip(chip_of(request), {.colour = has_colour(request)}));
      return ExitCode::Ok;
    case Command::Dram:
      deliver(request, run_dram(request.dram, request.format));
      return ExitCode::Ok;
    case Command::List:
      deliver(request, list_catalogue(has_colour(request)));
      return ExitCode::Ok;
  }
  return ExitCode::InternalError;
}

}  // namespace systole
