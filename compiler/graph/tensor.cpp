#include "compiler/graph/tensor.h"

#include <functional>
#include <numeric>

#include "arch/units/units.h"

namespace systole {

std::int64_t TensorType::elements() const {
  return std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>());
}

TensorType image_type(DataType element, const Shape& shape) {
  return {.element = element, .extents = {shape.batch, shape.rows, shape.cols, shape.channels}};
}

TensorType feature_type(DataType element, std::int64_t batch, std::int64_t features) {
  return {.element = element, .extents = {batch, features}};
}

Shape image_of(const TensorType& type) {
  const Extents& extents = type.extents;
  Shape shape;
  if (extents.empty()) {
    return shape;
  }
  shape.channels = extents.back();
  if (extents.size() > 1) {
    shape.batch = extents.front();
  }
  auto rows_end = extents.size() - 1;
  if (extents.size() > 3) {
    shape.cols = extents[--rows_end];
  }
  for (std::size_t axis = 1; axis < rows_end; ++axis) {
    shape.rows *= extents[axis];
  }
  return shape;
}

double GraphTensor::scale_of(std::int64_t element) const {
  if (blocks.block.empty()) {
    return quantization.scale;
  }
  std::int64_t index = 0;
  std::int64_t stride = 1;
  for (std::size_t axis = type.extents.size(); axis-- > 0;) {
    const std::int64_t extent = type.extents[axis];
    index += element % extent / blocks.block[axis] * stride;
    stride *= ceil_div(extent, blocks.block[axis]);
    element /= extent;
  }
  return blocks.scales.at(static_cast<std::size_t>(index));
}

Extents blocks_along(const TensorType& type, std::initializer_list<std::size_t> axes) {
  Extents block = type.extents;
  for (const std::size_t axis : axes) {
    block[axis] = 1;
  }
  return block;
}

}  // namespace systole
