#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/dram/dram_system.h"

namespace systole::testing {

/// One span as an initiator wants to send it: at `when`, or later where the one before it waits.
struct Request {
  std::int32_t initiator = 0;
  DramOperation operation = DramOperation::Read;
  std::int64_t address = 0;
  std::int64_t length = 0;
  std::int64_t when = 0;
};

/// The bits of Steele, Lea and Flood's SplitMix64 (OOPSLA 2014): the same numbers everywhere.
constexpr std::uint64_t splitmix64(std::uint64_t state) {
  std::uint64_t z = state + 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  /// In [0, limit).
  std::int64_t below(std::int64_t limit) {
    const std::uint64_t value = splitmix64(state_);
    state_ += 0x9E3779B97F4A7C15U;
    return static_cast<std::int64_t>(value % static_cast<std::uint64_t>(limit));
  }

 private:
  std::uint64_t state_;
};

/// Sends requests (ascending `when` for each initiator) to a DramSystem with the back-pressure of
/// DramMemory: a waiting span enters in the cycle after the one that made room. `Lazily`: decides
/// only when there may be news or something arrives, else every cycle. Returns the end of every
/// request.
enum class Decides : std::uint8_t { EveryCycle, Lazily };
inline std::vector<std::int64_t> drive(DramSystem& system, const std::vector<Request>& requests,
                                       Decides decides = Decides::Lazily) {
  std::vector<std::int64_t> ends(requests.size(), 0);
  std::vector<std::vector<std::size_t>> waiting;
  for (std::size_t index = 0; index < requests.size(); ++index) {
    const auto initiator = static_cast<std::size_t>(requests[index].initiator);
    waiting.resize(std::max(waiting.size(), initiator + 1));
    waiting[initiator].push_back(index);
  }
  std::vector<std::size_t> next(waiting.size(), 0);
  std::size_t unfinished = requests.size();
  for (std::int64_t cycle = 0; unfinished > 0;) {
    const auto decide = [&](std::int64_t until) {
      for (const FinishedSpan& span : system.decide(DramCycles(until))) {
        ends[static_cast<std::size_t>(span.span)] = span.at.count();
        --unfinished;
      }
    };
    if (cycle > 0) {
      decide(cycle - 1);
    }
    std::int64_t arrival = INT64_MAX;
    bool waits = false;
    for (std::size_t initiator = 0; initiator < waiting.size(); ++initiator) {
      while (next[initiator] < waiting[initiator].size()) {
        const std::size_t index = waiting[initiator][next[initiator]];
        const Request& request = requests[index];
        const DramSpan span{static_cast<SpanId>(index),
                            static_cast<InitiatorIndex>(request.initiator), request.operation,
                            request.address, Bytes(request.length)};
        if (request.when > cycle) {
          arrival = std::min(arrival, request.when);
          break;
        }
        if (!system.has_room(span)) {
          waits = true;
          break;
        }
        system.submit(span, DramCycles(cycle));
        ++next[initiator];
      }
    }
    // What cycle c decides is seen in c + 1.
    const auto news = system.next_news(waits);
    const std::int64_t until = std::min(arrival, news ? news->count() + 1 : INT64_MAX);
    cycle = decides == Decides::EveryCycle ? cycle + 1 : std::max(cycle + 1, until);
  }
  return ends;
}

}  // namespace systole::testing
