#pragma once

#include <cstdint>

#include "sim/core/wakeup.h"

namespace systole {

/// Whose turn it is to move bytes over the host link that several cores share: first come, first
/// served.
class LinkTurn {
 public:
  /// Suspends the calling thread until the link is free for it.
  void take() {
    const std::int64_t ticket = next_ticket_++;
    while (served_ != ticket) {
      freed_.wait();
    }
  }
  void give_back() {
    ++served_;
    freed_.notify();
  }

 private:
  std::int64_t next_ticket_ = 0;
  std::int64_t served_ = 0;
  Wakeup freed_;
};

}  // namespace systole
