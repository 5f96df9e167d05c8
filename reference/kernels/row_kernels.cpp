#include "reference/kernels/row_kernels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <variant>

#include "arch/diag/check.h"
#include "reference/kernels/real_functions.h"

namespace systole::reference {

namespace {

float e_to(float x) {
  return real_exponential(x);
}
double e_to(double x) {
  return std::exp(x);
}

template <class Number>
Number total(const std::vector<Number>& numbers) {
  Number sum = 0;
  for (const Number number : numbers) {
    sum = sum + number;
  }
  return sum;
}

/// The rows of a tensor along its last axis.
template <class Number>
std::vector<std::vector<Number>> rows_of(std::span<const Number> values, std::int64_t width) {
  std::vector<std::vector<Number>> rows;
  const auto size = static_cast<std::size_t>(width);
  for (std::size_t first = 0; first < values.size(); first += size) {
    const auto row = values.subspan(first, size);
    rows.emplace_back(row.begin(), row.end());
  }
  return rows;
}

}  // namespace

template <class Number>
std::vector<Number> row_kernel(const NormalizeRows& norm, const RowOperands<Number>& operands) {
  const std::int64_t width = operands.types[0].extents.back();
  const Number share = static_cast<Number>(1.0 / static_cast<double>(width));
  const Number epsilon = static_cast<Number>(norm.epsilon);
  std::vector<Number> out;
  for (std::vector<Number>& row : rows_of(operands.values[0], width)) {
    if (norm.centred) {
      const Number mean = total(row) * share;
      for (Number& x : row) {
        x = x - mean;
      }
    }
    std::vector<Number> squares(row.size());
    std::transform(row.begin(), row.end(), row.begin(), squares.begin(),
                   [](Number x, Number y) { return x * y; });
    const Number variance = total(squares) * share;
    const Number inverse = Number{1} / std::sqrt(variance + epsilon);
    for (std::size_t i = 0; i < row.size(); ++i) {
      Number result = row[i] * inverse;
      result = result * operands.values[1][i];
      if (norm.bias) {
        result = result + operands.values[2][i];
      }
      out.push_back(result);
    }
  }
  return out;
}

namespace {

/// Of a head in ALiBi: 2^(-8 i / n) for i = 1 .. n where n, the heads, is a power of 2. Of others
/// the first heads have those of the power of 2 below, the rest every other one of twice that.
double slope_of_head(std::int64_t head, std::int64_t heads) {
  std::int64_t power = 1;
  while (2 * power <= heads) {
    power *= 2;
  }
  if (head < power) {
    return std::pow(2.0, -8.0 * static_cast<double>(head + 1) / static_cast<double>(power));
  }
  return std::pow(2.0,
                  -4.0 * static_cast<double>(2 * (head - power) + 1) / static_cast<double>(power));
}

/// What a row of scores may see, and how they fall: rows are queries of head after head.
struct SeenColumns {
  std::int64_t heads = 1;
  std::int64_t queries = 1;
  bool causal = false;
  std::int64_t own = 0;  ///< column of the first query
  std::int64_t window = 0;
  bool alibi = false;
  std::int64_t first = 0;  ///< number of the first column

  template <class Number>
  void apply(std::vector<Number>& row, std::int64_t number) const {
    const std::int64_t last = own + number % queries;
    const auto slope =
        static_cast<Number>(static_cast<float>(slope_of_head(number / queries % heads, heads)));
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto column = static_cast<std::int64_t>(i);
      if (alibi) {
        row[i] = row[i] + slope * static_cast<Number>(static_cast<float>(column + first));
      }
      const bool is_behind = causal && column > last;
      const bool is_before = causal && window != 0 && column <= last - window;
      if (is_behind || is_before) {
        row[i] = -std::numeric_limits<Number>::infinity();
      }
    }
  }
};

std::int64_t heads_of(const Extents& extents) {
  return extents.size() == 4 ? extents[1] : 1;
}

}  // namespace

template <class Number>
std::vector<Number> row_kernel(const MaskScores& mask, const RowOperands<Number>& operands) {
  const Extents& extents = operands.types[0].extents;
  const SeenColumns seen{.heads = heads_of(extents),
                         .queries = extents.size() < 2 ? 1 : extents[extents.size() - 2],
                         .causal = mask.causal,
                         .own = mask.offset,
                         .window = mask.window,
                         .alibi = mask.alibi,
                         .first = mask.first};
  std::vector<Number> out;
  std::int64_t number = 0;
  for (std::vector<Number>& row : rows_of(operands.values[0], extents.back())) {
    seen.apply(row, number++);
    out.insert(out.end(), row.begin(), row.end());
  }
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const AddShifted& sum, const RowOperands<Number>& operands) {
  const std::int64_t width = operands.types[0].extents.back();
  std::vector<Number> out;
  for (const std::vector<Number>& row : rows_of(operands.values[0], width)) {
    for (std::int64_t i = 0; i < width; ++i) {
      const std::int64_t other = sum.reverse ? i + sum.by : i - sum.by;
      const Number own = row[static_cast<std::size_t>(i)];
      out.push_back(other < 0 || other >= width ? own : own + row[static_cast<std::size_t>(other)]);
    }
  }
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const SoftmaxChannels& softmax,
                               const RowOperands<Number>& operands) {
  const Extents& extents = operands.types[0].extents;
  const std::int64_t keys = extents.back();
  const std::int64_t queries = extents.size() < 2 ? 1 : extents[extents.size() - 2];
  const Number scale = static_cast<Number>(softmax.scale);
  std::vector<Number> out;
  const SeenColumns seen{.heads = heads_of(extents),
                         .queries = queries,
                         .causal = softmax.causal,
                         .own = keys - queries,
                         .window = softmax.window,
                         .alibi = softmax.alibi};
  std::int64_t number = 0;
  for (std::vector<Number>& row : rows_of(operands.values[0], keys)) {
    for (Number& x : row) {
      x = x * scale;
    }
    seen.apply(row, number++);
    Number largest = row.front();
    for (const Number x : row) {
      if (std::isnan(x) || x > largest) {
        largest = x;
      }
    }
    for (Number& x : row) {
      x = e_to(x - largest);
    }
    const Number sum = total(row);
    for (const Number x : row) {
      out.push_back(x / sum);
    }
  }
  return out;
}

namespace {

/// Index of element (b, r, c, k) of an image in a tensor where sizes of 1 repeat.
std::size_t repeated(const Shape& shape, const std::array<std::int64_t, 4>& at) {
  const auto within = [](std::int64_t index, std::int64_t size) { return size == 1 ? 0 : index; };
  const std::int64_t row = within(at[0], shape.batch) * shape.rows + within(at[1], shape.rows);
  const std::int64_t pixel = row * shape.cols + within(at[2], shape.cols);
  return static_cast<std::size_t>(pixel * shape.channels + within(at[3], shape.channels));
}

/// Calls visit({b, r, c, k}) for every element in order.
template <class Visit>
void for_elements(const Shape& shape, Visit visit) {
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    for (std::int64_t r = 0; r < shape.rows; ++r) {
      for (std::int64_t c = 0; c < shape.cols; ++c) {
        for (std::int64_t k = 0; k < shape.channels; ++k) {
          visit(std::array<std::int64_t, 4>{b, r, c, k});
        }
      }
    }
  }
}

template <class Number>
Number combined(PairKind kind, Number a, Number b) {
  switch (kind) {
    case PairKind::Add:
      return a + b;
    case PairKind::Subtract:
      return a - b;
    case PairKind::Multiply:
      return a * b;
    case PairKind::Divide:
      return a / b;
    case PairKind::Larger:
      return std::isnan(b) || b > a ? b : a;
    case PairKind::Smaller:
      return std::isnan(b) || b < a ? b : a;
  }
  return a;
}

/// Of a tensor of up to four axes: which axis of its image one of its own is.
std::size_t image_axis(std::int64_t axis, std::size_t rank) {
  return axis == static_cast<std::int64_t>(rank) - 1 ? 3 : static_cast<std::size_t>(axis);
}

}  // namespace

template <class Number>
std::vector<Number> row_kernel(const CombineTensors& combine, const RowOperands<Number>& operands) {
  std::vector<Number> out;
  for_elements(image_of(operands.output), [&](const std::array<std::int64_t, 4>& at) {
    out.push_back(combined(combine.kind,
                           operands.values[0][repeated(image_of(operands.types[0]), at)],
                           operands.values[1][repeated(image_of(operands.types[1]), at)]));
  });
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const ReduceRows& reduce, const RowOperands<Number>& operands) {
  const std::int64_t width = operands.types[0].extents.back();
  std::vector<Number> out;
  for (const std::vector<Number>& row : rows_of(operands.values[0], width)) {
    if (reduce.kind == ReduceKind::Sum) {
      const Number sum = total(row);
      out.push_back(reduce.mean ? sum * static_cast<Number>(1.0 / static_cast<double>(width))
                                : sum);
      continue;
    }
    Number largest = row.front();
    for (const Number x : row) {
      largest = combined(PairKind::Larger, largest, x);
    }
    out.push_back(largest);
  }
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const RotateRows& rotary, const RowOperands<Number>& operands) {
  const Extents& extents = operands.types[0].extents;
  const std::int64_t positions = extents.size() < 2 ? 1 : extents[extents.size() - 2];
  const auto width = static_cast<std::size_t>(extents.back() / rotary.heads);
  const std::size_t turned = rotary.rotated == 0 ? width : static_cast<std::size_t>(rotary.rotated);
  const std::size_t half = turned / 2;
  std::vector<Number> out;
  std::int64_t position = 0;
  for (const std::vector<Number>& row : rows_of(operands.values[0], extents.back())) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i % width >= turned) {
        out.push_back(row[i]);
        continue;
      }
      const std::size_t angle_index = rotary.interleaved ? i % width / 2 : i % width % half;
      const double angle =
          static_cast<double>(rotary.first + position) *
          std::pow(rotary.base, -(static_cast<double>(angle_index) / static_cast<double>(half)));
      const auto cosine = static_cast<Number>(static_cast<float>(std::cos(angle)));
      const auto sine = static_cast<Number>(static_cast<float>(std::sin(angle)));
      const bool lower = rotary.interleaved ? i % width % 2 == 0 : i % width < half;
      const std::size_t distance = rotary.interleaved ? 1 : half;
      const Number own = row[i] * cosine;
      const Number other = row[lower ? i + distance : i - distance] * sine;
      out.push_back(lower != rotary.back ? own - other : own + other);
    }
    position = (position + 1) % positions;
  }
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const EmbedPositions& /*embedding*/,
                               const RowOperands<Number>& operands) {
  std::vector<Number> out(operands.values[0].begin(), operands.values[0].end());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = out[i] + operands.values[1][i % operands.values[1].size()];
  }
  return out;
}

namespace {

ActivationKind kind_of(RealFunction function) {
  const auto& functions = number_functions();
  const auto* const found =
      std::find_if(functions.begin(), functions.end(),
                   [&](const NumberFunction& each) { return each.unit == function; });
  return found == functions.end() ? ActivationKind::None : found->kind;
}
float function_value(RealFunction function, float x) {
  return real_activation(kind_of(function), x);
}
double function_value(RealFunction function, double x) {
  return function_of(kind_of(function)).real(x);
}

/// In binary32 by a number near which all are whole; that it is exact elsewhere nobody asks.
float nearest_whole(float x) {
  const float moved = x + static_cast<float>(kRoundingNumber);
  return moved - static_cast<float>(kRoundingNumber);
}
double nearest_whole(double x) {
  return std::nearbyint(x);
}

/// The values of a formula's terms for one row of the output; a single number is a row of one.
template <class Number>
class FormulaRow {
 public:
  FormulaRow(const RowFormula& formula, const RowOperands<Number>& operands)
      : formula_(formula), operands_(operands) {}

  /// Of pixel (image, row, col).
  std::vector<Number> at(const std::array<std::int64_t, 3>& pixel, std::int64_t number) {
    std::vector<std::vector<Number>> rows;
    for (const FormulaTerm& term : formula_.terms) {
      rows.push_back(made(term, rows, pixel, number));
    }
    return rows.back();
  }

 private:
  using Rows = std::vector<std::vector<Number>>;

  std::vector<Number> made(const FormulaTerm& term, const Rows& rows,
                           const std::array<std::int64_t, 3>& pixel, std::int64_t number) const {
    const auto& a = rows.empty() ? std::vector<Number>{} : rows[static_cast<std::size_t>(term.a)];
    const auto each = [&](auto function) {
      std::vector<Number> out;
      std::transform(a.begin(), a.end(), std::back_inserter(out), function);
      return out;
    };
    switch (term.kind) {
      case FormulaTerm::Kind::Number:
        return {static_cast<Number>(static_cast<float>(term.number))};
      case FormulaTerm::Kind::Input:
        return loaded(term, pixel);
      case FormulaTerm::Kind::Parameter: {
        const auto which = static_cast<std::size_t>(term.operand);
        const auto values = operands_.values[formula_.inputs + which];
        const std::int64_t first = number % formula_.positions[which] * formula_.channels;
        const auto part = values.subspan(static_cast<std::size_t>(first),
                                         static_cast<std::size_t>(formula_.channels));
        return {part.begin(), part.end()};
      }
      case FormulaTerm::Kind::Column: {
        std::vector<Number> numbers(static_cast<std::size_t>(formula_.channels));
        std::iota(numbers.begin(), numbers.end(), Number{0});
        return numbers;
      }
      case FormulaTerm::Kind::Pair: {
        const auto& b = rows[static_cast<std::size_t>(term.b)];
        std::vector<Number> out(std::max(a.size(), b.size()));
        for (std::size_t i = 0; i < out.size(); ++i) {
          out[i] = combined(term.pair, a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]);
        }
        return out;
      }
      case FormulaTerm::Kind::Function:
        return each([&](Number x) { return function_value(term.function, x); });
      case FormulaTerm::Kind::Round:
        return each([](Number x) { return nearest_whole(x); });
      case FormulaTerm::Kind::Reduce:
        return {term.reduce == ReduceKind::Sum ? total(a) : largest(a)};
    }
    return {};
  }

  static Number largest(const std::vector<Number>& row) {
    Number found = row.front();
    for (const Number x : row) {
      found = std::isnan(x) || x > found ? x : found;
    }
    return found;
  }

  std::vector<Number> loaded(const FormulaTerm& term,
                             const std::array<std::int64_t, 3>& pixel) const {
    const auto input = static_cast<std::size_t>(term.operand);
    const Shape shape = image_of(operands_.types[input]);
    std::vector<Number> row;
    for (std::int64_t channel = 0; channel < shape.channels; ++channel) {
      row.push_back(
          operands_.values[input][repeated(shape, {pixel[0], pixel[1], pixel[2], channel})]);
    }
    return term.element ? std::vector<Number>{row[static_cast<std::size_t>(*term.element)]} : row;
  }

  const RowFormula& formula_;
  const RowOperands<Number>& operands_;
};

}  // namespace

template <class Number>
std::vector<Number> row_kernel(const RowFormula& formula, const RowOperands<Number>& operands) {
  FormulaRow<Number> row(formula, operands);
  const Shape shape = image_of(operands.output);
  std::vector<Number> out;
  std::int64_t number = 0;
  for (std::int64_t image = 0; image < shape.batch; ++image) {
    for (std::int64_t y = 0; y < shape.rows; ++y) {
      for (std::int64_t x = 0; x < shape.cols; ++x) {
        const std::vector<Number> values = row.at({image, y, x}, number++);
        // A single number where the output has more is the same for all of the row.
        for (std::int64_t channel = 0; channel < shape.channels; ++channel) {
          out.push_back(values[values.size() == 1 ? 0 : static_cast<std::size_t>(channel)]);
        }
      }
    }
  }
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const Rearrange& rearrange, const RowOperands<Number>& operands) {
  const auto channels = static_cast<std::size_t>(image_of(operands.output).channels);
  std::vector<Number> out;
  for (std::int64_t image = 0; image < image_of(operands.output).batch; ++image) {
    std::vector<Number> pixels;  // of all inputs
    for (std::size_t input = 0; input < operands.values.size(); ++input) {
      const Shape shape = image_of(operands.types[input]);
      const auto size = static_cast<std::size_t>(shape.elements() / shape.batch);
      const auto part =
          operands.values[input].subspan(static_cast<std::size_t>(image) * size, size);
      pixels.insert(pixels.end(), part.begin(), part.end());
    }
    std::vector<std::size_t> at(rearrange.axes.size(), 0);
    bool more = true;
    while (more) {
      std::int64_t source = 0;
      bool filled = false;
      for (std::size_t axis = 0; axis < at.size(); ++axis) {
        const std::int64_t index = rearrange.axes[axis].indices[at[axis]];
        filled = filled || index == MapAxis::kFilled;
        source += index * rearrange.axes[axis].stride;
      }
      for (std::size_t channel = 0; channel < channels; ++channel) {
        out.push_back(filled ? static_cast<Number>(static_cast<float>(rearrange.fill))
                             : pixels[static_cast<std::size_t>(source) * channels + channel]);
      }
      more = false;
      for (std::size_t axis = at.size(); axis-- > 0 && !more;) {
        more = ++at[axis] < rearrange.axes[axis].indices.size();
        at[axis] = more ? at[axis] : 0;
      }
    }
  }
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const CombineConstant& combine,
                               const RowOperands<Number>& operands) {
  const auto width = static_cast<std::size_t>(operands.types[0].extents.back());
  const auto constant_at = [&](std::size_t i) {
    if (combine.is_number()) {
      return static_cast<Number>(static_cast<float>(combine.number));
    }
    const std::span<const Number> constant = operands.values[1];
    const bool shared = operands.types[1].extents.back() == 1;
    return constant[(shared ? i / width : i) % constant.size()];
  };
  std::vector<Number> out;
  for (std::size_t i = 0; i < operands.values[0].size(); ++i) {
    const Number x = operands.values[0][i];
    out.push_back(combine.reversed ? combined(combine.kind, constant_at(i), x)
                                   : combined(combine.kind, x, constant_at(i)));
  }
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const DepthToSpace& shuffle, const RowOperands<Number>& operands) {
  const Shape output = image_of(operands.output);
  std::vector<Number> out;
  for_elements(output, [&](std::array<std::int64_t, 4> at) {
    const std::int64_t block = at[1] % shuffle.factor * shuffle.factor + at[2] % shuffle.factor;
    at = {at[0], at[1] / shuffle.factor, at[2] / shuffle.factor, block * output.channels + at[3]};
    out.push_back(operands.values[0][repeated(image_of(operands.types[0]), at)]);
  });
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const TransposePixels& /*transpose*/,
                               const RowOperands<Number>& operands) {
  std::vector<Number> out;
  for_elements(image_of(operands.output), [&](const std::array<std::int64_t, 4>& at) {
    out.push_back(
        operands.values[0][repeated(image_of(operands.types[0]), {at[0], at[2], at[1], at[3]})]);
  });
  return out;
}

/// Of a state [batch, heads, rows, features], or of one without heads; what is written may have
/// them side by side.
template <class Number>
std::vector<Number> row_kernel(const AppendRows& append, const RowOperands<Number>& operands) {
  std::vector<Number> out(operands.values[1].begin(), operands.values[1].end());
  const Extents& written = operands.types[0].extents;
  const Extents& state = operands.types[1].extents;
  const std::int64_t heads = state.size() == 4 ? state[1] : 1;
  const std::int64_t held = state[state.size() - 2];
  const std::int64_t features = state.back();
  const bool is_ring = append.window != 0 && append.window == held;
  const bool aside = written.size() < state.size();
  const std::int64_t rows = aside ? written[1] : written[written.size() - 2];
  for_elements({.batch = state[0], .rows = heads, .cols = rows, .channels = features},
               [&](const std::array<std::int64_t, 4>& at) {
                 const auto [image, head, row, feature] = at;
                 const std::int64_t from = aside ? (image * rows + row) * heads + head
                                                 : (image * heads + head) * rows + row;
                 const std::int64_t place = is_ring ? (append.at + row) % held : append.at + row;
                 const std::int64_t to = (image * heads + head) * held + place;
                 out[static_cast<std::size_t>(to * features + feature)] =
                     operands.values[0][static_cast<std::size_t>(from * features + feature)];
               });
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const GatherRows& gather, const RowOperands<Number>& operands) {
  const Extents& table = operands.types[0].extents;
  const std::int64_t each = operands.output.extents[1];
  std::vector<Number> out;
  for (std::int64_t i = 0; i < operands.output.extents[0] * each; ++i) {
    const std::int64_t first = table[0] == 1 ? 0 : i / each * table[1];
    const std::int64_t row = first + (*gather.numbers)[static_cast<std::size_t>(i)];
    const auto found = operands.values[0].subspan(static_cast<std::size_t>(row * table[2]),
                                                  static_cast<std::size_t>(table[2]));
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const SliceTensor& slice, const RowOperands<Number>& operands) {
  const std::size_t axis = image_axis(slice.axis, operands.types[0].extents.size());
  std::vector<Number> out;
  for_elements(image_of(operands.output), [&](std::array<std::int64_t, 4> at) {
    at[axis] = slice.first + at[axis] * slice.step;
    out.push_back(operands.values[0][repeated(image_of(operands.types[0]), at)]);
  });
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const ResizeTensor& resize, const RowOperands<Number>& operands) {
  std::vector<Number> out;
  for_elements(image_of(operands.output), [&](std::array<std::int64_t, 4> at) {
    at[1] /= resize.factor;
    at[2] /= resize.factor;
    out.push_back(operands.values[0][repeated(image_of(operands.types[0]), at)]);
  });
  return out;
}

template <class Number>
std::vector<Number> row_kernel(const Concat& concat, const RowOperands<Number>& operands) {
  const std::size_t axis = image_axis(concat.axis, operands.types[0].extents.size());
  std::vector<Number> out;
  for_elements(image_of(operands.output), [&](std::array<std::int64_t, 4> at) {
    std::size_t input = 0;
    const auto size = [&] {
      const Shape shape = image_of(operands.types[input]);
      return std::array{shape.batch, shape.rows, shape.cols, shape.channels}[axis];
    };
    while (at[axis] >= size()) {
      at[axis] -= size();
      ++input;
    }
    out.push_back(operands.values[input][repeated(image_of(operands.types[input]), at)]);
  });
  return out;
}

namespace {

/// The kernel of a node; one overload for each operator.
template <class Number>
struct RowKernels {
  using Numbers = std::vector<Number>;

  const Node& node;
  const RowOperands<Number>& operands;

  Numbers operator()(const NormalizeRows& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const SoftmaxChannels& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const CombineTensors& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const CombineConstant& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const ReduceRows& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const RotateRows& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const EmbedPositions& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const SliceTensor& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const ResizeTensor& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const Concat& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const RowFormula& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const Rearrange& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const DepthToSpace& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const TransposePixels& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const AppendRows& op) const { return row_kernel<Number>(op, operands); }

  Numbers operator()(const MaskScores& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const AddShifted& op) const { return row_kernel<Number>(op, operands); }
  Numbers operator()(const GatherRows& op) const { return row_kernel<Number>(op, operands); }

  Numbers operator()(const ComposedOp& /*op*/) const { not_in_rows(); }
  Numbers operator()(const Conv2d& /*op*/) const { not_in_rows(); }
  Numbers operator()(const Dense& /*op*/) const { not_in_rows(); }
  Numbers operator()(const Matmul& /*op*/) const { not_in_rows(); }
  Numbers operator()(const ConvolveTensors& /*op*/) const { not_in_rows(); }
  Numbers operator()(const AddTensors& /*op*/) const { not_in_rows(); }
  Numbers operator()(const Activate& /*op*/) const { not_in_rows(); }
  Numbers operator()(const PoolTensor& /*op*/) const { not_in_rows(); }
  Numbers operator()(const Flatten& /*op*/) const { not_in_rows(); }
  Numbers operator()(const ReshapeTensor& /*op*/) const { not_in_rows(); }
  [[noreturn]] void not_in_rows() const {
    SYSTOLE_CHECK(false, "{}: no kernel of {} computes in rows", node.name, node.kind);
  }
};

}  // namespace

template <class Number>
std::vector<Number> computed_rows(const Graph& graph, const Node& node,
                                  const std::vector<std::vector<Number>>& values) {
  RowOperands<Number> operands{
      .values = {}, .types = {}, .output = graph.tensor(node.output()).type};
  for (std::size_t i = 0; i < values.size(); ++i) {
    operands.values.emplace_back(values[i]);
    operands.types.push_back(graph.tensor(node.inputs[i]).type);
  }
  return std::visit(RowKernels<Number>{node, operands}, node.op);
}

std::vector<float> dequantized_row(std::span<const std::int8_t> stored,
                                   const Quantization& quantization) {
  const auto scale = static_cast<float>(quantization.scale);
  std::vector<float> numbers(stored.size());
  std::transform(stored.begin(), stored.end(), numbers.begin(), [&](std::int8_t q) {
    return static_cast<float>(q - quantization.zero_point) * scale;
  });
  return numbers;
}

std::vector<std::int8_t> quantized_row(std::span<const float> numbers,
                                       const Quantization& quantization) {
  const auto steps = static_cast<float>(1 / quantization.scale);
  std::vector<std::int8_t> stored(numbers.size());
  std::transform(numbers.begin(), numbers.end(), stored.begin(), [&](float number) {
    const float product = number * steps;
    if (std::isnan(product)) {
      return static_cast<std::int8_t>(quantization.zero_point);
    }
    const double nearest = std::round(static_cast<double>(product)) + quantization.zero_point;
    return static_cast<std::int8_t>(std::clamp(nearest, -128.0, 127.0));
  });
  return stored;
}

template std::vector<float> computed_rows(const Graph&, const Node&,
                                          const std::vector<std::vector<float>>&);
template std::vector<double> computed_rows(const Graph&, const Node&,
                                           const std::vector<std::vector<double>>&);

}  // namespace systole::reference
