#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/printable.h"
#include "compiler/frontend/onnx/infer/inference.h"

namespace systole {

namespace onnx_inference {

namespace {

// --- element by element ---

/// A constant that is made now, or, of many elements, when somebody asks for it; `most` elements
/// are those of the largest that it is made of.
template <class Make>
OnnxConstant at_once_or_later(OnnxType type, const OnnxShape& shape, std::int64_t most,
                              const Make& make) {
  if (elements_of(shape) > std::max(kMostGrown, most)) {
    contradict("expected a constant of at most {} elements, got {}", kMostGrown, text_of(shape));
  }
  return elements_of(shape) > kMostAtOnce
             ? OnnxConstant::deferred(type, shape, [make] { return make().bytes(); })
             : make();
}

void infer_unary(Inference& in) {
  in.set(in.type(0), in.shape(0));
  struct Function {
    std::string_view name;
    double (*real)(double);
  };
  static constexpr auto kFunctions = std::to_array<Function>({
      {"Relu", [](double x) { return x < 0 ? 0.0 : x; }},
      {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"Tanh", [](double x) { return std::tanh(x); }},
      {"Exp", [](double x) { return std::exp(x); }},
      {"Log", [](double x) { return std::log(x); }},
      {"Sqrt", [](double x) { return std::sqrt(x); }},
      {"Neg", [](double x) { return -x; }},
      {"Abs", [](double x) { return std::abs(x); }},
      {"Erf", [](double x) { return std::erf(x); }},
      {"Reciprocal", [](double x) { return 1 / x; }},
      {"Floor", [](double x) { return std::floor(x); }},
      {"Ceil", [](double x) { return std::ceil(x); }},
      {"Round", [](double x) { return std::nearbyint(x); }},
      {"Sin", [](double x) { return std::sin(x); }},
      {"Cos", [](double x) { return std::cos(x); }},
      {"Softplus", [](double x) { return std::log1p(std::exp(x)); }},
      {"Sign", [](double x) { return x > 0 ? 1.0 : (x < 0 ? -1.0 : 0.0); }},
  });
  const auto* const found =
      std::find_if(kFunctions.begin(), kFunctions.end(),
                   [&](const Function& each) { return each.name == in.node().op; });
  const OnnxConstant* source = in.constant(0);
  if (source == nullptr || found == kFunctions.end()) {
    return;
  }
  const auto make = [from = *source, real = found->real] {
    if (is_integral(from.type())) {
      Integers values = from.integers();
      for (std::int64_t& value : values) {
        value = whole(real(static_cast<double>(value)));
      }
      return OnnxConstant::of_integers(from.type(), from.shape(), values);
    }
    std::vector<float> values = from.floats();
    for (float& value : values) {
      value = static_cast<float>(real(static_cast<double>(value)));
    }
    return OnnxConstant::of_floats(from.shape(), values);
  };
  in.set(at_once_or_later(is_integral(source->type()) ? source->type() : OnnxType::Float,
                          source->shape(), source->elements(), make));
}

std::optional<float> combined(std::string_view op, float a, float b) {
  if (op == "Add" || op == "Sum" || op == "Mean") {
    return a + b;  // a mean is divided in the end
  }
  if (op == "Sub") {
    return a - b;
  }
  if (op == "Mul") {
    return a * b;
  }
  if (op == "Div") {
    return a / b;
  }
  if (op == "Min") {
    return std::min(a, b);
  }
  if (op == "Max") {
    return std::max(a, b);
  }
  if (op == "Pow") {
    return std::pow(a, b);
  }
  if (op == "Mod") {
    return std::fmod(a, b);
  }
  return std::nullopt;
}

/// Rounded towards zero, or what is left with the sign of b; 0 of a division by 0.
std::int64_t divided(std::int64_t a, std::int64_t b, bool wants_rest) {
  if (b == 0 || b == -1) {
    return b == 0 || wants_rest ? 0 : static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(a));
  }
  const std::int64_t rest = a % b;
  if (!wants_rest) {
    return a / b;
  }
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/// Modulo 2^64, as those who wrote the file count.
std::optional<std::int64_t> combined(std::string_view op, std::int64_t a, std::int64_t b) {
  const auto x = static_cast<std::uint64_t>(a);
  const auto y = static_cast<std::uint64_t>(b);
  if (op == "Add" || op == "Sum" || op == "Mean") {
    return static_cast<std::int64_t>(x + y);
  }
  if (op == "Sub") {
    return static_cast<std::int64_t>(x - y);
  }
  if (op == "Mul") {
    return static_cast<std::int64_t>(x * y);
  }
  if (op == "Div" || op == "Mod") {
    return divided(a, b, op == "Mod");
  }
  if (op == "Min") {
    return std::min(a, b);
  }
  if (op == "Max") {
    return std::max(a, b);
  }
  if (op == "Pow") {
    return whole(std::pow(static_cast<double>(a), static_cast<double>(b)));
  }
  return std::nullopt;
}

template <class Value>
std::optional<bool> compared(std::string_view op, Value a, Value b) {
  if (op == "Equal") {
    return a == b;
  }
  if (op == "Less") {
    return a < b;
  }
  if (op == "LessOrEqual") {
    return a <= b;
  }
  if (op == "Greater") {
    return a > b;
  }
  if (op == "GreaterOrEqual") {
    return a >= b;
  }
  if (op == "And") {
    return a != 0 && b != 0;
  }
  if (op == "Or") {
    return a != 0 || b != 0;
  }
  if (op == "Xor") {
    return (a != 0) != (b != 0);
  }
  return std::nullopt;
}

std::int64_t most_of(const std::vector<OnnxConstant>& from) {
  std::int64_t most = 0;
  for (const OnnxConstant& constant : from) {
    most = std::max(most, constant.elements());
  }
  return most;
}

template <class Value>
std::vector<Value> numbers_of(const OnnxConstant& constant) {
  if constexpr (std::is_integral_v<Value>) {
    return constant.integers();
  } else {
    return constant.floats();
  }
}

template <class Value>
OnnxConstant folded(const std::string& op, const std::vector<OnnxConstant>& from,
                    const OnnxShape& out, bool compares) {
  std::vector<Value> sum = broadcast<Value>(numbers_of<Value>(from[0]), from[0].shape(), out);
  Integers truths(sum.size());
  for (std::size_t i = 1; i < from.size(); ++i) {
    const std::vector<Value> next =
        broadcast<Value>(numbers_of<Value>(from[i]), from[i].shape(), out);
    for (std::size_t element = 0; element < sum.size(); ++element) {
      if (compares) {
        truths[element] = *compared(op, sum[element], next[element]) ? 1 : 0;
      } else {
        sum[element] = *combined(op, sum[element], next[element]);
      }
    }
  }
  if (compares) {
    return OnnxConstant::of_integers(OnnxType::Bool, out, truths);
  }
  if (op == "Mean") {
    std::transform(sum.begin(), sum.end(), sum.begin(), [&](Value value) {
      return static_cast<Value>(value / static_cast<Value>(from.size()));
    });
  }
  if constexpr (std::is_integral_v<Value>) {
    return OnnxConstant::of_integers(from[0].type(), out, sum);
  } else {
    return OnnxConstant::of_floats(out, sum);
  }
}

template <class Value>
void fold_binary(Inference& in, const OnnxShape& out, bool compares) {
  std::vector<OnnxConstant> from;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    from.push_back(*in.constant(i));
  }
  const OnnxType type = compares                    ? OnnxType::Bool
                        : std::is_integral_v<Value> ? in.type(0)
                                                    : OnnxType::Float;
  in.set(at_once_or_later(type, out, most_of(from), [op = in.node().op, from, out, compares] {
    return folded<Value>(op, from, out, compares);
  }));
}

/// Before operator set 7 the second operand lay along the axes from `axis` on.
void check_old_broadcast(const Inference& in) {
  const std::int64_t axis = in.node().integer("axis", -1);
  if (axis >= 0 && in.inputs() == 2 && axis + std::ssize(in.shape(1)) != std::ssize(in.shape(0))) {
    contradict("expected a second operand along the last axes of {}, got {} along those from {} on",
               text_of(in.shape(0)), text_of(in.shape(1)), axis);
  }
}

void infer_binary(Inference& in) {
  check_old_broadcast(in);
  const bool compares = compared<float>(in.node().op, 0, 0).has_value();
  const OnnxShape out = common_shape(in, 0, in.inputs());
  const OnnxType type = in.type(0);
  for (std::size_t i = 1; i < in.inputs(); ++i) {
    if (in.type(i) != type && in.node().op != "Pow") {
      contradict("expected inputs of one type, got {} and {}", name_of(type), name_of(in.type(i)));
    }
  }
  in.set(compares ? OnnxType::Bool : type, out);
  if (!in.all_constant()) {
    return;
  }
  if (is_floating(type)) {
    fold_binary<float>(in, out, compares);
  } else if (is_integral(type)) {
    fold_binary<std::int64_t>(in, out, compares);
  }
}

void infer_not(Inference& in) {
  in.set(OnnxType::Bool, in.shape(0));
  if (const OnnxConstant* source = in.constant(0)) {
    Integers values = source->integers();
    for (std::int64_t& value : values) {
      value = value == 0 ? 1 : 0;
    }
    in.set(OnnxConstant::of_integers(OnnxType::Bool, source->shape(), values));
  }
}

template <class Value>
std::vector<Value> chosen(const std::vector<OnnxConstant>& from, const OnnxShape& out) {
  const Integers choice = broadcast(from[0].integers(), from[0].shape(), out);
  const std::vector<Value> a = broadcast(numbers_of<Value>(from[1]), from[1].shape(), out);
  std::vector<Value> b = broadcast(numbers_of<Value>(from[2]), from[2].shape(), out);
  for (std::size_t i = 0; i < b.size(); ++i) {
    b[i] = choice[i] != 0 ? a[i] : b[i];
  }
  return b;
}

void infer_where(Inference& in) {
  const OnnxShape out = common_shape(in, 0, 3);
  const OnnxType type = in.type(1);
  in.set(type, out);
  if (!in.all_constant() || !is_integral(in.type(0)) ||
      !((is_integral(type) && is_integral(in.type(2))) ||
        (is_floating(type) && is_floating(in.type(2))))) {
    return;
  }
  const std::vector<OnnxConstant> from{*in.constant(0), *in.constant(1), *in.constant(2)};
  in.set(at_once_or_later(
      is_integral(type) ? type : OnnxType::Float, out, most_of(from), [from, type, out] {
        return is_integral(type)
                   ? OnnxConstant::of_integers(type, out, chosen<std::int64_t>(from, out))
                   : OnnxConstant::of_floats(out, chosen<float>(from, out));
      }));
}

/// The shape of its input, or of all of them.
void infer_same(Inference& in) {
  in.set(in.type(0), in.shape(0));
}

/// Of constants; limits that are missing limit nothing.
template <class Value>
std::vector<Value> clipped(const Inference& in, std::vector<Value> values) {
  for (Value& value : values) {
    if (in.has(1)) {
      value = std::max(value, numbers_of<Value>(*in.constant(1)).front());
    }
    if (in.has(2)) {
      value = std::min(value, numbers_of<Value>(*in.constant(2)).front());
    }
  }
  return values;
}

void infer_clip(Inference& in) {
  for (std::size_t limit = 1; limit <= 2; ++limit) {
    if (in.has(limit) && elements_of(in.shape(limit)) != 1) {
      contradict("expected a limit that is one number, got {}", text_of(in.shape(limit)));
    }
  }
  const OnnxShape& shape = in.shape(0);
  in.set(in.type(0), shape);
  if (!in.all_constant() || !in.node().attributes.empty() || elements_of(shape) > kMostAtOnce) {
    return;
  }
  if (is_floating(in.type(0))) {
    in.set(OnnxConstant::of_floats(shape, clipped(in, in.constant(0)->floats())));
  } else if (is_integral(in.type(0))) {
    in.set(OnnxConstant::of_integers(in.type(0), shape, clipped(in, in.constant(0)->integers())));
  }
}

void infer_trilu(Inference& in) {
  const OnnxShape& shape = in.shape(0);
  if (shape.size() < 2) {
    contradict("expected matrices, got {}", text_of(shape));
  }
  in.set(in.type(0), shape);
  if (!in.all_constant() || elements_of(shape) > kMostAtOnce ||
      !(is_integral(in.type(0)) || is_floating(in.type(0)))) {
    return;
  }
  const bool upper = in.node().integer("upper", 1) != 0;
  const std::int64_t shift = in.has(1) ? in.constant(1)->integers().at(0) : 0;
  const std::int64_t cols = shape.back();
  const std::int64_t rows = shape[shape.size() - 2];
  const auto kept = [&](auto values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const std::int64_t beside = at % cols - at / cols % rows;
      values[i] = (upper ? beside >= shift : beside <= shift) ? values[i] : 0;
    }
    return values;
  };
  in.set(is_integral(in.type(0))
             ? OnnxConstant::of_integers(in.type(0), shape, kept(in.constant(0)->integers()))
             : OnnxConstant::of_floats(shape, kept(in.constant(0)->floats())));
}

void infer_prelu(Inference& in) {
  const auto out = broadcast_shape(in.shape(0), in.shape(1));
  // Old files have a slope for each channel.
  const bool by_channel =
      in.shape(1).size() == 1 && in.shape(0).size() > 1 && in.shape(1).front() == in.shape(0)[1];
  if ((!out || *out != in.shape(0)) && !by_channel) {
    contradict("expected slopes that broadcast to {}, got {}", text_of(in.shape(0)),
               text_of(in.shape(1)));
  }
  in.set(in.type(0), in.shape(0));
}

void infer_identity(Inference& in) {
  in.set_from(0, in.shape(0), [](const OnnxConstant& source) { return source; });
}

void infer_dropout(Inference& in) {
  if (in.has(2)) {
    const OnnxConstant* training = in.constant(2);
    if (training == nullptr || training->integers() != Integers{0}) {
      contradict("expected a dropout of inference, got one that trains");
    }
  }
  infer_identity(in);
  in.set(OnnxType::Bool, in.shape(0), 1);
}

void infer_cast(Inference& in) {
  OnnxType to = static_cast<OnnxType>(in.node().integer("to", 1));
  if (in.node().op == "CastLike") {
    to = in.type(1);
  }
  if (bytes_of(to) == 0 || (!is_floating(to) && !is_integral(to))) {
    contradict("expected a cast to numbers, got {}", name_of(to));
  }
  in.set(to, in.shape(0));
  if (const OnnxConstant* source = in.constant(0)) {
    in.set(converted(*source, to));
    in.set(to, in.shape(0));
  }
}

constexpr auto kElementsRules = std::to_array<InferRule>({
    {"Abs", infer_unary},
    {"Acos", infer_unary},
    {"Acosh", infer_unary},
    {"Asin", infer_unary},
    {"Asinh", infer_unary},
    {"Atan", infer_unary},
    {"Atanh", infer_unary},
    {"Cosh", infer_unary},
    {"Sinh", infer_unary},
    {"Tan", infer_unary},
    {"Shrink", infer_unary},
    {"Gelu", infer_unary},
    {"Mean", infer_binary},
    {"Trilu", infer_trilu},
    {"Hardmax", infer_same},
    {"GroupNormalization", infer_same},
    {"MeanVarianceNormalization", infer_same},
    {"ReverseSequence", infer_same},
    {"Scatter", infer_same},
    {"ScatterElements", infer_same},
    {"ScatterND", infer_same},
    {"systole.Update", infer_same},
    {"Add", infer_binary},
    {"And", infer_binary},
    {"BatchNormalization", infer_same},
    {"Cast", infer_cast},
    {"CastLike", infer_cast},
    {"Ceil", infer_unary},
    {"Celu", infer_unary},
    {"Clip", infer_clip},
    {"Cos", infer_unary},
    {"CumSum", infer_same},
    {"Div", infer_binary},
    {"Dropout", infer_dropout},
    {"Elu", infer_unary},
    {"Equal", infer_binary},
    {"Erf", infer_unary},
    {"Exp", infer_unary},
    {"Floor", infer_unary},
    {"Greater", infer_binary},
    {"GreaterOrEqual", infer_binary},
    {"HardSigmoid", infer_unary},
    {"HardSwish", infer_unary},
    {"Identity", infer_identity},
    {"InstanceNormalization", infer_same},
    {"LRN", infer_same},
    {"LeakyRelu", infer_unary},
    {"Less", infer_binary},
    {"LessOrEqual", infer_binary},
    {"Log", infer_unary},
    {"LogSoftmax", infer_same},
    {"Max", infer_binary},
    {"Min", infer_binary},
    {"Mish", infer_unary},
    {"Mod", infer_binary},
    {"Mul", infer_binary},
    {"Neg", infer_unary},
    {"Not", infer_not},
    {"Or", infer_binary},
    {"PRelu", infer_prelu},
    {"Pow", infer_binary},
    {"Reciprocal", infer_unary},
    {"Relu", infer_unary},
    {"Round", infer_unary},
    {"Selu", infer_unary},
    {"Sigmoid", infer_unary},
    {"Sign", infer_unary},
    {"Sin", infer_unary},
    {"Softmax", infer_same},
    {"Softplus", infer_unary},
    {"Softsign", infer_unary},
    {"Sqrt", infer_unary},
    {"Sub", infer_binary},
    {"Sum", infer_binary},
    {"Tanh", infer_unary},
    {"ThresholdedRelu", infer_unary},
    {"Where", infer_where},
    {"Xor", infer_binary},
    {"systole.Function", infer_same},
    {"systole.LayerNorm", infer_same},
    {"systole.RmsNorm", infer_same},
    {"systole.Rotary", infer_same},
    {"systole.Softmax", infer_same},
});

}  // namespace

std::span<const InferRule> element_shapes() {
  return kElementsRules;
}

}  // namespace onnx_inference

}  // namespace systole
