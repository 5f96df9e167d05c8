#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compiler/training/training_graph.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

/// `systole run --mode training`.
struct TrainingRequest {
  TrainingOptions options;
  bool recompute_if_needed = false;   ///< where a step without does not fit the chip's DRAM
  std::optional<std::int64_t> steps;  ///< none: time alone, unless numbers are asked for otherwise
  std::optional<double> tokens;       ///< to train to the end
  std::optional<double> samples;      ///< the same
};

/// Options as the user wrote them.
struct TrainingWords {
  std::optional<std::string> mode;
  std::optional<std::string> steps;
  std::optional<std::string> loss;
  std::optional<std::string> loss_of;
  std::optional<std::string> optimizer;
  std::optional<std::string> rate;
  std::optional<std::string> momentum;
  std::optional<std::string> decay;
  std::optional<std::string> accumulate;
  std::optional<std::string> clip;
  std::optional<std::string> scale;
  std::optional<std::string> products;
  std::optional<std::string> recompute;
  std::optional<std::string> tokens;
  std::optional<std::string> epochs;
  std::optional<std::string> samples;
};

void add_training_options(CLI::App& command, TrainingWords& words);
/// Empty for inference. Throws UserError.
[[nodiscard]] std::optional<TrainingRequest> checked_training(const TrainingWords& words);
/// Samples that training to the end takes; empty where nobody asked. Throws UserError for tokens of
/// a network that has none.
[[nodiscard]] std::optional<double> samples_to_the_end(const TrainingRequest& request,
                                                       const TrainingStep& step);

}  // namespace systole
