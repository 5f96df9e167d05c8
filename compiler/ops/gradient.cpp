#include "compiler/ops/gradient.h"

#include "arch/diag/check.h"

namespace systole {

GraphTensorId StepNodes::rows(GraphTensorId tensor) {
  const TensorType& whole = type(tensor);
  const std::int64_t features = whole.extents.back();
  const std::int64_t rows = whole.elements() / features;
  if (rows <= kMaxSize) {
    return view(tensor, {1, rows, features});
  }
  std::int64_t cols = 2;  // as few as leave no more rows than a tensor may have
  while (rows % cols != 0 || rows / cols > kMaxSize) {
    ++cols;
  }
  return view(tensor, {1, rows / cols, cols, features});
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
