#include "tests/sim/dram/system_oracle.h"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>

#include "tests/sim/dram/controller_oracle.h"

namespace systole::testing {
namespace {

struct Burst {
  std::size_t request = 0;
  BurstPlace place;
  bool ends_part = false;
};

/// One operation's queues in front of one channel.
class Lane {
 public:
  explicit Lane(std::int64_t initiators) : queues_(static_cast<std::size_t>(initiators)) {}

  void enqueue(std::size_t initiator, const std::vector<Burst>& part, std::int64_t arrival) {
    for (const Burst& burst : part) {
      queues_[initiator].push_back({burst, arrival});
    }
    parts_[initiator] += 1;
  }
  [[nodiscard]] std::int64_t parts(std::size_t initiator) const { return parts_[initiator]; }

  /// The burst to offer in cycle `now`, or none.
  const Burst* head(std::int64_t now) {
    choose(now);
    return chosen_ < queues_.size() ? &queues_[chosen_].front().burst : nullptr;
  }
  void accepted(std::int64_t now) {
    const Burst taken = queues_[chosen_].front().burst;
    queues_[chosen_].pop_front();
    parts_[chosen_] -= taken.ends_part ? 1 : 0;
    const bool goes_on = !taken.ends_part &&
                         queues_[chosen_].front().burst.place.bank == taken.place.bank &&
                         queues_[chosen_].front().burst.place.row == taken.place.row;
    if (!goes_on) {
      chosen_ = SIZE_MAX;
      choose(now);
    }
  }

 private:
  struct Queued {
    Burst burst;
    std::int64_t arrival = 0;
  };
  void choose(std::int64_t now) {
    for (std::size_t asked = 0; chosen_ == SIZE_MAX && asked < queues_.size(); ++asked) {
      const std::size_t index = (turn_ + asked) % queues_.size();
      if (!queues_[index].empty() && queues_[index].front().arrival <= now) {
        chosen_ = index;
        turn_ = index + 1;
        return;
      }
    }
  }

  std::vector<std::deque<Queued>> queues_;
  std::array<std::int64_t, 16> parts_{};
  std::size_t chosen_ = SIZE_MAX;
  std::size_t turn_ = 0;
};

struct Channel {
  Channel(const DramSpec& spec, std::int64_t initiators)
      : controller(spec.standard, spec.controller), lanes{Lane(initiators), Lane(initiators)} {}
  ControllerOracle controller;
  std::array<Lane, 2> lanes;  ///< reads, writes
  std::size_t seen = 0;       ///< completions
};

class System {
 public:
  System(const DramSpec& spec, std::int64_t depth, const std::vector<Request>& requests)
      : spec_(spec), map_(spec), depth_(depth), requests_(requests), left_(requests.size()) {
    for (const Request& request : requests) {
      initiators_ = std::max<std::int64_t>(initiators_, request.initiator + 1);
    }
    for (std::int64_t channel = 0; channel < spec.channels; ++channel) {
      channels_.push_back(std::make_unique<Channel>(spec, initiators_));
    }
    result_.ends.resize(requests.size());
  }

  SystemOracleResult run() {
    std::vector<std::size_t> next(static_cast<std::size_t>(initiators_), 0);
    std::int64_t unknown = static_cast<std::int64_t>(requests_.size());
    for (std::int64_t now = 0; unknown > 0; ++now) {
      for (std::size_t initiator = 0; initiator < next.size(); ++initiator) {
        submit(initiator, next[initiator], now);
      }
      for (const auto& channel : channels_) {
        offer(*channel, now);
        channel->controller.step();
        unknown -= take_ends(*channel);
      }
    }
    count();
    return result_;
  }

 private:
  void submit(std::size_t initiator, std::size_t& next, std::int64_t now) {
    for (; next < requests_.size(); ++next) {
      const Request& request = requests_[next];
      if (static_cast<std::size_t>(request.initiator) != initiator) {
        continue;
      }
      const auto ranges = map_.split(request.address, Bytes(request.length));
      const bool fits = std::all_of(ranges.begin(), ranges.end(), [&](const ChannelRange& range) {
        const auto& lanes = channels_[static_cast<std::size_t>(range.channel)]->lanes;
        return lanes[0].parts(initiator) + lanes[1].parts(initiator) < depth_;
      });
      if (request.when > now || !fits) {
        return;
      }
      for (const ChannelRange& range : ranges) {
        enqueue(range, next, now);
      }
    }
  }

  void enqueue(const ChannelRange& range, std::size_t index, std::int64_t now) {
    const Request& request = requests_[index];
    std::vector<Burst> part;
    const std::int64_t size = map_.burst_bytes();
    for (std::int64_t burst = range.begin / size; burst * size < range.end; ++burst) {
      part.push_back({index, map_.place(burst), false});
    }
    part.back().ends_part = true;
    left_[index] += static_cast<std::int64_t>(part.size());
    const std::size_t lane = request.operation == DramOperation::Read ? 0 : 1;
    channels_[static_cast<std::size_t>(range.channel)]->lanes[lane].enqueue(
        static_cast<std::size_t>(request.initiator), part, now);
    (lane == 0 ? result_.counters.read_bytes : result_.counters.write_bytes) +=
        range.end - range.begin;
  }

  static void offer(Channel& channel, std::int64_t now) {
    for (std::size_t lane = 0; lane < 2; ++lane) {
      const Burst* const burst = channel.lanes[lane].head(now);
      if (burst != nullptr &&
          channel.controller.offer({static_cast<std::int64_t>(burst->request),
                                    static_cast<std::size_t>(burst->place.bank), burst->place.row,
                                    burst->place.column,
                                    lane == 0 ? DramOperation::Read : DramOperation::Write})) {
        channel.lanes[lane].accepted(now);
      }
    }
  }

  /// Requests that have no burst left.
  std::int64_t take_ends(Channel& channel) {
    std::int64_t ended = 0;
    const DramTiming& t = spec_.standard.timing;
    for (; channel.seen < channel.controller.completions().size(); ++channel.seen) {
      const CompletedBurst& burst = channel.controller.completions()[channel.seen];
      const auto index = static_cast<std::size_t>(burst.id);
      const bool writes = burst.operation == DramOperation::Write && !burst.from_buffer;
      const std::int64_t end = burst.at.count() + (writes ? (t.nCWL + t.nBL).count() : 0);
      result_.ends[index] = std::max(result_.ends[index], end);
      ended += --left_[index] == 0 ? 1 : 0;
      (burst.operation == DramOperation::Read ? result_.counters.forwarded
                                              : result_.counters.merged) +=
          burst.from_buffer ? 1 : 0;
    }
    return ended;
  }

  void count() {
    for (const auto& channel : channels_) {
      count(channel->controller.commands(), DramCycles(channel->controller.now()));
      result_.commands.push_back(channel->controller.commands());
    }
    DramCounters& sum = result_.counters;
    sum.row_hits = sum.reads + sum.writes - sum.activates;
    sum.data_bus_busy = spec_.standard.timing.nBL * (sum.reads + sum.writes);
  }

  void count(const std::vector<DramCommand>& commands, DramCycles end) {
    enum class Bank : std::uint8_t { Closed, ClosedForARow, Open };
    const auto per_rank = static_cast<std::size_t>(spec_.standard.organization.banks_per_rank());
    std::vector<Bank> banks(static_cast<std::size_t>(spec_.standard.organization.banks()));
    DramCounters& sum = result_.counters;
    constexpr DramCycles kUp{-1};
    std::vector<DramCycles> down_since(banks.size() / per_rank, kUp);
    const auto count_down = [&](std::size_t rank, DramCycles until) {
      const auto first = banks.begin() + static_cast<std::ptrdiff_t>(rank * per_rank);
      const bool open =
          std::count(first, first + static_cast<std::ptrdiff_t>(per_rank), Bank::Open) > 0;
      (open ? sum.active_power_down : sum.precharged_power_down) += until - down_since[rank];
      down_since[rank] = kUp;
    };
    for (const DramCommand& command : commands) {
      const auto index = static_cast<std::size_t>(command.bank);
      switch (command.kind) {
        case DramCommandKind::Precharge:
          ++sum.precharges;
          banks[index] = command.row == kNoRow ? Bank::Closed : Bank::ClosedForARow;
          break;
        case DramCommandKind::PrechargeAll:
          for (std::size_t each = index; each < index + per_rank; ++each) {
            sum.precharges += banks[each] == Bank::Open ? 1 : 0;
            banks[each] = Bank::Closed;
          }
          break;
        case DramCommandKind::Activate:
          ++sum.activates;
          ++(banks[index] == Bank::Closed ? sum.row_misses : sum.row_conflicts);
          banks[index] = Bank::Open;
          break;
        case DramCommandKind::Read:
          ++sum.reads;
          break;
        case DramCommandKind::Write:
          ++sum.writes;
          break;
        case DramCommandKind::Refresh:
          ++sum.refreshes;
          break;
        case DramCommandKind::RefreshBank:
          ++sum.bank_refreshes;
          break;
        case DramCommandKind::PowerDown:
          down_since[index / per_rank] = command.at;
          break;
        case DramCommandKind::PowerUp:
          count_down(index / per_rank, command.at);
          break;
      }
    }
    for (std::size_t rank = 0; rank < down_since.size(); ++rank) {
      if (down_since[rank] != kUp) {
        count_down(rank, end);
      }
    }
  }

  DramSpec spec_;
  DramAddressMap map_;
  std::int64_t depth_;
  const std::vector<Request>& requests_;
  std::int64_t initiators_ = 1;
  std::vector<std::int64_t> left_;
  std::vector<std::unique_ptr<Channel>> channels_;
  SystemOracleResult result_;
};

}  // namespace

SystemOracleResult system_oracle(const DramSpec& spec, std::int64_t queue_depth,
                                 const std::vector<Request>& requests) {
  return System(spec, queue_depth, requests).run();
}

}  // namespace systole::testing
