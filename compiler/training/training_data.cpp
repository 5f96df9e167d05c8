#include "compiler/training/training_data.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "compiler/frontend/random_stream.h"

namespace systole {

namespace {

constexpr float kInputStep = 1.0F / 64;

}  // namespace

TrainingData::TrainingData(Graph network, std::shared_ptr<const NetworkData> data,
                           TrainingGraph step, const TrainingOptions& options, std::uint64_t seed)
    : network_(std::move(network)),
      data_(std::move(data)),
      step_(std::move(step)),
      options_(options),
      seed_(seed) {}

Value TrainingData::value(const Graph& graph, GraphTensorId tensor) const {
  const GraphTensor& wanted = graph.tensor(tensor);
  if (wanted.role == GraphTensorRole::State) {
    const auto known = states_.find(tensor);
    return known == states_.end() ? first_value(tensor) : known->second;
  }
  for (const TrainingBatch& batch : step_.batches) {
    if (tensor == batch.targets) {
      return Value::of_numbers(wanted.type, targets(wanted, batch.inputs));
    }
  }
  if (tensor == step_.rate) {
    return Value::of_numbers(wanted.type,
                             {static_cast<float>(options_.optimizer.rate_at(number_))});
  }
  return Value::of_numbers(wanted.type, batch(wanted));
}

std::vector<float> TrainingData::batch(const GraphTensor& input) const {
  return drawn(fmt::format("{}.batch.{}", input.name, number_), input.type.elements());
}

std::vector<float> TrainingData::drawn(const std::string& name, std::int64_t count) const {
  std::vector<std::int8_t> steps(static_cast<std::size_t>(count));
  RandomStream(seed_, name).fill_int8(steps);
  std::vector<float> numbers(steps.size());
  std::transform(steps.begin(), steps.end(), numbers.begin(),
                 [](std::int8_t q) { return kInputStep * static_cast<float>(q); });
  return numbers;
}

/// A row of the output sees the part of the first input that is its own: its row where there are as
/// many, else all of its sample. Without inputs, as where rows of a table are looked up by numbers
/// that stay, a row has numbers of its own that stay.
std::vector<float> TrainingData::targets(const GraphTensor& tensor,
                                         const std::vector<GraphTensorId>& inputs) const {
  constexpr std::int64_t kOwn = 16;
  const auto columns = static_cast<std::size_t>(tensor.type.extents.back());
  const auto rows = static_cast<std::size_t>(tensor.type.elements()) / columns;
  const std::vector<float> x = inputs.empty()
                                   ? drawn("targets.rows", static_cast<std::int64_t>(rows) * kOwn)
                                   : batch(step_.graph.tensor(inputs.front()));
  const auto samples = static_cast<std::size_t>(network_.batch);
  const bool by_row = x.size() % rows == 0;
  const std::size_t width = by_row ? x.size() / rows : x.size() / samples;
  std::vector<std::int8_t> map(width * columns);
  RandomStream(seed_, "targets.map").fill_int8(map);
  const double scale =
      1 / std::sqrt(static_cast<double>(width) * kInt8Variance * kInt8Variance) / kInputStep;
  std::vector<float> out(rows * columns);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t first = by_row ? row * width : row * samples / rows * width;
    std::vector<double> results(columns, 0.0);
    for (std::size_t i = 0; i < width; ++i) {
      for (std::size_t column = 0; column < columns; ++column) {
        results[column] += static_cast<double>(x[first + i]) * map[i * columns + column];
      }
    }
    float* const to = out.data() + row * columns;
    if (options_.loss == Loss::CrossEntropy) {
      to[std::max_element(results.begin(), results.end()) - results.begin()] = 1;
    } else {
      std::transform(results.begin(), results.end(), to,
                     [&](double result) { return static_cast<float>(scale * result); });
    }
  }
  return out;
}

Value TrainingData::first_value(GraphTensorId state) const {
  const TensorType& type = step_.graph.tensor(state).type;
  for (const TrainedParameter& parameter : step_.parameters) {
    if (state == parameter.master && parameter.source < 0) {
      return Value::of_numbers(type, std::vector<float>(static_cast<std::size_t>(type.elements()),
                                                        static_cast<float>(parameter.first)));
    }
    if (state == parameter.master || state == parameter.copy) {
      return Value::of_numbers(type, data_->value(network_, parameter.source).numbers());
    }
  }
  return Value::of_numbers(type, std::vector<float>(static_cast<std::size_t>(type.elements())));
}

}  // namespace systole
