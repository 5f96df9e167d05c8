#include "study/batch_queue.h"

#include <algorithm>
#include <deque>
#include <random>

#include "arch/diag/check.h"
#include "arch/units/seconds.h"

namespace systole {

namespace {

constexpr std::int64_t kLoadSteps = 1000;  // of the capacity

/// An exponential variate of mean 1, as whole part and 64-bit fraction.
struct Exponential {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;
};

/// Von Neumann: of runs of falling uniform numbers, the first number of the first run of odd length
/// is the fraction, and the runs before it are the whole part.
Exponential exponential(std::mt19937_64& random) {
  for (std::uint64_t whole = 0;; ++whole) {
    const std::uint64_t first = random();
    std::uint64_t last = first;
    bool odd = true;
    for (std::uint64_t next = random(); next < last; next = random()) {
      last = next;
      odd = !odd;
    }
    if (odd) {
      return {.whole = whole, .fraction = first};
    }
  }
}

/// The product with the fraction has 126 bits: a mean of more than 63 loses its last ones.
StreamTime times(StreamTime mean, const Exponential& variate) {
  constexpr int kFractionBits = 63;
  int dropped = 0;
  while ((mean.count() >> dropped) >> kFractionBits > 0) {
    ++dropped;
  }
  const Wide part =
      ((mean.count() >> dropped) * (variate.fraction >> 1U)) >> (kFractionBits - dropped);
  return StreamTime(mean.count() * static_cast<Wide>(variate.whole) + part);
}

/// Requests that arrive one after the other.
class ArrivalStream {
 public:
  ArrivalStream(ArrivalKind kind, StreamTime mean_gap, std::size_t count, std::uint64_t seed)
      : kind_(kind), mean_gap_(mean_gap), left_(count), random_(seed) {
    SYSTOLE_CHECK(mean_gap > StreamTime(0) && mean_gap <= kLongestGap, "mean gap {} s",
                  seconds(mean_gap));
  }
  [[nodiscard]] bool has_next() const { return left_ > 0; }
  StreamTime next() {
    --left_;
    now_ += kind_ == ArrivalKind::Poisson ? times(mean_gap_, exponential(random_)) : mean_gap_;
    return now_;
  }

 private:
  ArrivalKind kind_;
  StreamTime mean_gap_;
  std::size_t left_;
  std::mt19937_64 random_;
  StreamTime now_{0};
};

/// The same of times that are written down.
class WrittenStream {
 public:
  explicit WrittenStream(const std::vector<StreamTime>& arrivals) : arrivals_(arrivals) {}
  [[nodiscard]] bool has_next() const { return next_ < arrivals_.size(); }
  StreamTime next() { return arrivals_[next_++]; }

 private:
  const std::vector<StreamTime>& arrivals_;
  std::size_t next_ = 0;
};

/// The requests between arrival and the end of their batch, and the next one to arrive.
template <class Source>
class Queue {
 public:
  Queue(const BatchServer& server, Source source) : server_(server), source_(std::move(source)) {
    arrive();
  }

  [[nodiscard]] bool has_next() const { return !waiting_.empty(); }

  /// Begins the next batch of a device that is free from `free` on; returns when.
  StreamTime begin(StreamTime free) {
    const auto most = static_cast<std::size_t>(server_.sizes.back().batch);
    const StreamTime oldest = waiting_.front();
    const StreamTime earliest = std::max(free, oldest);
    const StreamTime latest = std::max(earliest, oldest + stream_time(server_.patience));
    size_ = 1;
    while (size_ < most && (size_ < waiting_.size() || arrive()) && waiting_[size_] <= latest) {
      ++size_;
    }
    return size_ == most ? std::max(earliest, waiting_[size_ - 1]) : latest;
  }
  /// Of the batch that began.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Calls visit(arrival) for its requests, which are gone then.
  template <class Visit>
  void end(const Visit& visit) {
    for (; size_ > 0; --size_) {
      visit(waiting_.front());
      waiting_.pop_front();
    }
    if (waiting_.empty()) {
      arrive();
    }
  }

 private:
  bool arrive() {
    if (!source_.has_next()) {
      return false;
    }
    waiting_.push_back(source_.next());
    return true;
  }

  const BatchServer& server_;
  Source source_;
  std::deque<StreamTime> waiting_;  // and the next to arrive, as far as known
  std::size_t size_ = 0;
};

/// The smallest that holds the requests.
std::size_t size_of(const BatchServer& server, std::size_t requests) {
  const auto size = std::find_if(server.sizes.begin(), server.sizes.end(), [&](const BatchTime& s) {
    return static_cast<std::size_t>(s.batch) >= requests;
  });
  return static_cast<std::size_t>(size - server.sizes.begin());
}

void check(const BatchServer& server) {
  SYSTOLE_CHECK(!server.sizes.empty(), "a server without a batch size");
  SYSTOLE_CHECK(server.patience.count() >= 0, "patience {}", server.patience.count());
  std::int64_t before = 0;
  for (const BatchTime& size : server.sizes) {
    SYSTOLE_CHECK(size.batch > before && size.time.count() > 0, "batch {} after {}, {} fs",
                  size.batch, before, size.time.count());
    before = size.batch;
  }
}

/// Nearest rank. Puts it in its place, smaller ones before it.
StreamTime percentile(std::vector<StreamTime>& latencies, std::size_t percent) {
  constexpr std::size_t kAll = 100;
  const auto rank = static_cast<std::ptrdiff_t>((latencies.size() * percent + kAll - 1) / kAll - 1);
  std::nth_element(latencies.begin(), latencies.begin() + rank, latencies.end());
  return latencies[static_cast<std::size_t>(rank)];
}

void add_latencies(LoadResult& result, std::vector<StreamTime> latencies) {
  StreamTime sum{0};
  for (const StreamTime latency : latencies) {
    sum += latency;
  }
  constexpr std::size_t kMedian = 50;
  constexpr std::size_t kTail = 99;
  result.requests = static_cast<std::int64_t>(latencies.size());
  result.mean = sum / result.requests;
  result.worst = *std::max_element(latencies.begin(), latencies.end());
  result.p50 = percentile(latencies, kMedian);
  result.p99 = percentile(latencies, kTail);
}

template <class Source>
LoadResult served(const BatchServer& server, Source source, std::size_t count,
                  std::size_t warm_up) {
  check(server);
  SYSTOLE_CHECK(count > warm_up, "{} arrivals, {} of them to warm up", count, warm_up);
  LoadResult result;
  result.by_size.resize(server.sizes.size());
  std::vector<StreamTime> latencies;
  latencies.reserve(count - warm_up);
  Queue<Source> queue(server, std::move(source));
  StreamTime free{0};
  std::optional<StreamTime> first;
  while (queue.has_next()) {
    const StreamTime begin = queue.begin(free);
    const std::size_t size = size_of(server, queue.size());
    const StreamTime time = stream_time(server.sizes[size].time);
    free = begin + time;
    result.busy += time;
    ++result.batches;
    ++result.by_size[size];
    queue.end([&](StreamTime arrival) {
      first = first.value_or(arrival);
      if (static_cast<std::size_t>(result.served++) >= warm_up) {
        latencies.push_back(free - arrival);
      }
    });
  }
  result.span = free - *first;
  add_latencies(result, std::move(latencies));
  return result;
}

}  // namespace

double seconds(StreamTime time) {
  return static_cast<double>(time.count()) / kFemtosecondsInASecond;
}

LoadResult serve(const BatchServer& server, const std::vector<StreamTime>& arrivals,
                 std::size_t warm_up) {
  return served(server, WrittenStream(arrivals), arrivals.size(), warm_up);
}

std::vector<StreamTime> arrivals(ArrivalKind kind, StreamTime mean_gap, std::size_t count,
                                 std::uint64_t seed) {
  std::vector<StreamTime> times;
  times.reserve(count);
  for (ArrivalStream stream(kind, mean_gap, count, seed); stream.has_next();) {
    times.push_back(stream.next());
  }
  return times;
}

LoadResult under_load(const BatchServer& server, StreamTime mean_gap, const LoadSpec& spec) {
  constexpr std::int64_t kWarmUpPart = 10;
  SYSTOLE_CHECK(spec.requests > 0 && spec.requests <= kMostRequests, "{} requests", spec.requests);
  const auto warm_up = static_cast<std::size_t>(spec.requests / kWarmUpPart);
  const auto count = warm_up + static_cast<std::size_t>(spec.requests);
  return served(server, ArrivalStream(spec.arrivals, mean_gap, count, spec.seed), count, warm_up);
}

double capacity(const BatchServer& server) {
  check(server);
  const BatchTime& largest = server.sizes.back();
  return static_cast<double>(largest.batch) * kFemtosecondsInASecond /
         static_cast<double>(largest.time.count());
}

std::optional<LargestLoad> largest_load(const BatchServer& server, Femtoseconds deadline,
                                        const LoadSpec& spec) {
  check(server);
  if (std::all_of(server.sizes.begin(), server.sizes.end(),
                  [&](const BatchTime& size) { return size.time > deadline; })) {
    return std::nullopt;
  }
  const BatchTime& largest = server.sizes.back();
  const auto gap_at = [&](std::int64_t step) {
    const Wide gap = Wide{largest.time.count()} * kLoadSteps / (Wide{largest.batch} * step);
    return StreamTime(std::clamp(gap, Wide{1}, kLongestGap.count()));
  };
  std::optional<LargestLoad> best;
  std::int64_t meets = 0;
  std::int64_t misses = kLoadSteps + 1;
  while (misses - meets > 1) {
    const std::int64_t step = (meets + misses) / 2;
    const StreamTime gap = gap_at(step);
    const LoadResult result = under_load(server, gap, spec);
    if (result.p99 <= stream_time(deadline)) {
      best = {.mean_gap = gap, .result = result};
      meets = step;
    } else {
      misses = step;
    }
  }
  return best;
}

}  // namespace systole
