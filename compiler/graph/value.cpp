#include "compiler/graph/value.h"

#include <algorithm>
#include <bit>

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

LayerParameters layer_parameters(const Graph& graph, const NetworkData& data, const Node& node) {
  return {.weights = data.value(graph, node.inputs.at(kWeightsInput)).bytes,
          .biases = biases_of<std::int32_t>(graph, data, node, [](const Value& value) {
            return value.elements<std::int32_t>();
          })};
}

std::vector<float> real_biases(const Graph& graph, const NetworkData& data, const Node& node) {
  return biases_of<float>(graph, data, node, [](const Value& value) { return value.numbers(); });
}

RealParameters real_parameters(const Graph& graph, const NetworkData& data, const Node& node) {
  return {.weights = data.value(graph, node.inputs.at(kWeightsInput)).numbers(),
          .biases = real_biases(graph, data, node)};
}

}  // namespace systole
