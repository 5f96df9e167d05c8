#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/frontend/dims.h"
#include "compiler/graph/graph.h"
#include "reference/devices/device_model.h"
#include "reference/devices/device_spec.h"
#include "reference/measured_run.h"
#include "study/compared.h"
#include "study/site.h"

namespace systole {

/// What a network is compared on: one of a chip, a device, a recording, the CPU here.
struct CompareSubject {
  std::string name;
  std::shared_ptr<const ChipSpec> chip;
  std::shared_ptr<const reference::DeviceSpec> device;
  std::shared_ptr<const Recording> recording;
  bool this_cpu = false;
  std::optional<DataType> type;  ///< else its preferred one: int8 where it has it
};

inline constexpr std::int64_t kCurveRequests = 20'000;
inline constexpr double kLeastRate = 1e-6;
inline constexpr double kLargestRate = 1e9;

struct CompareOptions {
  std::vector<std::int64_t> batches;    ///< none: the network's own
  DimValues dims;                       ///< in place of the network's sizes by name
  std::string phase;                    ///< one of its phases, or nothing
  std::string baseline;                 ///< a subject's name; empty: the first
  std::map<std::string, Usd> prices;    ///< by subject, in place of its own
  std::map<std::string, Watts> powers;  ///< while it works, likewise
  /// Puts each device under load: with requests at this rate a second, and to find the largest
  /// rate whose 99th percentile meets the deadline. The device serves those that wait, at most as
  /// many as the batch, padded to the next power of two, as soon as it is free. A rate between
  /// kLeastRate and kLargestRate.
  std::optional<double> arrival_rate;
  std::optional<Femtoseconds> deadline;
  LoadSpec load;
  /// Also how latencies grow with the load: ComparedLoad::curve, at shares of what each device can
  /// serve, by kCurveRequests requests each.
  bool curves = false;
  std::size_t parallel = 1;  ///< worker processes at a time
  std::string power_file;    ///< of MeasureCpuOptions
};

/// Runs the network on every subject and batch. Chips are simulated, each in a process of its own,
/// so that a chip that fails costs its rows alone; devices are modelled; recordings are looked up
/// by network, batch and type; this machine's CPU is measured, alone, when the chips are done. Not
/// compared: accuracy; each runs its own preferred type unless another is given. Throws
/// WorkloadError when the network itself is wrong.
[[nodiscard]] Comparison compare(const std::string& network_file,
                                 const std::vector<CompareSubject>& subjects,
                                 const CompareOptions& options, const Site& site);

/// The row of a device that ran so.
[[nodiscard]] ComparedDevice device_row(const reference::DeviceSpec& device,
                                        const reference::DeviceRun& run);

/// A row of a device for a network whose batch is set, with its preferred type unless one is given;
/// with an error for a batch that takes hours.
[[nodiscard]] ComparedDevice compare_device(const reference::DeviceSpec& device, const Graph& graph,
                                            std::optional<DataType> type = {});

}  // namespace systole
