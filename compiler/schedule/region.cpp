#include "compiler/schedule/region.h"

#include <algorithm>

namespace systole {

namespace {

std::int64_t floor_div(std::int64_t value, std::int64_t divisor) {
  const std::int64_t quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

/// A block whose rows touch each other is one long row.
Region contiguous_if_dense(Region region) {
  if (region.rows > 1 && region.row_bytes == region.pitch) {
    region.row_bytes *= region.rows;
    region.rows = 1;
  }
  return region;
}

/// Whether [first, end) meets a row of `region`.
bool interval_meets(std::int64_t first, std::int64_t end, const Region& region) {
  const std::int64_t lowest = floor_div(first - region.base - region.row_bytes, region.pitch) + 1;
  const std::int64_t highest = -floor_div(-(end - region.base), region.pitch) - 1;
  return std::max<std::int64_t>(lowest, 0) <= std::min(highest, region.rows - 1);
}

/// Both strided with one pitch: b's rows lie `row_offset` rows and `column` bytes further than a's.
bool same_pitch_meet(const Region& a, const Region& b) {
  const std::int64_t row_offset = floor_div(b.base - a.base, a.pitch);
  const std::int64_t column = b.base - a.base - row_offset * a.pitch;
  const auto rows_meet = [&](std::int64_t offset) {
    return std::max<std::int64_t>(offset, 0) <= std::min(offset + b.rows - 1, a.rows - 1);
  };
  const bool beside = column < a.row_bytes && rows_meet(row_offset);
  const bool wrapped = column + b.row_bytes > a.pitch && rows_meet(row_offset + 1);
  return beside || wrapped;
}

}  // namespace

std::int64_t end_of(const Region& region) {
  return region.base + (region.rows - 1) * region.pitch + region.row_bytes;
}

bool overlap(const Region& a_in, const Region& b_in) {
  if (a_in.memory != b_in.memory) {
    return false;
  }
  if (a_in.base >= end_of(b_in) || b_in.base >= end_of(a_in)) {
    return false;
  }
  const Region a = contiguous_if_dense(a_in);
  const Region b = contiguous_if_dense(b_in);
  if (a.rows == 1 && b.rows == 1) {
    return true;
  }
  if (a.rows == 1) {
    return interval_meets(a.base, end_of(a), b);
  }
  if (b.rows == 1) {
    return interval_meets(b.base, end_of(b), a);
  }
  return a.pitch != b.pitch || same_pitch_meet(a, b);
}

}  // namespace systole
