#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "arch/isa/program.h"
#include "compiler/graph/graph.h"
#include "reference/compare/recorder.h"
#include "reference/compare/run_tensor.h"

namespace systole {

/// The tensors of those names, in the graph's order: outputs and inputs as they lie in host memory
/// after the run, others as the run wrote them; views as what they view, in their own shape.
/// `names` are names of the graph's tensors. Throws InternalError where the run has not written all
/// of one.
[[nodiscard]] std::vector<RunTensor> run_tensors(const Graph& graph, const Program& program,
                                                 const Recorder& recorder,
                                                 std::span<const std::int8_t> host,
                                                 const std::set<std::string>& names);

}  // namespace systole
