#include "compiler/ops/gradient.h"
#include "compiler/ops/rotary.h"

namespace systole {

/// A rotation's transpose is the rotation back.
void RotateRows::gradient(Backward& backward) const {
  RotateRows turned = *this;
  turned.back = !back;
  backward.give(0, turned, {backward.gradient()});
}

}  // namespace systole
