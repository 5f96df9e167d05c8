#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/training/training_data.h"
#include "compiler/training/training_graph.h"
#include "study/evaluate.h"
#include "study/training_course.h"

namespace systole {

struct Result;

/// The same training on another device, by its model.
struct EndOnDevice {
  std::string device;
  ComparedKind kind = ComparedKind::Gpu;
  DataType type = DataType::Bf16;
  bool calibrated = true;  ///< false: by a family without a measurement of its own
  std::optional<double> step_seconds;
  std::optional<double> seconds;
  std::optional<double> joules;
  std::optional<double> dollars;  ///< owned
  std::optional<double> rented_dollars;
  std::string error;  ///< why there are no figures
};

/// What a report says of a training step.
struct TrainingFigures {
  double step_seconds = 0;
  double forward_share = 0;  ///< of the step's cycles; the loss is among them
  double backward_share = 0;
  double update_share = 0;
  double samples_per_second = 0;
  std::optional<double> tokens_per_second;
  /// Products that the network asks for, forward and by each operand that is trained or made of
  /// what is, over what the peak does in the step's time. Source: Chowdhery et al., PaLM,
  /// arXiv:2204.02311, appendix B.
  double mfu = 0;
  double hfu = 0;      ///< all products of the step in place of them: how busy the arrays are
  double mfu_6nd = 0;  ///< 6 x parameters x tokens (or samples) in place of them
  double forward_factor = 0;  ///< products of the step over those of the network alone
  std::int64_t parameters = 0;
  std::int64_t state_bytes = 0;  ///< of masters, copies and moments
  std::optional<double> joules_per_step;
  std::optional<double> dollars_per_step;  ///< owned
  std::optional<double> first_loss;
  std::optional<double> last_loss;
  std::vector<double> losses;
  std::optional<double> end_samples;  ///< to the end: what was asked for
  std::optional<double> end_steps;    ///< whole ones
  std::optional<double> end_seconds;
  std::optional<double> end_joules;
  std::optional<double> end_dollars;         ///< of a chip that is bought
  std::optional<double> end_rented_dollars;  ///< of a cloud's, by the hour
  std::optional<double> end_built_dollars;   ///< of one that is designed and made, in its volume
  std::vector<EndOnDevice> end_devices;
};

/// Empty for what is no training.
[[nodiscard]] std::optional<TrainingFigures> training_figures(const Result& result);

/// What a step's tensors take at the most, states with them: no DRAM that is smaller holds them.
[[nodiscard]] Bytes most_bytes_alive(const Graph& graph);

/// Runs `steps` steps, each with the numbers that the one before left, the last in this process and
/// the others in processes of their own. Without `numbers` one is timed: all take as long. Whoever
/// asks for a check has all steps checked.
[[nodiscard]] Result train(const ChipSpec& chip, const TrainingGraph& step,
                           const std::shared_ptr<TrainingData>& data, std::int64_t steps,
                           bool numbers, const EvaluateOptions& options = {});

}  // namespace systole
