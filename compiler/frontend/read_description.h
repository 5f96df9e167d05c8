#pragma once

#include "arch/config/config_node.h"
#include "compiler/frontend/dims.h"
#include "compiler/frontend/network_description.h"

namespace systole {

/// Reads every key of a network file (docs/workloads.md) and expands its blocks. What is chosen of
/// its sizes becomes part of its name: `gemm(k=512,m=2048)`. A member of a family is the network of
/// another file with sizes and a name of its own. Throws WorkloadError with line and column; a
/// message about a layer of a block ends with which one it is: `(in layer.3.query)`.
[[nodiscard]] NetworkDescription read_description(const ConfigNode& root,
                                                  const DimChoice& choice = {});

}  // namespace systole
