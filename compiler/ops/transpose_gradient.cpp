#include "compiler/ops/make.h"
#include "compiler/ops/transpose.h"

namespace systole {

Op transposition_of_pixels() {
  return TransposePixels{};
}

}  // namespace systole
