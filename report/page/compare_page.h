#pragma once

#include <string>

#include "study/compared.h"

namespace systole {

/// How far modelled times of devices were from published measurements that nothing was fitted to,
/// as docs/devices.md has it.
struct DeviceError {
  std::string group;  ///< the measured network, or `all`
  double mean = 0;    ///< a share
  double largest = 0;
};

/// Of that network where it was measured, else of all measurements.
[[nodiscard]] const DeviceError& device_error(const std::string& network);

/// One self-contained HTML page of a comparison. Its data, embedded as JSON, has these keys:
/// - `comparison`: the JSON report (report/compare.h)
/// - `device_error`: `group`, `mean`, `largest` of a modelled time
/// - `curves`: of each row `[requests a second, p50 seconds, p99 seconds]` under rising load; empty
///   where it was not put under load
/// - `command`: that made the page
/// - `made_by`: the line at the page's end
[[nodiscard]] std::string compare_page(const Comparison& comparison, const std::string& command,
                                       const std::string& made_by);

}  // namespace systole
