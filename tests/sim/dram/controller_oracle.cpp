#include "tests/sim/dram/controller_oracle.h"

#include <algorithm>
#include <optional>

namespace systole::testing {
namespace {

using enum DramCommandKind;

constexpr std::int64_t kLongAgo = -(std::int64_t{1} << 40);

}  // namespace

ControllerOracle::ControllerOracle(const DramStandard& standard, const DramControllerSpec& spec)
    : standard_(standard),
      spec_(spec),
      gaps_(command_gaps(standard, spec.rank_turnaround)),
      windows_(activate_windows(standard.timing)),
      banks_(static_cast<std::size_t>(standard.organization.banks())),
      per_rank_(static_cast<std::size_t>(standard.organization.banks_per_rank())),
      row_(banks_, kNoRow),
      last_column_(banks_, 0),
      owed_(banks_ / per_rank_, 0),
      turn_(banks_ / per_rank_, 0),
      activates_(banks_ / per_rank_),
      asleep_since_(banks_ / per_rank_, -1),
      awake_from_(banks_ / per_rank_, 0) {
  for (auto& last : last_) {
    last.assign(banks_, kLongAgo);
  }
}

bool ControllerOracle::offer(const BurstRequest& request) {
  const bool held = std::any_of(writes_.begin(), writes_.end(), [&](const Waiting& write) {
    return write.request.bank == request.bank && write.request.row == request.row &&
           write.request.column == request.column;
  });
  const bool reads = request.operation == DramOperation::Read;
  std::vector<Waiting>& buffer = reads ? reads_ : writes_;
  const std::int64_t capacity =
      (reads ? spec_.read_entries : spec_.write_entries) * standard_.organization.pseudo_channels;
  if (held) {
    done_.push_back({request.id, request.operation, DramCycles(now_), DramCycles(now_ + 1), true});
    return true;
  }
  if (static_cast<std::int64_t>(buffer.size()) == capacity) {
    return false;
  }
  buffer.push_back({request, now_});
  wake(request.bank / per_rank_);
  return true;
}

bool ControllerOracle::rests(std::size_t rank) const {
  for (std::size_t bank = rank * per_rank_; bank < (rank + 1) * per_rank_; ++bank) {
    if (wanted(bank) || (spec_.page_policy != PagePolicy::Open && row_[bank] != kNoRow)) {
      return false;
    }
  }
  return owed_[rank] == 0;
}

/// The cycle in which the work of the rank's last command ends.
std::int64_t ControllerOracle::quiet_since(std::size_t rank) const {
  const DramTiming& t = standard_.timing;
  std::int64_t quiet = 0;
  const auto after = [&](DramCommandKind kind, DramCycles work) {
    for (std::size_t bank = rank * per_rank_; bank < (rank + 1) * per_rank_; ++bank) {
      quiet = std::max(quiet, last_[static_cast<std::size_t>(kind)][bank] + work.count());
    }
  };
  after(Read, t.nCL + t.nBL);
  after(Write, t.nCWL + t.nBL + t.nWR);
  after(Activate, DramCycles(1));
  after(Precharge, DramCycles(1));
  after(Refresh, t.nRFC);
  after(RefreshBank, t.nRFCpb);
  return quiet;
}

void ControllerOracle::sleep() {
  for (std::size_t rank = 0; rank < asleep_since_.size() && spec_.power_down.count() > 0; ++rank) {
    if (asleep_since_[rank] < 0 && rests(rank) &&
        now_ >= quiet_since(rank) + spec_.power_down.count()) {
      asleep_since_[rank] = now_;
      commands_.push_back(
          {PowerDown, DramCycles(now_), {}, static_cast<BankIndex>(rank * per_rank_), kNoRow});
    }
  }
}

void ControllerOracle::wake(std::size_t rank) {
  if (asleep_since_[rank] < 0) {
    return;
  }
  const std::int64_t up = std::max(now_, asleep_since_[rank] + standard_.timing.nCKE.count());
  awake_from_[rank] = up + standard_.timing.nXP.count();
  asleep_since_[rank] = -1;
  commands_.push_back(
      {PowerUp, DramCycles(up), {}, static_cast<BankIndex>(rank * per_rank_), kNoRow});
}

void ControllerOracle::step() {
  fall_due();
  sleep();
  if (standard_.bus.split) {
    issue(true, false, 0);
    issue(false, true, 1);
  } else {
    issue(true, true, 0);
  }
  ++now_;
}

void ControllerOracle::fall_due() {
  const std::int64_t steps =
      refreshes_banks(spec_, standard_) ? static_cast<std::int64_t>(per_rank_) : 1;
  const std::int64_t interval = standard_.timing.nREFI.count();
  if (spec_.refresh == RefreshKind::Off || interval == 0) {
    return;
  }
  if (now_ == (due_ + 1) * interval / steps - 1) {
    ++due_;
    for (std::size_t rank = 0; rank < owed_.size(); ++rank) {
      ++owed_[rank];
      wake(rank);
    }
  }
}

bool ControllerOracle::in_reach(GapScope scope, std::size_t from, std::size_t to) const {
  const auto group = static_cast<std::size_t>(standard_.organization.banks_per_group);
  const auto ranks = static_cast<std::size_t>(standard_.organization.ranks);
  const bool pseudo = from / per_rank_ / ranks == to / per_rank_ / ranks;
  switch (scope) {
    case GapScope::Bank:
      return from == to;
    case GapScope::BankGroup:
      return from / group == to / group;
    case GapScope::Rank:
      return from / per_rank_ == to / per_rank_;
    case GapScope::OtherRank:
      return pseudo && from / per_rank_ != to / per_rank_;
    case GapScope::PseudoChannel:
      return pseudo;
  }
  return false;
}

bool ControllerOracle::legal(DramCommandKind kind, std::size_t bank) const {
  if (now_ < awake_from_[bank / per_rank_]) {
    return false;
  }
  for (const CommandGap& gap : gaps_) {
    for (std::size_t other = 0; gap.second == kind && other < banks_; ++other) {
      if (in_reach(gap.scope, other, bank) &&
          now_ < last_[static_cast<std::size_t>(gap.first)][other] + gap.cycles.count()) {
        return false;
      }
    }
  }
  const std::deque<std::int64_t>& times = activates_[bank / per_rank_];
  return kind != Activate ||
         std::all_of(windows_.begin(), windows_.end(), [&](const ActivateWindow& window) {
           const auto most = static_cast<std::size_t>(window.activates);
           return times.size() < most || now_ >= times[times.size() - most] + window.cycles.count();
         });
}

bool ControllerOracle::is_active(std::size_t bank) const {
  return std::any_of(active_.begin(), active_.end(),
                     [&](const Waiting& burst) { return burst.request.bank == bank; });
}
bool ControllerOracle::wanted(std::size_t bank) const {
  const auto here = [&](const Waiting& burst) { return burst.request.bank == bank; };
  return is_active(bank) || std::any_of(reads_.begin(), reads_.end(), here) ||
         std::any_of(writes_.begin(), writes_.end(), here);
}

/// The banks that a pending refresh of the rank is about; none where none is pending.
std::vector<std::size_t> ControllerOracle::pending(std::size_t rank) const {
  const bool per_bank = refreshes_banks(spec_, standard_);
  std::vector<std::size_t> banks;
  for (std::size_t bank = 0; bank < per_rank_; ++bank) {
    if (!per_bank || bank == turn_[rank]) {
      banks.push_back(rank * per_rank_ + bank);
    }
  }
  const std::int64_t postponed =
      spec_.postponed_refreshes * (per_bank ? static_cast<std::int64_t>(per_rank_) : 1);
  const bool idle =
      std::none_of(banks.begin(), banks.end(), [&](std::size_t bank) { return wanted(bank); });
  const bool now = owed_[rank] > postponed || (owed_[rank] > 0 && idle);
  return now ? banks : std::vector<std::size_t>{};
}

bool ControllerOracle::refresh() {
  for (std::size_t rank = 0; rank < owed_.size(); ++rank) {
    const std::vector<std::size_t> banks = pending(rank);
    if (banks.empty() || std::any_of(banks.begin(), banks.end(),
                                     [&](std::size_t bank) { return is_active(bank); })) {
      continue;
    }
    const bool per_bank = refreshes_banks(spec_, standard_);
    const bool open = std::any_of(banks.begin(), banks.end(),
                                  [&](std::size_t bank) { return row_[bank] != kNoRow; });
    if (open) {
      const bool all = std::all_of(banks.begin(), banks.end(), [&](std::size_t bank) {
        return row_[bank] == kNoRow || legal(Precharge, bank);
      });
      if (all) {
        send(per_bank ? Precharge : PrechargeAll, banks.front(), kNoRow);
        return true;
      }
    } else if (legal(per_bank ? RefreshBank : Refresh, banks.front())) {
      send(per_bank ? RefreshBank : Refresh, banks.front(), kNoRow);
      --owed_[rank];
      turn_[rank] = (turn_[rank] + 1) % per_rank_;
      return true;
    }
  }
  return false;
}

bool ControllerOracle::blocked(std::size_t bank) const {
  for (std::size_t rank = 0; rank < owed_.size(); ++rank) {
    const std::vector<std::size_t> banks = pending(rank);
    if (!banks.empty() && (spec_.refresh_blocks == RefreshBlocks::Channel ||
                           std::count(banks.begin(), banks.end(), bank) > 0)) {
      return true;
    }
  }
  return false;
}

bool ControllerOracle::starves(const std::vector<Waiting>& buffer) const {
  const std::int64_t limit = spec_.starvation_limit.count();
  return limit > 0 && !buffer.empty() && now_ - buffer.front().arrival > limit;
}

void ControllerOracle::choose_direction() {
  const auto percent = [](const std::vector<Waiting>& buffer, std::int64_t entries,
                          std::int64_t pseudos) {
    return 100.0 * static_cast<double>(buffer.size()) / static_cast<double>(entries * pseudos);
  };
  const double fill = percent(writes_, spec_.write_entries, standard_.organization.pseudo_channels);
  const bool full = fill == 100.0;  // every watermark is passed
  if (!writing_) {
    writing_ = ((full || fill > static_cast<double>(spec_.drain_above)) && !starves(reads_)) ||
               reads_.empty();
  } else if (!reads_.empty() && (writes_.empty() || starves(reads_) ||
                                 fill < static_cast<double>(spec_.drain_below))) {
    writing_ = false;
  }
}

void ControllerOracle::issue(bool columns, bool rows, std::size_t bus) {
  if (now_ < free_[bus]) {
    return;
  }
  if (columns && issue_active()) {
    return;
  }
  if (rows && refresh()) {
    return;
  }
  bool all_blocked = spec_.refresh_blocks == RefreshBlocks::Channel;
  for (std::size_t bank = 0; all_blocked && bank < banks_; ++bank) {
    all_blocked = blocked(bank);
  }
  if (all_blocked) {
    return;
  }
  choose_direction();
  if (!issue_buffered(columns, rows) && rows) {
    close_unwanted();
  }
}

bool ControllerOracle::issue_active() {
  for (std::size_t index = 0; index < active_.size(); ++index) {  // oldest arrival first
    const Waiting burst = active_[index];
    const DramCommandKind kind = burst.request.operation == DramOperation::Read ? Read : Write;
    if (legal(kind, burst.request.bank)) {
      active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(index));
      complete(burst, kind);
      return true;
    }
  }
  return false;
}

bool ControllerOracle::issue_buffered(bool columns, bool rows) {
  std::vector<Waiting>& buffer = writing_ ? writes_ : reads_;
  const bool only_oldest = starves(buffer);
  for (std::size_t index = 0; index < buffer.size(); ++index) {
    const Waiting burst = buffer[index];
    const std::size_t bank = burst.request.bank;
    const bool hit = row_[bank] == burst.request.row;
    const DramCommandKind kind = row_[bank] == kNoRow ? Activate
                                 : !hit               ? Precharge
                                 : writing_           ? Write
                                                      : Read;
    const bool older_hit =
        std::any_of(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(index),
                    [&](const Waiting& older) {
                      return older.request.bank == bank && older.request.row == row_[bank];
                    });
    const bool eligible = (hit ? columns : rows) && !blocked(bank) &&
                          (kind != Precharge || (!older_hit && !is_active(bank)));
    if (eligible && legal(kind, bank)) {
      if (kind == Precharge) {
        send(Precharge, bank, burst.request.row);
        return true;
      }
      buffer.erase(buffer.begin() + static_cast<std::ptrdiff_t>(index));
      if (kind == Activate) {
        send(Activate, bank, burst.request.row);
        const auto older = [&](const Waiting& other) { return other.arrival < burst.arrival; };
        active_.insert(std::partition_point(active_.begin(), active_.end(), older), burst);
      } else {
        complete(burst, kind);
      }
      return true;
    }
    if (only_oldest) {
      return true;  // nobody else may go, nor a row be closed
    }
  }
  return false;
}

void ControllerOracle::close_unwanted() {
  if (spec_.page_policy == PagePolicy::Open) {
    return;
  }
  for (std::size_t bank = 0; bank < banks_; ++bank) {
    const auto hit = [&](const Waiting& burst) {
      return burst.request.bank == bank && burst.request.row == row_[bank];
    };
    const bool late = spec_.page_policy == PagePolicy::Closed ||
                      now_ >= last_column_[bank] + spec_.page_timeout.count();
    if (row_[bank] != kNoRow && late && !is_active(bank) && !blocked(bank) &&
        std::none_of(reads_.begin(), reads_.end(), hit) &&
        std::none_of(writes_.begin(), writes_.end(), hit) && legal(Precharge, bank)) {
      send(Precharge, bank, kNoRow);
      return;
    }
  }
}

void ControllerOracle::complete(const Waiting& burst, DramCommandKind kind) {
  const DramTiming& t = standard_.timing;
  const std::int64_t at = kind == Read ? now_ + (t.nCL + t.nBL).count() : now_;
  done_.push_back(
      {burst.request.id, burst.request.operation, DramCycles(burst.arrival), DramCycles(at)});
  last_column_[burst.request.bank] = now_;
  send(kind, burst.request.bank, burst.request.row);
}

void ControllerOracle::send(DramCommandKind kind, std::size_t bank, RowIndex row) {
  const DramCommandBus& lengths = standard_.bus;
  const bool column = kind == Read || kind == Write;
  const DramCycles length = column                                   ? lengths.column
                            : kind == Activate                       ? lengths.activate
                            : kind == Refresh || kind == RefreshBank ? lengths.refresh
                                                                     : lengths.precharge;
  free_[standard_.bus.split && !column ? 1 : 0] = now_ + length.count();
  commands_.push_back({kind, DramCycles(now_), {}, static_cast<BankIndex>(bank), row});
  const std::size_t first = bank / per_rank_ * per_rank_;
  if (kind == PrechargeAll) {
    for (std::size_t each = first; each < first + per_rank_; ++each) {
      if (row_[each] != kNoRow) {
        last_[static_cast<std::size_t>(Precharge)][each] = now_;
        row_[each] = kNoRow;
      }
    }
    return;
  }
  last_[static_cast<std::size_t>(kind)][bank] = now_;
  if (kind == Activate) {
    row_[bank] = row;
    activates_[bank / per_rank_].push_back(now_);
  } else if (kind == Precharge) {
    row_[bank] = kNoRow;
  }
}

ControllerOracleResult controller_oracle(const DramStandard& standard,
                                         const DramControllerSpec& spec, const BitFieldMap& map,
                                         std::int64_t window, BurstSource& source) {
  ControllerOracle oracle(standard, spec);
  std::int64_t id = 0;
  std::int64_t end = 0;
  std::optional<TimedBurst> head = source.next();
  while (head || !oracle.is_idle() || oracle.now() <= end) {
    const auto completed =
        std::count_if(oracle.completions().begin(), oracle.completions().end(),
                      [&](const CompletedBurst& burst) { return burst.at.count() < oracle.now(); });
    if (head && head->cycle.count() <= oracle.now() && (window == 0 || id - completed < window)) {
      const BurstFields fields = map.fields(head->burst.address);
      if (oracle.offer({id, map.bank(fields),
                        static_cast<RowIndex>(field_of(fields, AddressField::Row)),
                        field_of(fields, AddressField::Column), head->burst.operation})) {
        ++id;
        head = source.next();
      }
    }
    const std::size_t before = oracle.completions().size();
    oracle.step();
    for (std::size_t index = before == 0 ? 0 : before - 1; index < oracle.completions().size();
         ++index) {
      end = std::max(end, oracle.completions()[index].at.count());
    }
  }
  ControllerOracleResult result{oracle.commands(), oracle.completions()};
  std::sort(result.completions.begin(), result.completions.end(),
            [](const CompletedBurst& a, const CompletedBurst& b) { return a.id < b.id; });
  return result;
}

}  // namespace systole::testing
