#pragma once

#include <functional>
#include <string>
#include <vector>

namespace systole {

/// One input of a calculation, with the range in which it may really lie.
struct UncertainInput {
  std::string name;
  double low = 0;
  double high = 0;
};

/// What the answer becomes at both ends of one input's range, the others at their values.
struct Swing {
  std::string name;
  double at_low = 0;
  double at_high = 0;

  [[nodiscard]] double width() const {
    return at_high > at_low ? at_high - at_low : at_low - at_high;
  }
};

/// The answer with input `index` set to `value` and every other input at its own value.
using AnswerWith = std::function<double(std::size_t index, double value)>;

/// All inputs, the one that changes the answer most first; equal widths in the order given.
[[nodiscard]] std::vector<Swing> sensitivity(const std::vector<UncertainInput>& inputs,
                                             const AnswerWith& answer);

}  // namespace systole
