#include "compiler/frontend/onnx/lower/formula_inputs.h"

#include <algorithm>
#include <limits>
#include <memory>

#include <fmt/format.h>

namespace systole {

std::string number_text(double value) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  const double limited = std::clamp(value, -kLargest, kLargest);
  return limited < 0 ? fmt::format("({})", limited) : fmt::format("{}", limited);
}

Axes formula_order(const Lowering& in, const OnnxShape& shape) {
  for (std::size_t i = 0; i < in.node().inputs.size(); ++i) {
    if (in.is_held(i) && in.shape(i) == shape) {
      const auto order = in.order_of_memory(in.held(i));
      if (order && order->size() <= kMaxRank) {
        return *order;
      }
    }
  }
  return plain_order(shape.size());
}

std::string FormulaInputs::input(std::size_t index) {
  const OnnxConstant* found = in_.graph().constant(in_.node().input(index));
  return found == nullptr ? held(in_.held(index)) : constant(*found);
}

std::string FormulaInputs::tensor(GraphTensorId id) {
  const auto found = std::find(tensors_.begin(), tensors_.end(), id);
  const auto place = found - tensors_.begin();
  if (found == tensors_.end()) {
    if (tensors_.size() == kFormulaInputs) {
      refuse("expected at most {} inputs that depend on those of the network, got more",
             kFormulaInputs);
    }
    tensors_.push_back(id);
  }
  return std::string(1, static_cast<char>('a' + place));
}

bool FormulaInputs::is_whole() const {
  for (std::size_t i = 0; i < in_.node().inputs.size(); ++i) {
    if (in_.is_held(i) && in_.shape(i) == shape_) {
      return true;
    }
  }
  return has_whole_;
}

OnnxShape FormulaInputs::widened(const OnnxShape& shape) const {
  OnnxShape own = shape;
  while (own.size() > shape_.size() && own.front() == 1) {
    own.erase(own.begin());
  }
  if (own.size() <= shape_.size()) {
    own.insert(own.begin(), shape_.size() - own.size(), 1);
  }
  const auto fits = [](std::int64_t extent, std::int64_t of_result) {
    return extent == 1 || extent == of_result;
  };
  if (!std::equal(own.begin(), own.end(), shape_.begin(), shape_.end(), fits)) {
    refuse("expected inputs that broadcast to {}, got {}", text_of(shape_), text_of(shape));
  }
  return own;
}

std::string FormulaInputs::held(const Held& from) {
  if (from.layout.shape() == shape_) {
    return tensor(in_.ordered(from, order_, FirstAxis::Any));
  }
  const OnnxShape own = widened(from.layout.shape());
  const auto layout = from.layout.reshaped(own);
  if (!layout) {
    Lowering::refuse_order(from.layout);
  }
  const Held wide{.tensor = from.tensor, .layout = *layout};
  if (layout->is_ordered(order_) && is_whole()) {  // a single pixel, a single channel
    try {
      return tensor(in_.beside(wide, shape_, order_));
    } catch (const Refused&) {
      if (!in_.may_move()) {
        throw;
      }
    }
  }
  if (!in_.may_move()) {
    Lowering::refuse_order(from.layout);
  }
  Picks picks = every(shape_);
  for (std::size_t axis = 0; axis < own.size(); ++axis) {
    if (own[axis] == 1) {
      picks[axis] = counting(shape_[axis], 0, 0);
    }
  }
  has_whole_ = true;
  const Held full = in_.moved(wide, picks, order_);
  return tensor(in_.viewed(full.tensor, in_order(shape_, order_), FirstAxis::Any));
}

std::string FormulaInputs::constant(const OnnxConstant& from) {
  if (from.elements() == 1) {
    return number_text(static_cast<double>(from.floats().front()));
  }
  const OnnxShape own = widened(from.shape());
  const Extents extents = in_order(shape_, order_);
  std::vector<std::int64_t> strides(own.size(), 0);
  std::int64_t stride = 1;
  for (std::size_t axis = own.size(); axis-- > 0;) {
    strides[axis] = own[axis] == 1 ? 0 : stride;
    stride *= own[axis];
  }
  std::vector<std::int64_t> by;  // by axis of memory
  for (const std::size_t axis : order_) {
    by.push_back(strides[axis]);
  }
  std::size_t first = 0;  // axis along which numbers change
  while (first + 1 < by.size() && by[first] == 0) {
    ++first;
  }
  std::int64_t positions = 1;
  for (std::size_t axis = first; axis + 1 < by.size(); ++axis) {
    positions *= extents[axis];
  }
  auto numbers = [from, by, extents, first] {
    const std::vector<float> values = from.floats();
    std::vector<float> result;
    std::vector<std::int64_t> index(by.size(), 0);
    while (true) {
      std::int64_t place = 0;
      for (std::size_t axis = 0; axis < by.size(); ++axis) {
        place += index[axis] * by[axis];
      }
      result.push_back(values[static_cast<std::size_t>(place)]);
      std::size_t axis = by.size();
      while (axis > first && ++index[axis - 1] == extents[axis - 1]) {
        index[--axis] = 0;
      }
      if (axis == first) {
        return result;
      }
    }
  };
  return parameter(std::move(numbers), positions);
}

std::string FormulaInputs::parameter(ParameterNumbers numbers, std::int64_t positions) {
  if (parameters_.size() == kFormulaParameters) {
    refuse("expected at most {} constants that are no single numbers, got more",
           kFormulaParameters);
  }
  parameters_.emplace_back(std::move(numbers), positions);
  return std::string(1, static_cast<char>('p' + parameters_.size() - 1));
}

RowFormula FormulaInputs::formula(const std::string& text) const {
  if (tensors_.empty()) {
    refuse("expected an operator that depends on the network's inputs, got one of constants");
  }
  RowFormula formula;
  formula.of = text;
  for (const auto& [numbers, positions] : parameters_) {
    formula.positions.push_back(positions);
  }
  return formula;
}

void FormulaInputs::set_numbers() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    in_.set_numbers(tensors_.size() + i, parameters_[i].first);
  }
}

void FormulaInputs::add(const std::string& text, Layout layout, std::size_t output) {
  in_.add(formula(text), "formula", tensors_, std::move(layout), output);
  set_numbers();
}

GraphTensorId FormulaInputs::add_before(const std::string& text) {
  const GraphTensorId made = in_.add_before(formula(text), "formula", tensors_);
  set_numbers();
  return made;
}

}  // namespace systole
