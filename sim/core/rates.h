#pragma once

#include "arch/units/units.h"
#include "arch/units/wide.h"

namespace systole {

/// ceil(bytes * frequency / bandwidth): core cycles in which `bytes` pass at `bandwidth`.
[[nodiscard]] constexpr CoreCycles cycles_at_rate(Bytes bytes, BytesPerSecond bandwidth,
                                                  Hertz frequency) {
  const Wide product = static_cast<Wide>(bytes.count()) * frequency.count();
  return CoreCycles(
      static_cast<std::int64_t>((product + bandwidth.count() - 1) / bandwidth.count()));
}

}  // namespace systole
