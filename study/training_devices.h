#pragma once

#include <vector>

#include "compiler/training/training_graph.h"
#include "reference/devices/device_spec.h"
#include "study/compared.h"
#include "study/site.h"

namespace systole {

/// The same step on CPUs and GPUs, one row each: `network` by its batch, with the loss and the
/// optimiser of `options`, by the model of reference/devices/training_operations.h. Each multiplies
/// the network's type where it can, else fp16, else fp32; devices that have none of these, and edge
/// modules, are left out. Launches are those of its family's recorded graph of operations where it
/// has one. A device whose memory holds less than a step has alive, in the network's types, has a
/// row with an error. `batch` of a row are the samples of a step.
/// Dollars: silicon/cost/ownership.h with the figures of the site.
[[nodiscard]] std::vector<ComparedDevice> training_devices(
    const std::vector<reference::DeviceSpec>& devices, const Graph& network,
    const TrainingOptions& options, const Site* site);

}  // namespace systole
