#include "tests/dram/controller_oracle.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "sim/dram/gap_table.h"

namespace systole::testing {
namespace {

using enum DramCommandKind;

constexpr std::int64_t kLongAgo = -(std::int64_t{1} << 40);

struct Waiting {
  BurstRequest request;
  std::int64_t arrival = 0;
};

class Oracle {
 public:
  Oracle(const DramStandard& standard, const DramControllerSpec& spec, const BitFieldMap& map,
         std::int64_t window, BurstSource& source)
      : standard_(standard),
        spec_(spec),
        map_(map),
        window_(window),
        source_(source),
        gaps_(command_gaps(standard, spec.rank_turnaround)),
        windows_(activate_windows(standard.timing)),
        banks_(static_cast<std::size_t>(standard.organization.banks())),
        per_rank_(static_cast<std::size_t>(standard.organization.banks_per_rank())),
        row_(banks_, kNoRow),
        last_column_(banks_, 0),
        owed_(banks_ / per_rank_, 0),
        turn_(banks_ / per_rank_, 0),
        activates_(banks_ / per_rank_) {
    for (auto& last : last_) {
      last.assign(banks_, kLongAgo);
    }
  }

  ControllerOracleResult run() {
    fetch();
    std::int64_t end = 0;
    for (now_ = 0; head_ || !reads_.empty() || !writes_.empty() || !active_.empty() || now_ <= end;
         ++now_) {
      inject();
      fall_due();
      if (standard_.bus.split) {
        issue(true, false, 0);
        issue(false, true, 1);
      } else {
        issue(true, true, 0);
      }
      for (; seen_ < done_.size(); ++seen_) {
        end = std::max(end, done_[seen_].at.count());
      }
    }
    std::sort(done_.begin(), done_.end(),
              [](const CompletedBurst& a, const CompletedBurst& b) { return a.id < b.id; });
    return {commands_, done_};
  }

 private:
  void fetch() {
    head_ = source_.next();
    if (head_) {
      const BurstFields fields = map_.fields(head_->burst.address);
      request_ = {next_id_++, map_.bank(fields),
                  static_cast<RowIndex>(field_of(fields, AddressField::Row)),
                  field_of(fields, AddressField::Column), head_->burst.operation};
    }
  }

  void inject() {
    const auto outstanding = std::count_if(
        done_.begin(), done_.end(), [&](const auto& burst) { return burst.at.count() >= now_; });
    const std::int64_t accepted = next_id_ - 1;
    const std::int64_t completed = static_cast<std::int64_t>(done_.size()) - outstanding;
    if (!head_ || head_->cycle.count() > now_ || (window_ > 0 && accepted - completed >= window_)) {
      return;
    }
    const bool held = std::any_of(writes_.begin(), writes_.end(), [&](const Waiting& write) {
      return write.request.bank == request_.bank && write.request.row == request_.row &&
             write.request.column == request_.column;
    });
    const bool reads = request_.operation == DramOperation::Read;
    std::vector<Waiting>& buffer = reads ? reads_ : writes_;
    const std::int64_t capacity =
        (reads ? spec_.read_entries : spec_.write_entries) * standard_.organization.pseudo_channels;
    if (held) {
      done_.push_back({request_.id, request_.operation, DramCycles(now_), DramCycles(now_ + 1)});
    } else if (static_cast<std::int64_t>(buffer.size()) < capacity) {
      buffer.push_back({request_, now_});
    } else {
      return;
    }
    fetch();
  }

  void fall_due() {
    const std::int64_t steps =
        spec_.refresh == RefreshKind::PerBank ? static_cast<std::int64_t>(per_rank_) : 1;
    const std::int64_t interval = standard_.timing.nREFI.count();
    if (spec_.refresh == RefreshKind::Off || interval == 0) {
      return;
    }
    if (now_ == (due_ + 1) * interval / steps - 1) {
      ++due_;
      for (std::int64_t& owed : owed_) {
        ++owed;
      }
    }
  }

  [[nodiscard]] bool in_reach(GapScope scope, std::size_t from, std::size_t to) const {
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

  [[nodiscard]] bool legal(DramCommandKind kind, std::size_t bank) const {
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
             return times.size() < most ||
                    now_ >= times[times.size() - most] + window.cycles.count();
           });
  }

  [[nodiscard]] bool is_active(std::size_t bank) const {
    return std::any_of(active_.begin(), active_.end(),
                       [&](const Waiting& burst) { return burst.request.bank == bank; });
  }
  [[nodiscard]] bool wanted(std::size_t bank) const {
    const auto here = [&](const Waiting& burst) { return burst.request.bank == bank; };
    return is_active(bank) || std::any_of(reads_.begin(), reads_.end(), here) ||
           std::any_of(writes_.begin(), writes_.end(), here);
  }

  /// The banks that a pending refresh of the rank is about; none where none is pending.
  [[nodiscard]] std::vector<std::size_t> pending(std::size_t rank) const {
    const bool per_bank = spec_.refresh == RefreshKind::PerBank;
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

  bool refresh() {
    for (std::size_t rank = 0; rank < owed_.size(); ++rank) {
      const std::vector<std::size_t> banks = pending(rank);
      if (banks.empty() || std::any_of(banks.begin(), banks.end(),
                                       [&](std::size_t bank) { return is_active(bank); })) {
        continue;
      }
      const bool per_bank = spec_.refresh == RefreshKind::PerBank;
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

  [[nodiscard]] bool blocked(std::size_t bank) const {
    for (std::size_t rank = 0; rank < owed_.size(); ++rank) {
      const std::vector<std::size_t> banks = pending(rank);
      if (!banks.empty() && (spec_.refresh_blocks == RefreshBlocks::Channel ||
                             std::count(banks.begin(), banks.end(), bank) > 0)) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool starves(const std::vector<Waiting>& buffer) const {
    const std::int64_t limit = spec_.starvation_limit.count();
    return limit > 0 && !buffer.empty() && now_ - buffer.front().arrival > limit;
  }

  void choose_direction() {
    const auto percent = [](const std::vector<Waiting>& buffer, std::int64_t entries,
                            std::int64_t pseudos) {
      return 100.0 * static_cast<double>(buffer.size()) / static_cast<double>(entries * pseudos);
    };
    const double fill =
        percent(writes_, spec_.write_entries, standard_.organization.pseudo_channels);
    if (!writing_) {
      writing_ =
          (fill > static_cast<double>(spec_.drain_above) && !starves(reads_)) || reads_.empty();
    } else if (!reads_.empty() &&
               (fill < static_cast<double>(spec_.drain_below) || starves(reads_))) {
      writing_ = false;
    }
  }

  void issue(bool columns, bool rows, std::size_t bus) {
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

  bool issue_active() {
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

  bool issue_buffered(bool columns, bool rows) {
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

  void close_unwanted() {
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

  void complete(const Waiting& burst, DramCommandKind kind) {
    const DramTiming& t = standard_.timing;
    const std::int64_t at = kind == Read ? now_ + (t.nCL + t.nBL).count() : now_;
    done_.push_back(
        {burst.request.id, burst.request.operation, DramCycles(burst.arrival), DramCycles(at)});
    last_column_[burst.request.bank] = now_;
    send(kind, burst.request.bank, burst.request.row);
  }

  void send(DramCommandKind kind, std::size_t bank, RowIndex row) {
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

  DramStandard standard_;
  DramControllerSpec spec_;
  const BitFieldMap& map_;
  std::int64_t window_;
  BurstSource& source_;
  std::vector<CommandGap> gaps_;
  std::vector<ActivateWindow> windows_;
  std::size_t banks_;
  std::size_t per_rank_;
  std::int64_t now_ = 0;
  std::optional<TimedBurst> head_;
  BurstRequest request_;
  std::int64_t next_id_ = 0;
  std::vector<Waiting> reads_, writes_, active_;  ///< oldest first
  bool writing_ = false;
  std::array<std::vector<std::int64_t>, kDramCommandKinds> last_;
  std::vector<RowIndex> row_;
  std::vector<std::int64_t> last_column_;
  std::int64_t due_ = 0;
  std::vector<std::int64_t> owed_;
  std::vector<std::size_t> turn_;
  std::vector<std::deque<std::int64_t>> activates_;
  std::array<std::int64_t, 2> free_{};
  std::size_t seen_ = 0;
  std::vector<DramCommand> commands_;
  std::vector<CompletedBurst> done_;
};

}  // namespace

ControllerOracleResult controller_oracle(const DramStandard& standard,
                                         const DramControllerSpec& spec, const BitFieldMap& map,
                                         std::int64_t window, BurstSource& source) {
  return Oracle(standard, spec, map, window, source).run();
}

}  // namespace systole::testing
