#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/error.h"
#include "compiler/frontend/onnx/read_onnx_network.h"
#include "reference/kernels/evaluator.h"
#include "tests/compiler/frontend/npy_writer.h"
#include "tests/compiler/frontend/onnx/model_builder.h"
#include "tests/support/temporary_directory.h"

namespace systole {

/// Numbers of an input, in the order of the file.
struct GivenInput {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// Reads models that a test writes, and computes them in reals.
class ModelNumbers {
 public:
  explicit ModelNumbers(std::map<std::string, std::int64_t> dims = {}) : dims_(std::move(dims)) {}

  [[nodiscard]] Network read(const ModelBuilder& model,
                             const std::map<std::string, GivenInput>& inputs = {}) const {
    NetworkOptions options{.type = DataType::Fp32};
    options.dims.insert(dims_.begin(), dims_.end());
    for (const auto& [name, input] : inputs) {
      const std::string file = (folder_.path() / (name + ".npy")).string();
      std::ofstream(file, std::ios::binary)
          << npy(fmt::format("({},)", fmt::join(input.shape, ", ")), input.values);
      options.input_files.emplace(name, file);
    }
    return read_onnx_network(written(model), {options, {}, false});
  }

  /// Outputs, and states as the run leaves them, by name, in the order of the file.
  [[nodiscard]] std::map<std::string, std::vector<float>> run(
      const ModelBuilder& model, const std::map<std::string, GivenInput>& inputs) const {
    const Network network = read(model, inputs);
    const FileOrders orders = file_orders_of(network);
    std::map<GraphTensorId, std::vector<float>> values;
    reference::FloatEvaluator evaluator(network.graph, *network.data);
    while (!evaluator.done()) {
      const GraphTensorId output = evaluator.next_node().output();
      values[output] = *evaluator.evaluate_next().values;
    }
    std::vector<GraphTensorId> made = network.graph.outputs;
    for (const Node& node : network.graph.nodes) {
      if (changes_state(node.op)) {
        made.push_back(node.output());
      }
    }
    std::map<std::string, std::vector<float>> outputs;
    for (const GraphTensorId output : made) {
      const std::string& name = network.graph.tensor(output).name;
      const FileOrder* order = find_order(orders, name);
      outputs[name] = order == nullptr ? values.at(output) : to_file(*order, values.at(output));
    }
    return outputs;
  }

  [[nodiscard]] std::string message_of(const ModelBuilder& model) const {
    try {
      static_cast<void>(read(model));
    } catch (const UserError& error) {
      std::string message = error.what();
      const std::string folder = folder_.path().string() + "/";
      for (auto at = message.find(folder); at != std::string::npos; at = message.find(folder)) {
        message.erase(at, folder.size());
      }
      return message;
    }
    return "";
  }

  [[nodiscard]] std::string explained(const ModelBuilder& model) const {
    return explain_onnx(written(model), {{.type = DataType::Fp32}, {}, false});
  }

 private:
  [[nodiscard]] std::string written(const ModelBuilder& model) const {
    std::string file = (folder_.path() / "m.onnx").string();
    model.write(file);
    return file;
  }

  std::map<std::string, std::int64_t> dims_;
  TemporaryDirectory folder_;
};

/// So many numbers within 1 either way, always the same.
inline std::vector<float> some_numbers(std::size_t count, int seed = 1) {
  std::vector<float> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    const auto step = (i * 37 + static_cast<std::size_t>(seed) * 101 + i * i % 13 * 29) % 201;
    numbers.push_back((static_cast<float>(step) - 100) / 100);
  }
  return numbers;
}

inline std::vector<std::string> kinds_of(const Graph& graph) {
  std::vector<std::string> kinds;
  for (const Node& node : graph.nodes) {
    kinds.push_back(node.kind);
  }
  return kinds;
}

}  // namespace systole
