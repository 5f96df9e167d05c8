#include "sim/vector/vector_data.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "arch/diag/check.h"
#include "sim/memory/window_reader.h"
#include "sim/vector/fixed_point_arithmetic.h"
#include "sim/vector/row_loop_data.h"
#include "sim/vector/scale_kernel.h"

namespace systole {

namespace {

/// Room for `count` more values.
std::int8_t* room_for(std::int64_t count, std::vector<std::int8_t>& values) {
  const std::size_t before = values.size();
  values.resize(before + static_cast<std::size_t>(count));
  return values.data() + before;
}

template <class Kind>
const Kind* stage_at(const RowBody& body, std::size_t at) {
  return at < body.stages.size() ? std::get_if<Kind>(&body.stages[at]) : nullptr;
}

bool is_integer_row(const LoadStage* load) {
  return load != nullptr && load->integer && load->type == DataType::Int8 && !load->single &&
         !load->swapped;
}

/// A row of integers scaled and stored as int8, perhaps through a table.
struct ScaledBody {
  const ScaleStage* scale = nullptr;  ///< or by column
  const ColumnScaleStage* by_column = nullptr;
  Store to;  ///< in front of the table
  const LookupStage* lookup = nullptr;
};

/// Whether the body scales what its first stage makes.
std::optional<ScaledBody> scaled_body(const RowBody& body) {
  ScaledBody found{.scale = stage_at<ScaleStage>(body, 1),
                   .by_column = stage_at<ColumnScaleStage>(body, 1),
                   .to = body.to,
                   .lookup = nullptr};
  const bool scales_all =
      found.scale != nullptr && found.scale->of == 0 && found.scale->divisor == kNoStage;
  const bool scales_columns = found.by_column != nullptr && found.by_column->of == 0;
  if ((!scales_all && !scales_columns) || body.to.type != DataType::Int8) {
    return {};
  }
  if (body.stages.size() == 2) {
    return found;
  }
  const auto* clamp = stage_at<ClampStage>(body, 2);
  found.lookup = stage_at<LookupStage>(body, 3);
  if (body.stages.size() != 4 || clamp == nullptr || found.lookup == nullptr || clamp->of != 1 ||
      found.lookup->of != 2 || found.lookup->type != DataType::Int8 ||
      body.to != Store{.pitch = body.to.pitch}) {
    return {};
  }
  // Entry v - first of the table is that of the stored value v - first - 128.
  const std::int64_t zero_point = -128 - found.lookup->first;
  const std::int64_t low = clamp->low + zero_point;
  const std::int64_t high = clamp->high + zero_point;
  if (low < -128 || high > 127 || std::abs(zero_point) > 255) {
    return {};
  }
  found.to.zero_point = static_cast<std::int32_t>(zero_point);
  found.to.low = static_cast<float>(low);
  found.to.high = static_cast<float>(high);
  return found;
}

/// Kernels for the bodies that programs are full of.
class Kernels {
 public:
  Kernels(const RowLoop& loop, const ByteMemory& buffer, const Accumulators& accumulators)
      : loop_(loop), body_(*loop.body), buffer_(buffer), accumulators_(accumulators) {}

  [[nodiscard]] std::optional<VectorResults> results() const {
    if (const auto scaled = scaled_body(body_)) {
      const auto* sums = stage_at<SumsStage>(body_, 0);
      if (sums != nullptr && sums->type == DataType::Int32) {
        return scaled_sums(*sums, *scaled);
      }
      const auto* load = stage_at<LoadStage>(body_, 0);
      if (is_integer_row(load) && load->multiplier == 1 && scaled->scale != nullptr) {
        return scaled_values(*load, *scaled);
      }
      return {};
    }
    if (is_sum()) {
      return sum();
    }
    if (is_residual()) {
      return residual();
    }
    if (const auto* window = stage_at<WindowStage>(body_, 0); is_maximum(window)) {
      return maximum(*window);
    }
    return {};
  }

 private:
  [[nodiscard]] VectorResults empty() const { return empty_results(loop_.rows, loop_.cols); }

  [[nodiscard]] VectorResults scaled_sums(const SumsStage& stage, const ScaledBody& scaled) const {
    std::optional<ColumnScales> by_column;
    if (scaled.by_column != nullptr) {
      by_column.emplace(factors(loop_, *scaled.by_column, buffer_));
    } else {
      check_shift(scaled.scale->scale.shift);
    }
    const std::vector<std::int32_t> bias = biases(loop_, stage, buffer_);
    VectorResults results = empty();
    results.sums.resize(results.values.capacity());
    std::int32_t* sums = results.sums.data();
    for (std::int64_t r = 0; r < loop_.rows; ++r) {
      const auto row = accumulators_.row(loop_.accumulator + r, loop_.cols, DataType::Int32);
      std::transform(row.begin(), row.end(), bias.begin(), sums, wrapping_sum);
      std::int8_t* const values = room_for(loop_.cols, results.values);
      if (by_column) {
        scale_sums(sums, *by_column, scaled.to, values);
      } else {
        scale_sums(sums, row.size(), scaled.scale->scale, scaled.to, values);
      }
      sums += row.size();
    }
    look_up(scaled, results.values);
    return results;
  }

  [[nodiscard]] VectorResults scaled_values(const LoadStage& load, const ScaledBody& scaled) const {
    check_shift(scaled.scale->scale.shift);
    VectorResults results = empty();
    for (std::int64_t r = 0; r < loop_.rows; ++r) {
      const auto row = row_of(load, r);
      scale_values(row.data(), row.size(), load.zero_point, scaled.scale->scale, scaled.to,
                   room_for(loop_.cols, results.values));
    }
    look_up(scaled, results.values);
    return results;
  }

  void look_up(const ScaledBody& scaled, std::vector<std::int8_t>& values) const {
    if (scaled.lookup == nullptr) {
      return;
    }
    const auto table = buffer_.at(loop_.operand(scaled.lookup->table).address, kLookupBytes);
    std::transform(values.begin(), values.end(), values.begin(),
                   [&](std::int8_t value) { return table[static_cast<std::size_t>(value + 128)]; });
  }

  /// Two rows of integers, added and rounded once.
  [[nodiscard]] bool is_sum() const {
    const auto* pair = stage_at<PairStage>(body_, 2);
    const auto* scale = stage_at<ScaleStage>(body_, 3);
    return body_.stages.size() == 4 && is_integer_row(stage_at<LoadStage>(body_, 0)) &&
           is_integer_row(stage_at<LoadStage>(body_, 1)) && pair != nullptr &&
           pair->kind == PairKind::Add && pair->a == 0 && pair->b == 1 && scale != nullptr &&
           scale->of == 2 && scale->divisor == kNoStage && scale->scale.multiplier == 1 &&
           body_.to.type == DataType::Int8;
  }

  [[nodiscard]] VectorResults sum() const {
    const auto& a = std::get<LoadStage>(body_.stages[0]);
    const auto& b = std::get<LoadStage>(body_.stages[1]);
    const std::int32_t shift = std::get<ScaleStage>(body_.stages[3]).scale.shift;
    check_shift(shift);
    VectorResults results = empty();
    for (std::int64_t r = 0; r < loop_.rows; ++r) {
      const auto x = row_of(a, r);
      const auto y = row_of(b, r);
      add_scaled(x.data(), y.data(), x.size(),
                 {.zero_point = a.zero_point, .multiplier = a.multiplier},
                 {.zero_point = b.zero_point, .multiplier = b.multiplier}, shift, body_.to,
                 room_for(loop_.cols, results.values));
    }
    return results;
  }

  /// Sums, scaled and limited to what int8 stores, and a row of integers, added and rounded once.
  [[nodiscard]] bool is_residual() const {
    const auto* sums = stage_at<SumsStage>(body_, 0);
    const auto* first = stage_at<ScaleStage>(body_, 1);
    const auto* clamp = stage_at<ClampStage>(body_, 2);
    const auto* own = stage_at<ScaleStage>(body_, 3);
    const auto* pair = stage_at<PairStage>(body_, 5);
    const auto* scale = stage_at<ScaleStage>(body_, 6);
    return body_.stages.size() == 7 && sums != nullptr && sums->type == DataType::Int32 &&
           first != nullptr && first->of == 0 && first->divisor == kNoStage && clamp != nullptr &&
           clamp->of == 1 && clamp->high - clamp->low < kLookupEntries && own != nullptr &&
           own->of == 2 && own->divisor == kNoStage && own->scale.shift == 0 &&
           is_integer_row(stage_at<LoadStage>(body_, 4)) && pair != nullptr &&
           pair->kind == PairKind::Add && pair->a == 3 && pair->b == 4 && scale != nullptr &&
           scale->of == 5 && scale->divisor == kNoStage && scale->scale.multiplier == 1 &&
           body_.to.type == DataType::Int8;
  }

  [[nodiscard]] VectorResults residual() const {
    const FixedPoint& first = std::get<ScaleStage>(body_.stages[1]).scale;
    const auto& clamp = std::get<ClampStage>(body_.stages[2]);
    const std::int64_t own = std::get<ScaleStage>(body_.stages[3]).scale.multiplier;
    const auto& load = std::get<LoadStage>(body_.stages[4]);
    const std::int32_t shift = std::get<ScaleStage>(body_.stages[6]).scale.shift;
    check_shift(first.shift);
    check_shift(shift);
    // As int8 whose lowest value is the lower limit.
    const std::int64_t zero_point = -128 - clamp.low;
    const Store between{.zero_point = static_cast<std::int32_t>(zero_point),
                        .high = static_cast<float>(clamp.high + zero_point)};
    const std::vector<std::int32_t> bias =
        biases(loop_, std::get<SumsStage>(body_.stages[0]), buffer_);
    VectorResults results = empty();
    results.sums.resize(results.values.capacity());
    std::int32_t* sums = results.sums.data();
    std::vector<std::int8_t> scaled(static_cast<std::size_t>(loop_.cols));
    for (std::int64_t r = 0; r < loop_.rows; ++r) {
      const auto row = accumulators_.row(loop_.accumulator + r, loop_.cols, DataType::Int32);
      std::transform(row.begin(), row.end(), bias.begin(), sums, wrapping_sum);
      scale_sums(sums, row.size(), first, between, scaled.data());
      add_scaled(scaled.data(), row_of(load, r).data(), scaled.size(),
                 {.zero_point = zero_point, .multiplier = own},
                 {.zero_point = load.zero_point, .multiplier = load.multiplier}, shift, body_.to,
                 room_for(loop_.cols, results.values));
      sums += row.size();
    }
    return results;
  }

  /// A maximum of int8 that keeps its quantisation.
  [[nodiscard]] bool is_maximum(const WindowStage* window) const {
    return body_.stages.size() == 1 && window != nullptr && window->kind == PoolKind::Max &&
           window->type == DataType::Int8 && body_.to.type == DataType::Int8 &&
           body_.to.zero_point == window->zero_point;
  }

  [[nodiscard]] VectorResults maximum(const WindowStage& stage) const {
    VectorResults results = empty();
    const Window window = window_of(loop_, stage);
    const WindowReader reader(window, DataType::Int8, buffer_);
    for (std::int64_t r = 0; r < loop_.rows; ++r) {
      std::int8_t* const largest = room_for(loop_.cols, results.values);
      std::fill_n(largest, loop_.cols, std::int8_t{-128});
      for_each_inside(reader, window, reader.position(loop_.first + r),
                      [&](std::span<const std::int8_t> channels) {
                        std::transform(channels.begin(), channels.end(), largest, largest,
                                       [](std::int8_t a, std::int8_t b) { return std::max(a, b); });
                      });
      std::transform(largest, largest + loop_.cols, largest,
                     [&](std::int8_t value) { return clamped(value, body_.to); });
    }
    return results;
  }

  [[nodiscard]] std::span<const std::int8_t> row_of(const LoadStage& load, std::int64_t row) const {
    return buffer_.at(loop_.operand(load.operand).address + row * load.pitch, loop_.cols);
  }

  const RowLoop& loop_;
  const RowBody& body_;
  const ByteMemory& buffer_;
  const Accumulators& accumulators_;
};

}  // namespace

VectorResults vector_results(const RowLoop& loop, const ByteMemory& buffer,
                             const Accumulators& accumulators) {
  const DataType type = loop.body->to.type;
  SYSTOLE_CHECK(type == DataType::Int8 || is_float(type), "results of type {}", name_of(type));
  if (auto results = Kernels(loop, buffer, accumulators).results()) {
    return std::move(*results);
  }
  return row_loop_results(loop, buffer, accumulators);
}

}  // namespace systole
