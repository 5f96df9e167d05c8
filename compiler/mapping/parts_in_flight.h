#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "arch/chip_spec.h"
#include "compiler/graph/graph.h"
#include "compiler/mapping/layer_time.h"
#include "compiler/mapping/mapping.h"

namespace systole {

/// How long a segment's parts take if one by itself takes what `part` says. The engine that is
/// busiest, for a share b of a part's time, has nothing to do while all parts in flight are
/// elsewhere, (1 - b)^in_flight of the time if they are as good as independent; and once, at the
/// beginning and the end together, for as long as in a part that is alone.
[[nodiscard]] CoreCycles in_flight_time(const LayerTime& part, const Segment& segment);

/// A mapping in which neighbouring layers run in parts of the batch of which several are in flight,
/// where by the model that is faster than `own`, and all others as there. The layers of a part are
/// mapped as for a chip with its part of buffer and accumulators. None where nothing is won, or
/// where the network has no such parts.
[[nodiscard]] std::optional<Mapping> with_parts_in_flight(const ChipSpec& chip,
                                                          const Graph& network, const Mapping& own,
                                                          std::int64_t parts,
                                                          std::int64_t in_flight,
                                                          const std::set<std::string>& kept);

}  // namespace systole
