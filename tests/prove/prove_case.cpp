#include "tests/prove/prove_case.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "arch/isa/mac_kind.h"
#include "tests/prove/axes.h"
#include "tests/prove/operand_patterns.h"

namespace systole::testing {

namespace {

constexpr std::array kOperands = {std::pair(DataType::Int8, DataType::Int8),
                                  std::pair(DataType::Int8, DataType::Int16),
                                  std::pair(DataType::Int16, DataType::Int8),
                                  std::pair(DataType::Int16, DataType::Int16),
                                  std::pair(DataType::Int4, DataType::Int4),
                                  std::pair(DataType::Fp16, DataType::Fp16),
                                  std::pair(DataType::Bf16, DataType::Bf16),
                                  std::pair(DataType::Fp8E4M3, DataType::Fp8E4M3),
                                  std::pair(DataType::Fp8E4M3, DataType::Fp8E5M2),
                                  std::pair(DataType::Fp8E5M2, DataType::Fp8E4M3),
                                  std::pair(DataType::Fp8E5M2, DataType::Fp8E5M2)};
constexpr std::array kDataflows = {Dataflow::WeightStationary, Dataflow::InputStationary,
                                   Dataflow::OutputStationary};

/// A side of an array, or a size without one: 1, a prime, the limit or one below, anything.
std::int64_t random_side(CaseRandom& random, std::int64_t limit) {
  constexpr std::array<std::int64_t, 9> kPrimes = {2, 3, 5, 7, 11, 13, 17, 19, 23};
  switch (random.in(0, 4)) {
    case 0:
      return 1;
    case 1:
      return std::min(kPrimes[static_cast<std::size_t>(random.in(0, 8))], limit);
    case 2:
      return std::max<std::int64_t>(limit - random.in(0, 1), 1);
    default:
      return random.in(1, limit);
  }
}

/// An extent of a product along an array of `side`.
std::int64_t random_extent(CaseRandom& random, std::int64_t side) {
  switch (random.in(0, 5)) {
    case 0:
      return 1;
    case 1:
      return std::max<std::int64_t>(side - 1, 1);
    case 2:
      return side;
    case 3:
      return side + 1;
    case 4:
      return random.in(1, side);
    default:
      return random.in(1, 2 * side + 3);
  }
}

class CaseBuilder {
 public:
  CaseBuilder(std::uint64_t number, std::span<const ArrayLimits> limits) : random_(number) {
    built_.number = number;
    const ArrayLimits& limit = limits[static_cast<std::size_t>(
        random_.in(0, static_cast<std::int64_t>(limits.size()) - 1))];
    built_.array.rows = random_side(random_, limit.rows);
    built_.array.cols = random_side(random_, limit.cols);
    built_.array.dataflow = kDataflows[static_cast<std::size_t>(random_.in(0, 2))];
    built_.array.overlap = random_.once_in(4) ? Overlap::None : Overlap::Shadow;
    std::tie(built_.activation, built_.weight) =
        kOperands[static_cast<std::size_t>(random_.in(0, kOperands.size() - 1))];
    axes_ = axes_of(built_.array.dataflow);
  }

  ProveCase build() {
    const std::int64_t products = random_.in(1, 3);
    for (std::int64_t i = 0; i < products; ++i) {
      add_product();
      cut_product();
    }
    return std::move(built_);
  }

 private:
  void add_product() {
    const std::int64_t rows = random_extent(random_, built_.array.rows);
    const std::int64_t cols = random_extent(random_, built_.array.cols);
    // Short streams meet the limits of neighbours; long ones hide them.
    const std::int64_t steps = random_extent(random_, std::min(built_.array.rows, std::int64_t{9}));
    const ProductPoint size = point_at(axes_, rows, cols, steps);
    Product product{.m = size.m, .n = size.n, .k = size.k, .a = {}, .w = {}};
    for (std::int64_t i = 0; i < product.m * product.k; ++i) {
      product.a.push_back(random_bits(random_, built_.activation));
    }
    for (std::int64_t i = 0; i < product.k * product.n; ++i) {
      product.w.push_back(random_bits(random_, built_.weight));
    }
    built_.products.push_back(std::move(product));
  }

  /// Columns outermost, then rows, then time in pieces: so that a reduction along the rows adds up
  /// in the order of k, and one along the time goes on in the PEs. The pieces are those of the
  /// column, so that what is added up in accumulators lies in the same entries.
  void cut_product() {
    const Product& product = built_.products.back();
    const auto length = [&](ProductIndex index) {
      return along(index, product.m, product.n, product.k);
    };
    for (std::int64_t col = 0; col < length(axes_.cols); col += built_.array.cols) {
      const std::vector<std::int64_t> pieces = random_pieces(length(axes_.time));
      for (std::int64_t row = 0; row < length(axes_.rows); row += built_.array.rows) {
        FoldPlace place{.product = built_.products.size() - 1, .first_row = row, .first_col = col};
        place.rows = std::min(built_.array.rows, length(axes_.rows) - row);
        place.cols = std::min(built_.array.cols, length(axes_.cols) - col);
        for (const std::int64_t steps : pieces) {
          place.steps = steps;
          add_fold(place, place.first_step == 0, place.first_step + steps == length(axes_.time));
          place.first_step += steps;
        }
      }
    }
  }

  std::vector<std::int64_t> random_pieces(std::int64_t left) {
    std::vector<std::int64_t> pieces;
    for (; left > 0; left -= pieces.back()) {
      pieces.push_back(random_.once_in(2) ? left : random_.in(1, left));
    }
    return pieces;
  }

  void add_fold(const FoldPlace& place, bool first_piece, bool last_piece) {
    ArrayFold fold;
    const DataType left_type = axes_.left_is_weight ? built_.weight : built_.activation;
    const DataType other_type = axes_.left_is_weight ? built_.activation : built_.weight;
    fold.sliced_left = left_type == DataType::Int16;
    fold.sliced_other = other_type == DataType::Int16;
    for (std::int64_t step = 0; step < place.steps; ++step) {
      fold.left.push_back(lanes(built_.array.rows, place.rows, [&](std::int64_t row) {
        return operand(place, axes_.left_is_weight, row, 0, step);
      }));
    }
    if (axes_.sums_stay) {
      for (std::int64_t step = 0; step < place.steps; ++step) {
        fold.top.push_back(lanes(built_.array.cols, place.cols, [&](std::int64_t col) {
          return operand(place, true, 0, col, step);
        }));
      }
      fold.clears = first_piece;
      fold.drains = last_piece;
    } else if (first_piece || axes_.left_is_weight) {  // activations are loaded for each fold
      for (std::int64_t row = 0; row < built_.array.rows; ++row) {
        fold.tile.push_back(lanes(built_.array.cols, place.cols, [&](std::int64_t col) {
          return row < place.rows ? operand(place, !axes_.left_is_weight, row, col, 0) : 0;
        }));
      }
    }
    built_.pace = phases_per_step(fold);
    built_.places.push_back(place);
    built_.shapes.push_back({.phases = place.steps * phases_per_step(fold),
                             .new_tile = !fold.tile.empty(),
                             .drains = fold.drains});
    built_.folds.push_back(std::move(fold));
  }

  /// `used` lanes of `all`; the others are zero.
  template <class Lane>
  static std::vector<std::uint32_t> lanes(std::int64_t all, std::int64_t used, Lane lane) {
    std::vector<std::uint32_t> values(static_cast<std::size_t>(all), 0);
    for (std::int64_t i = 0; i < used; ++i) {
      values[static_cast<std::size_t>(i)] = lane(i);
    }
    return values;
  }

  /// The weight or the activation that is used at a place in the array, as a lane.
  [[nodiscard]] std::uint32_t operand(const FoldPlace& place, bool is_weight, std::int64_t row,
                                      std::int64_t col, std::int64_t step) const {
    const Product& product = built_.products[place.product];
    const ProductPoint at =
        point_at(axes_, place.first_row + row, place.first_col + col, place.first_step + step);
    if (is_weight) {
      return lane_of(product.w[static_cast<std::size_t>(at.k * product.n + at.n)], built_.weight);
    }
    return lane_of(product.a[static_cast<std::size_t>(at.m * product.k + at.k)], built_.activation);
  }

  CaseRandom random_;
  ArrayAxes axes_{};
  ProveCase built_;
};

}  // namespace

ProveCase prove_case(std::uint64_t number, std::span<const ArrayLimits> limits) {
  return CaseBuilder(number, limits).build();
}

ProveCase with_bubbles(ProveCase prove_case) {
  CaseRandom random(~prove_case.number);
  const std::int64_t longest = prove_case.array.rows + 2;
  const auto bubbles = [&](std::size_t items) {
    std::vector<int> cycles(items, 0);
    for (int& count : cycles) {
      count = random.once_in(3) ? static_cast<int>(random.in(0, longest)) : 0;
    }
    return cycles;
  };
  for (ArrayFold& fold : prove_case.folds) {
    fold.load_bubbles = bubbles(fold.tile.size());
    fold.phase_bubbles =
        bubbles(fold.left.size() * static_cast<std::size_t>(phases_per_step(fold)));
  }
  prove_case.has_bubbles = true;
  return prove_case;
}

ProveCase with_other_pace(ProveCase prove_case) {
  constexpr std::int64_t kSlowest = 6;
  CaseRandom random(~prove_case.number);
  const std::int64_t drawn = random.in(1, kSlowest - 1);
  prove_case.pace = drawn < prove_case.pace ? drawn : drawn + 1;
  for (std::size_t i = 0; i < prove_case.shapes.size(); ++i) {
    prove_case.shapes[i].phases = prove_case.places[i].steps * prove_case.pace;
  }
  return prove_case;
}

std::string text_of(const ProveCase& prove_case) {
  std::string text = fmt::format(
      "case {}: {} x {} PEs, {}, overlap {}, {} x {}, pace {}{}\n", prove_case.number,
      prove_case.array.rows, prove_case.array.cols, name_of(prove_case.array.dataflow),
      name_of(prove_case.array.overlap), name_of(prove_case.activation), name_of(prove_case.weight),
      prove_case.pace, prove_case.has_bubbles ? ", with bubbles" : "");
  for (const Product& product : prove_case.products) {
    text += fmt::format("  product of m {}, n {}, k {}\n", product.m, product.n, product.k);
  }
  for (std::size_t i = 0; i < prove_case.folds.size(); ++i) {
    const FoldPlace& place = prove_case.places[i];
    const FoldShape& shape = prove_case.shapes[i];
    text += fmt::format(
        "  fold {}: product {}, rows {}..{}, columns {}..{}, steps {}..{}, {} phases{}{}\n", i,
        place.product, place.first_row, place.first_row + place.rows, place.first_col,
        place.first_col + place.cols, place.first_step, place.first_step + place.steps,
        shape.phases, shape.new_tile ? ", new tile" : "", shape.drains ? ", drains" : "");
  }
  return text;
}

}  // namespace systole::testing
