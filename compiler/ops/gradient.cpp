#include "compiler/ops/gradient.h"

#include <algorithm>
#include <optional>
#include <string>

#include "arch/diag/check.h"
#include "arch/units/units.h"
#include "compiler/ops/make.h"
#include "compiler/ops/rearrange.h"

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

namespace {

/// The largest divisor of `count` up to `most`.
std::int64_t largest_divisor(std::int64_t count, std::int64_t most) {
  std::int64_t divisor = std::clamp<std::int64_t>(most, 1, count);
  while (count % divisor != 0) {
    --divisor;
  }
  return divisor;
}

/// So many pixels of so many channels as divide all and have room in a wide row.
std::int64_t abreast(std::int64_t pixels, std::int64_t channels) {
  constexpr std::int64_t kWide = 1024;
  return largest_divisor(pixels, kWide / channels);
}

}  // namespace

std::int64_t StepNodes::pixels_abreast(GraphTensorId tensor) const {
  const TensorType& whole = type(tensor);
  const std::int64_t channels = whole.extents.back();
  return abreast(whole.elements() / channels, channels);
}

GraphTensorId StepNodes::wide(GraphTensorId tensor) {
  const TensorType& whole = type(tensor);
  const std::int64_t width = pixels_abreast(tensor) * whole.extents.back();
  return view(tensor, extents_of_rows(whole.elements() / width, width));
}

GraphTensorId StepNodes::repeated(std::string_view what, GraphTensorId row, std::int64_t times) {
  if (times == 1) {
    return row;
  }
  const MapAxis same{.indices = std::vector<std::int64_t>(static_cast<std::size_t>(times), 0)};
  const std::int64_t width = times * type(row).extents.back();
  return view(add(what, rearrangement_of({same}), {row}), {1, 1, width});
}

GraphTensorId StepNodes::mean(std::string_view what, GraphTensorId tensor, std::int64_t channels) {
  constexpr std::int64_t kStreams = 4;  // parts of what may be whole, one behind the other
  const TensorType& whole = type(tensor);
  const Op op = mean_of_pixels(DataType::Fp32);
  if (image_of(whole).batch > 1) {
    return add(what, op, {tensor});
  }
  channels = channels == 0 ? whole.extents.back() : channels;
  const std::int64_t side = abreast(whole.elements() / channels, channels);
  const std::int64_t rows = whole.elements() / channels / side;
  const std::int64_t most = most_whole_bytes() / kStreams;
  std::int64_t parts = most == 0 ? 1 : std::min(ceil_div(whole.bytes(), most), rows);
  while (rows % parts != 0) {
    ++parts;
  }
  Extents extents = extents_of_rows(rows / parts, side * channels);
  extents.front() = parts;
  if (side * parts == 1) {
    return add(what, op, {view(tensor, extents)});
  }
  if (parts == rows) {  // means of one pixel each would copy it
    return add(what, op, {view(tensor, extents_of_rows(rows * side, channels))});
  }
  const GraphTensorId means = add(std::string(what) + ".parts", op, {view(tensor, extents)});
  return add(what, op, {view(means, {1, parts * side, channels})});
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

void say_element(Op& op, DataType element) {
  std::visit(
      [element](auto& attributes) {
        if constexpr (requires { attributes.element = element; }) {
          attributes.element = element;
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
