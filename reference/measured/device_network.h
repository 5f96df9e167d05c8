#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"

namespace systole {

/// A network made ready on a device: weights in place and in the device's layout, memory for every
/// tensor. What measuring and comparing need to know of it, the same for CPU and GPU.
///
/// Values of a tensor are packed NHWC. In int8 they are the integers q of docs/numerics.md; in
/// floating types they are real numbers, rounded to the type when written.
class DeviceNetwork {
 public:
  DeviceNetwork() = default;
  virtual ~DeviceNetwork() = default;
  DeviceNetwork(const DeviceNetwork&) = delete;
  DeviceNetwork& operator=(const DeviceNetwork&) = delete;

  virtual void write(GraphTensorId tensor, std::span<const float> values) = 0;
  [[nodiscard]] virtual std::vector<float> read(GraphTensorId tensor) = 0;
  /// Runs one layer on the tensors as they are, to its end.
  virtual void run(NodeId node) = 0;
  /// The library's name of what run() runs; empty for a view.
  [[nodiscard]] virtual std::string kernel(NodeId node) const = 0;

  /// Seconds of one pass over the network, layers back to back as in use.
  [[nodiscard]] virtual double time_pass() = 0;
  /// Seconds of each layer of one pass; each starts when the one before has ended.
  [[nodiscard]] virtual std::vector<double> time_layers() = 0;

  /// Whether int8 layers requantise by the integer rule of docs/numerics.md. Others requantise in
  /// binary32, where a result close to a tie may land on its other side.
  [[nodiscard]] virtual bool requantises_exactly() const = 0;
  /// What biases of floating types are rounded to.
  [[nodiscard]] virtual DataType bias_type() const { return DataType::Fp32; }
};

/// Counts joules while something runs.
class EnergyMeter {
 public:
  EnergyMeter() = default;
  virtual ~EnergyMeter() = default;
  EnergyMeter(const EnergyMeter&) = delete;
  EnergyMeter& operator=(const EnergyMeter&) = delete;

  virtual void start() = 0;
  /// Joules since start(), or nothing where the device stopped telling.
  [[nodiscard]] virtual std::optional<double> stop() = 0;
  /// What is metered, for the report: `RAPL package-0`.
  [[nodiscard]] virtual std::string method() const = 0;
};

}  // namespace systole
