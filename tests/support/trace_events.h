#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace systole {

/// What a file breaks of the rules of the Trace Event Format, and of ours on top; one line each,
/// empty for a good file.
///  - an object with a list `traceEvents`; every event has `ph` (one of B E C M s f), a `ts` that
///  is
///    a number from 0 on, integers `pid` and `tid`, and, unless it ends a slice, a `name`;
///  - on each track slices begin and end in the order of the file and of time, each end closes the
///    one opened last, none stays open: so none overlaps another in part;
///  - tracks with slices have a name and a place in the order of tracks;
///  - counters have numbers only, and their times do not decrease;
///  - each flow has one start and one end, inside slices, the end not before the start and bound to
///    the slice around it.
[[nodiscard]] std::string broken_trace_rules(const nlohmann::json& file);

}  // namespace systole
