#include "sim/vector/row_loop_data.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "arch/diag/check.h"
#include "sim/vector/fixed_point_arithmetic.h"
#include "sim/vector/real_rows.h"

namespace systole {

namespace {

using Integers = std::vector<std::int64_t>;

/// The smaller one; `kept` where they are equal or `kept` is a NaN.
float smaller(float kept, float x) {
  return x < kept || std::isnan(x) ? x : kept;
}

/// Of 64 bits, which wrap around.
template <class Function>
std::int64_t wrapped(std::int64_t x, std::int64_t y, Function function) {
  return static_cast<std::int64_t>(
      function(static_cast<std::uint64_t>(x), static_cast<std::uint64_t>(y)));
}

/// A row against a row or a single number.
template <class Number, class Function>
void combine(const std::vector<Number>& a, const std::vector<Number>& b, std::vector<Number>& out,
             Function function) {
  out.resize(std::max(a.size(), b.size()));
  if (a.size() == b.size()) {
    std::transform(a.begin(), a.end(), b.begin(), out.begin(), function);
  } else if (b.size() == 1) {
    const Number y = b.front();
    std::transform(a.begin(), a.end(), out.begin(), [&](Number x) { return function(x, y); });
  } else {
    const Number x = a.front();
    std::transform(b.begin(), b.end(), out.begin(), [&](Number y) { return function(x, y); });
  }
}

/// What a stage makes of a row: numbers of one of the two kinds, one of them if it is a single one.
struct Value {
  bool is_integer = false;
  Reals reals;
  Integers integers;
  std::vector<FixedPoint> factors;  ///< that the stage scales by
};

/// The stages of one row after the other.
class Rows {
 public:
  Rows(const RowLoop& loop, const ByteMemory& buffer, const Accumulators& accumulators)
      : loop_(loop), buffer_(buffer), accumulators_(accumulators), values_(loop.stages().size()) {}

  const Value& row(std::int64_t row) {
    row_ = row;
    for (at_ = 0; at_ < loop_.stages().size(); ++at_) {
      std::visit(*this, loop_.stages()[at_]);
    }
    return values_.back();
  }

  /// Accumulators and biases of all rows so far.
  [[nodiscard]] std::vector<std::int32_t> take_sums() { return std::move(sums_); }

  void operator()(const LoadStage& load) {
    if (load.pitch == 0 && row_ > 0) {
      return;  // as it is
    }
    const std::int64_t cols = load.single ? 1 : loop_.cols;
    const auto bytes = buffer_.at(loop_.operand(load.operand).address + row_ * load.pitch,
                                  bytes_of(load.type, cols));
    if (load.integer) {
      Integers& out = integers();
      out.resize(bytes.size());
      std::transform(bytes.begin(), bytes.end(), out.begin(), [&](std::int8_t x) {
        return (std::int64_t{x} - load.zero_point) * load.multiplier;
      });
      swap_neighbours(load, out);
      return;
    }
    Reals& out = reals();
    if (is_float(load.type)) {
      RealReader(load.type).read(bytes, out);
    } else {
      out.resize(bytes.size());
      std::transform(bytes.begin(), bytes.end(), out.begin(), [&](std::int8_t x) {
        return load.scale * static_cast<float>(std::int32_t{x} - load.zero_point);
      });
    }
    swap_neighbours(load, out);
  }

  template <class Numbers>
  static void swap_neighbours(const LoadStage& load, Numbers& numbers) {
    for (std::size_t i = 0; load.swapped && i + 1 < numbers.size(); i += 2) {
      std::swap(numbers[i], numbers[i + 1]);
    }
  }

  void operator()(const SumsStage& stage) {
    if (row_ == 0) {
      biases_ = biases(loop_, stage, buffer_);
    }
    const auto row = accumulators_.row(loop_.accumulator + row_, loop_.cols, stage.type);
    const std::size_t before = sums_.size();
    if (stage.type == DataType::Int32) {
      std::transform(row.begin(), row.end(), biases_.begin(), std::back_inserter(sums_),
                     wrapping_sum);
      integers().assign(sums_.begin() + static_cast<std::ptrdiff_t>(before), sums_.end());
      return;
    }
    Reals& out = reals();
    out.resize(row.size());
    for (std::size_t c = 0; c < row.size(); ++c) {
      out[c] = std::bit_cast<float>(row[c]);
      if (stage.bias != kNoOperand) {
        out[c] += std::bit_cast<float>(biases_[c]);
      }
      sums_.push_back(
          static_cast<std::int32_t>(with_canonical_nan(std::bit_cast<std::uint32_t>(out[c]))));
    }
  }

  void operator()(const WindowStage& stage) {
    const Window window = window_of(loop_, stage);
    const WindowReader reader(window, stage.type, buffer_);
    const WindowReader::Position at = reader.position(loop_.first + row_);
    if (is_float(stage.type)) {
      real_window(stage, window, reader, at);
    } else {
      integer_window(stage, window, reader, at);
    }
  }

  void operator()(const NumberStage& number) { reals().assign(1, number.value); }

  void operator()(const PairStage& pair) {
    const Value& a = value(pair.a);
    const Value& b = value(pair.b);
    if (a.is_integer) {
      integer_pair(pair.kind, a.integers, b.integers);
    } else {
      real_pair(pair.kind, a.reals, b.reals);
    }
  }

  void operator()(const FunctionStage& function) {
    const Reals& x = value(function.of).reals;
    Reals& out = reals();
    out.resize(x.size());
    std::transform(x.begin(), x.end(), out.begin(),
                   [&](float number) { return applied(function.function, number); });
  }

  void operator()(const ReduceStage& reduce) {
    const Value& x = value(reduce.of);
    const bool sums = reduce.kind == ReduceKind::Sum;
    if (x.is_integer) {
      const Integers& row = x.integers;
      integers().assign(1, sums ? std::accumulate(row.begin(), row.end(), std::int64_t{0}, add)
                                : *std::max_element(row.begin(), row.end()));
      return;
    }
    float result = sums ? 0.0F : x.reals.front();
    for (const float number : x.reals) {
      result = sums ? result + number : larger(result, number);
    }
    reals().assign(1, result);
  }

  void operator()(const MaskStage& mask) {
    const Reals& x = value(mask.of).reals;
    Reals& out = reals();
    out = x;
    constexpr float kMasked = -std::numeric_limits<float>::infinity();
    const std::int64_t end = (loop_.first + row_) % mask.period + mask.offset + 1;
    const auto size = static_cast<std::int64_t>(out.size());
    std::fill(out.begin() + std::clamp<std::int64_t>(end, 0, size), out.end(), kMasked);
    if (mask.kept > 0) {
      std::fill(out.begin(), out.begin() + std::clamp<std::int64_t>(end - mask.kept, 0, size),
                kMasked);
    }
  }

  void operator()(const ScaleStage& stage) {
    check_shift(stage.scale.shift);
    const Integers& x = value(stage.of).integers;
    Integers& out = integers();
    out.resize(x.size());
    if (stage.divisor == kNoStage) {
      std::transform(x.begin(), x.end(), out.begin(),
                     [&](std::int64_t number) { return scaled(number, stage.scale); });
      return;
    }
    const std::int64_t divisor = value(stage.divisor).integers.front();
    SYSTOLE_CHECK(divisor > 0, "row {} is divided by {}", row_, divisor);
    std::transform(x.begin(), x.end(), out.begin(), [&](std::int64_t number) {
      return divide_half_away(static_cast<WideInteger>(number) * stage.scale.multiplier,
                              static_cast<WideInteger>(divisor) << stage.scale.shift);
    });
  }

  void operator()(const ColumnScaleStage& stage) {
    std::vector<FixedPoint>& by_column = values_[at_].factors;
    if (row_ == 0) {
      by_column = factors(loop_, stage, buffer_);
    }
    const Integers& x = value(stage.of).integers;
    SYSTOLE_CHECK(x.size() == by_column.size(), "{} factors for {} numbers", by_column.size(),
                  x.size());
    Integers& out = integers();
    out.resize(x.size());
    std::transform(x.begin(), x.end(), by_column.begin(), out.begin(), scaled);
  }

  void operator()(const ClampStage& clamp) {
    const Integers& x = value(clamp.of).integers;
    Integers& out = integers();
    out.resize(x.size());
    std::transform(x.begin(), x.end(), out.begin(),
                   [&](std::int64_t number) { return std::clamp(number, clamp.low, clamp.high); });
  }

  void operator()(const LookupStage& lookup) {
    const Integers& x = value(lookup.of).integers;
    Integers& out = integers();
    out.resize(x.size());
    const auto table =
        buffer_.at(loop_.operand(lookup.table).address, bytes_of(lookup.type, kLookupEntries));
    std::transform(x.begin(), x.end(), out.begin(), [&](std::int64_t number) -> std::int64_t {
      const std::int64_t entry = number - lookup.first;
      SYSTOLE_CHECK(entry >= 0 && entry < kLookupEntries, "entry {} of a table of {}", entry,
                    kLookupEntries);
      const auto index = static_cast<std::size_t>(entry);
      return lookup.type == DataType::Int8 ? table[index] : int32_at(table, index);
    });
  }
  void operator()(const RoundStage& round) {
    const Reals& x = value(round.of).reals;
    Reals& out = reals();
    out.resize(x.size());
    const FloatFormat format = float_format(round.type);
    std::transform(x.begin(), x.end(), out.begin(),
                   [&](float number) { return decoded(format, rounded(format, number)); });
  }

 private:
  static std::int64_t add(std::int64_t x, std::int64_t y) { return wrapped(x, y, std::plus<>()); }

  /// The value of the stage at work, of that kind.
  Integers& integers() {
    values_[at_].is_integer = true;
    return values_[at_].integers;
  }
  Reals& reals() { return values_[at_].reals; }

  [[nodiscard]] const Value& value(std::int32_t stage) const {
    return values_[static_cast<std::size_t>(stage)];
  }

  void real_pair(PairKind kind, const Reals& a, const Reals& b) {
    Reals& out = reals();
    switch (kind) {
      case PairKind::Add:
        return combine(a, b, out, [](float x, float y) { return x + y; });
      case PairKind::Subtract:
        return combine(a, b, out, [](float x, float y) { return x - y; });
      case PairKind::Multiply:
        return combine(a, b, out, [](float x, float y) { return x * y; });
      case PairKind::Divide:
        return combine(a, b, out, [](float x, float y) { return x / y; });
      case PairKind::Larger:
        return combine(a, b, out, [](float x, float y) { return larger(x, y); });
      case PairKind::Smaller:
        return combine(a, b, out, [](float x, float y) { return smaller(x, y); });
    }
  }

  void integer_pair(PairKind kind, const Integers& a, const Integers& b) {
    Integers& out = integers();
    switch (kind) {
      case PairKind::Add:
        return combine(a, b, out, add);
      case PairKind::Subtract:
        return combine(a, b, out, [](std::int64_t x, std::int64_t y) {
          return wrapped(x, y, std::minus<>());
        });
      case PairKind::Multiply:
        return combine(a, b, out, [](std::int64_t x, std::int64_t y) {
          return wrapped(x, y, std::multiplies<>());
        });
      case PairKind::Divide:
        SYSTOLE_CHECK(false, "integers are divided");
      case PairKind::Larger:
        return combine(a, b, out, [](std::int64_t x, std::int64_t y) { return std::max(x, y); });
      case PairKind::Smaller:
        return combine(a, b, out, [](std::int64_t x, std::int64_t y) { return std::min(x, y); });
    }
  }

  /// Elements that an average is taken over, `inside` of them in the image.
  static std::int64_t counted(const WindowStage& stage, std::int64_t inside) {
    return stage.count_padding ? stage.window.kernel_rows * stage.window.kernel_cols : inside;
  }

  void integer_window(const WindowStage& stage, const Window& window, const WindowReader& reader,
                      const WindowReader::Position& at) {
    Integers& out = integers();
    const bool is_maximum = stage.kind == PoolKind::Max;
    out.assign(static_cast<std::size_t>(loop_.cols),
               is_maximum ? std::int64_t{-128} - stage.zero_point : 0);
    std::int64_t inside = 0;
    for_each_inside(reader, window, at, [&](std::span<const std::int8_t> channels) {
      ++inside;
      std::transform(channels.begin(), channels.end(), out.begin(), out.begin(),
                     [&](std::int8_t x, std::int64_t before) {
                       const std::int64_t number = std::int64_t{x} - stage.zero_point;
                       return is_maximum ? std::max(before, number) : before + number;
                     });
    });
    if (is_maximum) {
      return;
    }
    check_shift(stage.scale.shift);
    SYSTOLE_CHECK(counted(stage, inside) > 0, "average over no elements");
    const WideInteger divisor = static_cast<WideInteger>(counted(stage, inside))
                                << stage.scale.shift;
    std::transform(out.begin(), out.end(), out.begin(), [&](std::int64_t sum) {
      return divide_half_away(static_cast<WideInteger>(sum) * stage.scale.multiplier, divisor);
    });
  }

  /// 0 of 0 and -0.
  static float maximum(float before, float x) {
    return before == 0 && x == 0 ? before + x : larger(before, x);
  }

  void real_window(const WindowStage& stage, const Window& window, const WindowReader& reader,
                   const WindowReader::Position& at) {
    Reals& out = reals();
    out.assign(static_cast<std::size_t>(loop_.cols), 0);
    const RealReader numbers(stage.type);
    Reals channels;
    std::int64_t inside = 0;
    for_each_inside(reader, window, at, [&](std::span<const std::int8_t> bytes) {
      numbers.read(bytes, channels);
      const bool is_first = inside++ == 0;
      std::transform(out.begin(), out.end(), channels.begin(), out.begin(),
                     [&](float before, float x) {
                       if (stage.kind == PoolKind::Average) {
                         return before + x;
                       }
                       return is_first ? x : maximum(before, x);
                     });
    });
    const bool zeros_count = stage.kind == PoolKind::Average && stage.count_padding;
    SYSTOLE_CHECK(inside > 0 || zeros_count, "pooling over no elements");
    if (stage.kind == PoolKind::Average) {
      const auto divisor = static_cast<float>(counted(stage, inside));
      std::transform(out.begin(), out.end(), out.begin(), [&](float sum) { return sum / divisor; });
    }
  }

  const RowLoop& loop_;
  const ByteMemory& buffer_;
  const Accumulators& accumulators_;
  std::vector<Value> values_;  // by stage, of the row at work
  std::vector<std::int32_t> biases_;
  std::vector<std::int32_t> sums_;
  std::int64_t row_ = 0;
  std::size_t at_ = 0;
};

std::int8_t quantized_number(float number, const Store& to) {
  constexpr float kBeyond = 1024;  // more than any zero point brings back into int8
  const float stored = std::round(to.steps * number);
  const float limited = std::isnan(stored) ? 0.0F : std::clamp(stored, -kBeyond, kBeyond);
  return quantized(static_cast<std::int64_t>(limited), to);
}

/// Stores rows one behind the other.
class Stored {
 public:
  explicit Stored(const Store& to) : to_(to) {
    if (is_float(to.type)) {
      writer_.emplace(to);
    }
  }

  void append(const Value& row, std::vector<std::int8_t>& values) const {
    if (row.is_integer) {
      SYSTOLE_CHECK(to_.type == DataType::Int8, "integers to {}", name_of(to_.type));
      for (const std::int64_t number : row.integers) {
        // Beyond all zero points: so that what is added does not wrap around.
        constexpr std::int64_t kBeyond = std::int64_t{1} << 32;
        values.push_back(quantized(std::clamp(number, -kBeyond, kBeyond), to_));
      }
    } else if (writer_) {
      for (const float number : row.reals) {
        writer_->append(number, values);
      }
    } else {
      for (const float number : row.reals) {
        values.push_back(quantized_number(number, to_));
      }
    }
  }

 private:
  const Store& to_;
  std::optional<RealWriter> writer_;
};

}  // namespace

void check_shift(std::int32_t shift) {
  constexpr std::int32_t kMaxShift = 62;
  SYSTOLE_CHECK(shift >= 0 && shift <= kMaxShift, "shift {}", shift);
}

std::vector<std::int32_t> biases(const RowLoop& loop, const SumsStage& sums,
                                 const ByteMemory& buffer) {
  std::vector<std::int32_t> words(static_cast<std::size_t>(loop.cols));
  if (sums.bias == kNoOperand) {
    return words;
  }
  const auto bytes = buffer.at(loop.operand(sums.bias).address, bytes_of(sums.type, loop.cols));
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = int32_at(bytes, i);
  }
  return words;
}

std::vector<FixedPoint> factors(const RowLoop& loop, const ColumnScaleStage& scale,
                                const ByteMemory& buffer) {
  const auto bytes = buffer.at(loop.operand(scale.factors).address, loop.cols * kColumnFactorBytes);
  std::vector<FixedPoint> factors(static_cast<std::size_t>(loop.cols));
  for (std::size_t i = 0; i < factors.size(); ++i) {
    factors[i] = {.multiplier = int32_at(bytes, 2 * i), .shift = int32_at(bytes, 2 * i + 1)};
    check_shift(factors[i].shift);
  }
  return factors;
}

Window window_of(const RowLoop& loop, const WindowStage& stage) {
  Window window = stage.window;
  window.source = loop.operand(stage.operand);
  return window;
}

VectorResults row_loop_results(const RowLoop& loop, const ByteMemory& buffer,
                               const Accumulators& accumulators) {
  const Store& to = loop.body->to;
  VectorResults results = empty_results(loop.rows, bytes_of(to.type, result_cols(loop)));
  Rows rows(loop, buffer, accumulators);
  const Stored stored(to);
  for (std::int64_t r = 0; r < loop.rows; ++r) {
    stored.append(rows.row(r), results.values);
  }
  results.sums = rows.take_sums();
  return results;
}

}  // namespace systole
