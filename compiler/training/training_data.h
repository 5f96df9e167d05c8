#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/graph/value.h"
#include "compiler/training/training_graph.h"

namespace systole {

/// The numbers of training steps. Parameters begin as the network's; moments at zero. Each step has
/// a batch of its own, as many as wanted, made from the seed so that there is something to learn:
/// inputs uniform in -2..2, and targets that follow from them by a linear map that the seed gives.
/// Of a cross-entropy a row's target is 1 at the largest of the map's results, of a squared error
/// these themselves, of variance near 1.
class TrainingData final : public NetworkData {
 public:
  /// `network` and `data`: what is trained.
  TrainingData(Graph network, std::shared_ptr<const NetworkData> data, TrainingGraph step,
               const TrainingOptions& options, std::uint64_t seed);

  /// Counted from 1.
  void set_step(std::int64_t number) { number_ = number; }
  /// What a state holds from now on.
  void set_state(GraphTensorId state, Value value) { states_[state] = std::move(value); }

  [[nodiscard]] Value value(const Graph& graph, GraphTensorId tensor) const override;

 private:
  [[nodiscard]] std::vector<float> batch(const GraphTensor& input) const;
  [[nodiscard]] std::vector<float> drawn(const std::string& name, std::int64_t count) const;
  [[nodiscard]] std::vector<float> targets(const GraphTensor& tensor,
                                           const std::vector<GraphTensorId>& inputs) const;
  [[nodiscard]] Value first_value(GraphTensorId state) const;

  Graph network_;
  std::shared_ptr<const NetworkData> data_;
  TrainingGraph step_;
  TrainingOptions options_;
  std::uint64_t seed_;
  std::int64_t number_ = 1;
  std::map<GraphTensorId, Value> states_;
};

}  // namespace systole
