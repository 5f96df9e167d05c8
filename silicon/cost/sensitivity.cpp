#include "silicon/cost/sensitivity.h"

#include <algorithm>

namespace systole {

std::vector<Swing> sensitivity(const std::vector<UncertainInput>& inputs,
                               const AnswerWith& answer) {
  std::vector<Swing> swings;
  swings.reserve(inputs.size());
  for (std::size_t index = 0; index < inputs.size(); ++index) {
    swings.push_back({.name = inputs[index].name,
                      .at_low = answer(index, inputs[index].low),
                      .at_high = answer(index, inputs[index].high)});
  }
  std::stable_sort(swings.begin(), swings.end(),
                   [](const Swing& a, const Swing& b) { return a.width() > b.width(); });
  return swings;
}

}  // namespace systole
