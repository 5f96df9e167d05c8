#include <algorithm>
#include <cmath>

#include "arch/diag/check.h"
#include "arch/technology/technology.h"

namespace systole {

double SramModel::read_picojoules(std::int64_t capacity_bits, std::int64_t width_bits) const {
  SYSTOLE_CHECK(width_bits > 0 && capacity_bits >= width_bits, "{} bits of {} read", width_bits,
                capacity_bits);
  constexpr std::int64_t kSmallestFitted = 512 * 8;
  const double side = std::sqrt(static_cast<double>(std::max(capacity_bits, kSmallestFitted)));
  return access + bit * static_cast<double>(width_bits) + root_bit * side;
}

double SramModel::write_picojoules(std::int64_t capacity_bits, std::int64_t width_bits) const {
  return write * read_picojoules(capacity_bits, width_bits);
}

SquareMillimetres SramModel::area(std::int64_t capacity_bits, std::int64_t width_bits) const {
  return SquareMillimetres(static_cast<double>(capacity_bits) * bit_cell_mm2 / cell_share +
                           static_cast<double>(width_bits) * column_mm2);
}

}  // namespace systole
