#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <systemc>

#include "arch/units/units.h"
#include "sim/core/wakeup.h"

namespace systole {

/// Whose turn it is to move bytes over the host link that several cores share: who could begin to
/// first; of those of one cycle the first core.
class LinkTurn {
 public:
  /// Suspends the calling thread until the link is free for `core`, which could have begun to move
  /// bytes in cycle `since`.
  void take(CoreCycles since, std::uint16_t core) {
    const Wish own{.since = since, .core = core};
    wishes_.insert(own);
    sc_core::wait(sc_core::SC_ZERO_TIME);  // whoever else begins in this moment has asked by then
    while (is_taken_ || *wishes_.begin() != own) {
      freed_.wait();
    }
    wishes_.erase(own);
    is_taken_ = true;
  }
  void give_back() {
    is_taken_ = false;
    freed_.notify();
  }

 private:
  struct Wish {
    CoreCycles since{0};
    std::uint16_t core = 0;

    auto operator<=>(const Wish&) const = default;
  };

  std::set<Wish> wishes_;  // at most one of a core
  bool is_taken_ = false;
  Wakeup freed_;
};

}  // namespace systole
