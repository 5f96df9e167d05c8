#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "arch/units/units.h"

namespace systole {

/// How long a device takes for a batch of that many inputs.
struct BatchTime {
  std::int64_t batch = 1;
  Femtoseconds time{0};
};

/// A device that serves requests of one input each in batches, in the order of arrival.
///
/// A free device begins with the requests that wait, at most as many as its largest batch. Are
/// there fewer, it waits for more until the oldest has waited for `patience`. A batch takes the
/// time of the smallest size in `sizes` that holds it (shorter batches are padded), and all its
/// requests end together. Not modelled: several devices behind one queue, requests that give up,
/// time outside the device.
struct BatchServer {
  std::vector<BatchTime> sizes;  ///< ascending, at least one
  Femtoseconds patience{0};
};

/// What the requests saw. A latency is from arrival to the end of the batch.
struct LoadResult {
  std::int64_t requests = 0;
  std::int64_t batches = 0;
  Femtoseconds busy{0};  ///< of the device
  Femtoseconds span{0};  ///< from the first arrival to the end of the last batch
  Femtoseconds mean{0};  ///< rounded down
  Femtoseconds p50{0};   ///< nearest rank: the smallest latency that half of them do not exceed
  Femtoseconds p99{0};
  Femtoseconds worst{0};

  bool operator==(const LoadResult&) const = default;
};

/// Serves requests that arrive at these times (ascending, at least one beyond `warm_up`); the first
/// `warm_up` of them are served but not counted.
[[nodiscard]] LoadResult serve(const BatchServer& server, const std::vector<Femtoseconds>& arrivals,
                               std::size_t warm_up = 0);

/// Arrival times of a Poisson process. The gaps are `mean_gap` times exponential variates that are
/// made by comparing 64-bit random numbers (von Neumann, 1951), so they are the same on every
/// machine; other gaps of the same seed are the same process, stretched.
[[nodiscard]] std::vector<Femtoseconds> poisson_arrivals(Femtoseconds mean_gap, std::size_t count,
                                                         std::uint64_t seed);

/// How a device is put under load: `requests` are counted after a tenth as many to warm up.
struct LoadSpec {
  std::int64_t requests = 100'000;
  std::uint64_t seed = 1;
};

[[nodiscard]] LoadResult under_load(const BatchServer& server, Femtoseconds mean_gap,
                                    const LoadSpec& spec);

/// Arrivals a second that the server can just keep up with: its largest batch, always full.
[[nodiscard]] double capacity(const BatchServer& server);

struct LargestLoad {
  Femtoseconds mean_gap{0};
  LoadResult result;

  bool operator==(const LargestLoad&) const = default;
};

/// The largest load of which 99 % of the requests end within `deadline`, to a thousandth of the
/// capacity, found by bisection (latencies are taken to grow with the load); none where a
/// thousandth of the capacity is too much already.
[[nodiscard]] std::optional<LargestLoad> largest_load(const BatchServer& server,
                                                      Femtoseconds deadline, const LoadSpec& spec);

}  // namespace systole
