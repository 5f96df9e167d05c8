#include "arch/chip_spec.h"

#include "arch/diag/check.h"

namespace systole {

CoreCycles MatrixUnitSpec::pace(DataType activation, DataType weight) const {
  const std::optional<MacKind> kind = mac_kind(activation, weight);
  SYSTOLE_CHECK(kind && supports(*kind), "the matrix unit does not multiply {} x {}",
                name_of(activation), name_of(weight));
  return pace(*kind);
}

}  // namespace systole
