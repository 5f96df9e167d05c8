#include "app/measure_options.h"

#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/common_options.h"
#include "app/option_values.h"

namespace systole {

namespace {

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

}  // namespace

void add_measure(CLI::App& app, Request& request, OptionWords& words) {
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

MeasureRequest checked_measure(MeasureRequest measure, const OptionWords& words) {
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

}  // namespace systole
