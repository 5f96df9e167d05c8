#pragma once

#include <cstdint>
#include <vector>

#include "reference/devices/device_operation.h"

namespace systole::reference {

/// What a step of training has beside the network.
struct TrainingPlan {
  GraphTensorId output = -1;        ///< of the network, that has the loss
  std::int64_t batches = 1;         ///< of the network's size, whose mean gradient one update takes
  bool clips = false;               ///< gradients are read once more before the update
  std::int64_t gradient_bytes = 0;  ///< of all parameters
  std::int64_t update_reads = 0;    ///< bytes: gradients, masters, moments
  std::int64_t update_writes = 0;   ///< bytes: masters, moments, copies for products
};

/// The operations that a framework would launch for one step, of its whole batch (a pass of batch
/// 1). Of each operation of the network as it is launched unfused:
///   forward   itself, once; batch statistics are taken on the way
///   product   dA = dC B', dB = A' dC, each where something trained stands behind that operand;
///             reads the two, writes the third; no zeros between pixels are multiplied
///   the rest  reads the gradient and its own inputs, writes gradients by inputs
/// then the loss, which reads scores and targets and writes gradients, and one operation that
/// updates all parameters.
/// Not modelled: recomputation, losses' scaling, data-parallel copies on the units of a CPU.
[[nodiscard]] std::vector<DeviceOperation> training_operations(const Graph& network,
                                                               const TrainingPlan& plan,
                                                               DataType type);

}  // namespace systole::reference
