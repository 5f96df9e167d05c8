#pragma once

#include "arch/units/units.h"

namespace systole {

/// ceil(bytes * frequency / bandwidth): core cycles in which `bytes` pass at `bandwidth`.
[[nodiscard]] constexpr CoreCycles cycles_at_rate(Bytes bytes, BytesPerSecond bandwidth,
                                                  Hertz frequency) {
  __extension__ using Wide = __int128;  // bytes * frequency may need more than 64 bits
  const Wide product = static_cast<Wide>(bytes.count()) * frequency.count();
  return CoreCycles(
      static_cast<std::int64_t>((product + bandwidth.count() - 1) / bandwidth.count()));
}

}  // namespace systole
