#include "compiler/frontend/onnx/lower/linear.h"

#include <algorithm>
#include <utility>

namespace systole {

GraphTensorId feature_rows(Lowering& in, const Held& from, const Axes& order) {
  const OnnxShape shape = from.layout.shape();
  GraphTensorId tensor = from.tensor;
  if (!from.layout.is_ordered(order)) {
    if (!in.may_move()) {
      Lowering::refuse_order(from.layout);
    }
    tensor = in.moved(from, every(shape), order).tensor;
  }
  const Extents extents = in.made().tensor(tensor).type.extents;
  const std::int64_t images = extents.size() > 1 ? extents.front() : 1;
  const std::int64_t features = order.empty() ? 1 : shape[order.back()];
  const std::int64_t rows = elements_of(shape) / images / features;
  return extents.size() == 1 ? tensor : in.viewed(tensor, {images, rows, features});
}

namespace {

/// Of the last axis with a matrix. Where there are more than three, pixels have channels.
GraphTensorId product(Lowering& in, GraphTensorId input, std::int64_t columns,
                      ParameterNumbers numbers) {
  constexpr std::size_t kMostAxes = 3;
  const WeightInfo info{.bias = false, .batch_norm = false};
  const GraphTensorId made =
      in.made().tensor(input).type.extents.size() <= kMostAxes
          ? in.add_before(Dense{.weights = info, .features = columns}, "dense", {input})
          : in.add_before(Conv2d{.weights = info, .channels = columns}, "conv2d", {input});
  in.set_numbers(kWeightsInput, std::move(numbers));
  return made;
}

}  // namespace

GraphTensorId dense_of(Lowering& in, const Held& from, std::int64_t columns,
                       ParameterNumbers numbers) {
  const GraphTensorId input = feature_rows(in, from, plain_order(from.layout.rank()));
  const GraphTensorId made = product(in, input, columns, std::move(numbers));
  return made;
}

Held linear(Lowering& in, const Held& from, std::size_t axis, std::int64_t columns,
            ParameterNumbers numbers) {
  OnnxShape shape = from.layout.shape();
  auto order = order_ending_in(from.layout, axis);
  if (!order) {
    order = in.order_of_memory(from).value_or(plain_order(shape.size()));
    order->erase(std::find(order->begin(), order->end(), axis));
    order->push_back(axis);
  }
  const GraphTensorId input = feature_rows(in, from, *order);
  const GraphTensorId made = product(in, input, columns, std::move(numbers));
  shape[axis] = columns;
  return {.tensor = made, .layout = Layout::ordered(shape, *order)};
}

}  // namespace systole
