#include "compiler/frontend/write_description.h"

#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/compiler/frontend/onnx/model_numbers.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pointwise;

/// The outputs of a network in reals, in the order of memory, one behind the other.
std::vector<float> numbers_of(const Network& network) {
  std::map<GraphTensorId, std::vector<float>> values;
  reference::FloatEvaluator evaluator(network.graph, *network.data);
  while (!evaluator.done()) {
    const GraphTensorId output = evaluator.next_node().output();
    values[output] = *evaluator.evaluate_next().values;
  }
  std::vector<float> all;
  for (const GraphTensorId output : network.graph.outputs) {
    all.insert(all.end(), values.at(output).begin(), values.at(output).end());
  }
  return all;
}

class Description : public ::testing::Test {
 protected:
  /// Its text; runs both and compares, inputs in the order of memory.
  std::string expect_alike(const ModelBuilder& model) {
    const ModelNumbers numbers;
    const Network original = numbers.read(model);
    const std::string folder = folder_.path().string();
    std::string text = description_of(original, folder);
    write_weights(original, [&](std::string_view name, const std::string& bytes) {
      std::ofstream(folder + "/" + std::string(name), std::ios::binary) << bytes;
    });
    NetworkOptions options{.type = DataType::Bf16};
    std::map<std::string, GivenInput> given;
    for (const GraphTensorId input : original.graph.given()) {
      const GraphTensor& tensor = original.graph.tensor(input);
      if (tensor.name == "table" || text.find(tensor.name + ",") == std::string::npos) {
        continue;  // its numbers are the file's, or nobody reads it
      }
      const std::string file = fmt::format("{}/{}.in.npy", folder, tensor.name);
      const Extents& extents = tensor.type.extents;
      const std::vector<float> values =
          some_numbers(static_cast<std::size_t>(tensor.type.elements()));
      const Shape shape = tensor.shape();
      std::ofstream(file, std::ios::binary)
          << npy(extents.size() == 2 ? fmt::format("({}, {})", shape.batch, shape.channels)
                                     : fmt::format("({}, {}, {}, {})", shape.batch, shape.rows,
                                                   shape.cols, shape.channels),
                 values);
      options.input_files.emplace(tensor.name, file);
      const FileOrders orders = file_orders_of(original);
      const FileOrder* order = find_order(orders, tensor.name);
      given[tensor.name] = {order == nullptr
                                ? std::vector<std::int64_t>(extents.begin(), extents.end())
                                : order->shape,
                            order == nullptr ? values : to_file(*order, values)};
    }
    const Network again = parse_network(text, folder + "/n.yaml", options);
    EXPECT_THAT(numbers_of(again),
                Pointwise(FloatNear(1e-5F), numbers_of(numbers.read(model, given))));
    return text;
  }

  TemporaryDirectory folder_;
};

TEST_F(Description, OfAnImageGivesTheSameNumbers) {
  ModelBuilder model;
  model.input("x", {1, 2, 4, 4})
      .floats("w", {4, 2, 3, 3}, some_numbers(72))
      .floats("b", {4}, some_numbers(4))
      .floats("d", {64, 3}, some_numbers(192))
      .node("Conv", {"x", "w", "b"}, {"c"}, {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}})
      .node("Relu", {"c"}, {"r"})
      .node("Flatten", {"r"}, {"f"})
      .node("MatMul", {"f", "d"}, {"y"})
      .output("y");
  EXPECT_THAT(expect_alike(model), HasSubstr("- {name: x, rows: 4, cols: 4, channels: 2}"));
}

TEST_F(Description, OfAttentionGivesTheSameNumbers) {
  ModelBuilder model;
  model.input("x", {1, 3, 8})
      .floats("w", {8, 24}, some_numbers(192))
      .floats("b", {24}, some_numbers(24))
      .node("Attention", {"x", "w", "b"}, {"y"},
            {{"num_heads", std::int64_t{2}}, {"unidirectional", std::int64_t{1}}}, "attention",
            "com.microsoft")
      .output("y");
  EXPECT_THAT(expect_alike(model), HasSubstr("- {name: x, extents: [3, 8]}"));
}

TEST_F(Description, OfAnEmbeddingHasItsTable) {
  ModelBuilder model;
  model.input("x", {1, 3, 4})
      .floats("table", {5, 4}, some_numbers(20, 2))
      .input("tokens", {1, 3}, {}, 7)
      .node("Gather", {"table", "tokens"}, {"rows"})
      .node("Add", {"rows", "x"}, {"y"})
      .output("y");
  const std::string text = expect_alike(model);
  EXPECT_THAT(text, HasSubstr("states:\n  - {name: table, extents: [5, 4], shared: true, file: "));
}

TEST_F(Description, OfParametersOfSeveralAxesHasTheirShape) {
  ModelBuilder model;
  model.input("x", {1, 2, 3})
      .floats("p", {2, 3}, some_numbers(6))
      .node("Mul", {"x", "p"}, {"y"})
      .output("y");
  EXPECT_THAT(expect_alike(model), HasSubstr("formula"));
}

TEST_F(Description, OfMasksHasTheirInfinities) {
  ModelBuilder model;
  const float hidden = -std::numeric_limits<float>::infinity();
  model.input("x", {1, 2, 3})
      .floats("mask", {2, 3}, {0, hidden, 0, hidden, 0, 0})
      .node("Add", {"x", "mask"}, {"s"})
      .node("Softmax", {"s"}, {"y"}, {{"axis", std::int64_t{-1}}})
      .output("y");
  EXPECT_THAT(expect_alike(model), HasSubstr("formula"));
}

TEST_F(Description, LeavesOutInputsThatNobodyReads) {
  ModelBuilder model;
  model.input("x", {1, 4})
      .input("like", {1, 4})
      .node("CastLike", {"x", "like"}, {"z"})
      .node("Relu", {"z"}, {"y"})
      .output("y");
  EXPECT_THAT(expect_alike(model), Not(HasSubstr("like")));
}

TEST_F(Description, OfTablesAloneHasNoInputs) {
  ModelBuilder model;
  model.floats("table", {5, 4}, some_numbers(20, 2))
      .input("tokens", {1, 3}, {}, 7)
      .node("Gather", {"table", "tokens"}, {"y"})
      .output("y");
  EXPECT_THAT(expect_alike(model), HasSubstr("inputs: []\n"));
}

TEST_F(Description, OfKeysThatGrowHasThemAsStates) {
  ModelBuilder model;
  model.input("q", {1, 2, 1, 2})
      .input("k", {1, 2, 1, 2})
      .input("past", {1, 2, 2, 2})
      .node("Concat", {"past", "k"}, {"present"}, {{"axis", std::int64_t{2}}})
      .node("Transpose", {"present"}, {"t"}, {{"perm", std::vector<std::int64_t>{0, 1, 3, 2}}})
      .node("MatMul", {"q", "t"}, {"y"})
      .output("y")
      .output("present");
  const Network network = ModelNumbers().read(model);
  const std::string text = description_of(network, folder_.path().string());
  EXPECT_THAT(text, HasSubstr("states:\n  - {name: past, extents: [2, 3, 2]}\n"));
  const Network again = parse_network(text, "n.yaml", {.type = DataType::Bf16, .numbers = false});
  EXPECT_EQ(again.graph.states.size(), 1U);
}

}  // namespace
}  // namespace systole
