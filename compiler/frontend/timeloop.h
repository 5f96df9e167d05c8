#pragma once

#include <string>

#include "arch/config/config_node.h"

namespace systole {

/// A problem of Timeloop (Parashar et al., Timeloop: A Systematic Approach to DNN Accelerator
/// Evaluation, ISPASS 2019; files of versions 0.3 and 0.4) as the text of a layer description of
/// one layer (docs/workloads.md). What the dimensions are follows from the projections of its
/// three data spaces, whatever their names:
///
///   in both inputs and the output         groups
///   in both inputs                        channels (kernel positions, where an axis slides)
///   in the weights and the output         filters
///   in the activations and the output     images (rows and columns, where an axis slides)
///
/// An axis of the activations that slides is [[kernel, dilation], [output, stride]], each factor a
/// coefficient by name, a number, or left out (1); at most two do. The weights are the input in
/// which no axis slides; where none does, the second one. `cnn-layer` and `cnn_layer` are known by
/// name: R S P Q C K N, Wstride Hstride Wdilation Hdilation.
///
/// Keys beside `problem` (architecture, mapping, mapper, ...) are not read. Throws WorkloadError at
/// what is no dense product of two tensors.
[[nodiscard]] std::string timeloop_description(const ConfigNode& file);

/// True of a file with a key `problem`, and none `network`.
[[nodiscard]] bool is_timeloop_problem(const ConfigNode& file);

}  // namespace systole
