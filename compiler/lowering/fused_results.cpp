#include "compiler/lowering/fused_results.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "arch/diag/check.h"
#include "arch/isa/fixed_point.h"
#include "compiler/mapping/fusion.h"

namespace systole {

namespace {

constexpr float kLowestSum = -128;
constexpr float kHighestSum = 127;

class FusedLoop {
 public:
  FusedLoop(const Graph& graph, const Node& node, const FusedSums& sums)
      : graph_(graph),
        node_(node),
        sums_(sums),
        meeting_(meeting_of(node)),
        writer_(sums.rows, sums.cols) {
    writer_.take_sums_from(sums.accumulator);
  }

  RowLoop loop() && {
    if (is_float(sums_.first.type)) {
      return std::move(*this).of_reals();
    }
    if (uses_lookup(node_.activation(), sums_.first.type)) {
      return Requantize{.accumulator = sums_.accumulator,
                        .rows = sums_.rows,
                        .cols = sums_.cols,
                        .bias = sums_.bias,
                        .scale = sums_.scale,
                        .factors = sums_.factors,
                        .lookup = sums_.table,
                        .to = sums_.first};
    }
    return std::move(*this).of_integers();
  }

 private:
  using Value = RowLoopWriter::Value;

  [[nodiscard]] const Quantization& quantization(std::size_t input) const {
    return graph_.tensor(node_.inputs[input]).quantization;
  }
  [[nodiscard]] const Quantization& target() const {
    return graph_.tensor(node_.output()).quantization;
  }

  /// The layer's own result, stored or not, less its zero point.
  Value first_integers() {
    const Value sums = writer_.add(SumsStage{.bias = writer_.operand(sums_.bias)});
    const Value scaled =
        sums_.factors.tensor == kNoTensor
            ? writer_.add(ScaleStage{.of = sums, .scale = sums_.scale})
            : writer_.add(ColumnScaleStage{.of = sums, .factors = writer_.operand(sums_.factors)});
    const std::int64_t zero_point = sums_.first.zero_point;
    const auto limit = [&](float value) { return static_cast<std::int64_t>(value) - zero_point; };
    return writer_.add(ClampStage{.of = scaled,
                                  .low = limit(std::max(sums_.first.low, kLowestSum)),
                                  .high = limit(std::min(sums_.first.high, kHighestSum))});
  }

  RowLoop of_integers() && {
    const Value first = first_integers();
    if (!meeting_) {
      const double ratio = quantization(*node_.fused).scale / target().scale;
      writer_.add(ScaleStage{.of = first, .scale = to_fixed_point(ratio)});
      return std::move(writer_).store(destination(), LoopClass::Activation);
    }
    const SharedShift shift = shared_shift(graph_, node_);
    const bool is_left = *node_.fused == 0;
    const std::int64_t own = is_left ? shift.a_multiplier : shift.b_multiplier;
    const Value mine =
        writer_.add(ScaleStage{.of = first, .scale = {.multiplier = own, .shift = 0}});
    const Value other =
        writer_.add(LoadStage{.operand = writer_.operand(sums_.other),
                              .pitch = sums_.other_pitch,
                              .zero_point = quantization(is_left ? 1 : 0).zero_point,
                              .integer = true,
                              .multiplier = is_left ? shift.b_multiplier : shift.a_multiplier});
    const Value sum = writer_.add(PairStage{.kind = PairKind::Add, .a = mine, .b = other});
    writer_.add(ScaleStage{.of = sum, .scale = {.multiplier = 1, .shift = shift.shift}});
    return std::move(writer_).store(destination(), LoopClass::Stages);
  }

  RowLoop of_reals() && {
    Value value =
        writer_.add(SumsStage{.bias = writer_.operand(sums_.bias), .type = DataType::Fp32});
    if (sums_.factor != 1) {
      const Value factor = writer_.add(NumberStage{sums_.factor});
      value = writer_.add(PairStage{.kind = PairKind::Multiply, .a = value, .b = factor});
    }
    const auto limit = [&](PairKind kind, float by) {
      if (!std::isinf(by)) {
        const Value number = writer_.add(NumberStage{by});
        value = writer_.add(PairStage{.kind = kind, .a = value, .b = number});
      }
    };
    limit(PairKind::Larger, sums_.first.low);
    limit(PairKind::Smaller, sums_.first.high);
    if (sums_.first.function != RealFunction::None) {
      value = writer_.add(FunctionStage{.function = sums_.first.function, .of = value});
    }
    value = writer_.add(RoundStage{.of = value, .type = sums_.first.type});
    if (!meeting_) {
      return std::move(writer_).store(destination(), LoopClass::Activation);
    }
    const Value other = writer_.add(LoadStage{.operand = writer_.operand(sums_.other),
                                              .pitch = sums_.other_pitch,
                                              .type = sums_.first.type});
    const bool is_left = *node_.fused == 0;
    writer_.add(
        PairStage{.kind = *meeting_, .a = is_left ? value : other, .b = is_left ? other : value});
    return std::move(writer_).store(destination(), LoopClass::Stages);
  }

  [[nodiscard]] Destination destination() const {
    return destination_of(sums_.first.out, sums_.first.pitch, sums_.first.type,
                          node_.activation().kind, target());
  }

  const Graph& graph_;
  const Node& node_;
  const FusedSums& sums_;
  std::optional<PairKind> meeting_;
  RowLoopWriter writer_;
};

}  // namespace

RowLoop fused_loop(const Graph& graph, const Node& node, const FusedSums& sums) {
  return FusedLoop(graph, node, sums).loop();
}

SharedShift shared_shift(const Graph& graph, const Node& add) {
  const double out = graph.tensor(add.output()).quantization.scale;
  const auto scale = [&](std::size_t input) {
    return graph.tensor(add.inputs[input]).quantization.scale / out;
  };
  return to_shared_shift(scale(0), scale(1));
}

}  // namespace systole
