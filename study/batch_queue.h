#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "arch/enum_names.h"
#include "arch/units/units.h"
#include "arch/units/wide.h"

namespace systole {

/// Femtoseconds of a stream of requests. A stream may last for years, and 64 bits hold 2.5 hours.
using StreamTime = Quantity<struct StreamFemtosecondUnit, Wide>;

[[nodiscard]] constexpr StreamTime stream_time(Femtoseconds time) {
  return StreamTime(time.count());
}
[[nodiscard]] double seconds(StreamTime time);

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
  std::int64_t requests = 0;          ///< that were counted
  std::int64_t served = 0;            ///< those to warm up included, as in all of the device's:
  std::int64_t batches = 0;           ///< of the device
  std::vector<std::int64_t> by_size;  ///< batches of each of the server's sizes
  StreamTime busy{0};                 ///< of the device
  StreamTime span{0};                 ///< from the first arrival to the end of the last batch
  StreamTime mean{0};                 ///< rounded down
  StreamTime p50{0};  ///< nearest rank: the smallest latency that half of them do not exceed
  StreamTime p99{0};
  StreamTime worst{0};

  bool operator==(const LoadResult&) const = default;
};

/// Serves requests that arrive at these times (ascending, at least one beyond `warm_up`); the first
/// `warm_up` of them are served but not counted.
[[nodiscard]] LoadResult serve(const BatchServer& server, const std::vector<StreamTime>& arrivals,
                               std::size_t warm_up = 0);

/// When requests arrive.
///  - Poisson: independently of each other. The gaps are the mean gap times exponential variates
///    that are made by comparing 64-bit random numbers (von Neumann, 1951), so they are the same on
///    every machine; other gaps of the same seed are the same process, stretched;
///  - Periodic: one mean gap after the other, as from a camera.
enum class ArrivalKind : std::uint8_t { Poisson, Periodic };

template <>
inline constexpr auto kEnumNames<ArrivalKind> = std::to_array<EnumName<ArrivalKind>>({
    {ArrivalKind::Poisson, "poisson"},
    {ArrivalKind::Periodic, "periodic"},
});

/// Arrival times, one after the other.
[[nodiscard]] std::vector<StreamTime> arrivals(ArrivalKind kind, StreamTime mean_gap,
                                               std::size_t count, std::uint64_t seed);

/// Bounds within which no time overflows, whatever the device: a million seconds between requests,
/// and ten million requests.
inline constexpr StreamTime kLongestGap{Wide{1'000'000'000'000'000'000} * 1'000};
inline constexpr std::int64_t kMostRequests = 10'000'000;

/// How a device is put under load: `requests` are counted after a tenth as many to warm up.
struct LoadSpec {
  std::int64_t requests = 100'000;
  std::uint64_t seed = 1;
  ArrivalKind arrivals = ArrivalKind::Poisson;
};

/// Requires a mean gap of at most kLongestGap and at most kMostRequests.
[[nodiscard]] LoadResult under_load(const BatchServer& server, StreamTime mean_gap,
                                    const LoadSpec& spec);

/// Arrivals a second that the server can just keep up with: its largest batch, always full.
[[nodiscard]] double capacity(const BatchServer& server);

struct LargestLoad {
  StreamTime mean_gap{0};
  LoadResult result;

  [[nodiscard]] double per_second() const { return 1 / seconds(mean_gap); }
  bool operator==(const LargestLoad&) const = default;
};

/// The largest load of which 99 % of the requests end within `deadline`, to a thousandth of the
/// capacity, found by bisection (latencies are taken to grow with the load); none where a
/// thousandth of the capacity is too much already, and at once where no batch takes less.
[[nodiscard]] std::optional<LargestLoad> largest_load(const BatchServer& server,
                                                      Femtoseconds deadline, const LoadSpec& spec);

}  // namespace systole
