#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/isa/program.h"
#include "compiler/verify/wording.h"

namespace systole::verification {

/// How many instructions of each engine have completed for certain when an instruction begins.
using VectorClock = std::span<const std::int32_t>;  // by stream

/// What the streams and the semaphores say about the order of a program's instructions, at any
/// speed of the engines.
class Order {
 public:
  /// One order of execution among those allowed.
  std::vector<Place> sequence;
  /// One behind the other, those of each engine's instructions.
  PerEngine<std::vector<std::int32_t>> clocks;

  [[nodiscard]] VectorClock clock_of(Place place) const {
    return VectorClock(clocks[place.engine])
        .subspan(static_cast<std::size_t>(place.index) * clocks.size(), clocks.size());
  }
  /// True when `earlier` completes before `later` begins in every execution.
  [[nodiscard]] bool is_before(Place earlier, Place later) const {
    return clock_of(later)[clocks.engines().index_of(earlier.engine)] > earlier.index;
  }
};

/// Executes the streams with tokens instead of time: each engine in order, semaphores counting,
/// the weight FIFO holding at most its capacity. Since every semaphore and the FIFO have one
/// producer and one consumer, what an instruction waits for does not depend on speeds: if one
/// execution ends, all do. A weight-stationary array takes a tile out of the FIFO when a fold asks
/// for it; the tile that hardware moves on to the shadow registers gives the FIFO more room than
/// counted here, never less. The other dataflows stream the tile out of its slot, which is free
/// again when a fold that has taken its semaphores asks for the next tile.
struct OrderResult {
  Order order;
  std::optional<std::string> violation;  ///< deadlock, or a tile that is not the one named
  std::optional<std::string> leftover;   ///< tokens or tiles that nobody takes
};
[[nodiscard]] OrderResult execute_tokens(const ChipSpec& chip, const Program& program);

}  // namespace systole::verification
