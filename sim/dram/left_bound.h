#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace systole {

/// How few bursts are left of any part under way, at least: exact below 32, within a factor of two
/// above. Constant time whatever the number of parts. Numbers are 1..2^37 - 1, not checked: a span
/// of TLM-2.0 is shorter than 4 GiB.
class LeftBound {
 public:
  void add(std::int64_t left) {
    const std::size_t step = step_of(left);
    ++parts_[step];
    steps_ |= std::uint64_t{1} << step;
  }
  /// Requires that a part with so many left was added.
  void remove(std::int64_t left) {
    const std::size_t step = step_of(left);
    if (--parts_[step] == 0) {
      steps_ &= ~(std::uint64_t{1} << step);
    }
  }
  /// A part has fewer left.
  void change(std::int64_t left, std::int64_t now) {
    if (step_of(left) != step_of(now)) {
      remove(left);
      add(now);
    }
  }
  [[nodiscard]] bool is_empty() const { return steps_ == 0; }
  /// Requires a part.
  [[nodiscard]] std::int64_t fewest() const {
    const int step = std::countr_zero(steps_);
    return step < kExact ? step : std::int64_t{1} << (step - kExact + kExactBits);
  }

 private:
  static constexpr int kExactBits = 5;
  static constexpr int kExact = 1 << kExactBits;

  [[nodiscard]] static std::size_t step_of(std::int64_t left) {
    const auto bursts = static_cast<std::uint64_t>(left);
    return bursts < kExact
               ? bursts
               : static_cast<std::size_t>(kExact + std::bit_width(bursts) - 1 - kExactBits);
  }

  std::uint64_t steps_ = 0;  ///< bit: some part has so few left
  std::array<std::int64_t, 64> parts_{};
};

}  // namespace systole
