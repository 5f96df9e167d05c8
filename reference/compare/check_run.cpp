#include "reference/compare/check_run.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "compiler/graph/hold.h"
#include "reference/compare/quality.h"
#include "reference/compare/summation_order.h"
#include "reference/compare/tensor_names.h"
#include "reference/kernels/evaluator.h"
#include "reference/kernels/real_type.h"

namespace systole {

namespace {

/// Elements as the run has them: integers, or the patterns of floating numbers, which compare bit
/// for bit.
template <DataType type>
struct Bits {
  std::uint32_t pattern = 0;
  bool operator==(const Bits&) const = default;
};
enum class Fp32Bits : std::uint32_t {};

template <DataType type>
Bits<type> bits_of_result(float value) {
  return {reference::pattern_of(type, value)};
}
Fp32Bits bits_of_sum(float value) {
  constexpr std::uint32_t kNan = 0x7fc00000U;
  return static_cast<Fp32Bits>(std::isnan(value) ? kNan : std::bit_cast<std::uint32_t>(value));
}

double number(std::int32_t value) {
  return value;
}
double number(Fp32Bits bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
}
template <DataType type>
double number(Bits<type> bits) {
  return reference::number_of(type, bits.pattern);
}

/// What was recorded of an element, empty where it was not written (whole).
std::optional<std::int8_t> recorded(const RecordedTensor<std::int8_t>& bytes, std::int64_t element,
                                    std::int8_t expected) {
  return bytes.value(element, expected);
}
/// The bytes of a pattern, the low one first.
std::optional<std::uint32_t> recorded_pattern(const RecordedTensor<std::int8_t>& bytes,
                                              std::int64_t element, std::int64_t size,
                                              std::uint32_t expected) {
  std::uint32_t pattern = 0;
  for (std::int64_t byte = size; byte-- > 0;) {
    const std::uint32_t wanted = expected >> static_cast<unsigned>(8 * byte);
    const auto found = bytes.value(size * element + byte, static_cast<std::int8_t>(wanted & 255U));
    if (!found) {
      return std::nullopt;
    }
    pattern = pattern << 8U | static_cast<std::uint8_t>(*found);
  }
  return pattern;
}
template <DataType type>
std::optional<Bits<type>> recorded(const RecordedTensor<std::int8_t>& bytes, std::int64_t element,
                                   Bits<type> expected) {
  const auto pattern = recorded_pattern(bytes, element, bytes_of(type), expected.pattern);
  return pattern ? std::optional(Bits<type>{*pattern}) : std::nullopt;
}
std::optional<Fp32Bits> recorded(const RecordedTensor<std::int8_t>& bytes, std::int64_t element,
                                 Fp32Bits expected) {
  const auto pattern = recorded_pattern(bytes, element, bytes_of(DataType::Fp32),
                                        static_cast<std::uint32_t>(expected));
  return pattern ? std::optional(static_cast<Fp32Bits>(*pattern)) : std::nullopt;
}
std::optional<std::int32_t> recorded(const RecordedTensor<std::int32_t>& sums, std::int64_t element,
                                     std::int32_t expected) {
  return sums.value(element, expected);
}
std::optional<Fp32Bits> recorded(const RecordedTensor<std::int32_t>& sums, std::int64_t element,
                                 Fp32Bits expected) {
  const auto found = sums.value(element, static_cast<std::int32_t>(expected));
  return found ? std::optional(static_cast<Fp32Bits>(*found)) : std::nullopt;
}

/// What a layer should have computed, in the form in which it is compared.
template <class Value, class Sum>
struct Expected {
  std::vector<Value> values;
  std::vector<Sum> sums;
};

/// `bits`: of a result.
template <class Bits>
Expected<Bits, Fp32Bits> in_bits(const reference::RealLayerValues& layer, Bits (*bits)(float)) {
  Expected<Bits, Fp32Bits> expected;
  expected.values.resize(layer.values->size());
  std::transform(layer.values->begin(), layer.values->end(), expected.values.begin(), bits);
  expected.sums.resize(layer.accumulators.size());
  std::transform(layer.accumulators.begin(), layer.accumulators.end(), expected.sums.begin(),
                 bits_of_sum);
  return expected;
}

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
        note(name, shape, element, number(*value),
             actual ? std::optional(number(*actual)) : std::nullopt);
      }
    }
  }

  [[nodiscard]] CheckResult result() && { return std::move(result_); }

 private:
  void note(const std::string& name, const Shape& shape, std::int64_t element, double expected,
            std::optional<double> actual) {
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

class RunCheck {
 public:
  RunCheck(const Graph& graph, const Program& program, Recorder recorder,
           const MemoriesAfterRun& memories)
      : graph_(graph),
        program_(program),
        recorder_(std::move(recorder)),
        memories_(memories),
        names_(graph, program) {}

  template <class Value, class Sum>
  void check(const Node& node, const std::vector<Value>& values, const std::vector<Sum>& sums) {
    const GraphTensor& tensor = graph_.tensor(node.output());
    if (changes_state(node.op)) {
      compare_state(node.output(), values);
    } else if (!node.is_view() && !is_hold(graph_, node)) {
      const std::optional<TensorId> id = names_.find(node.output());
      if (!sums.empty()) {
        compare(tensor.name + " (accumulators)", tensor.shape(), sums,
                id ? recorder_.take_accumulators(*id) : std::nullopt);
      }
      if (!is_replaced(node)) {
        compare(tensor.name, tensor.shape(), values,
                id ? recorder_.take_results(*id) : std::nullopt);
      }
    }
    if (std::find(graph_.outputs.begin(), graph_.outputs.end(), node.output()) !=
        graph_.outputs.end()) {
      compare_output(node.output(), values);
    }
  }

  [[nodiscard]] CheckResult result() && { return std::move(comparison_).result(); }

 private:
  /// Never stored: the layer behind is fused, and its result is compared.
  [[nodiscard]] bool is_replaced(const Node& node) const {
    const auto behind = static_cast<std::size_t>(&node - graph_.nodes.data()) + 1;
    return behind < program_.layers.size() && program_.layers[behind].fused;
  }

  template <class Value, class Stored>
  void compare(const std::string& name, const Shape& shape, const std::vector<Value>& expected,
               const std::optional<RecordedTensor<Stored>>& recording) {
    comparison_.compare(name, shape, expected, [&](std::int64_t element, Value value) {
      return recording ? recorded(*recording, element, value) : std::optional<Value>();
    });
  }

  template <class Value>
  void compare_output(GraphTensorId output, const std::vector<Value>& expected) {
    const GraphTensor& tensor = graph_.tensor(output);
    const std::optional<TensorId> id = names_.find(output);
    SYSTOLE_CHECK(id.has_value(), "the program has no output {}", tensor.name);
    const ProgramTensor& kept = program_.tensors[static_cast<std::size_t>(*id)];
    SYSTOLE_CHECK(kept.role == TensorRole::Output, "{} is no output of the program", kept.name);
    compare_memory(fmt::format("{} ({})", tensor.name, name_of(kept.io)), kept, expected,
                   tensor.shape());
  }

  /// As the run leaves it: what was appended, and what was there.
  template <class Value>
  void compare_state(GraphTensorId changed, const std::vector<Value>& expected) {
    const std::optional<TensorId> id = names_.find(changed);
    SYSTOLE_CHECK(id.has_value(), "the program has no state behind {}",
                  graph_.tensor(changed).name);
    const ProgramTensor& kept = program_.tensors[static_cast<std::size_t>(*id)];
    SYSTOLE_CHECK(kept.role == TensorRole::State, "{} is no state of the program", kept.name);
    compare_memory(fmt::format("{} (after the run)", kept.name), kept, expected,
                   graph_.tensor(changed).shape());
  }

  template <class Value>
  void compare_memory(const std::string& name, const ProgramTensor& kept,
                      const std::vector<Value>& expected, const Shape& shape) {
    RecordedTensor<std::int8_t> bytes(kept.name, kept.bytes());
    bytes.write({.offset = 0, .rows = 1, .cols = kept.bytes(), .pitch = 0},
                bytes_at_home(kept, memories_));
    comparison_.compare(name, shape, expected, [&](std::int64_t element, Value value) {
      return recorded(bytes, element, value);
    });
  }

  const Graph& graph_;
  const Program& program_;
  Recorder recorder_;
  MemoriesAfterRun memories_;
  TensorNames names_;
  Comparison comparison_;
};

/// Elements of a state of int8, which reals are written into.
std::int8_t integer_of_result(float value) {
  return static_cast<std::int8_t>(value);
}

/// A layer of a network of a floating type.
void check_layer(RunCheck& run_check, const Node& node, DataType type,
                 const reference::RealLayerValues& layer) {
  const auto check = [&](auto bits) {
    const auto expected = in_bits(layer, bits);
    run_check.check(node, expected.values, expected.sums);
  };
  switch (type) {
    case DataType::Fp32:
      return check(bits_of_sum);
    case DataType::Bf16:
      return check(bits_of_result<DataType::Bf16>);
    case DataType::Fp16:
      return check(bits_of_result<DataType::Fp16>);
    case DataType::Fp8E4M3:
      return check(bits_of_result<DataType::Fp8E4M3>);
    case DataType::Fp8E5M2:
      return check(bits_of_result<DataType::Fp8E5M2>);
    case DataType::Int8:
      return check(integer_of_result);
    case DataType::Int4:
    case DataType::Int16:
    case DataType::Int32:
      break;
  }
  SYSTOLE_CHECK(false, "{}: results of type {}", node.name, name_of(type));
}

/// Every network output must be computed, or nothing would compare it.
void check_outputs(const Graph& graph) {
  for (const GraphTensorId output : graph.outputs) {
    SYSTOLE_CHECK(std::any_of(graph.nodes.begin(), graph.nodes.end(),
                              [&](const Node& node) { return node.output() == output; }),
                  "{}: a network output that no node computes", graph.tensor(output).name);
  }
}

}  // namespace

CheckResult check_run(const Graph& graph, const NetworkData& data, const Program& program,
                      Recorder recorder, const MemoriesAfterRun& memories) {
  check_outputs(graph);
  RunCheck run_check(graph, program, std::move(recorder), memories);
  QualityCheck quality(graph, data);
  if (is_float(graph.input_type())) {
    const auto orders = summation_orders(graph, program);
    reference::RealEvaluator evaluator(graph, data, orders);
    while (!evaluator.done()) {
      const Node& node = evaluator.next_node();
      const reference::RealLayerValues layer = evaluator.evaluate_next();
      quality.add(node, layer);
      check_layer(run_check, node, graph.tensor(node.output()).type.element, layer);
    }
  } else {
    reference::Evaluator evaluator(graph, data);
    while (!evaluator.done()) {
      const Node& node = evaluator.next_node();
      const reference::LayerValues expected = evaluator.evaluate_next();
      quality.add(node, expected);
      run_check.check(node, *expected.values, expected.accumulators);
    }
  }
  CheckResult result = std::move(run_check).result();
  result.quality = std::move(quality).result();
  return result;
}

}  // namespace systole
