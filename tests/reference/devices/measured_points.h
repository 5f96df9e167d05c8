#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/devices/device_model.h"

namespace systole::reference::testing {

/// A row of data/measured_points.csv: what somebody measured on a real device. In throughput mode
/// the time is that of one input, the batch whatever suits the device, and fixed engines help.
struct MeasuredPoint {
  std::string group;
  std::string device;
  std::string workload;  ///< `gemm M K N`, a network of workloads/, or `bert_SIZE LENGTH`
  DataType type = DataType::Int8;
  std::int64_t batch = 0;
  std::string stack;
  bool throughput = false;
  double limit_watts = 0;  ///< 0: the device's own
  double milliseconds = 0;
  bool calibration = false;
  std::string measurement;

  [[nodiscard]] double modelled_milliseconds() const;
  /// Of the modelled over the measured time.
  [[nodiscard]] double error() const { return modelled_milliseconds() / milliseconds - 1; }
};

[[nodiscard]] const std::vector<MeasuredPoint>& measured_points();

/// Encoder of BERT by its matrix products, attention in one kernel, two normalisations a layer;
/// embedding and output layer are left out (below 1 % of the MACs).
[[nodiscard]] std::vector<DeviceOperation> bert_operations(std::int64_t layers, std::int64_t width,
                                                           std::int64_t heads, std::int64_t length);

[[nodiscard]] DeviceSpec shipped_device(const std::string& name);

}  // namespace systole::reference::testing
