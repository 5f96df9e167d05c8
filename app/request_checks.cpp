#include "app/request_checks.h"

#include <limits>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/compare_options.h"
#include "app/dram_options.h"
#include "app/measure_options.h"
#include "app/option_values.h"
#include "arch/units/seconds.h"

namespace systole {

namespace {

/// What a network of reals becomes.
bool quantize_of(const OptionWords& words) {
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

/// `--prompt 512` is `--dim prompt=512`.
std::vector<std::string> with_named(const OptionWords& words) {
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
std::int64_t generated_of(const Request& request, const OptionWords& words) {
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

TensorsRequest checked_tensors(const OptionWords& words, bool check) {
  TensorsRequest tensors;
  tensors.save = file_of("--save-tensors", words.save_tensors);
  tensors.compare = file_of("--compare", words.compare_with);
  tensors.inputs = input_files_of(words.inputs);
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

/// In which types weights, states and a network of reals are held.
void set_storage(Request& request, const OptionWords& words) {
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
}

/// How the answer looks.
void set_presentation(Request& request, const OptionWords& words) {
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
}

void check_generation(const Request& request) {
  const MappingRequest& mapping = request.mapping;
  if (request.generated > 0 &&
      (!mapping.file.empty() || !mapping.save.empty() || mapping.objective)) {
    throw UserError(fmt::format("systole: {}: expected beside another phase than generate",
                                !mapping.file.empty()   ? "--mapping"
                                : !mapping.save.empty() ? "--save-mapping"
                                                        : "--objective"));
  }
}

void check_training(const Request& request) {
  if (request.training && !request.tensors.inputs.empty()) {
    throw UserError("systole: --input: expected without --mode training, which makes its batches");
  }
  if (request.training && request.generated > 0) {
    throw UserError("systole: --generate: expected without --mode training, got it beside");
  }
}

}  // namespace

Request checked_request(const CLI::App& app, Request request, const OptionWords& words) {
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
  set_storage(request, words);
  if (words.type && request.command != Command::Measure) {
    request.type = network_type_of(*words.type);
  }
  if (words.io) {
    request.io = value_named<IoMemory>(*words.io);
    if (!request.io) {
      throw UserError(fmt::format("systole: --io: expected host or device, got '{}'", *words.io));
    }
  }
  request.seed =
      integer_of<std::uint64_t>("--seed", words.seed, 0, std::numeric_limits<std::uint64_t>::max());
  set_presentation(request, words);
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
  check_generation(request);
  request.tensors = checked_tensors(words, request.check);
  request.training = checked_training(words.training);
  check_training(request);
  if (request.command == Command::Serve) {
    request.serve =
        checked_serve(words.serve, [](const std::string& option, const std::string& text) {
          return seconds_of(duration_of(option, text));
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

}  // namespace systole
