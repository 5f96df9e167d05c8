#pragma once

#include <set>
#include <string>
#include <vector>

#include "arch/isa/program.h"
#include "compiler/graph/graph.h"
#include "reference/compare/memories_after_run.h"
#include "reference/compare/recorder.h"
#include "reference/run_tensor.h"

namespace systole {

/// The tensors of those names, in the graph's order: outputs and inputs as they lie in host or
/// device memory after the run, others as the run wrote them; views as what they view, in their own
/// shape. `names` are names of the graph's tensors. Throws InternalError where the run has not
/// written all of one.
[[nodiscard]] std::vector<RunTensor> run_tensors(const Graph& graph, const Program& program,
                                                 const Recorder& recorder,
                                                 const MemoriesAfterRun& memories,
                                                 const std::set<std::string>& names);

}  // namespace systole
