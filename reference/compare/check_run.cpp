#include "reference/compare/check_run.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arch/diag/check.h"
#include "reference/kernels/evaluator.h"

namespace systole {

namespace {

/// Counts and collects; knows nothing of where the two sides come from.
class Comparison {
 public:
  /// `actual_at(element, expected)` is what the run has there, empty where it has nothing.
  template <class Value, class ActualAt>
  void compare(const std::string& name, const Shape& shape, const std::vector<Value>& expected,
               ActualAt actual_at) {
    SYSTOLE_CHECK(static_cast<std::int64_t>(expected.size()) == shape.elements(),
                  "{}: {} values, expected {}", name, expected.size(), shape.elements());
    ++result_.tensors;
    result_.elements += shape.elements();
    const Value* value = expected.data();
    for (std::int64_t element = 0; element < shape.elements(); ++element, ++value) {
      const std::optional<Value> actual = actual_at(element, *value);
      if (actual != *value) {
        note(name, shape, element, *value, actual);
      }
    }
  }

  [[nodiscard]] CheckResult result() && { return std::move(result_); }

 private:
  void note(const std::string& name, const Shape& shape, std::int64_t element,
            std::int64_t expected, std::optional<std::int64_t> actual) {
    ++result_.mismatches;
    if (result_.first.size() == kReportedMismatches) {
      return;
    }
    const std::int64_t pixel = element / shape.channels;
    result_.first.push_back({.tensor = name,
                             .batch = pixel / (shape.rows * shape.cols),
                             .row = pixel / shape.cols % shape.rows,
                             .col = pixel % shape.cols,
                             .channel = element % shape.channels,
                             .expected = expected,
                             .actual = actual.value_or(0),
                             .missing = !actual.has_value()});
  }

  CheckResult result_;
};

/// Where a program keeps the tensors of a graph.
class TensorNames {
 public:
  TensorNames(const Graph& graph, const Program& program) : graph_(graph), program_(program) {
    for (std::size_t i = 0; i < program.tensors.size(); ++i) {
      const ProgramTensor& tensor = program.tensors[i];
      if (tensor.role != TensorRole::Constant) {
        const bool fresh = ids_.emplace(tensor.name, static_cast<TensorId>(i)).second;
        SYSTOLE_CHECK(fresh, "two tensors of the program are called {}", tensor.name);
      }
    }
    for (const Node& node : graph.nodes) {
      if (std::holds_alternative<Flatten>(node.attributes)) {
        viewed_[node.output] = node.inputs.at(0);
      }
    }
  }

  /// Empty when the program has no such tensor.
  [[nodiscard]] std::optional<TensorId> find(GraphTensorId tensor) const {
    const GraphTensor& wanted = graph_.tensor(tensor);
    const auto found = ids_.find(wanted.name);
    if (found == ids_.end()) {
      const auto view = viewed_.find(tensor);
      return view == viewed_.end() ? std::nullopt : find(view->second);
    }
    const ProgramTensor& kept = program_.tensors[static_cast<std::size_t>(found->second)];
    SYSTOLE_CHECK(kept.bytes() == wanted.shape.elements(), "{}: {} bytes, expected {}", kept.name,
                  kept.bytes(), wanted.shape.elements());
    return found->second;
  }

 private:
  const Graph& graph_;
  const Program& program_;
  std::map<std::string, TensorId> ids_;
  std::map<GraphTensorId, GraphTensorId> viewed_;  ///< output of a view -> its input
};

class RunCheck {
 public:
  RunCheck(const Graph& graph, const Program& program, Recorder recorder,
           std::span<const std::int8_t> host)
      : graph_(graph),
        program_(program),
        recorder_(std::move(recorder)),
        host_(host),
        names_(graph, program) {}

  void check(const Node& node, const reference::LayerValues& expected) {
    const GraphTensor& tensor = graph_.tensor(node.output);
    if (!std::holds_alternative<Flatten>(node.attributes)) {
      const std::optional<TensorId> id = names_.find(node.output);
      if (!expected.accumulators.empty()) {
        compare(tensor.name + " (accumulators)", tensor.shape, expected.accumulators,
                id ? recorder_.take_accumulators(*id) : std::nullopt);
      }
      compare(tensor.name, tensor.shape, *expected.values,
              id ? recorder_.take_results(*id) : std::nullopt);
    }
    if (std::find(graph_.outputs.begin(), graph_.outputs.end(), node.output) !=
        graph_.outputs.end()) {
      compare_host(node.output, *expected.values);
    }
  }

  [[nodiscard]] CheckResult result() && { return std::move(comparison_).result(); }

 private:
  template <class Value>
  void compare(const std::string& name, const Shape& shape, const std::vector<Value>& expected,
               const std::optional<Recording<Value>>& recording) {
    comparison_.compare(name, shape, expected, [&](std::int64_t element, Value value) {
      return recording ? recording->value(element, value) : std::optional<Value>();
    });
  }

  void compare_host(GraphTensorId output, const std::vector<std::int8_t>& expected) {
    const GraphTensor& tensor = graph_.tensor(output);
    const std::optional<TensorId> id = names_.find(output);
    SYSTOLE_CHECK(id.has_value(), "the program has no output {}", tensor.name);
    const ProgramTensor& kept = program_.tensors[static_cast<std::size_t>(*id)];
    SYSTOLE_CHECK(kept.role == TensorRole::Output, "{} is no output of the program", kept.name);
    SYSTOLE_CHECK(
        kept.home >= 0 && kept.home + kept.bytes() <= static_cast<std::int64_t>(host_.size()),
        "{}: bytes {}..{} of {} in host memory", kept.name, kept.home, kept.home + kept.bytes() - 1,
        host_.size());
    const std::int8_t* bytes = host_.data() + kept.home;
    comparison_.compare(
        tensor.name + " (host)", tensor.shape, expected,
        [&](std::int64_t element, std::int8_t) { return std::optional(bytes[element]); });
  }

  const Graph& graph_;
  const Program& program_;
  Recorder recorder_;
  std::span<const std::int8_t> host_;
  TensorNames names_;
  Comparison comparison_;
};

/// Every network output must be computed, or nothing would compare it.
void check_outputs(const Graph& graph) {
  for (const GraphTensorId output : graph.outputs) {
    SYSTOLE_CHECK(std::any_of(graph.nodes.begin(), graph.nodes.end(),
                              [&](const Node& node) { return node.output == output; }),
                  "{}: a network output that no node computes", graph.tensor(output).name);
  }
}

}  // namespace

CheckResult check_run(const Graph& graph, const NetworkData& data, const Program& program,
                      Recorder recorder, std::span<const std::int8_t> host) {
  check_outputs(graph);
  RunCheck run_check(graph, program, std::move(recorder), host);
  reference::Evaluator evaluator(graph, data);
  while (!evaluator.done()) {
    const Node& node = evaluator.next_node();
    run_check.check(node, evaluator.evaluate_next());
  }
  return std::move(run_check).result();
}

}  // namespace systole
