#include "compiler/ops/gradient.h"
#include "compiler/ops/make.h"
#include "compiler/ops/position.h"

namespace systole {

/// As a formula, whose gradient is known; of several images each is a row, to which the numbers of
/// all positions are added.
GraphTensorId EmbedPositions::train(Forward& forward) const {
  const GraphTensorId x = forward.input(0);
  const std::int64_t images = forward.type(x).elements() / (positions * features);
  const Extents rows =
      images == 1 ? Extents{1, positions, features} : Extents{1, images, positions * features};
  const GraphTensorId numbers =
      forward.summand(1, images == 1 ? rows : Extents{1, 1, positions * features});
  return forward.add("placed", formula_of("a + b"), {forward.view(x, rows), numbers});
}

}  // namespace systole
