#pragma once

#include <optional>
#include <set>
#include <string>

#include "compiler/graph/graph.h"

namespace systole {

/// What is computed on the way out of the accumulators: an addition (of floating types any
/// operation of two tensors, element by element) or an activation whose input is the result of the
/// product just before becomes stages of the row loops that take that layer's sums. The numbers are
/// the same bit for bit; the layer's own result never reaches memory.
///
/// Where it is legal:
///  - the layer before multiplies, and its result has this reader alone: it is no output and no
///    state of the network, and not in `kept`;
///  - in int8 the layer before looks nothing up; of floating types what follows a function is an
///    addition;
///  - what it meets was computed before. It may stay in the unified buffer, or come band by band
///    as the layer's own input does; compile() takes it apart again where that costs more.

/// What a node does with two tensors element by element; nothing where it is another operator.
[[nodiscard]] std::optional<PairKind> meeting_of(const Node& node);

/// The graph with Node::fused and Node::added wherever that is legal.
[[nodiscard]] Graph with_fusions(Graph graph, const std::set<std::string>& kept);

/// The layer and the one behind it by themselves again.
void take_apart(Graph& graph, NodeId layer);

/// The node that is fused behind `layer`; null where there is none.
[[nodiscard]] const Node* fused_behind(const Graph& graph, NodeId layer);

}  // namespace systole
