#include "sim/matrix/phase_train.h"

#include <algorithm>
#include <array>

namespace systole {

namespace {

constexpr std::uint32_t mask_of(bool value) {
  return value ? ~0U : 0U;
}

/// The bits of a sign-extended integer that are its slice, at their place: what the PE would make
/// by shifting the product of two slices is, modulo 2^32, the product of slices left in place.
constexpr std::uint32_t slice_mask(OperandSlice slice) {
  switch (slice) {
    case OperandSlice::Whole:
      return ~0U;
    case OperandSlice::Low:
      return 0xffU;
    case OperandSlice::High:
      return ~0xffU;
  }
  return 0;
}

}  // namespace

PhaseTrain::PhaseTrain(std::size_t rows, std::size_t cols)
    : rows_(rows),
      ages_(rows + cols + 1),
      line_(2 * ages_),
      head_(ages_),
      left_(rows * line_, 0),
      takes_(line_, 0),
      other_mask_(line_, 0),
      keep_(line_, mask_of(true)),
      adds_(line_, 0),
      is_float_(line_, 0),
      drains_(line_, 0),
      ends_(line_, 0) {}

void PhaseTrain::step(const Phase* phase) {
  ++now_;
  const std::size_t oldest = head_ + ages_ - 1;  // leaves the ages kept
  const bool added = adds_[oldest] != 0;
  floats_ -= added && is_float_[oldest] != 0 ? 1 : 0;
  integers_ -= added && is_float_[oldest] == 0 ? 1 : 0;
  std::erase_if(takes_at_, [&](std::int64_t entered) {
    return now_ - entered >= static_cast<std::int64_t>(ages_);
  });
  if (head_ == 0) {
    make_room();
  }
  --head_;
  enter(phase);
}

void PhaseTrain::make_room() {
  const auto to_the_end = [&](std::uint32_t* line) {
    std::copy_backward(line, line + ages_, line + line_);
  };
  for (std::size_t r = 0; r < rows_; ++r) {
    to_the_end(left_.data() + r * line_);
  }
  for (Lanes* lanes :
       std::array{&takes_, &other_mask_, &keep_, &adds_, &is_float_, &drains_, &ends_}) {
    to_the_end(lanes->data());
  }
  head_ = line_ - ages_;
}

void PhaseTrain::enter(const Phase* phase) {
  const PhaseFlags flags = phase == nullptr ? PhaseFlags{.multiplies = false} : phase->flags;
  const bool is_float = phase != nullptr && phase->sums == SumKind::Fp32;
  takes_[head_] = mask_of(flags.takes_shadow);
  other_mask_[head_] = phase == nullptr ? 0 : slice_mask(phase->other_slice);
  keep_[head_] = mask_of(!flags.clears);
  adds_[head_] = mask_of(flags.multiplies);
  is_float_[head_] = mask_of(is_float);
  drains_[head_] = mask_of(flags.last && flags.drains);
  ends_[head_] = mask_of(flags.last);
  if (flags.takes_shadow) {
    takes_at_.push_back(now_);
  }
  floats_ += flags.multiplies && is_float ? 1 : 0;
  integers_ += flags.multiplies && !is_float ? 1 : 0;
  const std::uint32_t mask = phase == nullptr ? 0 : slice_mask(phase->left_slice);
  for (std::size_t r = 0; r < rows_; ++r) {
    left_[r * line_ + head_] = flags.multiplies ? phase->left[r] & mask : 0;
  }
}

bool PhaseTrain::has_take(std::size_t first, std::size_t last) const {
  return std::any_of(takes_at_.begin(), takes_at_.end(), [&](std::int64_t entered) {
    const auto age = static_cast<std::size_t>(now_ - entered);
    return first <= age && age <= last;
  });
}

}  // namespace systole
