#pragma once

#include <cstdint>

#include "reference/devices/device_operation.h"
#include "reference/devices/device_spec.h"

namespace systole::reference {

/// The part of a device that runs one copy of the network.
struct DeviceShare {
  std::int64_t units = 1;
  double bytes_per_second = 0;  ///< that memory really delivers
  double kept_bytes = 0;        ///< tensors up to this size stay in the cache between operations
  bool weights_kept = false;    ///< the operation's weights are in the cache already
};

/// Cycles that the units need for one operation of a batch, memory aside. With T = tm x tn a tile,
/// s a split of k, K = k / s rounded up to k_step, b bytes an element:
///   MatrixProduct  min over tiles and splits of
///                  ceil(groups ceil(m/tm) ceil(n/tn) s / units)                     waves
///                  * (max(tm tn K / (rate * efficiency), (tm + tn) K b / cache rate)
///                     + tm tn * cycles_per_output * (1.5 if s > 1) + cycles_per_tile)
///   Direct         max(MACs / vector rate, bytes / cache rate) / units + outputs * epilogue /
///   units Attention      ceil(heads / units) * (2 m m k / (rate * efficiency)
///                     + m m * cycles_per_output * attention_factor + cycles_per_tile)
///   Elementwise    bytes / (cache rate * units)
/// The 1.5 is the second pass over partial sums of a split.
/// Not modelled: several tiles on one unit at a time, sparsity, Winograd and FFT convolutions.
[[nodiscard]] double unit_cycles(const DeviceSpec& device, const DeviceShare& share,
                                 const DeviceOperation& operation, DataType type,
                                 std::int64_t batch);

/// Bytes that the operation moves to and from memory. Each tensor is read or written once; those
/// that fit in the cache together with the operation's other tensor are not moved at all.
[[nodiscard]] double memory_bytes(const DeviceShare& share, const DeviceOperation& operation,
                                  DataType type, std::int64_t batch);

}  // namespace systole::reference
