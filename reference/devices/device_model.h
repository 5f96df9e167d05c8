#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/devices/device_operation.h"
#include "reference/devices/device_spec.h"

namespace systole::reference {

struct DeviceRunOptions {
  DataType type = DataType::Int8;
  std::int64_t batch = 1;
  std::string stack;       ///< empty: the family's first
  Watts power_limit{0};    ///< 0: the device's TDP
  bool companion = false;  ///< fixed engines beside the units help, as in a throughput run
};

struct DeviceOperationTime {
  std::string name;
  Femtoseconds time{0};
  bool memory_bound = false;  ///< memory takes longer than the units
};

/// One pass of a network over a batch.
struct DeviceRun {
  DataType type = DataType::Int8;
  std::int64_t batch = 1;
  std::int64_t copies = 1;  ///< of the network, on as many units each
  std::int64_t macs = 0;    ///< of the batch
  Hertz clock{0};           ///< that the power limit allows
  bool throttled = false;   ///< it is below the device's
  Femtoseconds time{0};
  std::vector<DeviceOperationTime> operations;  ///< of one copy
  double utilisation = 0;                       ///< MACs over those of the peak rate, 0..1
  Watts power{0};                               ///< average at the device
  Joules energy{0};                             ///< power * time

  [[nodiscard]] double inferences_per_second() const;
};

/// Femtoseconds end a little behind it.
inline constexpr double kLongestPass = 9000;  // seconds

/// A roofline with overheads; docs/devices.md has the reasons, the calibration and the errors.
///   operation = max(host_launch, launch + cycles_per_operation / clock
///                                + max(unit_cycles / clock, memory_bytes / bandwidth))
///   time      = call + sum of operations, each rounded to whole femtoseconds
///   power     = idle + active_share (TDP - idle) v^2 f busy + MACs/s e_mac v^2 + bytes/s e_byte,
///               f = clock / full clock, v = floor + (1 - floor) f, busy = share of units and time
///               in which units or their memory work; at most `busy` of the device
/// The clock is the highest of 1000 equal steps at which the power stays within the limit, and at
/// least a tenth of the full clock.
/// A family of `independent_units` may run copies of the network on u units each, u a power of two
/// or all units: min(units / u, batch) copies at a time, each of ceil(batch / copies) inputs, with
/// its part of bandwidth and cache, and launch * levels(u) / levels(units), levels(u) = log2 u
/// rounded up. It takes the u that ends first. So an input more never takes less time: at the same
/// u nothing gets shorter, and every u can be had at every batch.
/// Weights that stay in the cache are loaded from there at shared_cache_bytes_per_cycle a unit,
/// under the work; otherwise each copy loads them from memory.
/// Not modelled: memory that is too small, transfers between host and device beyond `call`,
/// temperature, clocks of memory.
/// Throws InternalError for a type that the device does not have, and WorkloadError for a batch
/// that takes longer than kLongestPass.
[[nodiscard]] DeviceRun model_device(const DeviceSpec& device,
                                     const std::vector<DeviceOperation>& operations,
                                     const DeviceRunOptions& options);

/// Of a network, with the operations that the stack launches.
[[nodiscard]] DeviceRun model_device(const DeviceSpec& device, const Graph& graph,
                                     DeviceRunOptions options);

}  // namespace systole::reference
