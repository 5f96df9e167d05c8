#include "tests/prove/unit_program.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "tests/prove/axes.h"
#include "tests/sim/support/program_builder.h"

namespace systole::testing {

namespace {

/// Elements of `type` one after the other, little-endian, two int4 to a byte; whole bytes.
class PackedBytes {
 public:
  explicit PackedBytes(DataType type) : bits_(static_cast<std::size_t>(bits_of(type))) {}

  void push(std::uint32_t element) {
    for (std::size_t bit = 0; bit < bits_; ++bit, ++used_) {
      if (used_ % 8 == 0) {
        bytes_.push_back(0);
      }
      const std::uint32_t set = (element >> bit & 1U) << (used_ % 8);
      bytes_.back() = static_cast<std::int8_t>(static_cast<std::uint8_t>(bytes_.back()) | set);
    }
  }
  [[nodiscard]] const std::vector<std::int8_t>& bytes() const { return bytes_; }

 private:
  std::size_t bits_;
  std::size_t used_ = 0;
  std::vector<std::int8_t> bytes_;
};

/// Accumulator entries: the folds of a key share theirs.
class Entries {
 public:
  using Key = std::tuple<std::size_t, std::int64_t, std::int64_t, std::int64_t>;
  struct Place {
    std::int64_t first;
    bool is_new;
  };

  Place place(const Key& key, std::int64_t count) {
    const auto [at, is_new] = first_.try_emplace(key, used_);
    used_ += is_new ? count : 0;
    return {.first = at->second, .is_new = is_new};
  }
  [[nodiscard]] std::int64_t used() const { return used_; }

 private:
  std::map<Key, std::int64_t> first_;
  std::int64_t used_ = 0;
};

class ProgramOfCase {
 public:
  ProgramOfCase(const ProveCase& prove_case, UnitEntries entries)
      : case_(prove_case),
        sums_stay_(axes_of(prove_case.array.dataflow).sums_stay),
        entries_of_(entries) {}

  UnitProgram build() {
    for (std::size_t i = 0; i < case_.folds.size(); ++i) {
      add_fold(i);
    }
    built_.program = builder_.program();
    built_.entries = entries_.used();
    return std::move(built_);
  }

 private:
  void add_fold(std::size_t index) {
    const FoldPlace& place = case_.places[index];
    const FoldSpans spans = spans_of(case_, place);
    Fold fold = fold_of(spans.m.count, spans.k.count, spans.n.count);
    fold.activation_type = case_.activation;
    fold.weight_type = case_.weight;
    fold.drain = !sums_stay_ || case_.folds[index].drains;
    add_activations(place, spans, fold);
    fold.next_tile =
        case_.array.dataflow != Dataflow::WeightStationary || !case_.folds[index].tile.empty();
    if (fold.next_tile) {
      add_tile(place, spans);
    }
    const bool shares = sums_stay_ || entries_of_ == UnitEntries::OfProducts;
    const Entries::Place sums = entries_.place(
        {place.product, spans.m.first, spans.n.first, shares ? 0 : spans.k.first}, fold.count);
    fold.accumulator = sums.first;
    fold.accumulate = !sums.is_new && !sums_stay_;
    built_.entry_cols = std::max(built_.entry_cols, fold.cols);
    builder_.add(EngineKind::Matrix, fold);
  }

  void add_activations(const FoldPlace& place, const FoldSpans& spans, Fold& fold) {
    const Product& product = case_.products[place.product];
    Window& window = fold.window.edit();
    window.source.address = static_cast<std::int64_t>(built_.buffer.size());
    window.pixel_pitch = bytes_of(case_.activation, spans.k.count);
    window.row_pitch = window.pixel_pitch * spans.m.count;
    window.image_pitch = window.row_pitch;
    for (std::int64_t m = spans.m.first; m < spans.m.first + spans.m.count; ++m) {
      PackedBytes line(case_.activation);
      for (std::int64_t k = spans.k.first; k < spans.k.first + spans.k.count; ++k) {
        line.push(product.a[static_cast<std::size_t>(m * product.k + k)]);
      }
      built_.buffer.insert(built_.buffer.end(), line.bytes().begin(), line.bytes().end());
    }
  }

  void add_tile(const FoldPlace& place, const FoldSpans& spans) {
    const Product& product = case_.products[place.product];
    PackedBytes weights(case_.weight);
    for (std::int64_t k = spans.k.first; k < spans.k.first + spans.k.count; ++k) {
      for (std::int64_t n = spans.n.first; n < spans.n.first + spans.n.count; ++n) {
        weights.push(product.w[static_cast<std::size_t>(k * product.n + n)]);
      }
    }
    built_.tiles.push_back({.rows = spans.k.count,
                            .cols = spans.n.count,
                            .type = case_.weight,
                            .bytes = weights.bytes()});
  }

  const ProveCase& case_;
  bool sums_stay_;
  UnitEntries entries_of_;
  ProgramBuilder builder_;
  Entries entries_;
  UnitProgram built_;
};

}  // namespace

FoldSpans spans_of(const ProveCase& prove_case, const FoldPlace& place) {
  const ArrayAxes axes = axes_of(prove_case.array.dataflow);
  const ProductPoint first = point_at(axes, place.first_row, place.first_col, place.first_step);
  const ProductPoint count = point_at(axes, place.rows, place.cols, place.steps);
  return {.m = {first.m, count.m}, .n = {first.n, count.n}, .k = {first.k, count.k}};
}

UnitProgram unit_program(const ProveCase& prove_case, UnitEntries entries) {
  return ProgramOfCase(prove_case, entries).build();
}

}  // namespace systole::testing
