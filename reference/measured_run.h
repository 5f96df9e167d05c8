#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/isa/data_type.h"
#include "arch/obtained.h"

namespace systole {

enum class DeviceKind : std::uint8_t { Cpu, Gpu };

template <>
inline constexpr auto kEnumNames<DeviceKind> = std::to_array<EnumName<DeviceKind>>({
    {DeviceKind::Cpu, "cpu"},
    {DeviceKind::Gpu, "gpu"},
});

/// Median and quartiles of repeated timings, in seconds. A quartile between two samples is
/// interpolated linearly. A median of sums is not the sum of medians: layers need not add up to the
/// total.
struct TimeSpread {
  double median = 0;
  double lower_quartile = 0;
  double upper_quartile = 0;

  [[nodiscard]] double interquartile_range() const { return upper_quartile - lower_quartile; }
  bool operator==(const TimeSpread&) const = default;
};

struct MeasuredLayer {
  std::string name;
  std::string kind;    ///< conv2d, dense, add, ... as in the network file
  std::string kernel;  ///< the library's own name of what ran; empty for views, which do nothing
  std::int64_t macs = 0;
  TimeSpread time;

  bool operator==(const MeasuredLayer&) const = default;
};

/// What one pass over the network takes: the device's package for a CPU, the board for a GPU.
struct MeasuredEnergy {
  double joules = 0;
  double watts = 0;  ///< average while the passes ran
  Obtained obtained = Obtained::Measured;
  std::string method;  ///< `RAPL package-0`, `NVML board power`, `8 threads x 3.75 W: SOURCE`

  bool operator==(const MeasuredEnergy&) const = default;
};

/// How the results compare with the reference: each layer gets the reference's inputs.
struct MeasuredNumerics {
  std::int64_t elements = 0;   ///< compared
  std::int64_t different = 0;  ///< within the bound, but not the same
  std::int64_t outside = 0;    ///< beyond the bound: the run computed something else
  double largest_error = 0;    ///< as a share of the bound of its element
  std::string bound;           ///< what was allowed, in words
  /// The first layer with an element outside and its kernel; empty where there is none.
  std::string first_outside;

  [[nodiscard]] bool passed() const { return elements > 0 && outside == 0; }
  bool operator==(const MeasuredNumerics&) const = default;
};

/// A network that really ran on a CPU or GPU: now (`measured`), or on another machine or day and
/// read from a file (`recorded`). docs/reference.md says how it is measured.
struct MeasuredRun {
  DeviceKind kind = DeviceKind::Cpu;
  std::string device;  ///< product name as the device itself gives it
  std::string network;
  DataType type = DataType::Int8;
  std::int64_t batch = 1;
  Obtained obtained = Obtained::Measured;
  std::string date;          ///< 2026-11-24, UTC
  std::string software;      ///< `oneDNN 2.6.3`, `cuBLASLt 13.0, cuDNN 9.13, driver 580.95`
  std::string isa;           ///< what the kernels were made for: `AVX512_CORE_BF16`, `sm_90`
  std::int64_t threads = 1;  ///< of a CPU; of a GPU its streaming multiprocessors
  /// While the passes ran, in hertz; absent where the machine does not say.
  std::optional<std::int64_t> clock;
  std::optional<std::int64_t> memory_clock;
  std::int64_t warm_up = 0;           ///< passes before the timed ones
  std::int64_t repetitions = 0;       ///< timed passes
  TimeSpread total;                   ///< of one pass: a whole batch
  std::vector<MeasuredLayer> layers;  ///< in network order
  std::optional<MeasuredEnergy> energy;
  std::optional<MeasuredNumerics> numerics;  ///< absent where not compared
  std::string note;                          ///< what a reader should know, such as a busy machine

  [[nodiscard]] double inferences_per_second() const {
    return static_cast<double>(batch) / total.median;
  }
  bool operator==(const MeasuredRun&) const = default;
};

/// A file of runs of one device: configs/recorded/NAME.json.
struct Recording {
  std::string file;
  std::vector<MeasuredRun> runs;  ///< obtained: recorded
};

}  // namespace systole
