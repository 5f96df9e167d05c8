#include "tests/dram/burst_oracle.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

#include "tests/dram/timing_rules.h"

namespace systole::testing {
namespace {

struct Burst {
  BankIndex bank{};
  RowIndex row{};
  std::size_t request = 0;
  DramOperation operation = DramOperation::Read;
  bool last = false;  ///< of its request in this channel
};

/// What one request left in one channel.
struct Part {
  std::deque<Burst> bursts;
  std::int64_t arrival = 0;
};

class ChannelOracle {
 public:
  ChannelOracle(const DramSpec& spec, std::int64_t index)
      : rules_(spec.standard.organization, spec.standard.timing),
        organization_(spec.standard.organization),
        timing_(spec.standard.timing),
        index_(static_cast<ChannelIndex>(index)),
        due_(timing_.nREFI.count()) {}

  std::map<std::int32_t, std::deque<Part>> queues;  ///< by initiator
  std::vector<DramCommand> commands;
  DramCounters counters;

  /// All choices of cycle `now`; the ends of requests' shares go to `ends`.
  void step(std::int64_t now, std::vector<std::int64_t>& ends,
            std::vector<std::int64_t>& shares_left) {
    while (now >= not_before_) {
      std::deque<Part>* queue = whose_turn(now);
      if (queue == nullptr) {
        return;
      }
      std::deque<Burst>& bursts = queue->front().bursts;
      const Burst first = bursts.front();
      std::int64_t column = 0;
      while (!bursts.empty() && bursts.front().bank == first.bank &&
             bursts.front().row == first.row) {
        const Burst burst = bursts.front();
        bursts.pop_front();
        column = move(burst, now);
        const std::int64_t latency =
            burst.operation == DramOperation::Read ? timing_.nCL.count() : timing_.nCWL.count();
        if (burst.last) {
          ends[burst.request] =
              std::max(ends[burst.request], column + latency + timing_.nBL.count());
          --shares_left[burst.request];
        }
      }
      const std::int64_t gap = std::max(timing_.nCCD_S.count(), timing_.nBL.count());
      not_before_ = std::max(now, column + gap - timing_.nRP.count() - timing_.nRCD.count());
      if (bursts.empty()) {
        queue->pop_front();
      }
    }
  }

  void refresh_until(std::int64_t now) {
    while (timing_.nREFI > DramCycles(0) && due_ <= now) {
      refresh();
    }
  }

 private:
  std::deque<Part>* whose_turn(std::int64_t now) {
    // Those behind the last one served first, then from the beginning.
    std::vector<std::int32_t> order;
    for (const auto& [initiator, queue] : queues) {
      if (initiator > served_) {
        order.push_back(initiator);
      }
    }
    for (const auto& [initiator, queue] : queues) {
      if (initiator <= served_) {
        order.push_back(initiator);
      }
    }
    for (const std::int32_t initiator : order) {
      std::deque<Part>& queue = queues[initiator];
      if (!queue.empty() && queue.front().arrival <= now) {
        served_ = initiator;
        return &queue;
      }
    }
    return nullptr;
  }

  DramCommand command(DramCommandKind kind, const Burst& burst) const {
    return {kind, DramCycles(0), index_, burst.bank,
            kind == DramCommandKind::Precharge ? RowIndex{} : burst.row};
  }

  std::int64_t place(DramCommand command, std::int64_t from) {
    command.at = DramCycles(rules_.earliest(commands, command, from));
    commands.push_back(command);
    return command.at.count();
  }

  /// Returns the cycle of the burst's RD or WR.
  std::int64_t move(const Burst& burst, std::int64_t chosen) {
    const bool reads = burst.operation == DramOperation::Read;
    while (true) {
      const std::size_t mark = commands.size();
      const auto open = open_.find(burst.bank);
      const bool hit = open != open_.end() && open->second == burst.row;
      const bool conflict = open != open_.end() && !hit;
      if (conflict) {
        place(command(DramCommandKind::Precharge, burst), chosen);
      }
      if (!hit) {
        place(command(DramCommandKind::Activate, burst), chosen);
      }
      const std::int64_t column =
          place(command(reads ? DramCommandKind::Read : DramCommandKind::Write, burst), chosen);
      if (timing_.nREFI > DramCycles(0) && column >= due_) {
        commands.resize(mark);
        refresh();
        continue;
      }
      open_[burst.bank] = burst.row;
      count(reads, hit, conflict);
      return column;
    }
  }

  void count(bool reads, bool hit, bool conflict) {
    counters.precharges += conflict ? 1 : 0;
    counters.activates += hit ? 0 : 1;
    ++(hit ? counters.row_hits : conflict ? counters.row_conflicts : counters.row_misses);
    ++(reads ? counters.reads : counters.writes);
    counters.data_bus_busy += timing_.nBL;
  }

  void refresh() {
    std::int64_t when = due_;
    for (const auto& [bank, row] : open_) {
      when = std::max(
          when,
          rules_.earliest(commands, command(DramCommandKind::Precharge, {.bank = bank}), due_));
    }
    for (const auto& [bank, row] : open_) {
      place(command(DramCommandKind::Precharge, {.bank = bank}), when);
      ++counters.precharges;
    }
    open_.clear();
    const std::int64_t banks_of_a_rank = organization_.bank_groups * organization_.banks_per_group;
    std::int64_t refresh = due_;
    for (std::int64_t rank = 0; rank < organization_.ranks; ++rank) {
      const Burst first{.bank = static_cast<BankIndex>(rank * banks_of_a_rank)};
      refresh = std::max(refresh,
                         rules_.earliest(commands, command(DramCommandKind::Refresh, first), due_));
    }
    for (std::int64_t rank = 0; rank < organization_.ranks; ++rank) {
      const Burst first{.bank = static_cast<BankIndex>(rank * banks_of_a_rank)};
      place(command(DramCommandKind::Refresh, first), refresh);
      ++counters.refreshes;
    }
    due_ += timing_.nREFI.count();
  }

  TimingRules rules_;
  DramOrganization organization_;
  DramTiming timing_;
  ChannelIndex index_;
  std::int64_t due_;
  std::int64_t not_before_ = 0;
  std::int32_t served_ = -1;
  std::map<BankIndex, RowIndex> open_;
};

/// The bursts of a request by channel, found burst by burst in the system address.
std::map<std::size_t, std::deque<Burst>> bursts_of(const DramSpec& spec, const Request& request,
                                                   std::size_t index) {
  const DramOrganization& shape = spec.standard.organization;
  const std::int64_t size = shape.burst_bytes().count();
  std::map<std::size_t, std::deque<Burst>> bursts;
  const std::int64_t first = request.address / size * size;
  for (std::int64_t at = first; at < request.address + request.length; at += size) {
    const std::int64_t block = at / spec.interleave.count();
    std::int64_t rest = block / spec.channels * spec.interleave.count();
    rest = (rest + at % spec.interleave.count()) / size / shape.bursts_per_row;
    const auto bank = static_cast<BankIndex>(rest % shape.banks());
    const auto row = static_cast<RowIndex>(rest / shape.banks());
    bursts[static_cast<std::size_t>(block % spec.channels)].push_back(
        {bank, row, index, request.operation, false});
  }
  for (auto& [channel, list] : bursts) {
    list.back().last = true;
  }
  return bursts;
}

class Oracle {
 public:
  Oracle(const DramSpec& spec, std::int64_t depth, const std::vector<Request>& requests)
      : spec_(spec), depth_(static_cast<std::size_t>(depth)), requests_(requests) {
    for (std::int64_t channel = 0; channel < spec.channels; ++channel) {
      channels_.emplace_back(spec, channel);
    }
    for (std::size_t index = 0; index < requests.size(); ++index) {
      to_send_[requests[index].initiator].push_back(index);
    }
    shares_left_.assign(requests.size(), 0);
    result_.ends.assign(requests.size(), 0);
  }

  OracleResult run() {
    std::size_t waiting = requests_.size();
    const auto unfinished = [&] {
      return waiting > 0 || std::any_of(shares_left_.begin(), shares_left_.end(),
                                        [](std::int64_t left) { return left > 0; });
    };
    for (std::int64_t now = 0; unfinished(); ++now) {
      for (auto& [initiator, list] : to_send_) {
        while (!list.empty() && send(list.front(), now)) {
          list.pop_front();
          --waiting;
        }
      }
      for (ChannelOracle& channel : channels_) {
        channel.step(now, result_.ends, shares_left_);
      }
    }
    collect();
    return result_;
  }

 private:
  bool send(std::size_t index, std::int64_t now) {
    const Request& request = requests_[index];
    if (request.when > now) {
      return false;
    }
    std::map<std::size_t, std::deque<Burst>> shares = bursts_of(spec_, request, index);
    for (const auto& [channel, bursts] : shares) {
      if (channels_[channel].queues[request.initiator].size() >= depth_) {
        return false;
      }
    }
    for (auto& [channel, bursts] : shares) {
      channels_[channel].queues[request.initiator].push_back({std::move(bursts), now});
      ++shares_left_[index];
    }
    return true;
  }

  void collect() {
    const std::int64_t end = *std::max_element(result_.ends.begin(), result_.ends.end());
    DramCounters& sum = result_.counters;
    for (ChannelOracle& channel : channels_) {
      channel.refresh_until(end);
      result_.commands.push_back(channel.commands);
      sum.activates += channel.counters.activates;
      sum.precharges += channel.counters.precharges;
      sum.reads += channel.counters.reads;
      sum.writes += channel.counters.writes;
      sum.refreshes += channel.counters.refreshes;
      sum.row_hits += channel.counters.row_hits;
      sum.row_misses += channel.counters.row_misses;
      sum.row_conflicts += channel.counters.row_conflicts;
      sum.data_bus_busy += channel.counters.data_bus_busy;
    }
    for (const Request& request : requests_) {
      (request.operation == DramOperation::Read ? sum.read_bytes : sum.write_bytes) +=
          request.length;
    }
  }

  DramSpec spec_;
  std::size_t depth_;
  std::vector<Request> requests_;
  std::vector<ChannelOracle> channels_;
  std::map<std::int32_t, std::deque<std::size_t>> to_send_;
  std::vector<std::int64_t> shares_left_;
  OracleResult result_;
};

}  // namespace

OracleResult burst_oracle(const DramSpec& spec, std::int64_t queue_depth,
                          const std::vector<Request>& requests) {
  return Oracle(spec, queue_depth, requests).run();
}

}  // namespace systole::testing
