#include "arch/isa/recipes.h"

#include <algorithm>

namespace systole {

namespace {

constexpr std::int64_t kLowest = -128;
constexpr std::int64_t kHighest = 127;

/// Stored as int8 and then replaced by what a table has for it, if there is one.
RowLoop stored(RowLoopWriter writer, std::int32_t value, const Operand& lookup,
               const Destination& to, LoopClass cost) {
  if (lookup.tensor == kNoTensor) {
    return std::move(writer).store(to, cost);
  }
  const auto limit = [&](float given, std::int64_t range) {
    const bool narrower =
        range < 0 ? given > static_cast<float>(range) : given < static_cast<float>(range);
    return (narrower ? static_cast<std::int64_t>(given) : range) - to.zero_point;
  };
  const std::int32_t index = writer.add(
      ClampStage{.of = value, .low = limit(to.low, kLowest), .high = limit(to.high, kHighest)});
  writer.add(
      LookupStage{.of = index, .table = writer.operand(lookup), .first = kLowest - to.zero_point});
  return std::move(writer).store({.out = to.out, .pitch = to.pitch}, cost);
}

RowLoop real_softmax(const Softmax& softmax) {
  RowLoopWriter writer(softmax.rows, softmax.cols);
  const LoadStage row{
      .operand = writer.operand(softmax.in), .pitch = softmax.in_pitch, .type = softmax.to.type};
  const std::int32_t largest =
      writer.add(ReduceStage{.kind = ReduceKind::Largest, .of = writer.add(row)});
  const auto weights = [&] {
    const std::int32_t x = writer.add(row);
    const std::int32_t below =
        writer.add(PairStage{.kind = PairKind::Subtract, .a = x, .b = largest});
    return writer.add(FunctionStage{.function = RealFunction::Exp, .of = below});
  };
  const std::int32_t sum = writer.add(ReduceStage{.kind = ReduceKind::Sum, .of = weights()});
  writer.add(PairStage{.kind = PairKind::Divide, .a = weights(), .b = sum});
  return std::move(writer).store(softmax.to, LoopClass::Softmax);
}

RowLoop integer_softmax(const Softmax& softmax) {
  constexpr std::int64_t kOne = 256;  // 1.0 at the output scale
  RowLoopWriter writer(softmax.rows, softmax.cols);
  const LoadStage row{
      .operand = writer.operand(softmax.in), .pitch = softmax.in_pitch, .integer = true};
  const std::int32_t table = writer.operand(softmax.table);
  const std::int32_t largest =
      writer.add(ReduceStage{.kind = ReduceKind::Largest, .of = writer.add(row)});
  const auto weights = [&] {
    const std::int32_t x = writer.add(row);
    const std::int32_t below =
        writer.add(PairStage{.kind = PairKind::Subtract, .a = largest, .b = x});
    return writer.add(
        LookupStage{.of = below, .table = table, .type = DataType::Int32, .first = 0});
  };
  const std::int32_t sum = writer.add(ReduceStage{.kind = ReduceKind::Sum, .of = weights()});
  writer.add(
      ScaleStage{.of = weights(), .scale = {.multiplier = kOne, .shift = 0}, .divisor = sum});
  return std::move(writer).store(softmax.to, LoopClass::Softmax);
}

}  // namespace

std::int32_t RowLoopWriter::operand(const Operand& operand) {
  const auto found = std::find(loop_.operands.begin(), loop_.operands.end(), operand);
  const auto index = static_cast<std::int32_t>(found - loop_.operands.begin());
  if (found == loop_.operands.end()) {
    loop_.operands.push_back(operand);
  }
  return index;
}

RowLoopWriter::Value RowLoopWriter::add(Stage stage) {
  constexpr std::size_t kMost = 4;  // of most bodies
  if (body_.stages.empty()) {
    body_.stages.reserve(kMost);
  }
  body_.stages.push_back(std::move(stage));
  return static_cast<Value>(body_.stages.size()) - 1;
}

RowLoop RowLoopWriter::store(const Destination& to, LoopClass cost, float steps) && {
  body_.cost = cost;
  body_.to = to.store(steps);
  loop_.out = to.out;
  loop_.body = std::move(body_);
  return std::move(loop_);
}

Requantize::operator RowLoop() const {
  RowLoopWriter writer(rows, cols);
  writer.take_sums_from(accumulator);
  const std::int32_t sums = writer.add(SumsStage{.bias = writer.operand(bias)});
  const std::int32_t value =
      factors.tensor == kNoTensor
          ? writer.add(ScaleStage{.of = sums, .scale = scale})
          : writer.add(ColumnScaleStage{.of = sums, .factors = writer.operand(factors)});
  return stored(std::move(writer), value, lookup, to, LoopClass::Activation);
}

Rescale::operator RowLoop() const {
  RowLoopWriter writer(rows, cols);
  LoadStage load{.operand = writer.operand(in), .pitch = in_pitch, .type = to.type};
  if (is_float(to.type)) {
    writer.add(load);
    return std::move(writer).store(to, LoopClass::Elementwise);
  }
  load.zero_point = in_zero_point;
  load.integer = true;
  const std::int32_t value = writer.add(ScaleStage{.of = writer.add(load), .scale = scale});
  return stored(std::move(writer), value, lookup, to, LoopClass::Elementwise);
}

Add::operator RowLoop() const {
  RowLoopWriter writer(rows, cols);
  LoadStage of_a{.operand = writer.operand(a), .pitch = a_pitch, .type = to.type};
  LoadStage of_b{.operand = writer.operand(b), .pitch = b_pitch, .type = to.type};
  if (!is_float(to.type)) {
    of_a.integer = of_b.integer = true;
    of_a.zero_point = a_zero_point;
    of_a.multiplier = a_multiplier;
    of_b.zero_point = b_zero_point;
    of_b.multiplier = b_multiplier;
  }
  const std::int32_t left = writer.add(of_a);
  const std::int32_t right = writer.add(of_b);
  const std::int32_t sum = writer.add(PairStage{.kind = PairKind::Add, .a = left, .b = right});
  if (!is_float(to.type)) {
    writer.add(ScaleStage{.of = sum, .scale = {.multiplier = 1, .shift = shift}});
  }
  return std::move(writer).store(to, LoopClass::Elementwise);
}

Pool::operator RowLoop() const {
  RowLoopWriter writer(count, window.channels);
  writer.begin_at(first);
  WindowStage stage{.kind = kind,
                    .operand = writer.operand(window.source),
                    .type = to.type,
                    .count_padding = kind == PoolKind::Average && count_padding,
                    .window = window};
  stage.window.source = {};
  if (!is_float(to.type)) {
    stage.zero_point = kind == PoolKind::Max ? to.zero_point : in_zero_point;
    stage.scale = kind == PoolKind::Max ? FixedPoint{} : scale;
  }
  writer.add(stage);
  return std::move(writer).store(to, LoopClass::Pooling);
}

Softmax::operator RowLoop() const {
  return is_float(to.type) ? real_softmax(*this) : integer_softmax(*this);
}

Convert::operator RowLoop() const {
  RowLoopWriter writer(rows, cols);
  writer.take_sums_from(accumulator);
  const std::int32_t sums =
      writer.add(SumsStage{.bias = writer.operand(bias), .type = DataType::Fp32});
  if (scale != 1) {
    const std::int32_t factor = writer.add(NumberStage{scale});
    writer.add(PairStage{.kind = PairKind::Multiply, .a = sums, .b = factor});
  }
  return std::move(writer).store(to, LoopClass::Activation);
}

}  // namespace systole
