#include "compiler/frontend/onnx/layout.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "arch/diag/check.h"

namespace systole {

namespace {

std::vector<std::size_t> counting(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
}

std::vector<std::size_t> inverse(const std::vector<std::size_t>& order) {
  std::vector<std::size_t> inverted(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    inverted[order[i]] = i;
  }
  return inverted;
}

}  // namespace

Layout Layout::plain(const OnnxShape& shape) {
  return ordered(shape, counting(shape.size()));
}

Layout Layout::ordered(const OnnxShape& shape, const std::vector<std::size_t>& order) {
  SYSTOLE_CHECK(order.size() == shape.size(), "{} axes in an order of {}", shape.size(),
                order.size());
  Layout layout;
  layout.axes_.resize(shape.size());
  for (const std::size_t axis : order) {
    SYSTOLE_CHECK(shape[axis] > 0, "axis {} of {}", axis, text_of(shape));
    if (shape[axis] > 1) {
      layout.axes_[axis] = {layout.atoms_.size()};
      layout.atoms_.push_back(shape[axis]);
    }
  }
  return layout;
}

OnnxShape Layout::shape() const {
  OnnxShape shape;
  for (const auto& axis : axes_) {
    std::int64_t size = 1;
    for (const std::size_t atom : axis) {
      size *= atoms_[atom];
    }
    shape.push_back(size);
  }
  return shape;
}

Layout Layout::transposed(const std::vector<std::size_t>& order) const {
  Layout result;
  result.atoms_ = atoms_;
  for (const std::size_t axis : order) {
    result.axes_.push_back(axes_[axis]);
  }
  return result;
}

std::optional<Layout> Layout::reshaped(const OnnxShape& shape) const {
  // All axes in one: what memory holds in order may be cut anywhere.
  Layout result = as_one_axis();
  std::vector<std::vector<std::size_t>> axes;
  std::size_t next = 0;
  for (const std::int64_t size : shape) {
    std::int64_t missing = size;
    std::vector<std::size_t> places;  // in the sequence
    while (missing > 1) {
      if (next == result.axes_.front().size()) {
        return std::nullopt;  // of another number of elements
      }
      const std::size_t atom = result.axes_.front()[next];
      const std::int64_t held = result.atoms_[atom];
      if (missing % held != 0) {
        if (held % missing != 0) {
          return std::nullopt;
        }
        result.split(atom, held / missing);
      }
      missing /= result.atoms_[result.axes_.front()[next]];
      places.push_back(next++);
    }
    axes.push_back(std::move(places));
  }
  const std::vector<std::size_t> sequence = result.axes_.front();
  if (next != sequence.size()) {
    return std::nullopt;
  }
  result.axes_.clear();
  for (const auto& places : axes) {
    auto& axis = result.axes_.emplace_back();
    for (const std::size_t place : places) {
      axis.push_back(sequence[place]);
    }
  }
  result.merge();
  return result;
}

bool Layout::is_ordered(const std::vector<std::size_t>& order) const {
  std::size_t next = 0;
  for (const std::size_t axis : order) {
    for (const std::size_t atom : axes_[axis]) {
      if (atom != next++) {
        return false;
      }
    }
  }
  return true;
}

bool Layout::is_plain() const {
  return is_ordered(counting(axes_.size()));
}

bool Layout::is_ordered_but_last(const std::vector<std::size_t>& order) const {
  std::vector<std::size_t> others(order.begin(), order.end() - 1);
  std::size_t count = 0;
  for (const std::size_t each : others) {
    count += axes_[each].size();
  }
  return is_ordered(others) && count + axes_[order.back()].size() == atoms_.size();
}

FileOrder Layout::file_order() const {
  const Layout one = as_one_axis();
  FileOrder order{.shape = shape(), .sizes = {}, .order = inverse(one.axes_.front())};
  for (const std::size_t atom : one.axes_.front()) {
    order.sizes.push_back(one.atoms_[atom]);
  }
  return order;
}

std::vector<Layout::Step> Layout::steps(std::size_t axis) const {
  std::vector<Step> steps;
  for (const std::size_t atom : axes_[axis]) {
    Step step{.size = atoms_[atom], .stride = 1};
    for (std::size_t behind = atom + 1; behind < atoms_.size(); ++behind) {
      step.stride *= atoms_[behind];
    }
    steps.push_back(step);
  }
  return steps;
}

Layout Layout::axis(std::size_t axis) const {
  Layout result;
  std::vector<std::size_t> sorted = axes_[axis];
  std::sort(sorted.begin(), sorted.end());
  for (const std::size_t atom : sorted) {
    result.atoms_.push_back(atoms_[atom]);
  }
  auto& places = result.axes_.emplace_back();
  for (const std::size_t atom : axes_[axis]) {
    places.push_back(static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), atom) -
                                              sorted.begin()));
  }
  result.merge();
  return result;
}

std::optional<std::vector<std::size_t>> Layout::axis_order() const {
  std::vector<std::size_t> order;
  for (std::size_t atom = 0; atom < atoms_.size(); ++atom) {
    for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
      if (!axes_[axis].empty() && axes_[axis].front() == atom) {
        order.push_back(axis);
      }
    }
  }
  for (std::size_t axis = axes_.size(); axis-- > 0;) {
    if (axes_[axis].empty()) {
      const auto next = std::find(order.begin(), order.end(), axis + 1);
      order.insert(axis == 0 ? order.begin() : next, axis);
    }
  }
  return is_ordered(order) ? std::optional(order) : std::nullopt;
}

void Layout::split(std::size_t atom, std::int64_t inner) {
  atoms_[atom] /= inner;
  atoms_.insert(atoms_.begin() + static_cast<std::ptrdiff_t>(atom) + 1, inner);
  for (auto& axis : axes_) {
    for (std::size_t place = 0; place < axis.size(); ++place) {
      if (axis[place] > atom) {
        ++axis[place];
      } else if (axis[place] == atom) {
        axis.insert(axis.begin() + static_cast<std::ptrdiff_t>(place) + 1, atom + 1);
        ++place;
      }
    }
  }
}

void Layout::merge() {
  for (auto& axis : axes_) {
    for (std::size_t place = 0; place + 1 < axis.size();) {
      const std::size_t atom = axis[place];
      if (axis[place + 1] != atom + 1) {
        ++place;
        continue;
      }
      atoms_[atom] *= atoms_[atom + 1];
      atoms_.erase(atoms_.begin() + static_cast<std::ptrdiff_t>(atom) + 1);
      axis.erase(axis.begin() + static_cast<std::ptrdiff_t>(place) + 1);
      for (auto& other : axes_) {
        for (std::size_t& each : other) {
          each -= each > atom ? 1 : 0;
        }
      }
    }
  }
}

Layout Layout::as_one_axis() const {
  Layout one;
  one.atoms_ = atoms_;
  one.axes_ = {sequence()};
  one.merge();
  return one;
}

std::vector<std::size_t> Layout::sequence() const {
  std::vector<std::size_t> sequence;
  for (const auto& axis : axes_) {
    sequence.insert(sequence.end(), axis.begin(), axis.end());
  }
  return sequence;
}

}  // namespace systole
