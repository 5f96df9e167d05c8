#include "compiler/ops/formula.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "compiler/ops/broadcast.h"
#include "compiler/ops/op.h"

namespace systole {

namespace {

constexpr std::array<std::string_view, kFormulaParameters> kSuffixes{".p", ".q", ".r", ".s"};

Shape common_shape(const InferInputs& in) {
  Shape all = in.image(0);
  for (std::size_t i = 1; i < in.types.size(); ++i) {
    const Shape other = in.image(i);
    if (all.rows * all.cols == 1) {
      all.rows = other.rows;
      all.cols = other.cols;
    }
    all.channels = all.channels == 1 ? other.channels : all.channels;
  }
  for (std::size_t i = 0; i < in.types.size(); ++i) {
    if (!reaches(in.image(i), all)) {
      in.where.fail(
          fmt::format("expected inputs of one shape, or with a single pixel or a single channel, "
                      "got {} and {}",
                      shape_text(in.image(0)), shape_text(in.image(i))));
    }
  }
  return all;
}

/// Of the first input that has this shape: it keeps its axes.
TensorType type_of(const InferInputs& in, const Shape& shape) {
  for (std::size_t i = 0; i < in.types.size(); ++i) {
    if (in.image(i) == shape) {
      return in.types[i];
    }
  }
  return image_type(in.types[0].element, shape);
}

/// The axes of the first input that has as many pixels, the last of them `columns`.
TensorType widened(const InferInputs& in, const Shape& shape, std::int64_t columns) {
  TensorType type = in.types[0];
  for (std::size_t i = in.types.size(); i-- > 0;) {
    const Shape own = in.image(i);
    type = own.rows == shape.rows && own.cols == shape.cols ? in.types[i] : type;
  }
  type.extents.back() = columns;
  return type;
}

/// Writes the terms down as stages. What reduces a row ends a pass, behind which rows are made
/// anew.
class Stages {
 public:
  explicit Stages(const RowFormula& formula)
      : formula_(formula), single_(single_terms(formula)), values_(formula.terms.size()) {}

  RowPiece run() {
    for (std::size_t i = 0; i < formula_.terms.size(); ++i) {
      if (formula_.terms[i].kind == FormulaTerm::Kind::Reduce) {
        static_cast<void>(value(static_cast<std::int32_t>(i)));
        forget_rows();
      }
    }
    const auto last = static_cast<std::int32_t>(formula_.terms.size()) - 1;
    if (formula_.terms.back().kind != FormulaTerm::Kind::Reduce) {
      values_.back().reset();  // the output is the last stage
      static_cast<void>(value(last));
    }
    return std::move(recipe_).take(formula_.channels);
  }

 private:
  using Value = RowRecipe::Value;
  using Kind = FormulaTerm::Kind;

  void forget_rows() {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (!single_[i]) {
        values_[i].reset();
      }
    }
  }

  Value value(std::int32_t index) {
    auto& known = values_[static_cast<std::size_t>(index)];
    if (!known) {
      known = made(formula_.terms[static_cast<std::size_t>(index)]);
    }
    return *known;
  }

  Value made(const FormulaTerm& term) {
    switch (term.kind) {
      case Kind::Number:
        return recipe_.number(term.number);
      case Kind::Input:
        if (term.element) {
          return recipe_.load_single(term.operand, *term.element);
        }
        return formula_.single[static_cast<std::size_t>(term.operand)]
                   ? recipe_.load_single(term.operand)
                   : recipe_.load(term.operand);
      case Kind::Parameter:
        return recipe_.load(inputs() + term.operand);
      case Kind::Column:
        return recipe_.load(inputs() + static_cast<std::int32_t>(formula_.positions.size()));
      case Kind::Pair: {
        const Value a = value(term.a);
        return recipe_.pair(term.pair, a, value(term.b));
      }
      case Kind::Function:
        return recipe_.function(term.function, value(term.a));
      case Kind::Round: {
        // Numbers of this size are whole ones: adding one rounds.
        const Value large = recipe_.number(kRoundingNumber);
        const Value sum = recipe_.add(value(term.a), large);
        return recipe_.subtract(sum, large);
      }
      case Kind::Reduce:
        return term.reduce == ReduceKind::Sum ? recipe_.sum(value(term.a))
                                              : recipe_.largest(value(term.a));
    }
    return 0;
  }

  /// Parameters stand behind the inputs.
  [[nodiscard]] std::int32_t inputs() const { return static_cast<std::int32_t>(formula_.inputs); }

  const RowFormula& formula_;
  std::vector<bool> single_;
  std::vector<std::optional<Value>> values_;
  RowRecipe recipe_;
};

}  // namespace

std::vector<bool> single_terms(const RowFormula& formula) {
  using Kind = FormulaTerm::Kind;
  std::vector<bool> single;
  for (const FormulaTerm& term : formula.terms) {
    const auto of = [&](std::int32_t index) { return single[static_cast<std::size_t>(index)]; };
    switch (term.kind) {
      case Kind::Number:
      case Kind::Reduce:
        single.push_back(true);
        break;
      case Kind::Input:
        single.push_back(term.element || formula.single[static_cast<std::size_t>(term.operand)]);
        break;
      case Kind::Parameter:
      case Kind::Column:
        single.push_back(false);
        break;
      case Kind::Pair:
        single.push_back(of(term.a) && of(term.b));
        break;
      case Kind::Function:
      case Kind::Round:
        single.push_back(of(term.a));
        break;
    }
  }
  return single;
}

std::vector<OpEntry> RowFormula::entries() {
  return {{.name = "formula",
           .onnx = "",
           .prototype = RowFormula{},
           .inputs = InputCount::AtLeastOne,
           .attributes = {
               {"of", Attribute::Text{kAt<&RowFormula::of>}, "the formula",
                Attribute::Presence::Required},
               {"positions", Attribute::Sizes{kAt<&RowFormula::positions>}, "of each parameter"},
               {"columns", Attribute::Integer{.at = kAt<&RowFormula::columns>, .least = 0},
                "of the output, where inputs have one; 0: as many as they have"},
               output_attribute()}}};
}

Inferred RowFormula::infer(const InferInputs& in) {
  if (in.types.size() > kFormulaInputs) {
    in.where.fail(
        fmt::format("expected at most {} inputs, got {}", kFormulaInputs, in.types.size()));
  }
  FormulaTerms parsed = parse_formula(of);
  if (!parsed.error.empty()) {
    in.where.fail("of", parsed.error);
  }
  terms = std::move(parsed.terms);
  inputs = in.types.size();
  Shape shape = common_shape(in);
  if (columns != 0) {
    if (shape.channels != 1) {
      in.where.fail("columns", fmt::format("expected inputs of a single channel for columns, got "
                                           "{}",
                                           shape_text(shape)));
    }
    shape.channels = columns;
  }
  channels = shape.channels;
  check_reduction(channels, in.where);
  for (std::size_t i = 0; i < in.types.size(); ++i) {
    single[i] = in.image(i).channels == 1 && channels > 1;
  }
  std::vector<bool> read(in.types.size(), false);
  for (const FormulaTerm& term : terms) {
    if (term.kind == FormulaTerm::Kind::Input) {
      const auto input = static_cast<std::size_t>(term.operand);
      if (input >= in.types.size()) {
        in.where.fail("of", fmt::format("expected a formula of {} inputs, got one that reads '{}'",
                                        in.types.size(), static_cast<char>('a' + term.operand)));
      }
      read[input] = true;
      if (term.element && *term.element >= in.image(input).channels) {
        in.where.fail("of", fmt::format("expected an element of {}, got {}",
                                        in.image(input).channels, *term.element));
      }
    }
    if (term.kind == FormulaTerm::Kind::Reduce &&
        single_terms(*this)[static_cast<std::size_t>(term.a)]) {
      in.where.fail("of", "expected rows in sum and largest, got a single number");
    }
    if (term.kind == FormulaTerm::Kind::Parameter &&
        static_cast<std::size_t>(term.operand) >= positions.size()) {
      in.where.fail("of",
                    fmt::format("expected a formula of {} parameters, got one that reads '{}'",
                                positions.size(), static_cast<char>('p' + term.operand)));
    }
  }
  read.front() = read.front() || updates;  // what is written over need not be read
  if (std::find(read.begin(), read.end(), false) != read.end()) {
    in.where.fail("of", "expected a formula that reads every input, got one that does not");
  }
  if (positions.size() > kFormulaParameters) {
    in.where.fail("positions", fmt::format("expected at most {} parameters, got {}",
                                           kFormulaParameters, positions.size()));
  }
  for (const std::int64_t each : positions) {
    if (shape.rows * shape.cols % each != 0) {
      in.where.fail("positions", fmt::format("expected positions that divide the {} pixels of an "
                                             "image, got {}",
                                             shape.rows * shape.cols, each));
    }
  }
  Inferred inferred{.type = columns == 0 ? type_of(in, shape) : widened(in, shape, columns),
                    .quantization = in.defaults.output};
  if (single_terms(*this).back()) {
    inferred.type.extents.back() = 1;
  }
  inferred.type.element = element.value_or(inferred.type.element);
  if (updates) {
    inferred.type = in.types[0];
  }
  return inferred;
}

Work RowFormula::work() const {
  RowWork work{.pieces = {Stages(*this).run()}, .parameters = {}, .tables = {}};
  if (updates) {
    const bool is_read = std::any_of(terms.begin(), terms.end(), [](const FormulaTerm& term) {
      return term.kind == FormulaTerm::Kind::Input && term.operand == 0;
    });
    work.in_place = RowsInPlace{.input = 0, .is_read = is_read};
  }
  for (std::size_t i = 0; i < positions.size(); ++i) {
    work.parameters.push_back({.suffix = kSuffixes[i],
                               .features = channels,
                               .positions = positions[i],
                               .middle = middles[i]});
  }
  const bool counts = std::any_of(terms.begin(), terms.end(), [](const FormulaTerm& term) {
    return term.kind == FormulaTerm::Kind::Column;
  });
  if (counts) {
    work.tables = {{.of = RowTable::Of::Column, .cols = channels}};
  }
  return work;
}

}  // namespace systole
