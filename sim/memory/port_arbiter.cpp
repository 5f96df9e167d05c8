#include "sim/memory/port_arbiter.h"

#include <algorithm>
#include <limits>

#include "arch/diag/check.h"

namespace systole {

PortArbiter::PortArbiter(std::int64_t ports) : ports_(ports) {
  SYSTOLE_CHECK(ports >= 1, "unified buffer ports {}", ports);
}

void PortArbiter::add(PortUser user, std::int64_t accesses, CoreCycles cycle) {
  advance(cycle);
  SYSTOLE_CHECK(!is_active(user), "port user {} streams already", static_cast<int>(user));
  SYSTOLE_CHECK(accesses >= 0, "{} accesses", accesses);
  left_[static_cast<std::size_t>(user)] = accesses;
}

void PortArbiter::advance(CoreCycles cycle) {
  SYSTOLE_CHECK(cycle >= reached_, "cycle {} after {}", cycle.count(), reached_.count());
  while (reached_ < cycle) {
    const Turns order = turns();
    if (order.count == 0) {
      reached_ = cycle;
      return;
    }
    const std::int64_t span = std::min((cycle - reached_).count(), cycles_to_first_finish(order));
    serve(order, span);
    reached_ += CoreCycles(span);
  }
}

CoreCycles PortArbiter::finish_of(PortUser user) const {
  PortArbiter future = *this;
  while (future.is_active(user)) {
    const Turns order = future.turns();
    const std::int64_t span = future.cycles_to_first_finish(order);
    future.serve(order, span);
    future.reached_ += CoreCycles(span);
  }
  return future.reached_;
}

PortArbiter::Turns PortArbiter::turns() const {
  Turns order;
  for (std::size_t step = 0; step < kPortUserCount; ++step) {
    const std::size_t user = (turn_ + step) % kPortUserCount;
    if (left_[user] > 0) {
      order.users[static_cast<std::size_t>(order.count++)] = user;
    }
  }
  return order;
}

std::int64_t PortArbiter::cycles_to_first_finish(const Turns& order) const {
  std::int64_t cycles = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t place = 0; place < order.count; ++place) {
    const std::int64_t accesses = left_[order.users[static_cast<std::size_t>(place)]];
    const std::int64_t last = place + (accesses - 1) * order.count;
    cycles = std::min(cycles, order.count <= ports_ ? accesses : last / ports_ + 1);
  }
  return cycles;
}

void PortArbiter::serve(const Turns& order, std::int64_t cycles) {
  if (order.count <= ports_) {
    for (std::int64_t place = 0; place < order.count; ++place) {
      left_[order.users[static_cast<std::size_t>(place)]] -= cycles;
    }
    return;
  }
  const std::int64_t served = cycles * ports_;
  for (std::int64_t place = 0; place < order.count; ++place) {
    left_[order.users[static_cast<std::size_t>(place)]] -=
        (served - place + order.count - 1) / order.count;
  }
  const auto last = static_cast<std::size_t>((served - 1) % order.count);
  turn_ = (order.users[last] + 1) % kPortUserCount;
}

}  // namespace systole
