#include "reference/kernels/row_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>

#include "arch/diag/check.h"
#include "reference/kernels/real_functions.h"

namespace systole::reference {

namespace {

float e_to(float x) {
  return real_exponential(x);
}
double e_to(double x) {
  return std::exp(x);
}

template <class Number>
Number total(const std::vector<Number>& numbers) {
  Number sum = 0;
  for (const Number number : numbers) {
    sum = sum + number;
  }
  return sum;
}

/// The rows of a tensor along its last axis.
template <class Number>
std::vector<std::vector<Number>> rows_of(std::span<const Number> values, std::int64_t width) {
  std::vector<std::vector<Number>> rows;
  const auto size = static_cast<std::size_t>(width);
  for (std::size_t first = 0; first < values.size(); first += size) {
    const auto row = values.subspan(first, size);
    rows.emplace_back(row.begin(), row.end());
  }
  return rows;
}

}  // namespace

template <class Number>
std::vector<Number> row_kernel(const NormalizeRows& norm, const RowOperands<Number>& operands) {
  const std::int64_t width = operands.types[0].extents.back();
  const Number share = static_cast<Number>(1.0 / static_cast<double>(width));
  const Number epsilon = static_cast<Number>(norm.epsilon);
  std::vector<Number> out;
  for (std::vector<Number>& row : rows_of(operands.values[0], width)) {
    if (norm.centred) {
      const Number mean = total(row) * share;
      for (Number& x : row) {
        x = x - mean;
      }
    }
    std::vector<Number> squares(row.size());
    std::transform(row.begin(), row.end(), row.begin(), squares.begin(),
                   [](Number x, Number y) { return x * y; });
    const Number variance = total(squares) * share;
    const Number inverse = Number{1} / std::sqrt(variance + epsilon);
    for (std::size_t i = 0; i < row.size(); ++i) {
      Number result = row[i] * inverse;
      result = result * operands.values[1][i];
      if (norm.bias) {
        result = result + operands.values[2][i];
      }
      out.push_back(result);
    }
  }
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const SoftmaxChannels& softmax,
                               const RowOperands<Number>& operands) {
  const Extents& extents = operands.types[0].extents;
  const std::int64_t keys = extents.back();
  const std::int64_t queries = extents.size() < 2 ? 1 : extents[extents.size() - 2];
  const Number scale = static_cast<Number>(softmax.scale);
  std::vector<Number> out;
  std::int64_t query = 0;
  for (std::vector<Number>& row : rows_of(operands.values[0], keys)) {
    const std::int64_t seen = softmax.causal ? keys - queries + query + 1 : keys;
    for (std::int64_t key = 0; key < keys; ++key) {
      Number& x = row[static_cast<std::size_t>(key)];
      x = key < seen ? x * scale : -std::numeric_limits<Number>::infinity();
    }
    Number largest = row.front();
    for (const Number x : row) {
      if (std::isnan(x) || x > largest) {
        largest = x;
      }
    }
    for (Number& x : row) {
      x = e_to(x - largest);
    }
    const Number sum = total(row);
    for (const Number x : row) {
      out.push_back(x / sum);
    }
    query = (query + 1) % queries;
  }
  return out;
}

template <class Number>
std::vector<Number> computed_rows(const Graph& graph, const Node& node,
                                  const std::vector<std::vector<Number>>& values) {
  RowOperands<Number> operands{
      .values = {}, .types = {}, .output = graph.tensor(node.output()).type};
  for (std::size_t i = 0; i < values.size(); ++i) {
    operands.values.emplace_back(values[i]);
    operands.types.push_back(graph.tensor(node.inputs[i]).type);
  }
  return std::visit(
      [&](const auto& attributes) -> std::vector<Number> {
        if constexpr (requires { row_kernel<Number>(attributes, operands); }) {
          return row_kernel<Number>(attributes, operands);
        } else {
          SYSTOLE_CHECK(false, "{}: no kernel of {} computes in rows", node.name, node.kind);
        }
      },
      node.op);
}

std::vector<float> dequantized_row(std::span<const std::int8_t> stored,
                                   const Quantization& quantization) {
  const auto scale = static_cast<float>(quantization.scale);
  std::vector<float> numbers(stored.size());
  std::transform(stored.begin(), stored.end(), numbers.begin(), [&](std::int8_t q) {
    return static_cast<float>(q - quantization.zero_point) * scale;
  });
  return numbers;
}

std::vector<std::int8_t> quantized_row(std::span<const float> numbers,
                                       const Quantization& quantization) {
  const auto steps = static_cast<float>(1 / quantization.scale);
  std::vector<std::int8_t> stored(numbers.size());
  std::transform(numbers.begin(), numbers.end(), stored.begin(), [&](float number) {
    const float product = number * steps;
    if (std::isnan(product)) {
      return static_cast<std::int8_t>(quantization.zero_point);
    }
    const double nearest = std::round(static_cast<double>(product)) + quantization.zero_point;
    return static_cast<std::int8_t>(std::clamp(nearest, -128.0, 127.0));
  });
  return stored;
}

template std::vector<float> computed_rows(const Graph&, const Node&,
                                          const std::vector<std::vector<float>>&);
template std::vector<double> computed_rows(const Graph&, const Node&,
                                           const std::vector<std::vector<double>>&);

}  // namespace systole::reference
