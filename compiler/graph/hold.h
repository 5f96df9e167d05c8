#pragma once

#include "compiler/graph/graph.h"

namespace systole {

/// Whether a node of a training step makes of a tensor the same one (the formula `a` of rows of one
/// type). Input and output are one tensor of the program, with one home in DRAM; they stay in the
/// unified buffer or not each by itself. So what a step keeps for the way back is in the buffer
/// where it is made and read, and in DRAM in between: the input goes there behind a hold whose
/// output does not stay, and comes from there at one whose output does. Where neither stays nothing
/// is done at all.
[[nodiscard]] bool is_hold(const Graph& graph, const Node& node);

/// By tensor: whether it is what holds keep from one to another, never in the unified buffer.
[[nodiscard]] std::vector<bool> held_in_dram(const Graph& graph);

}  // namespace systole
