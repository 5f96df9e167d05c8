#include "compiler/ops/gradient.h"

#include <algorithm>
#include <optional>
#include <string>

#include "arch/diag/check.h"
#include "compiler/ops/make.h"

namespace systole {

Extents extents_of_rows(std::int64_t rows, std::int64_t features) {
  if (rows <= kMaxSize) {
    return {1, rows, features};
  }
  std::int64_t cols = 2;  // as few as leave no more rows than a tensor may have
  while (rows % cols != 0 || rows / cols > kMaxSize) {
    ++cols;
  }
  return {1, rows / cols, cols, features};
}

GraphTensorId StepNodes::rows(GraphTensorId tensor) {
  const TensorType& whole = type(tensor);
  const std::int64_t features = whole.extents.back();
  return view(tensor, extents_of_rows(whole.elements() / features, features));
}

std::int64_t StepNodes::least_parts(std::int64_t bytes, std::int64_t result_bytes) const {
  constexpr std::int64_t kStreaming = 3;
  constexpr std::int64_t kAtOnce = 7;
  const std::int64_t most = most_whole_bytes();
  const bool is_whole = bytes <= kStreaming * most || bytes + result_bytes <= kAtOnce * most;
  return most == 0 || is_whole ? 1 : (bytes + most - 1) / most;
}

GraphTensorId StepNodes::mean(std::string_view what, GraphTensorId tensor) {
  const Shape image = image_of(type(tensor));
  const std::int64_t pixels = image.rows * image.cols;
  const std::int64_t result = bytes_of(DataType::Fp32, image.channels);
  std::int64_t parts =
      image.batch == 1 ? std::min(least_parts(type(tensor).bytes(), result), pixels) : 1;
  while (pixels % parts != 0) {
    ++parts;
  }
  const Op op = mean_of_pixels(DataType::Fp32);
  if (parts == 1 || parts == pixels) {
    return add(what, op, {tensor});
  }
  Extents extents = extents_of_rows(pixels / parts, image.channels);
  extents.front() = parts;
  const GraphTensorId means = add(std::string(what) + ".parts", op, {view(tensor, extents)});
  return add(what, op, {view(means, {1, parts, image.channels})});
}

void set_element(Op& op, DataType element) {
  std::visit(
      [element](auto& attributes) {
        if constexpr (requires { attributes.element = element; }) {
          attributes.element = attributes.element ? std::optional(element) : std::nullopt;
        }
      },
      op);
}

bool has_gradient(const Op& op) {
  return std::visit(
      [](const auto& attributes) {
        return requires(Backward & backward) {
          attributes.gradient(backward);
        };
      },
      op);
}

void gradient(const Op& op, Backward& backward) {
  std::visit(
      [&](const auto& attributes) {
        if constexpr (requires { attributes.gradient(backward); }) {
          attributes.gradient(backward);
        } else {
          SYSTOLE_CHECK(false, "an operator without a gradient, number {}", op.index());
        }
      },
      op);
}

bool has_training_form(const Op& op) {
  return std::visit(
      [](const auto& attributes) {
        return requires(Forward & forward) {
          attributes.train(forward);
        };
      },
      op);
}

GraphTensorId train(const Op& op, Forward& forward) {
  return std::visit(
      [&](const auto& attributes) -> GraphTensorId {
        if constexpr (requires { attributes.train(forward); }) {
          return attributes.train(forward);
        } else {
          SYSTOLE_CHECK(false, "an operator that is trained as it is, number {}", op.index());
          return -1;
        }
      },
      op);
}

}  // namespace systole
