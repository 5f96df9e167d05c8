#include "tests/prove/prover.h"

#include <limits>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "tests/prove/axes.h"
#include "tests/prove/pe_array_port.h"
#include "tests/prove/scalar_product.h"
#include "tests/rtl/rtl_array.h"

namespace systole::testing {

namespace {

using Outcomes = std::vector<FoldOutcome>;

std::string times_text(const std::optional<std::int64_t>& load, std::int64_t start,
                       std::int64_t end, std::int64_t completion) {
  return fmt::format("load {}, start {}, end {}, completion {}",
                     load ? fmt::to_string(*load) : "none", start, end, completion);
}

std::string times_text(const FoldOutcome& outcome) {
  return times_text(outcome.load_start, outcome.start, outcome.end, outcome.completion);
}

std::string times_text(const FoldTimes& times, bool loads) {
  return times_text(loads ? std::optional(times.load.count()) : std::nullopt, times.start.count(),
                    times.end.count(), times.completion.count());
}

/// The closed rules against what an array did.
std::optional<std::string> rule_difference(const ProveCase& prove_case, const std::string& name,
                                           const Outcomes& outcomes) {
  const std::vector<FoldTimes> rules = fold_sequence_times(prove_case.array, prove_case.shapes);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string by_rule = times_text(rules[i], !prove_case.folds[i].tile.empty());
    const std::string by_array = times_text(outcomes[i]);
    if (by_rule != by_array) {
      return fmt::format("fold {}: {} by the closed rules, {} on {}", i, by_rule, by_array, name);
    }
  }
  return std::nullopt;
}

std::optional<std::string> array_difference(const std::string& name, const Outcomes& outcomes,
                                            const std::string& other_name, const Outcomes& other) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (times_text(outcomes[i]) != times_text(other[i])) {
      return fmt::format("fold {}: {} on {}, {} on {}", i, times_text(outcomes[i]), name,
                         times_text(other[i]), other_name);
    }
    if (outcomes[i].results != other[i].results) {
      return fmt::format("fold {}: other results on {} than on {}", i, name, other_name);
    }
  }
  return std::nullopt;
}

/// Whole sums of each product from the results of the folds, as accumulators collect them: the
/// first fold of an entry writes, the others add.
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

  [[nodiscard]] const std::vector<std::uint32_t>& sums(std::size_t product) const {
    return sums_[product];
  }

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
  static std::uint32_t float_sum(std::uint32_t a, std::uint32_t b) {
    const float sum = std::bit_cast<float>(a) + std::bit_cast<float>(b);
    return sum != sum ? 0x7fc00000U : std::bit_cast<std::uint32_t>(sum);
  }

  const ProveCase& case_;
  ArrayAxes axes_;
  std::vector<std::vector<std::uint32_t>> sums_;  // per product
  std::vector<std::vector<bool>> is_written_;
};

std::optional<std::string> result_difference(const ProveCase& prove_case, const std::string& name,
                                             const Outcomes& outcomes) {
  Accumulated accumulated(prove_case);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].results.empty()) {
      accumulated.add(prove_case.places[i], outcomes[i].results);
    }
  }
  for (std::size_t p = 0; p < prove_case.products.size(); ++p) {
    const std::vector<std::uint32_t> expected = scalar_product(prove_case, prove_case.products[p]);
    const std::vector<std::uint32_t>& sums = accumulated.sums(p);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (sums[i] != expected[i]) {
        const auto n = static_cast<std::size_t>(prove_case.products[p].n);
        return fmt::format("product {}: C[{}][{}] is {:08x} by scalar arithmetic, {:08x} on {}", p,
                           i / n, i % n, expected[i], sums[i], name);
      }
    }
  }
  return std::nullopt;
}

}  // namespace

Prover::Prover() {
  constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
  ports_.push_back({"the PE level", std::make_unique<PeArrayPort>(), kAny, kAny});
  for (const RtlSize size : {RtlSize::Square16x16, RtlSize::Wide5x19}) {
    std::unique_ptr<RtlArray> rtl = make_rtl_array(size);
    const std::int64_t rows = rtl->physical_rows();
    const std::int64_t cols = rtl->physical_cols();
    ports_.push_back({fmt::format("the RTL of {} x {}", rows, cols), std::move(rtl), rows, cols});
  }
}

std::string Prover::arrays() const {
  std::string text = "closed rules, scalar arithmetic";
  for (const NamedPort& named : ports_) {
    text += ", " + named.name;
  }
  return text;
}

std::optional<std::string> Prover::difference(std::uint64_t number,
                                              std::span<const ArrayLimits> limits) {
  const ProveCase first = prove_case(number, limits);
  for (const ProveCase& variant : {first, with_bubbles(first)}) {
    std::optional<std::string> found;
    try {
      found = difference_in(variant);
    } catch (const InternalError& error) {
      found = error.what();
    }
    if (found) {
      return fmt::format("{}{}\nagain: scripts/prove --case {}", text_of(variant), *found, number);
    }
  }
  return std::nullopt;
}

std::optional<std::string> Prover::difference_in(const ProveCase& prove_case) {
  const ArrayConfig config = port_config(prove_case.array, is_float(prove_case.activation));
  const NamedPort* first = nullptr;
  Outcomes reference;
  for (const NamedPort& named : ports_) {
    if (prove_case.array.rows > named.max_rows || prove_case.array.cols > named.max_cols) {
      continue;
    }
    Outcomes outcomes = run_folds(*named.port, config, prove_case.folds);
    if (first != nullptr) {
      if (auto found = array_difference(first->name, reference, named.name, outcomes)) {
        return found;
      }
      continue;
    }
    if (!prove_case.has_bubbles) {
      if (auto found = rule_difference(prove_case, named.name, outcomes)) {
        return found;
      }
    }
    if (auto found = result_difference(prove_case, named.name, outcomes)) {
      return found;
    }
    first = &named;
    reference = std::move(outcomes);
  }
  return std::nullopt;
}

}  // namespace systole::testing
