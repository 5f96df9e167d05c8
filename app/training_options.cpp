#include "app/training_options.h"

#include <array>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "arch/config/quantity_text.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

constexpr std::int64_t kMostSteps = 1'000'000;
constexpr std::int64_t kMostBatches = 64;

enum class RecomputeChoice : std::uint8_t { None, Blocks, Auto };

constexpr auto kRecomputeChoices = std::to_array<EnumName<RecomputeChoice>>({
    {RecomputeChoice::None, "none"},
    {RecomputeChoice::Blocks, "blocks"},
    {RecomputeChoice::Auto, "auto"},
});

enum class Mode : std::uint8_t { Inference, Training };

constexpr auto kModes = std::to_array<EnumName<Mode>>({
    {Mode::Inference, "inference"},
    {Mode::Training, "training"},
});

template <class Names>
auto choice(std::string_view option, const std::string& text, const Names& names) {
  std::string all;
  for (const auto& [value, name] : names) {
    if (name == text) {
      return value;
    }
    all += (all.empty() ? "" : ", ") + std::string(name);
  }
  throw UserError(
      fmt::format("systole: {}: expected one of {}, got {}", option, all, in_quotes(text)));
}

double real(std::string_view option, const std::string& text, double least, double most) {
  const auto value = parse_real(text);
  if (!value || *value < least || *value > most) {
    throw UserError(fmt::format("systole: {}: expected a number in {:g}..{:g}, got {}", option,
                                least, most, in_quotes(text)));
  }
  return *value;
}

}  // namespace

namespace {

/// `300B`, `2T`, `1281167`: a number and k, M, B (or G), T.
double count_of(std::string_view option, const std::string& text) {
  constexpr double kMostCount = 1e18;
  const std::size_t digits = text.find_last_of("0123456789.");
  const std::string number = text.substr(0, digits == std::string::npos ? 0 : digits + 1);
  const std::string suffix = text.substr(number.size());
  double unit = 0;
  for (const auto& [name, size] : std::initializer_list<std::pair<std::string_view, double>>{
           {"", 1}, {"k", 1e3}, {"M", 1e6}, {"B", 1e9}, {"G", 1e9}, {"T", 1e12}}) {
    unit = suffix == name ? size : unit;
  }
  const auto value = parse_real(number);
  if (!value || unit == 0 || *value <= 0 || *value * unit > kMostCount) {
    throw UserError(fmt::format(
        "systole: {}: expected a number above 0, with k, M, B or T behind it or without, got {}",
        option, in_quotes(text)));
  }
  return *value * unit;
}

}  // namespace

void add_training_options(CLI::App& command, TrainingWords& words) {
  command
      .add_option("--mode", words.mode,
                  "inference, or training: a step forward, backward and of the optimiser "
                  "(default: inference)")
      ->type_name("MODE");
  command
      .add_option("--steps", words.steps,
                  "Training steps to run with their numbers, each behind the one before")
      ->type_name("N");
  command.add_option("--loss", words.loss, "cross_entropy or mse (default: cross_entropy)")
      ->type_name("LOSS");
  command
      .add_option("--loss-of", words.loss_of,
                  "The output that has the loss, of a network of several")
      ->type_name("NAME");
  command.add_option("--optimizer", words.optimizer, "sgd, adam or adamw (default: sgd)")
      ->type_name("NAME");
  command
      .add_option("--learning-rate", words.rate,
                  "Of the optimiser (default: 0.01 of sgd, else 0.001)")
      ->type_name("R");
  command.add_option("--momentum", words.momentum, "Of sgd, 0 for none (default: 0.9)")
      ->type_name("M");
  command.add_option("--weight-decay", words.decay, "Of adamw (default: 0.01)")->type_name("D");
  command
      .add_option("--accumulate", words.accumulate,
                  "Batches of a step, whose mean gradient the update takes (default: 1)")
      ->type_name("N");
  command
      .add_option("--clip-norm", words.clip,
                  "The most that all gradients together may be long (default: any)")
      ->type_name("C");
  command
      .add_option("--loss-scale", words.scale,
                  "Of the loss and all gradients until the update (default: 1)")
      ->type_name("S");
  command
      .add_option("--products", words.products,
                  "same, or fp8: layers multiply with their weights in fp8_e4m3, gradients in "
                  "fp8_e5m2, each tensor by a scale of its own (default: same)")
      ->type_name("TYPE");
  command
      .add_option("--recompute", words.recompute,
                  "none; blocks: what is made within a block is computed again on the way back; "
                  "auto: blocks where the DRAM is too small without (default: none)")
      ->type_name("WHAT");
  command
      .add_option("--tokens", words.tokens,
                  "Also say what training on so many takes, such as 2T: time, joules, dollars")
      ->type_name("N");
  command.add_option("--epochs", words.epochs, "The same for so many passes over --samples")
      ->type_name("N");
  command.add_option("--samples", words.samples, "Of an epoch, such as 1281167")->type_name("N");
}

std::optional<TrainingRequest> checked_training(const TrainingWords& words) {
  const bool trains = words.mode && choice("--mode", *words.mode, kModes) == Mode::Training;
  if (!trains) {
    const std::array<std::pair<const char*, const std::optional<std::string>*>, 15> others{{
        {"--steps", &words.steps},
        {"--loss", &words.loss},
        {"--loss-of", &words.loss_of},
        {"--optimizer", &words.optimizer},
        {"--learning-rate", &words.rate},
        {"--momentum", &words.momentum},
        {"--weight-decay", &words.decay},
        {"--accumulate", &words.accumulate},
        {"--clip-norm", &words.clip},
        {"--loss-scale", &words.scale},
        {"--products", &words.products},
        {"--recompute", &words.recompute},
        {"--tokens", &words.tokens},
        {"--epochs", &words.epochs},
        {"--samples", &words.samples},
    }};
    for (const auto& [option, word] : others) {
      if (*word) {
        throw UserError(
            fmt::format("systole: {}: expected beside --mode training, got it without", option));
      }
    }
    return std::nullopt;
  }
  TrainingRequest request;
  if (words.loss) {
    request.options.loss = choice("--loss", *words.loss, kEnumNames<Loss>);
  }
  request.options.loss_of = words.loss_of.value_or("");
  Optimizer& optimizer = request.options.optimizer;
  if (words.optimizer) {
    optimizer.kind = choice("--optimizer", *words.optimizer, kEnumNames<OptimizerKind>);
  }
  constexpr double kAdamRate = 0.001;
  optimizer.rate = optimizer.kind == OptimizerKind::Sgd ? optimizer.rate : kAdamRate;
  if (words.rate) {
    optimizer.rate = real("--learning-rate", *words.rate, 0, 1e6);
  }
  if (words.momentum) {
    if (optimizer.kind != OptimizerKind::Sgd) {
      throw UserError(fmt::format("systole: --momentum: expected beside --optimizer sgd, got {}",
                                  name_of(optimizer.kind)));
    }
    optimizer.momentum = real("--momentum", *words.momentum, 0, 1);
  }
  if (words.decay) {
    if (optimizer.kind != OptimizerKind::AdamW) {
      throw UserError(
          fmt::format("systole: --weight-decay: expected beside --optimizer adamw, got {}",
                      name_of(optimizer.kind)));
    }
    optimizer.decay = real("--weight-decay", *words.decay, 0, 1e6);
  }
  if (words.accumulate) {
    const auto batches = parse_integer(*words.accumulate);
    if (!batches || *batches < 1 || *batches > kMostBatches) {
      throw UserError(fmt::format("systole: --accumulate: expected an integer in 1..{}, got {}",
                                  kMostBatches, in_quotes(*words.accumulate)));
    }
    request.options.accumulate = *batches;
  }
  if (words.clip) {
    request.options.clip_norm = real("--clip-norm", *words.clip, 1e-6, 1e6);
  }
  if (words.scale) {
    request.options.loss_scale = real("--loss-scale", *words.scale, 1e-6, 1e6);
  }
  if (words.products) {
    request.options.products = choice("--products", *words.products, kEnumNames<Products>);
  }
  if (words.recompute) {
    const RecomputeChoice wanted = choice("--recompute", *words.recompute, kRecomputeChoices);
    request.recompute_if_needed = wanted == RecomputeChoice::Auto;
    request.options.recompute =
        wanted == RecomputeChoice::Blocks ? Recompute::Blocks : Recompute::None;
  }
  if (words.steps) {
    const auto steps = parse_integer(*words.steps);
    if (!steps || *steps < 1 || *steps > kMostSteps) {
      throw UserError(fmt::format("systole: --steps: expected an integer in 1..{}, got {}",
                                  kMostSteps, in_quotes(*words.steps)));
    }
    request.steps = *steps;
  }
  if (words.tokens && words.epochs) {
    throw UserError("systole: --tokens: expected either tokens or epochs, got both");
  }
  if (words.epochs.has_value() != words.samples.has_value()) {
    throw UserError(words.epochs ? "systole: --epochs: expected beside --samples, got it without"
                                 : "systole: --samples: expected beside --epochs, got it without");
  }
  if (words.tokens) {
    request.tokens = count_of("--tokens", *words.tokens);
  }
  if (words.epochs) {
    request.samples = count_of("--epochs", *words.epochs) * count_of("--samples", *words.samples);
  }
  return request;
}

std::optional<double> samples_to_the_end(const TrainingRequest& request, const TrainingStep& step) {
  if (!request.tokens) {
    return request.samples;
  }
  if (step.tokens == 0) {
    throw UserError(fmt::format("systole: --tokens: expected a network of sequences, got {}",
                                printable(step.network)));
  }
  return *request.tokens / static_cast<double>(step.tokens) * static_cast<double>(step.samples);
}

}  // namespace systole
