#include "study/batch_queue.h"

#include <algorithm>
#include <limits>
#include <random>

#include "arch/diag/check.h"
#include "arch/units/wide.h"

namespace systole {

namespace {

constexpr std::int64_t kLoadSteps = 1000;  // of the capacity
constexpr double kFemtosecondsPerSecond = 1e15;

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

Femtoseconds times(Femtoseconds mean, const Exponential& variate) {
  constexpr int kFractionBits = 64;
  const Wide part = (Wide{mean.count()} * (variate.fraction >> 1U)) >> (kFractionBits - 1);
  return Femtoseconds(mean.count() * static_cast<std::int64_t>(variate.whole) +
                      static_cast<std::int64_t>(part));
}

/// The requests between arrival and the begin of their batch: a stretch of the arrivals.
class Queue {
 public:
  Queue(const BatchServer& server, const std::vector<Femtoseconds>& arrivals)
      : server_(server), arrivals_(arrivals) {}

  /// Begins the next batch of a device that is free from `free` on; returns when.
  Femtoseconds begin(Femtoseconds free) {
    first_ = end_;
    const Femtoseconds oldest = arrivals_[first_];
    const Femtoseconds earliest = std::max(free, oldest);
    const Femtoseconds latest = std::max(earliest, oldest + server_.patience);
    const std::size_t most =
        std::min(arrivals_.size(), first_ + static_cast<std::size_t>(server_.sizes.back().batch));
    while (end_ < most && arrivals_[end_] <= latest) {
      ++end_;
    }
    const bool is_full = end_ - first_ == static_cast<std::size_t>(server_.sizes.back().batch);
    return is_full ? std::max(earliest, arrivals_[end_ - 1]) : latest;
  }
  [[nodiscard]] bool has_next() const { return end_ < arrivals_.size(); }
  [[nodiscard]] std::size_t first() const { return first_; }
  [[nodiscard]] std::size_t end() const { return end_; }

 private:
  const BatchServer& server_;
  const std::vector<Femtoseconds>& arrivals_;
  std::size_t first_ = 0;  // of the batch that began last
  std::size_t end_ = 0;
};

Femtoseconds time_of(const BatchServer& server, std::size_t requests) {
  const auto size = std::find_if(server.sizes.begin(), server.sizes.end(), [&](const BatchTime& s) {
    return static_cast<std::size_t>(s.batch) >= requests;
  });
  return size->time;
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

/// Nearest rank.
Femtoseconds percentile(const std::vector<Femtoseconds>& sorted, std::size_t percent) {
  constexpr std::size_t kAll = 100;
  return sorted[(sorted.size() * percent + kAll - 1) / kAll - 1];
}

void add_latencies(LoadResult& result, std::vector<Femtoseconds> latencies) {
  std::sort(latencies.begin(), latencies.end());
  Wide sum = 0;
  for (const Femtoseconds latency : latencies) {
    sum += latency.count();
  }
  constexpr std::size_t kMedian = 50;
  constexpr std::size_t kTail = 99;
  result.requests = static_cast<std::int64_t>(latencies.size());
  result.mean = Femtoseconds(static_cast<std::int64_t>(sum / result.requests));
  result.p50 = percentile(latencies, kMedian);
  result.p99 = percentile(latencies, kTail);
  result.worst = latencies.back();
}

}  // namespace

LoadResult serve(const BatchServer& server, const std::vector<Femtoseconds>& arrivals,
                 std::size_t warm_up) {
  check(server);
  SYSTOLE_CHECK(arrivals.size() > warm_up, "{} arrivals, {} of them to warm up", arrivals.size(),
                warm_up);
  LoadResult result;
  std::vector<Femtoseconds> latencies;
  latencies.reserve(arrivals.size() - warm_up);
  Queue queue(server, arrivals);
  Femtoseconds free{0};
  while (queue.has_next()) {
    const Femtoseconds begin = queue.begin(free);
    const Femtoseconds time = time_of(server, queue.end() - queue.first());
    free = begin + time;
    result.busy += time;
    ++result.batches;
    for (std::size_t i = std::max(queue.first(), warm_up); i < queue.end(); ++i) {
      latencies.push_back(free - arrivals[i]);
    }
  }
  result.span = free - arrivals.front();
  add_latencies(result, std::move(latencies));
  return result;
}

std::vector<Femtoseconds> poisson_arrivals(Femtoseconds mean_gap, std::size_t count,
                                           std::uint64_t seed) {
  SYSTOLE_CHECK(mean_gap.count() > 0, "mean gap {}", mean_gap.count());
  std::mt19937_64 random(seed);
  std::vector<Femtoseconds> arrivals(count);
  Femtoseconds now{0};
  for (Femtoseconds& arrival : arrivals) {
    const Femtoseconds gap = times(mean_gap, exponential(random));
    SYSTOLE_CHECK(now.count() <= std::numeric_limits<std::int64_t>::max() - gap.count(),
                  "{} arrivals of mean gap {} fs take longer than 2.5 hours", count,
                  mean_gap.count());
    now += gap;
    arrival = now;
  }
  return arrivals;
}

LoadResult under_load(const BatchServer& server, Femtoseconds mean_gap, const LoadSpec& spec) {
  constexpr std::int64_t kWarmUpPart = 10;
  const auto warm_up = static_cast<std::size_t>(spec.requests / kWarmUpPart);
  const auto count = warm_up + static_cast<std::size_t>(spec.requests);
  return serve(server, poisson_arrivals(mean_gap, count, spec.seed), warm_up);
}

double capacity(const BatchServer& server) {
  check(server);
  const BatchTime& largest = server.sizes.back();
  return static_cast<double>(largest.batch) * kFemtosecondsPerSecond /
         static_cast<double>(largest.time.count());
}

std::optional<LargestLoad> largest_load(const BatchServer& server, Femtoseconds deadline,
                                        const LoadSpec& spec) {
  check(server);
  const BatchTime& largest = server.sizes.back();
  const auto gap_at = [&](std::int64_t step) {
    const Wide gap = Wide{largest.time.count()} * kLoadSteps / (Wide{largest.batch} * step);
    return Femtoseconds(std::max(std::int64_t{1}, static_cast<std::int64_t>(gap)));
  };
  std::optional<LargestLoad> best;
  std::int64_t meets = 0;
  std::int64_t misses = kLoadSteps + 1;
  while (misses - meets > 1) {
    const std::int64_t step = (meets + misses) / 2;
    const Femtoseconds gap = gap_at(step);
    const LoadResult result = under_load(server, gap, spec);
    if (result.p99 <= deadline) {
      best = {.mean_gap = gap, .result = result};
      meets = step;
    } else {
      misses = step;
    }
  }
  return best;
}

}  // namespace systole
