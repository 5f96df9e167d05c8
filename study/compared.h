#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/enum_names.h"
#include "arch/isa/data_type.h"
#include "arch/obtained.h"
#include "arch/units/real_units.h"
#include "arch/units/units.h"
#include "study/batch_queue.h"

namespace systole {

enum class ComparedKind : std::uint8_t { Chip, Fpga, Cpu, Gpu, Edge };

template <>
inline constexpr auto kEnumNames<ComparedKind> = std::to_array<EnumName<ComparedKind>>({
    {ComparedKind::Chip, "chip"},
    {ComparedKind::Fpga, "fpga"},
    {ComparedKind::Cpu, "cpu"},
    {ComparedKind::Gpu, "gpu"},
    {ComparedKind::Edge, "edge"},
});

/// Latencies of a device at one load.
struct LoadPoint {
  double per_second = 0;
  StreamTime p50{0};
  StreamTime p99{0};
};

/// A device under a stream of requests.
struct ComparedLoad {
  std::optional<LoadResult> at_rate;   ///< at the rate asked for; none beyond the capacity
  std::optional<LargestLoad> largest;  ///< that meets the deadline
  std::string why_none;                ///< why no load meets the deadline
  std::int64_t largest_batch = 1;      ///< that the device may put together
  std::vector<LoadPoint> curve;        ///< under rising load, where it was asked for
};

/// The figures of a row that depend on how much work there is.
struct UseFigures {
  double utilisation = 0;      ///< useful MACs over those of the peak rate, 0..1
  std::optional<Watts> power;  ///< average
  std::optional<Joules> energy_per_inference;
  std::optional<Usd> own_per_million;
  std::optional<Usd> rent_per_million;
};

/// A device that serves a stream at all hours and idles between its batches. For a stream of r
/// requests a second, batches i of which each request has a share n_i, time t_i and power p_i:
///   busy_share  = r * sum of n_i t_i, at most 1
///   J/inference = sum of n_i t_i p_i + idle * (1 - busy_share) / r
///   power       = J/inference * r
///   utilisation = useful MACs of an inference * r over the peak
/// Dollars: silicon/cost/ownership.h with that share of the hours; rented for all hours.
struct StreamFigures {
  double busy_share = 0;  ///< of the hours
  UseFigures use;
};

/// A device's share of the server around it.
struct HostShare {
  Watts power{0};
  Usd price{0};
};

/// One device with one network and batch: a row of a comparison. Figures that are not there have
/// their reason in `notes`.
struct ComparedDevice {
  std::string name;
  ComparedKind kind = ComparedKind::Chip;
  DataType type = DataType::Int8;
  std::int64_t batch = 1;
  std::string error;  ///< why there is no row, one line; everything below is empty then

  Obtained time_obtained = Obtained::Simulated;
  Femtoseconds time{0};  ///< of one batch, transfers between host and device included
  std::int64_t macs = 0;
  bool calibrated = true;      ///< false: modelled by a family without a measurement of its own
  double utilisation = 0;      ///< useful MACs over those of the peak rate of `type`, 0..1
  std::optional<Watts> power;  ///< average at the device while it works
  Obtained power_obtained = Obtained::Modelled;
  std::optional<Watts> idle;
  std::optional<Watts> tdp;
  std::optional<Usd> price;  ///< as published; the device alone
  std::optional<UsdPerHour> rent;
  std::optional<HostShare> host;  ///< that the device's own file states; else the site's
  std::optional<Usd> own_per_million;
  std::optional<Usd> rent_per_million;
  std::optional<ComparedLoad> load;
  std::optional<StreamFigures> stream;  ///< where a stream was asked for and can be served
  std::vector<std::string> notes;

  [[nodiscard]] double seconds() const;
  [[nodiscard]] double inferences_per_second() const;
  [[nodiscard]] double tops() const;  ///< 2 operations a MAC
  [[nodiscard]] std::optional<Joules> energy_per_inference() const;
  [[nodiscard]] std::optional<double> tops_per_watt() const;
  /// While it works without a break.
  [[nodiscard]] UseFigures full_use() const;
};

struct Comparison {
  std::string network;
  std::int64_t macs_per_input = 0;
  std::string baseline;  ///< of which the relative figures are multiples; a name among the rows
  std::string site;      ///< what the dollars assume, in a line
  std::optional<double> arrival_rate;  ///< requests a second
  ArrivalKind arrivals = ArrivalKind::Poisson;
  std::optional<Femtoseconds> deadline;
  std::vector<ComparedDevice> rows;  ///< by device in the order asked for, then by batch

  /// The baseline's row of that batch; null where it failed.
  [[nodiscard]] const ComparedDevice* baseline_of(std::int64_t batch) const;
  /// Those of the stream, where one was asked for (empty where the device cannot serve it), else
  /// those of full use.
  [[nodiscard]] UseFigures use_of(const ComparedDevice& row) const;
};

}  // namespace systole
