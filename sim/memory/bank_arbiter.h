#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <boost/container/static_vector.hpp>

#include "arch/units/units.h"
#include "arch/units/wide.h"

namespace systole {

/// Accesses of one user, one after another: access g = 0, 1, ... goes to bank
/// (first_bank + g) mod banks.
struct AccessStream {
  std::int64_t first_bank = 0;
  std::int64_t accesses = 0;
  /// The user consumes them evenly over this many cycles (phases): phase floor(g * phases /
  /// accesses) happens no earlier than the cycle in which access g is served, and at most one phase
  /// a cycle. 0: they are consumed as they are served.
  std::int64_t phases = 0;
};

/// Shares the banks and ports of an on-chip memory among streams, exactly and without an event per
/// cycle.
///
/// Timing: in every cycle each stream with accesses left wants its next one. They are asked in the
/// order of user numbers, from the one whose turn it is: who finds a port left and its bank not yet
/// taken in this cycle is served. When somebody was not, the turn passes to the first whose bank
/// was taken, or else to the user after the last one served; otherwise it stays. A stream whose
/// last access was served in cycle c is finished at c + 1. A consumer of `phases` that begins at b
/// ends at
///   max(b + phases, max over g of served(g) - floor(g * phases / accesses) + phases):
/// what is late stays late, since no phase is skipped.
///
/// How: turn and relative positions of the streams decide everything, so once they recur the span
/// in between repeats until a stream ends or one is added. Whole repetitions are taken at once.
/// Not modelled: streams that are not sequential (rows with gaps, the gathering of windows) walk
/// from bank to bank like the others.
class BankArbiter {
 public:
  static constexpr std::size_t kMaxUsers = 32;

  /// For users 0 .. `users` - 1.
  BankArbiter(std::int64_t ports, std::int64_t banks, std::size_t users = 8);

  /// Begins a stream at `cycle`, not before any cycle given earlier; its user has none active.
  void add(std::size_t user, const AccessStream& stream, CoreCycles cycle);
  /// Serves all cycles before `cycle`.
  void advance(CoreCycles cycle) {
    if (cycle != reached_) {
      advance_further(cycle);
    }
  }
  /// Whether accesses of the user's latest stream are left at the cycle reached.
  [[nodiscard]] bool is_active(std::size_t user) const { return users_[user].left > 0; }
  /// Accesses of the user's latest stream that were served before the cycle reached.
  [[nodiscard]] std::int64_t served(std::size_t user) const {
    return users_[user].stream.accesses - users_[user].left;
  }
  /// When the user's active stream would finish if none were added.
  [[nodiscard]] CoreCycles finish_of(std::size_t user) const;
  /// When the consumer of the user's latest stream, which has finished, ends.
  [[nodiscard]] CoreCycles end_of(std::size_t user) const;

 private:
  struct User {
    AccessStream stream;
    CoreCycles begin{0};
    CoreCycles finish{0};
    std::int64_t left = 0;
    std::int64_t bank = 0;  // of the next access
    bool tracked = false;   // more phases than accesses: the latest need not be the last
    // Largest accesses * (served cycle - begin) - phases * g so far, and since the checkpoint.
    Wide lateness = 0;
    Wide recent = 0;
  };
  template <class Value>
  using PerUser = boost::container::static_vector<Value, kMaxUsers>;
  struct Checkpoint {  // what decides the future of active streams, at some cycle of the present
                       // span
    CoreCycles cycle{0};
    std::size_t turn = 0;
    PerUser<std::int64_t> banks;
    PerUser<std::int64_t> left;
    std::int64_t length = 1;  // cycles after which it gives way to a later one; 0: at once
  };

  void advance_further(CoreCycles cycle);
  void serve_until_change(CoreCycles cycle);
  [[nodiscard]] bool all_are_served() const;
  void serve_all_until(CoreCycles cycle);
  void serve_cycle();
  void serve(std::size_t index);
  void note_lateness(User& user) const;
  void set_checkpoint(std::int64_t length);
  [[nodiscard]] bool recurs() const;
  void repeat_until(CoreCycles cycle);

  std::int64_t ports_;
  std::int64_t banks_;
  PerUser<User> users_;
  std::uint32_t active_ = 0;  // a bit for each user
  std::size_t turn_ = 0;
  CoreCycles reached_{0};
  Checkpoint checkpoint_;
};

}  // namespace systole
