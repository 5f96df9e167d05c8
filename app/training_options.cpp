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
  command.add_option("--optimizer", words.optimizer, "sgd, adam or adamw (default: sgd)")
      ->type_name("NAME");
  command
      .add_option("--learning-rate", words.rate,
                  "Of the optimiser (default: 0.01 of sgd, else 0.001)")
      ->type_name("R");
  command.add_option("--momentum", words.momentum, "Of sgd, 0 for none (default: 0.9)")
      ->type_name("M");
  command.add_option("--weight-decay", words.decay, "Of adamw (default: 0.01)")->type_name("D");
}

std::optional<TrainingRequest> checked_training(const TrainingWords& words) {
  const bool trains = words.mode && choice("--mode", *words.mode, kModes) == Mode::Training;
  if (!trains) {
    const std::array<std::pair<const char*, const std::optional<std::string>*>, 6> others{{
        {"--steps", &words.steps},
        {"--loss", &words.loss},
        {"--optimizer", &words.optimizer},
        {"--learning-rate", &words.rate},
        {"--momentum", &words.momentum},
        {"--weight-decay", &words.decay},
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
  if (words.steps) {
    const auto steps = parse_integer(*words.steps);
    if (!steps || *steps < 1 || *steps > kMostSteps) {
      throw UserError(fmt::format("systole: --steps: expected an integer in 1..{}, got {}",
                                  kMostSteps, in_quotes(*words.steps)));
    }
    request.steps = *steps;
  }
  return request;
}

}  // namespace systole
