#pragma once

#include <vector>

#include "arch/isa/program.h"
#include "compiler/graph/graph.h"
#include "reference/kernels/ordered_sums.h"

namespace systole {

/// The order of the additions of each layer, as the program prescribes it: one part of the
/// reduction for each row of weight tiles; sums stay where folds do not drain. Where several output
/// positions or groups lie side by side in tiles, each has of a row of tiles the products that are
/// its own, and zeros add nothing (finite activations; an infinite one makes a NaN of a zero). By
/// node; nothing for nodes without weights.
[[nodiscard]] std::vector<reference::SummationOrder> summation_orders(const Graph& graph,
                                                                      const Program& program);

}  // namespace systole
