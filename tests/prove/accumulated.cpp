#include "tests/prove/accumulated.h"

#include <bit>

namespace systole::testing {

namespace {

std::uint32_t float_sum(std::uint32_t a, std::uint32_t b) {
  const float sum = std::bit_cast<float>(a) + std::bit_cast<float>(b);
  return sum != sum ? 0x7fc00000U : std::bit_cast<std::uint32_t>(sum);
}

class Accumulated {
 public:
  explicit Accumulated(const ProveCase& prove_case)
      : case_(prove_case), axes_(axes_of(prove_case.array.dataflow)) {
    for (const Product& product : prove_case.products) {
      const auto entries = static_cast<std::size_t>(product.m * product.n);
      sums_.emplace_back(entries);
      is_written_.emplace_back(entries, false);
    }
  }

  void add(const FoldPlace& place, const Lanes& results) {
    const Product& product = case_.products[place.product];
    const std::int64_t lines = axes_.sums_stay ? place.rows : place.steps;
    for (std::int64_t line = 0; line < lines; ++line) {
      for (std::int64_t col = 0; col < place.cols; ++col) {
        const ProductPoint at =
            point_at(axes_, place.first_row + (axes_.sums_stay ? line : 0), place.first_col + col,
                     place.first_step + (axes_.sums_stay ? 0 : line));
        add_to(place.product, static_cast<std::size_t>(at.m * product.n + at.n),
               results[static_cast<std::size_t>(line)][static_cast<std::size_t>(col)]);
      }
    }
  }

  [[nodiscard]] const ProductSums& sums() const { return sums_; }

 private:
  void add_to(std::size_t product, std::size_t entry, std::uint32_t value) {
    std::uint32_t& sum = sums_[product][entry];
    if (is_written_[product][entry]) {
      sum = is_float(case_.activation) ? float_sum(sum, value) : sum + value;
    } else {
      sum = value;
      is_written_[product][entry] = true;
    }
  }

  const ProveCase& case_;
  ArrayAxes axes_;
  ProductSums sums_;
  std::vector<std::vector<bool>> is_written_;
};

}  // namespace

ProductSums accumulated(const ProveCase& prove_case, const std::vector<FoldOutcome>& outcomes) {
  Accumulated sums(prove_case);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].results.empty()) {
      sums.add(prove_case.places[i], outcomes[i].results);
    }
  }
  return sums.sums();
}

}  // namespace systole::testing
