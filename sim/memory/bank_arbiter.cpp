#include "sim/memory/bank_arbiter.h"

#include <algorithm>
#include <array>
#include <bit>

#include "arch/diag/check.h"

namespace systole {

namespace {

constexpr Wide kNothingServed = std::numeric_limits<std::int64_t>::min();

/// The first of a set of users, which is not empty.
std::size_t first_of(std::uint32_t users) {
  return static_cast<std::size_t>(std::countr_zero(users));
}

std::uint32_t without_first(std::uint32_t users) {
  return users & (users - 1);
}

}  // namespace

BankArbiter::BankArbiter(std::int64_t ports, std::int64_t banks, std::size_t users)
    : ports_(ports), banks_(banks) {
  SYSTOLE_CHECK(ports >= 1 && banks >= ports, "{} ports to {} banks", ports, banks);
  SYSTOLE_CHECK(users <= kMaxUsers, "{} users", users);
  users_.resize(users);
  checkpoint_.banks.resize(users);
  checkpoint_.left.resize(users);
}

void BankArbiter::add(std::size_t index, const AccessStream& stream, CoreCycles cycle) {
  advance(cycle);
  SYSTOLE_CHECK(index < users_.size(), "user {}", index);
  SYSTOLE_CHECK(!is_active(index), "user {} streams already", index);
  SYSTOLE_CHECK(stream.accesses >= 0 && stream.first_bank >= 0 && stream.phases >= 0,
                "{} accesses from bank {} for {} phases", stream.accesses, stream.first_bank,
                stream.phases);
  User& user = users_[index];
  user.stream = stream;
  user.begin = cycle;
  user.finish = cycle;
  user.left = stream.accesses;
  if (stream.accesses == 0) {
    return;  // nobody notices
  }
  user.bank = stream.first_bank % banks_;
  user.tracked = stream.phases > stream.accesses;
  user.lateness = kNothingServed;
  user.recent = kNothingServed;
  active_ |= 1U << index;
  checkpoint_.length = 0;
}

void BankArbiter::advance_further(CoreCycles cycle) {
  SYSTOLE_CHECK(cycle >= reached_, "cycle {} after {}", cycle.count(), reached_.count());
  while (reached_ < cycle) {
    if (active_ == 0) {
      reached_ = cycle;
      return;
    }
    serve_until_change(cycle);
  }
}

/// As many of the cycles before `cycle` as can be told at once, one at least.
void BankArbiter::serve_until_change(CoreCycles cycle) {
  if (all_are_served()) {
    serve_all_until(cycle);
    return;
  }
  if (checkpoint_.length == 0) {
    set_checkpoint(1);
  }
  serve_cycle();
  if (checkpoint_.length == 0) {
    return;  // a stream has ended
  }
  if (recurs()) {
    repeat_until(cycle);
  } else if ((reached_ - checkpoint_.cycle).count() >= checkpoint_.length) {
    set_checkpoint(2 * checkpoint_.length);
  }
}

CoreCycles BankArbiter::finish_of(std::size_t user) const {
  BankArbiter future = *this;
  while (future.is_active(user)) {
    future.serve_until_change(CoreCycles(std::numeric_limits<std::int64_t>::max()));
  }
  return future.users_[user].finish;
}

CoreCycles BankArbiter::end_of(std::size_t index) const {
  const User& user = users_[index];
  SYSTOLE_CHECK(user.left == 0, "user {} has {} accesses left", index, user.left);
  const CoreCycles phases(user.stream.phases);
  if (!user.tracked || user.stream.accesses == 0) {
    return std::max(user.begin + phases, user.finish);
  }
  const Wide late = user.lateness <= 0
                        ? Wide{0}
                        : (user.lateness + user.stream.accesses - 1) / user.stream.accesses;
  return user.begin + phases + CoreCycles(static_cast<std::int64_t>(late));
}

/// Whether every active stream finds a port and a bank of its own; then so it is in the next cycle,
/// since all move on by one bank.
bool BankArbiter::all_are_served() const {
  std::int64_t streams = 0;
  for (std::uint32_t users = active_; users != 0; users = without_first(users)) {
    if (++streams > ports_) {
      return false;
    }
    const std::int64_t bank = users_[first_of(users)].bank;
    for (std::uint32_t others = without_first(users); others != 0; others = without_first(others)) {
      if (users_[first_of(others)].bank == bank) {
        return false;
      }
    }
  }
  return true;
}

void BankArbiter::serve_all_until(CoreCycles cycle) {
  std::int64_t span = (cycle - reached_).count();
  for (std::uint32_t users = active_; users != 0; users = without_first(users)) {
    span = std::min(span, users_[first_of(users)].left);
  }
  for (std::uint32_t users = active_; users != 0; users = without_first(users)) {
    const std::size_t index = first_of(users);
    User& user = users_[index];
    note_lateness(user);  // of the first: the others follow at once, and are needed no sooner
    user.left -= span;
    if (user.left == 0) {
      user.finish = reached_ + CoreCycles(span);
      active_ &= ~(1U << index);
    } else {
      user.bank = (user.bank + span) % banks_;
    }
  }
  reached_ += CoreCycles(span);
  checkpoint_.length = 0;
}

void BankArbiter::serve_cycle() {
  std::array<std::int64_t, kMaxUsers> taken;  // banks
  std::size_t served = 0;
  std::size_t after_last = turn_;
  std::size_t first_blocked = kMaxUsers;
  bool all_served = true;
  const auto serve_in_turn = [&](std::uint32_t users) {
    for (; users != 0; users = without_first(users)) {
      const std::size_t index = first_of(users);
      if (static_cast<std::int64_t>(served) == ports_) {
        all_served = false;
        return;
      }
      const std::int64_t bank = users_[index].bank;
      const auto* end = taken.begin() + served;
      if (std::find(static_cast<const std::int64_t*>(taken.begin()), end, bank) != end) {
        all_served = false;
        first_blocked = first_blocked == kMaxUsers ? index : first_blocked;
        continue;
      }
      taken[served++] = bank;
      after_last = index + 1 == users_.size() ? 0 : index + 1;
      serve(index);
    }
  };
  const std::uint32_t wanting = active_;
  const std::uint32_t before_turn = (1U << turn_) - 1;
  serve_in_turn(wanting & ~before_turn);
  serve_in_turn(wanting & before_turn);
  if (!all_served) {
    turn_ = first_blocked < kMaxUsers ? first_blocked : after_last;
  }
  reached_ += CoreCycles(1);
}

/// Of the user's next access, served in the cycle reached.
void BankArbiter::note_lateness(User& user) const {
  if (!user.tracked) {
    return;
  }
  const std::int64_t g = user.stream.accesses - user.left;
  const Wide late =
      Wide{user.stream.accesses} * (reached_ - user.begin).count() - Wide{user.stream.phases} * g;
  user.recent = std::max(user.recent, late);
  user.lateness = std::max(user.lateness, late);
}

void BankArbiter::serve(std::size_t index) {
  User& user = users_[index];
  note_lateness(user);
  --user.left;
  user.bank = user.bank + 1 == banks_ ? 0 : user.bank + 1;
  if (user.left == 0) {
    user.finish = reached_ + CoreCycles(1);
    active_ &= ~(1U << index);
    checkpoint_.length = 0;  // the span ends: who is active has changed
  }
}

void BankArbiter::set_checkpoint(std::int64_t length) {
  checkpoint_.cycle = reached_;
  checkpoint_.turn = turn_;
  checkpoint_.length = length;
  for (std::uint32_t users = active_; users != 0; users = without_first(users)) {
    const std::size_t index = first_of(users);
    checkpoint_.banks[index] = users_[index].bank;
    checkpoint_.left[index] = users_[index].left;
    users_[index].recent = kNothingServed;
  }
}

/// Whether the turn is the same as at the checkpoint and every active stream has moved on by the
/// same number of banks.
bool BankArbiter::recurs() const {
  if (turn_ != checkpoint_.turn) {
    return false;
  }
  std::int64_t moved = -1;
  for (std::uint32_t users = active_; users != 0; users = without_first(users)) {
    const std::size_t index = first_of(users);
    std::int64_t distance = users_[index].bank - checkpoint_.banks[index];
    distance += distance < 0 ? banks_ : 0;
    if (moved >= 0 && distance != moved) {
      return false;
    }
    moved = distance;
  }
  return true;
}

/// The span since the checkpoint repeats: takes as many whole repetitions as end before `cycle` and
/// leave every stream something to do.
void BankArbiter::repeat_until(CoreCycles cycle) {
  const CoreCycles length = reached_ - checkpoint_.cycle;
  std::int64_t repetitions = (cycle - reached_).count() / length.count();
  for (std::uint32_t users = active_; users != 0; users = without_first(users)) {
    const std::size_t index = first_of(users);
    const std::int64_t served = checkpoint_.left[index] - users_[index].left;
    if (served > 0) {
      repetitions = std::min(repetitions, (users_[index].left - 1) / served);
    }
  }
  for (std::uint32_t users = active_; users != 0; users = without_first(users)) {
    const std::size_t index = first_of(users);
    User& user = users_[index];
    const std::int64_t served = checkpoint_.left[index] - user.left;
    if (served == 0) {
      continue;
    }
    if (user.tracked) {
      const Wide drift =
          Wide{user.stream.accesses} * length.count() - Wide{user.stream.phases} * served;
      user.lateness = std::max(user.lateness, user.recent + std::max(Wide{0}, drift) * repetitions);
    }
    user.left -= served * repetitions;
    user.bank = (user.bank + served * (repetitions % banks_)) % banks_;
  }
  reached_ += CoreCycles(length.count() * repetitions);
  set_checkpoint(1);
}

}  // namespace systole
