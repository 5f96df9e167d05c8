#include "compiler/graph/tensor.h"

#include <functional>
#include <numeric>

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

}  // namespace systole
