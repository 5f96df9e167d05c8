#pragma once

#include <cstdint>
#include <span>

#include "arch/isa/program.h"
#include "compiler/graph/graph.h"
#include "compiler/graph/value.h"
#include "reference/check.h"
#include "reference/compare/memories_after_run.h"
#include "reference/compare/recorder.h"

namespace systole {

/// At most so many mismatches are kept in CheckResult::first; all are counted.
inline constexpr std::size_t kReportedMismatches = 10;

/// Evaluates the network with the reference kernels and compares every tensor that its operators
/// produce, element by element, in network order:
///  - `conv1 (accumulators)`: the accumulators of each weighted layer, bias included: int32, or
///  fp32
///    added in the order that the program prescribes (summation_order.h);
///  - `conv1`: the int8 or bf16 results, bit for bit, of each operator. Views (flatten) produce
///  nothing;
///  - `prob (host)`: each network output once more, as it lies in host memory after the run; `prob
///  (device)` where the program leaves it in DRAM.
/// An element that the run never wrote is a mismatch, and so is one that it wrote twice with
/// different values. Program tensors are found by name: that of the graph's tensor, or for a view
/// the name of what it views.
///
/// Besides, the numbers themselves are judged (quality.h), which does not decide whether the check
/// passes.
///
/// Both sides are freed tensor by tensor, so hand the recorder over. Throws InternalError where
/// program and graph do not belong together.
[[nodiscard]] CheckResult check_run(const Graph& graph, const NetworkData& data,
                                    const Program& program, Recorder recorder,
                                    const MemoriesAfterRun& memories);

}  // namespace systole
