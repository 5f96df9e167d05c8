#include "compiler/ops/add.h"
#include "compiler/ops/gradient.h"

namespace systole {

/// Both inputs have the output's.
void AddTensors::gradient(Backward& backward) {
  backward.give(0, backward.gradient());
  backward.give(1, backward.gradient());
}

}  // namespace systole
