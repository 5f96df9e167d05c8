#include "compiler/ops/concat.h"
#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"

namespace systole {

Op concatenation() {
  return Concat{};
}

/// To each input its part.
void Concat::gradient(Backward& backward) const {
  std::int64_t first = 0;
  for (std::size_t input = 0; input < sizes.size(); ++input) {
    backward.give(input, slice_of(axis, first, sizes[input]), {backward.gradient()});
    first += sizes[input];
  }
}

}  // namespace systole
