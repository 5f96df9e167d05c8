#include "arch/chip_spec.h"

#include "arch/units/wide.h"

namespace systole {

CoreCycles MatrixUnitSpec::pace(DataType activation, DataType weight) const {
  const bool wide_activation = activation != DataType::Int8;
  const bool wide_weight = weight != DataType::Int8;
  if (wide_activation && wide_weight) {
    return pace_16x16;
  }
  return wide_activation || wide_weight ? pace_8x16 : pace_8x8;
}

BytesPerSecond DramSpec::peak_bandwidth() const {
  constexpr Wide kFemtosecondsPerSecond = 1'000'000'000'000'000;
  const Wide bytes = static_cast<Wide>(standard.organization.burst_bytes().count()) * channels;
  const Wide period = static_cast<Wide>(standard.timing.nBL.count()) * standard.timing.tCK.count();
  return BytesPerSecond(static_cast<std::int64_t>(bytes * kFemtosecondsPerSecond / period));
}

}  // namespace systole
