#include "compiler/graph/value.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

#include "arch/isa/float_format.h"

namespace systole {

namespace {

static_assert(std::endian::native == std::endian::little, "values are little-endian");

/// Of a layer without biases: zeros.
template <class Bias, class Elements>
std::vector<Bias> biases_of(const Graph& graph, const NetworkData& data, const Node& node,
                            const Elements& elements) {
  if (has_biases(node)) {
    return elements(data.value(graph, node.inputs[kBiasesInput]));
  }
  return std::vector<Bias>(
      static_cast<std::size_t>(graph.tensor(node.output()).type.extents.back()));
}

}  // namespace

void Value::check_size() const {
  SYSTOLE_CHECK(static_cast<std::int64_t>(bytes.size()) == type.bytes(),
                "{} bytes of {} elements of {}", bytes.size(), type.elements(),
                name_of(type.element));
}

Value Value::of_numbers(TensorType type, const std::vector<float>& numbers) {
  const FloatFormat format = float_format(type.element);
  const auto size = static_cast<std::size_t>(bytes_of(type.element));
  Value value{.type = std::move(type), .bytes = {}};
  value.bytes.resize(numbers.size() * size);
  std::int8_t* to = value.bytes.data();
  for (const float number : numbers) {
    const std::uint32_t pattern = rounded(format, number);
    std::memcpy(to, &pattern, size);
    to += size;
  }
  value.check_size();
  return value;
}

std::vector<float> Value::numbers() const {
  if (type.element == DataType::Fp32) {
    return elements<float>();
  }
  check_size();
  const FloatFormat format = float_format(type.element);
  const auto size = static_cast<std::size_t>(bytes_of(type.element));
  std::vector<float> numbers(bytes.size() / size);
  const std::int8_t* from = bytes.data();
  for (float& number : numbers) {
    std::uint32_t pattern = 0;
    std::memcpy(&pattern, from, size);
    number = decoded(format, pattern);
    from += size;
  }
  return numbers;
}

std::vector<float> stored_numbers(const Value& value) {
  const DataType type = value.type.element;
  if (is_float(type)) {
    return value.numbers();
  }
  SYSTOLE_CHECK(type == DataType::Int8 || type == DataType::Int4, "stored elements of {}",
                name_of(type));
  std::vector<float> numbers(static_cast<std::size_t>(value.type.elements()));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (type == DataType::Int8) {
      numbers[i] = value.bytes[i];
    } else {
      const int byte = static_cast<std::uint8_t>(value.bytes[i / 2]);
      const int nibble = i % 2 == 0 ? byte % 16 : byte / 16;
      numbers[i] = static_cast<float>(nibble < 8 ? nibble : nibble - 16);
    }
  }
  return numbers;
}

LayerParameters layer_parameters(const Graph& graph, const NetworkData& data, const Node& node) {
  LayerParameters parameters{
      .weights = {}, .biases = biases_of<std::int32_t>(graph, data, node, [](const Value& value) {
                       return value.elements<std::int32_t>();
                     })};
  Value weights = data.value(graph, node.inputs.at(kWeightsInput));
  if (weights.type.element != DataType::Int16) {
    parameters.weights = std::move(weights.bytes);
    return parameters;
  }
  constexpr std::int32_t kHigh = 256;
  for (const std::int16_t weight : weights.elements<std::int16_t>()) {
    SYSTOLE_CHECK(std::abs(weight) <= kLargestWide, "{}: a weight of {}", node.name, weight);
    const auto low = static_cast<std::int8_t>(static_cast<std::uint16_t>(weight) & 255U);
    parameters.low.push_back(low);
    parameters.weights.push_back(static_cast<std::int8_t>((weight - low) / kHigh));
  }
  return parameters;
}

std::vector<float> real_biases(const Graph& graph, const NetworkData& data, const Node& node) {
  return biases_of<float>(graph, data, node, [](const Value& value) { return value.numbers(); });
}

std::vector<float> real_weights(const Graph& graph, const NetworkData& data, const Node& node) {
  const GraphTensorId id = node.inputs.at(kWeightsInput);
  const GraphTensor& weights = graph.tensor(id);
  const Value value = data.value(graph, id);
  const DataType type = graph.operand_type(node);
  if (weights.type.element == type || !is_float(type)) {
    return value.numbers();
  }
  std::vector<float> numbers = stored_numbers(value);
  const GemmShape gemm = *gemm_shape(graph, node);
  const std::vector<float> scales = weights.stored.exist()
                                        ? data.value(graph, weights.stored.tensor).numbers()
                                        : std::vector<float>{};
  const FloatFormat format = float_format(type);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto element = static_cast<std::int64_t>(i);
    if (!scales.empty()) {
      const std::int64_t row = element / gemm.n % gemm.k / weights.stored.group;
      numbers[i] =
          numbers[i] *
          scales[static_cast<std::size_t>(row * gemm.groups * gemm.n + gemm.channel_of(element))];
    }
    numbers[i] = decoded(format, rounded(format, numbers[i]));
  }
  return numbers;
}

RealParameters real_parameters(const Graph& graph, const NetworkData& data, const Node& node) {
  return {.weights = real_weights(graph, data, node), .biases = real_biases(graph, data, node)};
}

}  // namespace systole
