#include "compiler/frontend/onnx/infer/inference.h"

#include <cmath>

namespace systole {

namespace onnx_inference {

namespace {

/// The elements of `bytes` that strides lead to.
std::string gathered(const std::string& bytes, std::int64_t size, const OnnxShape& shape,
                     const Integers& strides, std::int64_t start) {
  std::string result;
  result.reserve(static_cast<std::size_t>(elements_of(shape) * size));
  walk(shape, strides, start, [&](std::int64_t offset) {
    result.append(bytes, static_cast<std::size_t>(offset * size), static_cast<std::size_t>(size));
  });
  return result;
}

}  // namespace

Integers strides_of(const OnnxShape& shape) {
  Integers strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * shape[axis];
  }
  return strides;
}

/// Strides by which a tensor of `shape` is read along the axes of `out`; 0 where it repeats.
Integers broadcast_strides(const OnnxShape& shape, const OnnxShape& out) {
  const Integers own = strides_of(shape);
  Integers strides(out.size(), 0);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::size_t axis = out.size() - shape.size() + i;
    strides[axis] = shape[i] == 1 ? 0 : own[i];
  }
  return strides;
}

OnnxConstant strided(const OnnxConstant& source, OnnxShape shape, Integers strides,
                     std::int64_t start) {
  const OnnxType type = source.type();
  if (elements_of(shape) > std::max(kMostGrown, source.elements())) {
    contradict("expected a constant of at most {} elements, got {}", kMostGrown, text_of(shape));
  }
  auto make = [source, shape, strides = std::move(strides), start] {
    return gathered(source.bytes(), bytes_of(source.type()), shape, strides, start);
  };
  if (source.is_deferred() || std::max(source.elements(), elements_of(shape)) > kMostAtOnce) {
    return OnnxConstant::deferred(type, std::move(shape), std::move(make));
  }
  return {type, std::move(shape), make()};
}

/// The integer towards zero; what does not fit ends at 2^62, a NaN at 0.
std::int64_t whole(double value) {
  constexpr double kLimit = 0x1p62;
  return std::isnan(value) ? 0 : static_cast<std::int64_t>(std::clamp(value, -kLimit, kLimit));
}

OnnxConstant converted(const OnnxConstant& from, OnnxType to) {
  if (from.type() == to) {
    return from;
  }
  const auto make = [from, to]() -> std::string {
    if (to == OnnxType::Bool) {
      std::vector<std::int64_t> truths;
      for (const float value : from.floats()) {
        truths.push_back(value != 0 ? 1 : 0);
      }
      return OnnxConstant::of_integers(to, from.shape(), truths).bytes();
    }
    if (is_integral(to)) {
      return OnnxConstant::of_integers(to, from.shape(), from.integers()).bytes();
    }
    return OnnxConstant::of_floats(from.shape(), from.floats()).bytes();
  };
  // Numbers of every floating type are kept as binary32.
  const OnnxType kept = is_floating(to) ? OnnxType::Float : to;
  if (from.is_deferred() || from.elements() > kMostAtOnce) {
    return OnnxConstant::deferred(kept, from.shape(), make);
  }
  return {kept, from.shape(), make()};
}

std::size_t checked_axis(std::int64_t axis, std::size_t rank) {
  try {
    return axis_of(axis, rank);
  } catch (const std::out_of_range&) {
    contradict("expected an axis in {}..{}, got {}", -static_cast<std::int64_t>(rank),
               static_cast<std::int64_t>(rank) - 1, axis);
  }
}

OnnxShape common_shape(const Inference& in, std::size_t first, std::size_t count) {
  OnnxShape shape = in.shape(first);
  for (std::size_t i = first + 1; i < first + count; ++i) {
    const auto common = broadcast_shape(shape, in.shape(i));
    if (!common) {
      contradict("expected shapes that broadcast, got {} and {}", text_of(shape),
                 text_of(in.shape(i)));
    }
    shape = *common;
  }
  return shape;
}

}  // namespace onnx_inference

}  // namespace systole
