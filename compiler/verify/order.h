#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <boost/container/small_vector.hpp>

#include "arch/chip_spec.h"
#include "arch/isa/program.h"
#include "compiler/verify/wording.h"

namespace systole::verification {

/// How many instructions of each engine have completed for certain when an instruction begins.
using VectorClock = boost::container::small_vector<std::int32_t, 12>;  // by stream

/// What the streams and the semaphores say about the order of a program's instructions, at any
/// speed of the engines: what comes before the one that is looked at.
class Order {
 public:
  explicit Order(EngineSet engines) : engines_(engines), clock_(engines.size(), 0) {}

  /// True when `earlier` completes before the instruction that is looked at begins, in every
  /// execution.
  [[nodiscard]] bool is_before(Place earlier) const {
    return clock_[engines_.index_of(earlier.engine)] > earlier.index;
  }
  [[nodiscard]] const VectorClock& clock() const { return clock_; }
  void look_at(const VectorClock& clock) { clock_ = clock; }

 private:
  EngineSet engines_;
  VectorClock clock_;
};

/// Executes the streams with tokens instead of time: each engine in order, semaphores counting,
/// the weight FIFO holding at most its capacity. Since every semaphore and the FIFO have one
/// producer and one consumer, what an instruction waits for does not depend on speeds: if one
/// execution ends, all do. A weight-stationary array takes a tile out of the FIFO when a fold asks
/// for it; the tile that hardware moves on to the shadow registers gives the FIFO more room than
/// counted here, never less. The other dataflows stream the tile out of its slot, which is free
/// again when a fold that has taken its semaphores asks for the next tile.
///
/// `execute` is called with each instruction, in one order among those allowed, while `order` looks
/// at it; a violation that it returns ends the execution. Clocks are kept for as long as somebody
/// may still wait for their instruction, not for the whole program.
struct OrderResult {
  /// Deadlock, a tile that is not the one named, or what `execute` has found.
  std::optional<std::string> violation;
  std::optional<std::string> leftover;  ///< tokens or tiles that nobody takes
};
using Execute = std::function<std::optional<std::string>(Place)>;
[[nodiscard]] OrderResult execute_tokens(const ChipSpec& chip, const Program& program, Order& order,
                                         const Execute& execute);

}  // namespace systole::verification
