#include "arch/dram_spec.h"

#include "arch/units/wide.h"

namespace systole {

BytesPerSecond DramSpec::peak_bandwidth() const {
  constexpr Wide kFemtosecondsPerSecond = 1'000'000'000'000'000;
  const DramOrganization& organization = standard.organization;
  const Bytes bytes = organization.burst_bytes() * (organization.pseudo_channels * channels);
  const Femtoseconds burst_time = standard.timing.tCK * standard.timing.nBL.count();
  return BytesPerSecond(
      static_cast<std::int64_t>(bytes.count() * kFemtosecondsPerSecond / burst_time.count()));
}

}  // namespace systole
