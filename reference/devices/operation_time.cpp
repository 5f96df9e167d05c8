#include "reference/devices/operation_time.h"

#include <algorithm>
#include <limits>

#include "arch/diag/check.h"

namespace systole::reference {

namespace {

constexpr double kSplitEpilogue = 1.5;
/// A shorter reduction is not worth a second pass.
constexpr std::int64_t kShortestSplit = 64;

double real(std::int64_t count) {
  return static_cast<double>(count);
}

double product_cycles(const DeviceSpec& device, std::int64_t units, const GemmShape& shape,
                      DataType type) {
  const DeviceFamily& family = device.family;
  const double rate = real(device.macs_per_cycle(type)) * family.mac_efficiency;
  double best = std::numeric_limits<double>::infinity();
  for (const OutputTile& tile : family.tiles) {
    for (const std::int64_t split : family.k_splits) {
      if (split > 1 && shape.k / split < kShortestSplit) {
        continue;
      }
      const std::int64_t k = round_up(ceil_div(shape.k, split), family.k_step);
      const std::int64_t tiles =
          shape.groups * ceil_div(shape.m, tile.rows) * ceil_div(shape.n, tile.cols) * split;
      const double multiply = real(tile.rows * tile.cols * k) / rate;
      const double load =
          real((tile.rows + tile.cols) * k * bytes_of(type)) / family.cache_bytes_per_cycle;
      const double epilogue = real(tile.rows * tile.cols) * family.cycles_per_output *
                              (split > 1 ? kSplitEpilogue : 1.0);
      const double wave = std::max(multiply, load) + epilogue + family.cycles_per_tile;
      best = std::min(best, real(ceil_div(tiles, units)) * wave);
    }
  }
  return best;
}

double streamed_cycles(const DeviceSpec& device, std::int64_t units,
                       const DeviceOperation& operation, DataType type, std::int64_t batch) {
  const std::int64_t bytes = (operation.input + operation.output) * batch * bytes_of(type);
  return real(bytes) / (device.family.cache_bytes_per_cycle * real(units));
}

double direct_cycles(const DeviceSpec& device, std::int64_t units, const DeviceOperation& operation,
                     DataType type, std::int64_t batch) {
  const double multiply =
      real(operation.macs() * batch) / (device.family.vector_macs_per_cycle * real(units));
  const double epilogue =
      real(operation.output * batch) * device.family.cycles_per_output / real(units);
  return std::max(multiply, streamed_cycles(device, units, operation, type, batch)) + epilogue;
}

double attention_cycles(const DeviceSpec& device, std::int64_t units, const GemmShape& shape,
                        DataType type, std::int64_t batch) {
  const DeviceFamily& family = device.family;
  const double rate = real(device.macs_per_cycle(type)) * family.mac_efficiency;
  const std::int64_t scores = shape.m * shape.m;
  const double head = real(2 * scores * shape.k) / rate +
                      real(scores) * family.cycles_per_output * family.attention_factor +
                      family.cycles_per_tile;
  return real(ceil_div(shape.groups * batch, units)) * head;
}

}  // namespace

double unit_cycles(const DeviceSpec& device, const DeviceShare& share,
                   const DeviceOperation& operation, DataType type, std::int64_t batch) {
  SYSTOLE_CHECK(device.supports(type), "{} has no {}", device.name, name_of(type));
  switch (operation.kind) {
    case OperationKind::MatrixProduct: {
      GemmShape shape = operation.shape;
      shape.m *= batch;
      return product_cycles(device, share.units, shape, type);
    }
    case OperationKind::Direct:
      return direct_cycles(device, share.units, operation, type, batch);
    case OperationKind::Attention:
      return attention_cycles(device, share.units, operation.shape, type, batch);
    case OperationKind::Elementwise:
      return streamed_cycles(device, share.units, operation, type, batch);
  }
  return 0;
}

double memory_bytes(const DeviceShare& share, const DeviceOperation& operation, DataType type,
                    std::int64_t batch) {
  constexpr double kResidualTensors = 3;  // what is added, what to, and the product's input
  const double element = real(bytes_of(type));
  const double input = real(operation.input * batch) * element;
  const double output = real(operation.output * batch) * element;
  const double residual = real(operation.residual * batch) * element;
  const double weights = share.weights_kept ? 0.0 : real(operation.weights) * element;
  const bool both_kept = input + output < share.kept_bytes;
  return weights + (both_kept ? 0.0 : input + output) +
         (residual * kResidualTensors < share.kept_bytes ? 0.0 : residual);
}

}  // namespace systole::reference
