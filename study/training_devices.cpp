#include "study/training_devices.h"

#include <algorithm>
#include <array>
#include <optional>
#include <variant>

#include <fmt/format.h>

#include "arch/diag/error.h"
#include "reference/devices/training_operations.h"
#include "study/compare.h"
#include "study/training.h"

namespace systole {

namespace {

constexpr std::string_view kStack = "graph";

std::optional<DataType> type_on(const reference::DeviceSpec& device, DataType of_network) {
  for (const DataType type : {of_network, DataType::Fp16, DataType::Fp32}) {
    if (device.supports(type)) {
      return type;
    }
  }
  return std::nullopt;
}

/// The softmax at the end is part of the cross-entropy.
GraphTensorId scores_of(const Graph& network, const TrainingOptions& options) {
  GraphTensorId output = network.outputs.front();
  for (const GraphTensorId one : network.outputs) {
    output = network.tensor(one).name == options.loss_of ? one : output;
  }
  for (const Node& node : network.nodes) {
    if (options.loss == Loss::CrossEntropy && node.output() == output &&
        std::holds_alternative<SoftmaxWork>(node.work())) {
      return node.inputs.front();
    }
  }
  return output;
}

class StepOnDevices {
 public:
  StepOnDevices(const Graph& network, const TrainingOptions& options)
      : network_(network), options_(as_a_device_has_it(options)) {
    TrainingOptions of_a_batch = options_;
    of_a_batch.accumulate = 1;
    const TrainingGraph step = training_graph(network, of_a_batch);
    samples_ = step.graph.step->samples * options_.accumulate;
    alive_ = most_bytes_alive(step.graph);
    for (const TrainedParameter& parameter : step.parameters) {
      const std::int64_t master = step.graph.tensor(parameter.master).bytes();
      masters_ += master;
      moments_ += master * static_cast<std::int64_t>(parameter.moments.size());
      copies_ += parameter.copy < 0 ? 0 : step.graph.tensor(parameter.copy).bytes();
    }
    if (options_.accumulate > 1) {
      alive_ += Bytes(masters_);  // the sums of the gradients
    }
  }

  /// Empty for a device that multiplies none of the types.
  [[nodiscard]] std::optional<ComparedDevice> on(const reference::DeviceSpec& device) const {
    const auto type = type_on(device, network_.input_type());
    if (!type) {
      return std::nullopt;
    }
    ComparedDevice row{.name = device.name, .type = *type, .batch = samples_};
    if (alive_ > device.memory) {
      row = reference_row(device, *type);
      row.error = fmt::format("a step has {} bytes alive, its memory has {}", alive_.count(),
                              device.memory.count());
      return row;
    }
    try {
      const reference::DeviceRunOptions run{
          .type = *type,
          .batch = 1,
          .stack = device.stack(kStack) == nullptr ? "" : std::string(kStack)};
      row = device_row(device, reference::model_device(
                                   device, training_operations(network_, plan(*type), *type), run));
      row.batch = samples_;
    } catch (const WorkloadError& error) {
      row = reference_row(device, *type);
      row.error = error.what();
    }
    return row;
  }

 private:
  /// Nothing is computed again, nothing is cut to the size of a buffer.
  static TrainingOptions as_a_device_has_it(TrainingOptions options) {
    options.recompute = Recompute::None;
    options.products = Products::Same;
    options.most_whole_bytes = 0;
    return options;
  }

  /// Without figures.
  [[nodiscard]] ComparedDevice reference_row(const reference::DeviceSpec& device,
                                             DataType type) const {
    ComparedDevice row = device_row(device, {.type = type, .batch = samples_});
    row.power.reset();
    return row;
  }

  /// What is multiplied in fp32 needs no copies.
  [[nodiscard]] reference::TrainingPlan plan(DataType type) const {
    return {.output = scores_of(network_, options_),
            .batches = options_.accumulate,
            .clips = options_.clip_norm.has_value(),
            .gradient_bytes = masters_,
            .update_reads = 2 * masters_ + moments_,
            .update_writes = masters_ + moments_ + (type == DataType::Fp32 ? 0 : copies_)};
  }

  const Graph& network_;
  TrainingOptions options_;
  std::int64_t samples_ = 1;
  Bytes alive_{0};
  std::int64_t masters_ = 0;  // bytes
  std::int64_t moments_ = 0;
  std::int64_t copies_ = 0;
};

}  // namespace

std::vector<ComparedDevice> training_devices(const std::vector<reference::DeviceSpec>& devices,
                                             const Graph& network, const TrainingOptions& options,
                                             const Site* site) {
  const StepOnDevices step(network, options);
  std::vector<ComparedDevice> rows;
  for (const reference::DeviceSpec& device : devices) {
    if (device.kind == reference::DeviceClass::Edge) {
      continue;
    }
    if (std::optional<ComparedDevice> row = step.on(device)) {
      if (row->error.empty() && site != nullptr) {
        add_dollars(*row, *site);
      }
      rows.push_back(std::move(*row));
    }
  }
  return rows;
}

}  // namespace systole
