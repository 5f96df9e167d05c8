#pragma once

#include <vector>

#include "arch/isa/program.h"
#include "compiler/allocation/memory_plan.h"
#include "compiler/compile.h"
#include "compiler/mapping/mapping.h"

namespace systole {

/// A program, and how it came about.
struct Compilation {
  Program program;
  Graph graph;  ///< the network as it was lowered: its layers fused
  Mapping mapping;
  std::vector<MemoryPlan> plans;  ///< of the cores that have images
};

/// The same program, which nobody has verified: for who asks only how long it takes.
[[nodiscard]] Program unverified_program(const ChipSpec& chip, const Graph& graph,
                                         const CompileOptions& options);

}  // namespace systole
