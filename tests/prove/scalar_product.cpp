#include "tests/prove/scalar_product.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "tests/prove/axes.h"
#include "tests/prove/operand_patterns.h"

namespace systole::testing {

namespace {

double rounded(double value) {
  return static_cast<double>(static_cast<float>(value));
}

/// A sum in one of the two arithmetics.
class Sum {
 public:
  explicit Sum(bool is_float) : is_float_(is_float) {}

  /// The product of two operands; all integers below 2^53 are exact in a double.
  void add_product(double a, double w) { add(is_float_ ? rounded(a * w) : a * w); }
  void add(const Sum& other) {
    add(is_float_ ? other.float_ : static_cast<double>(other.integer_));
  }
  [[nodiscard]] std::uint32_t pattern() const {
    if (!is_float_) {
      return integer_;
    }
    return std::isnan(float_) ? 0x7fc00000U
                              : std::bit_cast<std::uint32_t>(static_cast<float>(float_));
  }

 private:
  void add(double value) {
    if (is_float_) {
      float_ = rounded(float_ + value);
    } else {
      integer_ += static_cast<std::uint32_t>(static_cast<std::int64_t>(value));
    }
  }

  bool is_float_;
  double float_ = 0.0;
  std::uint32_t integer_ = 0;
};

}  // namespace

std::vector<std::uint32_t> scalar_product(const ProveCase& prove_case, const Product& product) {
  const bool is_sum_float = is_float(prove_case.activation);
  const bool adds_over_time = axes_of(prove_case.array.dataflow).sums_stay;
  const std::int64_t slice = adds_over_time ? product.k : prove_case.array.rows;
  std::vector<std::uint32_t> results;
  for (std::int64_t m = 0; m < product.m; ++m) {
    for (std::int64_t n = 0; n < product.n; ++n) {
      Sum all(is_sum_float);
      for (std::int64_t first = 0; first < product.k; first += slice) {
        Sum part(is_sum_float);
        for (std::int64_t k = first; k < std::min(first + slice, product.k); ++k) {
          part.add_product(
              value_of(product.a[static_cast<std::size_t>(m * product.k + k)],
                       prove_case.activation),
              value_of(product.w[static_cast<std::size_t>(k * product.n + n)], prove_case.weight));
        }
        if (first == 0) {
          all = part;
        } else {
          all.add(part);
        }
      }
      results.push_back(all.pattern());
    }
  }
  return results;
}

}  // namespace systole::testing
