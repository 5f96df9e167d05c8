#include <algorithm>

#include "sim/dram/command_controller.h"

namespace systole {

bool CommandController::bank_is_idle(std::size_t bank) const {
  return !is_active(bank) && reads_.oldest(bank) == BurstBuffer::kNone &&
         writes_.oldest(bank) == BurstBuffer::kNone;
}

bool CommandController::rank_is_idle(std::size_t rank) const {
  const std::size_t first = rank * device_.banks_per_rank();
  for (std::size_t bank = first; bank < first + device_.banks_per_rank(); ++bank) {
    if (!bank_is_idle(bank)) {
      return false;
    }
  }
  return true;
}

bool CommandController::refresh_pending(std::size_t rank) const {
  if (!refresh_.owes(rank)) {
    return false;
  }
  return refresh_.is_forced(rank) ||
         (refresh_.per_bank()
              ? bank_is_idle(rank * device_.banks_per_rank() + refresh_.bank_in_turn(rank))
              : rank_is_idle(rank));
}

void CommandController::update_blocked() {
  bool pending = false;
  for (std::size_t rank = 0; rank < device_.ranks() && !pending; ++rank) {
    pending = refresh_pending(rank);
  }
  if (!pending && !any_blocked_) {
    return;
  }
  const BankSet before = blocked_banks_;
  blocked_banks_.clear();
  any_blocked_ = false;
  const bool whole_channel = spec_.refresh_blocks == RefreshBlocks::Channel;
  for (std::size_t rank = 0; rank < device_.ranks(); ++rank) {
    if (!refresh_pending(rank)) {
      continue;
    }
    any_blocked_ = true;
    const std::size_t first_of_rank = rank * device_.banks_per_rank();
    std::size_t first = first_of_rank;
    std::size_t end = first + device_.banks_per_rank();
    if (whole_channel) {
      first = 0;
      end = device_.banks();
    } else if (refresh_.per_bank()) {
      first = first_of_rank + refresh_.bank_in_turn(rank);
      end = first + 1;
    }
    for (std::size_t bank = first; bank < end; ++bank) {
      blocked_banks_.put(bank, true);
    }
  }
  all_blocked_ = any_blocked_ && whole_channel;
  not_to_precharge_ = blocked_banks_;
  not_to_precharge_ |= active_reads_;
  not_to_precharge_ |= active_writes_;
  if (blocked_banks_ != before) {
    forget_plans();
  }
}

CommandController::Candidate CommandController::refresh_of(std::size_t rank) const {
  const std::size_t first = rank * device_.banks_per_rank();
  if (refresh_.per_bank()) {
    const std::size_t bank = first + refresh_.bank_in_turn(rank);
    if (is_active(bank)) {
      return {};
    }
    const bool open = device_.open_row(bank) != kNoRow;
    const DramCommandKind kind = open ? DramCommandKind::Precharge : DramCommandKind::RefreshBank;
    return {device_.earliest(kind, bank), kNever, static_cast<std::uint32_t>(bank), kind};
  }
  for (std::size_t bank = first; bank < first + device_.banks_per_rank(); ++bank) {
    if (is_active(bank)) {
      return {};
    }
  }
  if (device_.open_banks(rank) > 0) {
    return {device_.earliest_precharge_all(rank), kNever, static_cast<std::uint32_t>(first),
            DramCommandKind::PrechargeAll};
  }
  return {device_.earliest_refresh(rank), kNever, static_cast<std::uint32_t>(first),
          DramCommandKind::Refresh};
}

CommandController::Candidate CommandController::best_refresh(DramCycles from) const {
  Candidate best;
  for (std::size_t rank = 0; rank < device_.ranks(); ++rank) {
    if (refresh_pending(rank)) {
      Candidate candidate = refresh_of(rank);
      candidate.at = std::max(from, candidate.at);
      best = candidate.is_before(best) ? candidate : best;
    }
  }
  return best;
}

}  // namespace systole
