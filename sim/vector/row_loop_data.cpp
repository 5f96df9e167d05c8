#include "sim/vector/row_loop_data.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "sim/vector/fixed_point_arithmetic.h"
#include "sim/vector/real_rows.h"

namespace systole {

namespace {

/// The smaller one; `kept` where they are equal or `kept` is a NaN.
float smaller(float kept, float x) {
  return x < kept || std::isnan(x) ? x : kept;
}

/// A row against a row or a single number.
template <class Function>
void combine(const Reals& a, const Reals& b, Reals& out, Function function) {
  out.resize(std::max(a.size(), b.size()));
  if (a.size() == b.size()) {
    std::transform(a.begin(), a.end(), b.begin(), out.begin(), function);
  } else if (b.size() == 1) {
    const float y = b.front();
    std::transform(a.begin(), a.end(), out.begin(), [&](float x) { return function(x, y); });
  } else {
    const float x = a.front();
    std::transform(b.begin(), b.end(), out.begin(), [&](float y) { return function(x, y); });
  }
}

/// The stages of one row after the other; a value of a single number is a row of one.
class Rows {
 public:
  Rows(const RowLoop& loop, const ByteMemory& buffer)
      : loop_(loop), buffer_(buffer), values_(loop.stages.size()) {}

  const Reals& row(std::int64_t row) {
    row_ = row;
    for (at_ = 0; at_ < loop_.stages.size(); ++at_) {
      std::visit(*this, loop_.stages[at_]);
    }
    return values_.back();
  }

  void operator()(const LoadStage& load) {
    if (load.pitch == 0 && row_ > 0) {
      return;  // as it is
    }
    const std::int64_t cols = load.single ? 1 : loop_.cols;
    const auto bytes = buffer_.at(load.from.address + row_ * load.pitch, bytes_of(load.type, cols));
    Reals& out = values_[at_];
    if (is_float(load.type)) {
      RealReader(load.type).read(bytes, out);
      return;
    }
    out.resize(bytes.size());
    std::transform(bytes.begin(), bytes.end(), out.begin(), [&](std::int8_t x) {
      return load.scale * static_cast<float>(std::int32_t{x} - load.zero_point);
    });
  }

  void operator()(const NumberStage& number) { values_[at_].assign(1, number.value); }

  void operator()(const PairStage& pair) {
    const Reals& a = value(pair.a);
    const Reals& b = value(pair.b);
    Reals& out = values_[at_];
    switch (pair.kind) {
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

  void operator()(const FunctionStage& function) {
    const Reals& x = value(function.of);
    Reals& out = values_[at_];
    out.resize(x.size());
    std::transform(x.begin(), x.end(), out.begin(),
                   [&](float number) { return applied(function.function, number); });
  }

  void operator()(const ReduceStage& reduce) {
    const Reals& x = value(reduce.of);
    float result = reduce.kind == ReduceKind::Sum ? 0.0F : x.front();
    for (const float number : x) {
      result = reduce.kind == ReduceKind::Sum ? result + number : larger(result, number);
    }
    values_[at_].assign(1, result);
  }

  void operator()(const MaskStage& mask) {
    Reals& out = values_[at_];
    out = value(mask.of);
    const std::int64_t kept = (mask.first + row_) % mask.period + mask.offset + 1;
    const auto size = static_cast<std::int64_t>(out.size());
    std::fill(out.begin() + std::clamp<std::int64_t>(kept, 0, size), out.end(),
              -std::numeric_limits<float>::infinity());
  }

 private:
  [[nodiscard]] const Reals& value(std::int32_t stage) const {
    return values_[static_cast<std::size_t>(stage)];
  }

  const RowLoop& loop_;
  const ByteMemory& buffer_;
  std::vector<Reals> values_;  // by stage, of the row at work
  std::int64_t row_ = 0;
  std::size_t at_ = 0;
};

std::int8_t quantized_number(float number, float steps, const Destination& to) {
  constexpr float kBeyond = 1024;  // more than any zero point brings back into int8
  const float stored = std::round(steps * number);
  const float limited = std::isnan(stored) ? 0.0F : std::clamp(stored, -kBeyond, kBeyond);
  return quantized(static_cast<std::int64_t>(limited), to);
}

}  // namespace

VectorResults row_loop_results(const RowLoop& loop, const ByteMemory& buffer) {
  VectorResults results = empty_results(loop.rows, bytes_of(loop.to.type, result_cols(loop)));
  Rows rows(loop, buffer);
  std::optional<RealWriter> writer;
  if (is_float(loop.to.type)) {
    writer.emplace(loop.to);
  }
  for (std::int64_t r = 0; r < loop.rows; ++r) {
    for (const float number : rows.row(r)) {
      if (writer) {
        writer->append(number, results.values);
      } else {
        results.values.push_back(quantized_number(number, loop.steps, loop.to));
      }
    }
  }
  return results;
}

}  // namespace systole
