#include "arch/latency_histogram.h"

#include <algorithm>
#include <bit>

#include "arch/units/wide.h"

namespace systole {
namespace {

constexpr std::int64_t kHalf = LatencyHistogram::kExact / 2;

/// Bins beyond the exact ones: kHalf for every power of two.
std::size_t bin_of(std::int64_t latency) {
  if (latency < LatencyHistogram::kExact) {
    return static_cast<std::size_t>(latency);
  }
  const auto octave =
      static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(latency)) -
                                std::bit_width(static_cast<std::uint64_t>(kHalf)));
  return static_cast<std::size_t>(kHalf * octave + (latency >> octave));
}

std::int64_t latency_of(std::size_t bin) {
  const auto index = static_cast<std::int64_t>(bin);
  if (index < LatencyHistogram::kExact) {
    return index;
  }
  const std::int64_t octave = index / kHalf - 1;
  return (index - kHalf * octave) << octave;
}

}  // namespace

void LatencyHistogram::add(DramCycles latency, std::int64_t times) {
  const std::size_t bin = bin_of(latency.count());
  if (bin >= bins_.size()) {
    bins_.resize(bin + 1);
  }
  bins_[bin] += times;
  min_ = count_ == 0 ? latency : std::min(min_, latency);
  max_ = std::max(max_, latency);
  count_ += times;
  sum_ += latency.count() * times;
}

void LatencyHistogram::add(const LatencyHistogram& other) {
  if (other.count_ == 0) {
    return;
  }
  bins_.resize(std::max(bins_.size(), other.bins_.size()));
  for (std::size_t bin = 0; bin < other.bins_.size(); ++bin) {
    bins_[bin] += other.bins_[bin];
  }
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  count_ += other.count_;
  sum_ += other.sum_;
}

double LatencyHistogram::mean() const {
  return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

DramCycles LatencyHistogram::quantile(std::int64_t part, std::int64_t whole) const {
  const Wide before = Wide{count_} * part / whole;
  std::int64_t below = 0;
  for (std::size_t bin = 0; bin < bins_.size(); ++bin) {
    below += bins_[bin];
    if (below > before) {
      return std::clamp(DramCycles(latency_of(bin)), min_, max_);
    }
  }
  return DramCycles(0);
}

std::vector<LatencyHistogram::Octave> LatencyHistogram::octaves() const {
  std::vector<Octave> octaves;
  for (std::size_t bin = 0; bin < bins_.size(); ++bin) {
    if (bins_[bin] == 0) {
      continue;
    }
    const auto width = std::bit_width(static_cast<std::uint64_t>(latency_of(bin)));
    const DramCycles below(std::int64_t{1} << width);
    if (octaves.empty() || octaves.back().below != below) {
      octaves.push_back({below, 0});
    }
    octaves.back().times += bins_[bin];
  }
  return octaves;
}

}  // namespace systole
