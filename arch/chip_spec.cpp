#include "arch/chip_spec.h"

#include "arch/diag/check.h"

namespace systole {

CoreCycles MatrixUnitSpec::pace(DataType activation, DataType weight) const {
  SYSTOLE_CHECK(activation != DataType::Int32 && weight != DataType::Int32,
                "the matrix unit multiplies int8 and int16 alone, got {} x {}", name_of(activation),
                name_of(weight));
  const int wide_operands =
      (activation == DataType::Int16 ? 1 : 0) + (weight == DataType::Int16 ? 1 : 0);
  switch (wide_operands) {
    case 0:
      return pace_8x8;
    case 1:
      return pace_8x16;
    default:
      return pace_16x16;
  }
}

}  // namespace systole
