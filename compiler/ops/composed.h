#pragma once

namespace systole {

/// An operator that is never in a graph: others, which it says (composer.h), take its place. What
/// they cost is what it costs.
struct ComposedOp {};

}  // namespace systole
