#include "compiler/ops/narrow.h"

#include <array>
#include <exception>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compiler/ops/infer.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

/// The largest number of a type.
double largest_of(DataType type) {
  constexpr double kE4M3 = 448;
  constexpr double kE5M2 = 57344;
  return type == DataType::Fp8E4M3 ? kE4M3 : kE5M2;
}

/// As few rows of so many numbers as a reduction may have.
std::int64_t rows_of(std::int64_t numbers) {
  std::int64_t rows = (numbers + kMaxReduction - 1) / kMaxReduction;
  while (numbers % rows != 0) {
    ++rows;
  }
  return rows;
}

/// Stands between a product's own gradient, which knows of narrow tensors alone, and the step.
class NarrowBackward final : public Backward {
 public:
  NarrowBackward(Backward& wide, const NarrowProduct& product, const NarrowTensor& gradient)
      : wide_(wide),
        inputs_{product.left, product.right},
        result_(product.result),
        gradient_(gradient) {}

  [[nodiscard]] const TensorType& type(GraphTensorId tensor) const override {
    return wide_.type(tensor);
  }
  GraphTensorId add(std::string_view what, Op op, std::vector<GraphTensorId> inputs) override {
    return wide_.add(what, std::move(op), std::move(inputs));
  }
  GraphTensorId view(GraphTensorId tensor, const Extents& extents) override {
    return wide_.view(tensor, extents);
  }
  [[noreturn]] void refuse(std::string_view message) const override {
    wide_.refuse(message);
    std::terminate();  // it has thrown
  }
  [[nodiscard]] std::int64_t most_whole_bytes() const override { return wide_.most_whole_bytes(); }
  [[nodiscard]] GraphTensorId input(std::size_t index) const override {
    return inputs_[index].narrow;
  }
  [[nodiscard]] GraphTensorId output() const override { return result_; }
  [[nodiscard]] GraphTensorId gradient() const override { return gradient_.narrow; }
  [[nodiscard]] bool wants(std::size_t input) const override {
    return wide_.wants_tensor(inputs_[input].of);
  }
  [[nodiscard]] bool wants_tensor(GraphTensorId tensor) const override {
    return wide_.wants_tensor(tensor);
  }
  [[nodiscard]] DataType element(std::size_t input) const override {
    return wide_.element_of(inputs_[input].of);
  }
  [[nodiscard]] DataType element_of(GraphTensorId tensor) const override {
    return wide_.element_of(tensor);
  }
  void give_to(GraphTensorId tensor, GraphTensorId gradient) override {
    wide_.give_to(tensor, gradient);
  }
  /// The scales of the gradient and of the other operand are in what the product made.
  void give(std::size_t input, GraphTensorId gradient) override {
    if (wants(input)) {
      const NarrowTensor& other = inputs_[1 - input];
      wide_.give_to(inputs_[input].of,
                    wide_.add("unscaled_gradient", formula_of("a * b * c", element(input)),
                              {wide_.wide(gradient), gradient_.inverse, other.inverse}));
    }
  }
  void give(std::size_t input, Op op, std::vector<GraphTensorId> inputs) override {
    if (wants(input)) {
      give(input, wide_.add("scaled_gradient", std::move(op), std::move(inputs)));
    }
  }
  void give_channels(std::size_t /*input*/, std::int64_t /*first*/,
                     GraphTensorId /*gradient*/) override {
    refuse("expected a product whose operands have whole gradients, got one with parts");
  }

 private:
  Backward& wide_;
  std::array<NarrowTensor, 2> inputs_;
  GraphTensorId result_;
  NarrowTensor gradient_;
};

}  // namespace

NarrowTensor narrowed(StepNodes& nodes, std::string_view what, GraphTensorId of, DataType type) {
  constexpr double kLeast = 1e-30;  // of a tensor of zeros
  const auto name = [&](std::string_view part) { return fmt::format("{}.{}", what, part); };
  const GraphTensorId wide = nodes.wide(of);
  const TensorType& rows = nodes.type(wide);
  std::int64_t numbers = rows.elements() / rows.extents.back();
  GraphTensorId largest =
      nodes.add(name("row_largest"), formula_of("largest(abs(a))", DataType::Fp32), {wide});
  while (numbers > 1) {
    const std::int64_t left = rows_of(numbers);
    largest = nodes.add(name("largest"), formula_of("largest(a)", DataType::Fp32),
                        {nodes.view(largest, {1, left, numbers / left})});
    numbers = left;
  }
  largest = nodes.view(largest, {1, 1, 1});
  const double most = largest_of(type);
  const GraphTensorId scale =
      nodes.add(name("scale"), formula_of(fmt::format("{} / max(a, {})", most, kLeast)), {largest});
  const GraphTensorId inverse = nodes.add(
      name("inverse"), formula_of(fmt::format("max(a, {}) / {}", kLeast, most)), {largest});
  const GraphTensorId narrow = nodes.add(name("narrow"), formula_of("a * b", type), {wide, scale});
  const Extents extents = nodes.type(of).extents;
  return {.of = of, .narrow = nodes.view(narrow, extents), .inverse = inverse};
}

void narrow_gradients(const Op& op, const NarrowProduct& product, Backward& backward) {
  const GraphTensorId by_result =
      backward.view(backward.gradient(), backward.type(product.result).extents);
  NarrowBackward narrow(backward, product,
                        narrowed(backward, "gradient", by_result, DataType::Fp8E5M2));
  gradient(op, narrow);
}

}  // namespace systole
