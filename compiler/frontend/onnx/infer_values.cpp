#include "compiler/frontend/onnx/infer_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/check.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

using Integers = std::vector<std::int64_t>;

constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;
constexpr std::size_t kMaxRank = 12;
/// Constants of more elements are made when somebody asks for them.
constexpr std::int64_t kMostAtOnce = 1 << 16;

/// A contradiction in a node.
struct Contradiction : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void contradict(fmt::format_string<Args...> format, Args&&... args) {
  throw Contradiction(fmt::format(format, std::forward<Args>(args)...));
}

Integers strides_of(const OnnxShape& shape) {
  Integers strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * shape[axis];
  }
  return strides;
}

/// Strides by which a tensor of `shape` is read along the axes of `out`; 0 where it repeats.
Integers broadcast_strides(const OnnxShape& shape, const OnnxShape& out) {
  const Integers own = strides_of(shape);
  Integers strides(out.size(), 0);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::size_t axis = out.size() - shape.size() + i;
    strides[axis] = shape[i] == 1 ? 0 : own[i];
  }
  return strides;
}

/// Calls `visit(offset)` for every element of `shape` in order; `strides` lead through a source.
template <class Visit>
void walk(const OnnxShape& shape, const Integers& strides, std::int64_t start, const Visit& visit) {
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size == 0; })) {
    return;
  }
  Integers index(shape.size(), 0);
  std::int64_t offset = start;
  while (true) {
    visit(offset);
    std::size_t axis = shape.size();
    while (axis-- > 0) {
      offset += strides[axis];
      if (++index[axis] < shape[axis]) {
        break;
      }
      offset -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
    if (axis == static_cast<std::size_t>(-1)) {
      return;
    }
  }
}

/// The elements of `bytes` that strides lead to.
std::string gathered(const std::string& bytes, std::int64_t size, const OnnxShape& shape,
                     const Integers& strides, std::int64_t start) {
  std::string result;
  result.reserve(static_cast<std::size_t>(elements_of(shape) * size));
  walk(shape, strides, start, [&](std::int64_t offset) {
    result.append(bytes, static_cast<std::size_t>(offset * size), static_cast<std::size_t>(size));
  });
  return result;
}

OnnxConstant strided(const OnnxConstant& source, OnnxShape shape, Integers strides,
                     std::int64_t start) {
  const OnnxType type = source.type();
  auto make = [source, shape, strides = std::move(strides), start] {
    return gathered(source.bytes(), bytes_of(source.type()), shape, strides, start);
  };
  if (source.is_deferred() || std::max(source.elements(), elements_of(shape)) > kMostAtOnce) {
    return OnnxConstant::deferred(type, std::move(shape), std::move(make));
  }
  return {type, std::move(shape), make()};
}

/// The integer towards zero; what does not fit ends at 2^62, a NaN at 0.
std::int64_t whole(double value) {
  constexpr double kLimit = 0x1p62;
  return std::isnan(value) ? 0 : static_cast<std::int64_t>(std::clamp(value, -kLimit, kLimit));
}

OnnxConstant converted(const OnnxConstant& from, OnnxType to) {
  if (from.type() == to) {
    return from;
  }
  const auto make = [from, to]() -> std::string {
    if (to == OnnxType::Bool) {
      std::vector<std::int64_t> truths;
      for (const float value : from.floats()) {
        truths.push_back(value != 0 ? 1 : 0);
      }
      return OnnxConstant::of_integers(to, from.shape(), truths).bytes();
    }
    if (is_integral(to)) {
      return OnnxConstant::of_integers(to, from.shape(), from.integers()).bytes();
    }
    return OnnxConstant::of_floats(from.shape(), from.floats()).bytes();
  };
  // Numbers of every floating type are kept as binary32.
  const OnnxType kept = is_floating(to) ? OnnxType::Float : to;
  if (from.is_deferred() || from.elements() > kMostAtOnce) {
    return OnnxConstant::deferred(kept, from.shape(), make);
  }
  return {kept, from.shape(), make()};
}

class Inference {
 public:
  Inference(ImportGraph& graph, ImportNode& node) : graph_(graph), node_(node) {}

  [[nodiscard]] const ImportNode& node() const { return node_; }
  [[nodiscard]] ImportNode& node() { return node_; }
  [[nodiscard]] std::int64_t opset() const { return graph_.opset; }
  [[nodiscard]] std::size_t inputs() const { return node_.inputs.size(); }
  [[nodiscard]] bool has(std::size_t index) const { return node_.input(index) != kNoValue; }

  [[nodiscard]] const OnnxShape& shape(std::size_t index) const {
    return *input_value(index).shape;
  }
  [[nodiscard]] OnnxType type(std::size_t index) const { return input_value(index).type; }
  [[nodiscard]] const OnnxConstant* constant(std::size_t index) const {
    return graph_.constant(node_.input(index));
  }
  [[nodiscard]] bool all_constant() const {
    return std::all_of(node_.inputs.begin(), node_.inputs.end(), [&](ImportValueId input) {
      return input == kNoValue || graph_.constant(input) != nullptr;
    });
  }

  /// Numbers of an attribute or, in later versions, of an input; empty where neither is there.
  /// Throws Contradiction where the input is no constant.
  [[nodiscard]] std::optional<Integers> integers(std::string_view key, std::size_t index) const {
    if (auto found = node_.integers(key)) {
      return found;
    }
    if (!has(index)) {
      return std::nullopt;
    }
    const OnnxConstant* found = constant(index);
    if (found == nullptr) {
      contradict("expected {} that do not depend on inputs, got such that do", key);
    }
    if (!is_integral(found->type()) || found->elements() > kMostAtOnce) {
      contradict("expected integers as {}, got {} {}", key, found->elements(),
                 name_of(found->type()));
    }
    return found->integers();
  }

  [[nodiscard]] Integers required(std::string_view key, std::size_t index) const {
    auto found = integers(key, index);
    if (!found) {
      contradict("expected {}, got none", key);
    }
    return *std::move(found);
  }

  void set(OnnxType type, OnnxShape shape, std::size_t output = 0) {
    if (output >= node_.outputs.size()) {
      return;
    }
    std::int64_t elements = 1;
    for (const std::int64_t size : shape) {
      if (size < 0 || (size > 0 && elements > kMaxElements / size)) {
        contradict("expected a result of at most 2^40 elements, got {}", text_of(shape));
      }
      elements *= std::max<std::int64_t>(size, 1);
    }
    if (shape.size() > kMaxRank) {
      contradict("expected a result of at most {} axes, got {}", kMaxRank, shape.size());
    }
    ImportValue& value = graph_.value(node_.outputs[output]);
    value.type = type;
    value.shape = std::move(shape);
  }
  void set(OnnxConstant constant, std::size_t output = 0) {
    set(constant.type(), constant.shape(), output);
    if (output < node_.outputs.size()) {
      graph_.value(node_.outputs[output]).constant = std::move(constant);
    }
  }
  /// Type and shape of an input, numbers from `make(constant)`.
  template <class Make>
  void set_from(std::size_t index, OnnxShape to, const Make& make) {
    const OnnxConstant* found = constant(index);
    if (found != nullptr) {
      set(make(*found));
      graph_.value(node_.outputs.front()).type = type(index);
    } else {
      set(type(index), std::move(to));
    }
  }

 private:
  [[nodiscard]] const ImportValue& input_value(std::size_t index) const {
    if (!has(index)) {
      contradict("expected an input {}, got none", index);
    }
    return graph_.value(node_.input(index));
  }

  ImportGraph& graph_;
  ImportNode& node_;
};

std::size_t checked_axis(std::int64_t axis, std::size_t rank) {
  try {
    return axis_of(axis, rank);
  } catch (const std::out_of_range&) {
    contradict("expected an axis in {}..{}, got {}", -static_cast<std::int64_t>(rank),
               static_cast<std::int64_t>(rank) - 1, axis);
  }
}

// --- element by element ---

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
  if (source == nullptr || found == kFunctions.end() || source->elements() > kMostAtOnce) {
    return;
  }
  if (is_integral(source->type())) {
    Integers values = source->integers();
    for (std::int64_t& value : values) {
      value = whole(found->real(static_cast<double>(value)));
    }
    in.set(OnnxConstant::of_integers(source->type(), source->shape(), values));
    return;
  }
  std::vector<float> values = source->floats();
  for (float& value : values) {
    value = static_cast<float>(found->real(static_cast<double>(value)));
  }
  in.set(OnnxConstant::of_floats(source->shape(), values));
}

std::optional<float> combined(std::string_view op, float a, float b) {
  if (op == "Add" || op == "Sum") {
    return a + b;
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

/// Modulo 2^64, as those who wrote the file count.
std::optional<std::int64_t> combined(std::string_view op, std::int64_t a, std::int64_t b) {
  const auto x = static_cast<std::uint64_t>(a);
  const auto y = static_cast<std::uint64_t>(b);
  if (op == "Add" || op == "Sum") {
    return static_cast<std::int64_t>(x + y);
  }
  if (op == "Sub") {
    return static_cast<std::int64_t>(x - y);
  }
  if (op == "Mul") {
    return static_cast<std::int64_t>(x * y);
  }
  if (op == "Div" || op == "Mod") {
    const bool divides = op == "Div";
    if (b == 0 || b == -1) {
      return b == 0 || !divides ? 0 : static_cast<std::int64_t>(0 - x);
    }
    const std::int64_t rest = a % b;
    return divides ? a / b : (rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
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

OnnxShape common_shape(const Inference& in, std::size_t first, std::size_t count) {
  OnnxShape shape = in.shape(first);
  for (std::size_t i = first + 1; i < first + count; ++i) {
    const auto common = broadcast_shape(shape, in.shape(i));
    if (!common) {
      contradict("expected shapes that broadcast, got {} and {}", text_of(shape),
                 text_of(in.shape(i)));
    }
    shape = *common;
  }
  return shape;
}

/// `values` of a tensor of `shape` as one of `out`.
template <class Value>
std::vector<Value> broadcast(const std::vector<Value>& values, const OnnxShape& shape,
                             const OnnxShape& out) {
  std::vector<Value> result;
  result.reserve(static_cast<std::size_t>(elements_of(out)));
  walk(out, broadcast_strides(shape, out), 0,
       [&](std::int64_t offset) { result.push_back(values[static_cast<std::size_t>(offset)]); });
  return result;
}

template <class Value, class Read>
void fold_binary(Inference& in, const OnnxShape& out, const Read& read, bool compares) {
  std::vector<Value> sum = broadcast<Value>(read(*in.constant(0)), in.shape(0), out);
  Integers truths(sum.size());
  for (std::size_t i = 1; i < in.inputs(); ++i) {
    const std::vector<Value> next = broadcast<Value>(read(*in.constant(i)), in.shape(i), out);
    for (std::size_t element = 0; element < sum.size(); ++element) {
      if (compares) {
        truths[element] = *compared(in.node().op, sum[element], next[element]) ? 1 : 0;
      } else {
        sum[element] = *combined(in.node().op, sum[element], next[element]);
      }
    }
  }
  if (compares) {
    in.set(OnnxConstant::of_integers(OnnxType::Bool, out, truths));
  } else if constexpr (std::is_integral_v<Value>) {
    in.set(OnnxConstant::of_integers(in.type(0), out, sum));
  } else {
    in.set(OnnxConstant::of_floats(out, sum));
  }
}

void infer_binary(Inference& in) {
  const bool compares = compared<float>(in.node().op, 0, 0).has_value();
  const OnnxShape out = common_shape(in, 0, in.inputs());
  const OnnxType type = in.type(0);
  for (std::size_t i = 1; i < in.inputs(); ++i) {
    if (in.type(i) != type && in.node().op != "Pow") {
      contradict("expected inputs of one type, got {} and {}", name_of(type), name_of(in.type(i)));
    }
  }
  in.set(compares ? OnnxType::Bool : type, out);
  if (!in.all_constant() || elements_of(out) > kMostAtOnce) {
    return;
  }
  if (is_floating(type)) {
    fold_binary<float>(
        in, out, [](const OnnxConstant& c) { return c.floats(); }, compares);
  } else if (is_integral(type)) {
    fold_binary<std::int64_t>(
        in, out, [](const OnnxConstant& c) { return c.integers(); }, compares);
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

void infer_where(Inference& in) {
  const OnnxShape out = common_shape(in, 0, 3);
  in.set(in.type(1), out);
  if (!in.all_constant() || elements_of(out) > kMostAtOnce) {
    return;
  }
  const Integers choice = broadcast(in.constant(0)->integers(), in.shape(0), out);
  if (is_integral(in.type(1))) {
    const Integers a = broadcast(in.constant(1)->integers(), in.shape(1), out);
    Integers b = broadcast(in.constant(2)->integers(), in.shape(2), out);
    for (std::size_t i = 0; i < b.size(); ++i) {
      b[i] = choice[i] != 0 ? a[i] : b[i];
    }
    in.set(OnnxConstant::of_integers(in.type(1), out, b));
    return;
  }
  const std::vector<float> a = broadcast(in.constant(1)->floats(), in.shape(1), out);
  std::vector<float> b = broadcast(in.constant(2)->floats(), in.shape(2), out);
  for (std::size_t i = 0; i < b.size(); ++i) {
    b[i] = choice[i] != 0 ? a[i] : b[i];
  }
  in.set(OnnxConstant::of_floats(out, b));
}

/// The shape of its input, or of all of them.
void infer_same(Inference& in) {
  in.set(in.type(0), in.shape(0));
}

void infer_prelu(Inference& in) {
  const auto out = broadcast_shape(in.shape(0), in.shape(1));
  if (!out || *out != in.shape(0)) {
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

// --- constants ---

void infer_constant(Inference& in) {
  const ImportNode& node = in.node();
  for (const auto& [key, attribute] : node.attributes) {
    using Kind = OnnxAttribute::Kind;
    switch (attribute.kind) {
      case Kind::Tensor:
        if (attribute.tensor.type() == OnnxType::String) {
          return;
        }
        in.set(attribute.tensor);
        return;
      case Kind::Float:
        in.set(OnnxConstant::of_floats({}, {attribute.number}));
        return;
      case Kind::Floats:
        in.set(OnnxConstant::of_floats({static_cast<std::int64_t>(attribute.numbers.size())},
                                       attribute.numbers));
        return;
      case Kind::Int:
        in.set(OnnxConstant::of_integers(OnnxType::Int64, {}, {attribute.integer}));
        return;
      case Kind::Ints:
        in.set(OnnxConstant::of_integers(OnnxType::Int64,
                                         {static_cast<std::int64_t>(attribute.integers.size())},
                                         attribute.integers));
        return;
      case Kind::String:
      case Kind::Graph:
      case Kind::Strings:
      case Kind::Other:
        break;
    }
  }
}

void infer_shape(Inference& in) {
  const OnnxShape& shape = in.shape(0);
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::int64_t start = in.node().integer("start", 0);
  std::int64_t end = in.node().integer("end", rank);
  start = std::clamp<std::int64_t>(start < 0 ? start + rank : start, 0, rank);
  end = std::clamp<std::int64_t>(end < 0 ? end + rank : end, start, rank);
  const Integers part(shape.begin() + start, shape.begin() + end);
  in.set(OnnxConstant::of_integers(OnnxType::Int64, {end - start}, part));
}

void infer_size(Inference& in) {
  in.set(OnnxConstant::of_integers(OnnxType::Int64, {}, {elements_of(in.shape(0))}));
}

void infer_constant_of_shape(Inference& in) {
  const OnnxShape shape = in.required("shape", 0);
  const OnnxAttribute* value = in.node().attribute("value");
  const OnnxConstant one = value != nullptr && value->tensor.elements() == 1
                               ? value->tensor.reshaped({})
                               : OnnxConstant::of_floats({}, {0.0F});
  in.set(one.type(), shape);
  in.set(strided(one, shape, Integers(shape.size(), 0), 0));
}

void infer_range(Inference& in) {
  if (!in.all_constant()) {
    contradict("expected limits that do not depend on inputs, got such that do");
  }
  const double start = static_cast<double>(in.constant(0)->floats().at(0));
  const double limit = static_cast<double>(in.constant(1)->floats().at(0));
  const double step = static_cast<double>(in.constant(2)->floats().at(0));
  const double count = std::max(0.0, std::ceil((limit - start) / step));
  if (!(count <= static_cast<double>(kMostAtOnce) * 64)) {
    contradict("expected a range of numbers, got {} from {} to {} by {}", count, start, limit,
               step);
  }
  const OnnxShape shape{static_cast<std::int64_t>(count)};
  if (is_integral(in.type(0))) {
    Integers values;
    for (std::int64_t i = 0; i < shape[0]; ++i) {
      values.push_back(in.constant(0)->integers()[0] + i * in.constant(2)->integers()[0]);
    }
    in.set(OnnxConstant::of_integers(in.type(0), shape, values));
    return;
  }
  std::vector<float> values;
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    values.push_back(static_cast<float>(start + static_cast<double>(i) * step));
  }
  in.set(OnnxConstant::of_floats(shape, values));
}

// --- movement ---

void infer_reshape(Inference& in) {
  Integers wanted = in.required("shape", 1);
  const OnnxShape& from = in.shape(0);
  const bool zero_is_zero = in.node().integer("allowzero", 0) != 0;
  std::int64_t known = 1;
  std::ptrdiff_t open = -1;
  for (std::size_t axis = 0; axis < wanted.size(); ++axis) {
    if (wanted[axis] == 0 && !zero_is_zero && axis < from.size()) {
      wanted[axis] = from[axis];
    }
    if (wanted[axis] == -1 && open < 0) {
      open = static_cast<std::ptrdiff_t>(axis);
    } else if (wanted[axis] < 0 || (wanted[axis] > 0 && known > kMaxElements / wanted[axis])) {
      contradict("expected a shape, got {}", text_of(wanted));
    } else {
      known *= wanted[axis];
    }
  }
  if (open >= 0) {
    wanted[static_cast<std::size_t>(open)] = known == 0 ? 0 : elements_of(from) / known;
  }
  if (elements_of(wanted) != elements_of(from)) {
    contradict("expected a shape of the {} elements of {}, got {}", elements_of(from),
               text_of(from), text_of(wanted));
  }
  in.set_from(0, wanted, [&](const OnnxConstant& source) { return source.reshaped(wanted); });
}

void infer_flatten(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const std::int64_t axis = in.node().integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(from.size());
  if (axis < -rank || axis > rank) {
    contradict("expected an axis in {}..{}, got {}", -rank, rank, axis);
  }
  const auto cut = from.begin() + (axis < 0 ? axis + rank : axis);
  const OnnxShape to{elements_of(OnnxShape(from.begin(), cut)),
                     elements_of(OnnxShape(cut, from.end()))};
  in.set_from(0, to, [&](const OnnxConstant& source) { return source.reshaped(to); });
}

void infer_squeeze(Inference& in) {
  const OnnxShape& from = in.shape(0);
  std::vector<bool> dropped(from.size(), false);
  if (const auto axes = in.integers("axes", 1)) {
    for (const std::int64_t axis : *axes) {
      dropped[checked_axis(axis, from.size())] = true;
    }
  } else {
    std::transform(from.begin(), from.end(), dropped.begin(),
                   [](std::int64_t size) { return size == 1; });
  }
  OnnxShape to;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    if (!dropped[axis]) {
      to.push_back(from[axis]);
    } else if (from[axis] != 1) {
      contradict("expected axes of size 1, got axis {} of {}", axis, text_of(from));
    }
  }
  in.set_from(0, to, [&](const OnnxConstant& source) { return source.reshaped(to); });
}

void infer_unsqueeze(Inference& in) {
  const auto axes = in.integers("axes", 1);
  if (!axes) {
    contradict("expected axes, got none");
  }
  const std::size_t rank = in.shape(0).size() + axes->size();
  std::vector<bool> added(rank, false);
  for (const std::int64_t axis : *axes) {
    added[checked_axis(axis, rank)] = true;
  }
  if (std::count(added.begin(), added.end(), true) != static_cast<std::ptrdiff_t>(axes->size())) {
    contradict("expected each axis once, got {}", text_of(*axes));
  }
  OnnxShape to;
  auto next = in.shape(0).begin();
  for (const bool is_added : added) {
    to.push_back(is_added ? 1 : *next++);
  }
  in.set_from(0, to, [&](const OnnxConstant& source) { return source.reshaped(to); });
}

void infer_transpose(Inference& in) {
  const OnnxShape& from = in.shape(0);
  Integers order(from.size());
  std::iota(order.rbegin(), order.rend(), 0);
  order = in.node().integers("perm").value_or(order);
  Integers sorted = order;
  std::sort(sorted.begin(), sorted.end());
  OnnxShape to;
  Integers strides;
  const Integers own = strides_of(from);
  for (std::size_t axis = 0; axis < sorted.size(); ++axis) {
    if (sorted.size() != from.size() || sorted[axis] != static_cast<std::int64_t>(axis)) {
      contradict("expected an order of {} axes, got {}", from.size(), text_of(order));
    }
    to.push_back(from[static_cast<std::size_t>(order[axis])]);
    strides.push_back(own[static_cast<std::size_t>(order[axis])]);
  }
  in.node().set("perm", order);
  in.set_from(0, to, [&](const OnnxConstant& source) { return strided(source, to, strides, 0); });
}

void infer_slice(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const auto starts = in.integers("starts", 1);
  const auto ends = in.integers("ends", 2);
  if (!starts || !ends || starts->size() != ends->size()) {
    contradict("expected as many ends as starts, got others");
  }
  Integers axes(starts->size());
  std::iota(axes.begin(), axes.end(), 0);
  axes = in.integers("axes", 3).value_or(axes);
  const Integers steps = in.integers("steps", 4).value_or(Integers(starts->size(), 1));
  if (axes.size() != starts->size() || steps.size() != starts->size()) {
    contradict("expected as many axes and steps as starts, got others");
  }
  OnnxShape to = from;
  Integers strides = strides_of(from);
  Integers firsts(from.size(), 0);
  Integers by(from.size(), 1);
  std::int64_t start_offset = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = checked_axis(axes[i], from.size());
    const std::int64_t size = from[axis];
    std::int64_t step = steps[i];
    if (step == 0) {
      contradict("expected steps that are not 0, got 0");
    }
    const auto clamped = [&](std::int64_t place, std::int64_t low, std::int64_t high) {
      return std::clamp(place < 0 ? place + size : place, low, std::max(low, high));
    };
    const std::int64_t first =
        step > 0 ? clamped((*starts)[i], 0, size) : clamped((*starts)[i], 0, size - 1);
    const std::int64_t last =
        step > 0 ? clamped((*ends)[i], 0, size) : clamped((*ends)[i], -1, size - 1);
    const std::int64_t distance = step > 0 ? last - first : first - last;
    const std::int64_t stride =
        std::clamp(step > 0 ? step : -std::max(step, -kMaxElements), std::int64_t{1}, kMaxElements);
    to[axis] = distance <= 0 || size == 0 ? 0 : (distance - 1) / stride + 1;
    if (to[axis] <= 1) {
      step = 1;  // nobody goes on from there
    }
    start_offset += first * strides[axis];
    strides[axis] *= step;
    firsts[axis] = first;
    by[axis] = step;
  }
  in.node().set("first", firsts);
  in.node().set("by", by);
  in.set_from(0, to, [&](const OnnxConstant& source) {
    return strided(source, to, strides, start_offset);
  });
}

/// Rows of `source` along `axis`, one behind the other, of `shape`.
OnnxConstant picked(const OnnxConstant& source, std::size_t axis, const Integers& rows,
                    OnnxShape shape) {
  auto make = [source, axis, rows, shape] {
    const OnnxShape& from = source.shape();
    const auto split = from.begin() + static_cast<std::ptrdiff_t>(axis);
    const std::int64_t outer = elements_of(OnnxShape(from.begin(), split));
    const std::int64_t inner =
        elements_of(OnnxShape(split + 1, from.end())) * bytes_of(source.type());
    const std::string bytes = source.bytes();
    std::string result;
    for (std::int64_t block = 0; block < outer; ++block) {
      for (const std::int64_t row : rows) {
        result.append(bytes, static_cast<std::size_t>((block * from[axis] + row) * inner),
                      static_cast<std::size_t>(inner));
      }
    }
    return result;
  };
  if (source.is_deferred() || source.elements() > kMostAtOnce || elements_of(shape) > kMostAtOnce) {
    return OnnxConstant::deferred(source.type(), shape, std::move(make));
  }
  return {source.type(), shape, make()};
}

void infer_gather(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const std::size_t axis = checked_axis(in.node().integer("axis", 0), from.size());
  OnnxShape to(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(axis));
  to.insert(to.end(), in.shape(1).begin(), in.shape(1).end());
  to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(axis) + 1, from.end());
  in.set(in.type(0), to);
  const OnnxConstant* indices = in.constant(1);
  if (indices == nullptr || indices->elements() > kMostAtOnce) {
    return;
  }
  Integers rows = indices->integers();
  for (std::int64_t& row : rows) {
    row += row < 0 ? from[axis] : 0;
    if (row < 0 || row >= from[axis]) {
      contradict("expected indices in 0..{}, got {}", from[axis] - 1, row);
    }
  }
  if (const OnnxConstant* source = in.constant(0)) {
    in.set(picked(*source, axis, rows, to));
    in.set(in.type(0), to);
  }
}

void infer_concat(Inference& in) {
  const std::size_t rank = in.shape(0).size();
  const std::size_t axis = checked_axis(in.node().integer("axis", 1), rank);
  OnnxShape to = in.shape(0);
  to[axis] = 0;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    const OnnxShape& each = in.shape(i);
    for (std::size_t other = 0; other < rank; ++other) {
      if (each.size() != rank || (other != axis && each[other] != to[other])) {
        contradict("expected inputs that differ along axis {} alone, got {} and {}", axis,
                   text_of(in.shape(0)), text_of(each));
      }
    }
    to[axis] += each[axis];
  }
  in.set(in.type(0), to);
  if (!in.all_constant()) {
    return;
  }
  std::vector<OnnxConstant> parts;
  bool deferred = elements_of(to) > kMostAtOnce;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    parts.push_back(converted(*in.constant(i), in.constant(0)->type()));
    deferred = deferred || parts.back().is_deferred();
  }
  auto make = [parts, axis, to] {
    const auto split = to.begin() + static_cast<std::ptrdiff_t>(axis);
    const std::int64_t outer = elements_of(OnnxShape(to.begin(), split));
    std::vector<std::string> bytes;
    for (const OnnxConstant& part : parts) {
      bytes.push_back(part.bytes());
    }
    std::string result;
    for (std::int64_t block = 0; block < outer; ++block) {
      for (const std::string& part : bytes) {
        const std::size_t size = part.size() / static_cast<std::size_t>(outer);
        result.append(part, static_cast<std::size_t>(block) * size, size);
      }
    }
    return result;
  };
  const OnnxType type = parts.front().type();
  in.set(deferred ? OnnxConstant::deferred(type, to, std::move(make))
                  : OnnxConstant(type, to, make()));
}

void infer_split(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const std::size_t axis = checked_axis(in.node().integer("axis", 0), from.size());
  const auto count = static_cast<std::int64_t>(in.node().outputs.size());
  const std::int64_t each = (from[axis] + count - 1) / count;
  Integers sizes(static_cast<std::size_t>(count), each);
  sizes.back() = from[axis] - each * (count - 1);
  sizes = in.integers("split", 1).value_or(sizes);
  if (std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) != from[axis] ||
      sizes.size() != static_cast<std::size_t>(count)) {
    contradict("expected {} parts of {} together, got {}", count, from[axis], text_of(sizes));
  }
  in.node().set("parts", sizes);
  std::int64_t first = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    OnnxShape to = from;
    to[axis] = sizes[i];
    in.set(in.type(0), to, i);
    if (const OnnxConstant* source = in.constant(0)) {
      const Integers strides = strides_of(from);
      in.set(strided(*source, to, strides, first * strides[axis]), i);
    }
    first += sizes[i];
  }
}

void infer_expand(Inference& in) {
  const Integers wanted = in.required("shape", 1);
  const auto to = broadcast_shape(in.shape(0), wanted);
  if (!to) {
    contradict("expected shapes that broadcast, got {} and {}", text_of(in.shape(0)),
               text_of(wanted));
  }
  in.set(in.type(0), *to);  // first: the size is checked
  in.set_from(0, *to, [&](const OnnxConstant& source) {
    return strided(source, *to, broadcast_strides(source.shape(), *to), 0);
  });
}

void infer_tile(Inference& in) {
  const Integers repeats = in.required("repeats", 1);
  const OnnxShape& from = in.shape(0);
  if (repeats.size() != from.size()) {
    contradict("expected {} repeats, got {}", from.size(), repeats.size());
  }
  OnnxShape to;
  OnnxShape walked;
  Integers strides;
  const Integers own = strides_of(from);
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    if (repeats[axis] < 0 || repeats[axis] > (1 << 20)) {
      contradict("expected repeats, got {}", text_of(repeats));
    }
    to.push_back(from[axis] * repeats[axis]);
    walked.insert(walked.end(), {repeats[axis], from[axis]});
    strides.insert(strides.end(), {0, own[axis]});
  }
  in.set(in.type(0), to);
  in.set_from(0, to, [&](const OnnxConstant& source) {
    return strided(source, walked, strides, 0).reshaped(to);
  });
}

void infer_pad(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const Integers pads = in.required("pads", 1);
  if (pads.size() != 2 * from.size()) {
    contradict("expected {} pads, got {}", 2 * from.size(), pads.size());
  }
  OnnxShape to = from;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    const std::int64_t before = pads[axis];
    const std::int64_t after = pads[axis + from.size()];
    if (std::max(before, after) > kMaxElements || std::min(before, after) < -kMaxElements) {
      contradict("expected pads, got {}", text_of(pads));
    }
    to[axis] += before + after;
  }
  in.node().set("pads", pads);
  in.set(in.type(0), to);
}

void infer_gather_elements(Inference& in) {
  if (in.shape(1).size() != in.shape(0).size()) {
    contradict("expected indices of {} axes, got {}", in.shape(0).size(), text_of(in.shape(1)));
  }
  in.set(in.type(0), in.shape(1));
}

void infer_gather_nd(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const OnnxShape& indices = in.shape(1);
  const std::int64_t batch = in.node().integer("batch_dims", 0);
  const std::int64_t depth = indices.empty() ? 0 : indices.back();
  if (indices.empty() || batch < 0 || depth < 1 ||
      batch + depth > static_cast<std::int64_t>(from.size()) ||
      batch >= static_cast<std::int64_t>(indices.size())) {
    contradict("expected indices into {}, got {}", text_of(from), text_of(indices));
  }
  OnnxShape to(indices.begin(), indices.end() - 1);
  to.insert(to.end(), from.begin() + batch + depth, from.end());
  in.set(in.type(0), to);
}

void infer_one_hot(Inference& in) {
  OnnxShape to = in.shape(0);
  const Integers depth = in.required("depth", 1);
  const std::size_t axis = checked_axis(in.node().integer("axis", -1), to.size() + 1);
  if (depth.size() != 1 || depth[0] < 1) {
    contradict("expected a depth above 0, got {}", text_of(depth));
  }
  to.insert(to.begin() + static_cast<std::ptrdiff_t>(axis), depth[0]);
  in.set(in.type(2), to);
}

void infer_depth_to_space(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const std::int64_t block = in.node().integer("blocksize", 1);
  const bool to_space = in.node().op == "DepthToSpace";
  if (from.size() != 4 || block < 1 || block > 65536 ||
      (to_space ? from[1] % (block * block) != 0 : from[2] % block != 0 || from[3] % block != 0)) {
    contradict("expected an image that blocks of {} divide, got {}", block, text_of(from));
  }
  in.set(in.type(0),
         to_space ? OnnxShape{from[0], from[1] / (block * block), from[2] * block, from[3] * block}
                  : OnnxShape{from[0], from[1] * block * block, from[2] / block, from[3] / block});
}

// --- reductions ---

void infer_reduce(Inference& in) {
  const OnnxShape& from = in.shape(0);
  std::vector<bool> reduced(from.size(), false);
  const auto axes = in.integers("axes", 1);
  if (axes && !axes->empty()) {
    for (const std::int64_t axis : *axes) {
      reduced[checked_axis(axis, from.size())] = true;
    }
  } else if (in.node().integer("noop_with_empty_axes", 0) == 0) {
    reduced.assign(from.size(), true);
  }
  const bool keeps = in.node().integer("keepdims", 1) != 0;
  OnnxShape to;
  OnnxShape kept;
  Integers found;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    kept.push_back(reduced[axis] ? 1 : from[axis]);
    if (reduced[axis]) {
      found.push_back(static_cast<std::int64_t>(axis));
    }
    if (!reduced[axis] || keeps) {
      to.push_back(kept.back());
    }
  }
  in.node().set("axes", found);
  in.node().inputs.resize(1);
  in.set(in.type(0), to);
  const OnnxConstant* source = in.constant(0);
  const std::string& op = in.node().op;
  const bool folds = op == "ReduceSum" || op == "ReduceProd" || op == "ReduceMin" ||
                     op == "ReduceMax" || op == "ReduceMean";
  if (source == nullptr || source->elements() > kMostAtOnce || !folds) {
    return;
  }
  const double start = op == "ReduceProd" ? 1 : 0;
  std::vector<double> sums(static_cast<std::size_t>(elements_of(to)), start);
  std::vector<bool> seen(sums.size(), false);
  const std::vector<float> values = source->floats();
  std::size_t next = 0;
  walk(from, broadcast_strides(kept, from), 0, [&](std::int64_t offset) {
    const auto place = static_cast<std::size_t>(offset);
    const auto value = static_cast<double>(values[next++]);
    double& sum = sums[place];
    if (op == "ReduceProd") {
      sum *= value;
    } else if (op == "ReduceSum" || op == "ReduceMean") {
      sum += value;
    } else {
      const double better = op == "ReduceMin" ? std::min(sum, value) : std::max(sum, value);
      sum = seen[place] ? better : value;
    }
    seen[place] = true;
  });
  if (op == "ReduceMean") {
    for (double& sum : sums) {
      sum /= static_cast<double>(values.size()) / static_cast<double>(sums.size());
    }
  }
  if (is_integral(source->type())) {
    Integers integers;
    std::transform(sums.begin(), sums.end(), std::back_inserter(integers), whole);
    in.set(OnnxConstant::of_integers(source->type(), to, integers));
  } else {
    in.set(OnnxConstant::of_floats(to, std::vector<float>(sums.begin(), sums.end())));
  }
}

void infer_arg(Inference& in) {
  OnnxShape to = in.shape(0);
  const std::size_t axis = checked_axis(in.node().integer("axis", 0), to.size());
  if (in.node().integer("keepdims", 1) != 0) {
    to[axis] = 1;
  } else {
    to.erase(to.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  in.set(OnnxType::Int64, to);
}

// --- products ---

OnnxShape product_shape(const OnnxShape& a, const OnnxShape& b) {
  if (a.empty() || b.empty()) {
    contradict("expected tensors to multiply, got numbers");
  }
  const OnnxShape rows = a.size() == 1 ? OnnxShape{1, a[0]} : a;
  const OnnxShape cols = b.size() == 1 ? OnnxShape{b[0], 1} : b;
  const auto outer = broadcast_shape(OnnxShape(rows.begin(), rows.end() - 2),
                                     OnnxShape(cols.begin(), cols.end() - 2));
  if (!outer || rows.back() != cols[cols.size() - 2]) {
    contradict("expected tensors whose product exists, got {} and {}", text_of(a), text_of(b));
  }
  OnnxShape to = *outer;
  if (a.size() > 1) {
    to.push_back(rows[rows.size() - 2]);
  }
  if (b.size() > 1) {
    to.push_back(cols.back());
  }
  return to;
}

void infer_matmul(Inference& in) {
  in.set(in.type(0), product_shape(in.shape(0), in.shape(1)));
}

void infer_matmul_integer(Inference& in) {
  in.set(OnnxType::Int32, product_shape(in.shape(0), in.shape(1)));
}

void infer_qlinear_matmul(Inference& in) {
  in.set(in.type(7), product_shape(in.shape(0), in.shape(3)));
}

void infer_gemm(Inference& in) {
  OnnxShape a = in.shape(0);
  OnnxShape b = in.shape(1);
  if (a.size() != 2 || b.size() != 2) {
    contradict("expected two matrices, got {} and {}", text_of(a), text_of(b));
  }
  if (in.node().integer("transA", 0) != 0) {
    std::swap(a[0], a[1]);
  }
  if (in.node().integer("transB", 0) != 0) {
    std::swap(b[0], b[1]);
  }
  if (a[1] != b[0]) {
    contradict("expected matrices whose product exists, got {} and {}", text_of(in.shape(0)),
               text_of(in.shape(1)));
  }
  const OnnxShape to{a[0], b[1]};
  if (in.has(2) && broadcast_shape(in.shape(2), to) != to) {
    contradict("expected a bias that broadcasts to {}, got {}", text_of(to), text_of(in.shape(2)));
  }
  in.set(in.type(0), to);
}

Integers kernel_of(const ImportNode& node, const OnnxShape& weights) {
  return node.integers("kernel_shape")
      .value_or(Integers(weights.begin() + std::min<std::ptrdiff_t>(2, std::ssize(weights)),
                         weights.end()));
}

/// Of a convolution of `image` with `weights`.
OnnxShape convolved(Inference& in, const OnnxShape& image, const OnnxShape& weights) {
  const std::int64_t groups = in.node().integer("group", 1);
  if (image.size() < 3 || weights.size() != image.size() || groups < 1 || image[1] % groups != 0 ||
      weights[1] != image[1] / groups || weights[0] % groups != 0) {
    contradict("expected weights for {} in {} groups, got {}", text_of(image), groups,
               text_of(weights));
  }
  const Integers kernel = kernel_of(in.node(), weights);
  if (!std::equal(kernel.begin(), kernel.end(), weights.begin() + 2, weights.end())) {
    contradict("expected weights of kernel {}, got {}", text_of(kernel), text_of(weights));
  }
  OnnxShape to{image[0], weights[0]};
  const ImportWindow window = window_of(in.node(), image, kernel);
  to.insert(to.end(), window.out.begin(), window.out.end());
  return to;
}

void infer_conv(Inference& in) {
  in.set(in.type(0), convolved(in, in.shape(0), in.shape(1)));
}

void infer_conv_integer(Inference& in) {
  in.set(OnnxType::Int32, convolved(in, in.shape(0), in.shape(1)));
}

void infer_qlinear_conv(Inference& in) {
  in.set(in.type(7), convolved(in, in.shape(0), in.shape(3)));
}

void infer_conv_transpose(Inference& in) {
  const OnnxShape& image = in.shape(0);
  const OnnxShape& weights = in.shape(1);
  if (image.size() < 3 || weights.size() != image.size() || weights[0] != image[1]) {
    contradict("expected weights for {}, got {}", text_of(image), text_of(weights));
  }
  const TransposedWindow window = transposed_window_of(in.node(), image, weights);
  OnnxShape to{image[0], weights[1] * in.node().integer("group", 1)};
  to.insert(to.end(), window.out.begin(), window.out.end());
  in.set(in.type(0), to);
}

void infer_einsum(Inference& in) {
  std::vector<OnnxShape> shapes;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    shapes.push_back(in.shape(i));
  }
  const auto to = einsum_shape(in.node().text("equation", ""), shapes);
  if (!to) {
    contradict("expected an equation for its inputs, got {}",
               in_quotes(in.node().text("equation", "")));
  }
  in.set(in.type(0), *to);
}

void infer_pool(Inference& in) {
  const OnnxShape& image = in.shape(0);
  const auto kernel = in.node().integers("kernel_shape");
  if (image.size() < 3 || !kernel) {
    contradict("expected an image and a kernel, got {}", text_of(image));
  }
  OnnxShape to{image[0], image[1]};
  const ImportWindow window = window_of(in.node(), image, *kernel);
  to.insert(to.end(), window.out.begin(), window.out.end());
  in.set(in.type(0), to);
  in.set(OnnxType::Int64, to, 1);
}

void infer_global_pool(Inference& in) {
  OnnxShape to = in.shape(0);
  if (to.size() < 3) {
    contradict("expected an image, got {}", text_of(to));
  }
  std::fill(to.begin() + 2, to.end(), 1);
  in.set(in.type(0), to);
}

void infer_resize(Inference& in) {
  const OnnxShape& from = in.shape(0);
  const bool has_region = in.node().op == "Resize" && in.opset() > 10;
  const std::size_t scales_at = has_region ? 2 : 1;
  OnnxShape to = from;
  std::vector<float> scales;
  if (const OnnxAttribute* attribute = in.node().attribute("scales")) {
    scales = attribute->numbers;
  } else if (in.has(scales_at)) {
    const OnnxConstant* found = in.constant(scales_at);
    if (found == nullptr) {
      contradict("expected scales that do not depend on inputs, got such that do");
    }
    scales = found->floats();
  }
  if (scales.empty()) {
    const auto sizes = in.integers("sizes", 3);
    if (!sizes || sizes->size() != from.size()) {
      contradict("expected scales or sizes of {} axes, got neither", from.size());
    }
    to = *sizes;
  } else if (scales.size() == from.size()) {
    for (std::size_t axis = 0; axis < to.size(); ++axis) {
      const double size =
          std::floor(static_cast<double>(from[axis]) * static_cast<double>(scales[axis]));
      if (!(size >= 0 && size <= static_cast<double>(kMaxElements))) {
        contradict("expected scales, got {}", scales[axis]);
      }
      to[axis] = static_cast<std::int64_t>(size);
    }
  } else {
    contradict("expected scales of {} axes, got {}", from.size(), scales.size());
  }
  in.set(in.type(0), to);
}

// --- quantised ---

void infer_quantize(Inference& in) {
  in.set(in.has(2) ? in.type(2) : OnnxType::Uint8, in.shape(0));
}

void infer_dequantize(Inference& in) {
  in.set(OnnxType::Float, in.shape(0));
}

void infer_dynamic_quantize(Inference& in) {
  in.set(OnnxType::Uint8, in.shape(0));
  in.set(OnnxType::Float, {}, 1);
  in.set(OnnxType::Uint8, {}, 2);
}

void infer_layer_norm(Inference& in) {
  in.set(in.type(0), in.shape(0));
  OnnxShape to = in.shape(0);
  const std::size_t axis = checked_axis(in.node().integer("axis", -1), to.size());
  std::fill(to.begin() + static_cast<std::ptrdiff_t>(axis), to.end(), 1);
  in.set(OnnxType::Float, to, 1);
  in.set(OnnxType::Float, to, 2);
}

struct Rule {
  std::string_view op;
  void (*infer)(Inference& in);
};

constexpr auto kRules = std::to_array<Rule>({
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
    {"Trilu", infer_same},
    {"Hardmax", infer_same},
    {"GroupNormalization", infer_same},
    {"MeanVarianceNormalization", infer_same},
    {"ReverseSequence", infer_same},
    {"OneHot", infer_one_hot},
    {"ConvTranspose", infer_conv_transpose},
    {"Einsum", infer_einsum},
    {"GatherElements", infer_gather_elements},
    {"GatherND", infer_gather_nd},
    {"Scatter", infer_same},
    {"ScatterElements", infer_same},
    {"ScatterND", infer_same},
    {"Add", infer_binary},
    {"And", infer_binary},
    {"ArgMax", infer_arg},
    {"ArgMin", infer_arg},
    {"AveragePool", infer_pool},
    {"BatchNormalization", infer_same},
    {"Cast", infer_cast},
    {"CastLike", infer_cast},
    {"Ceil", infer_unary},
    {"Celu", infer_unary},
    {"Clip", infer_same},
    {"Concat", infer_concat},
    {"Constant", infer_constant},
    {"ConstantOfShape", infer_constant_of_shape},
    {"Conv", infer_conv},
    {"ConvInteger", infer_conv_integer},
    {"Cos", infer_unary},
    {"CumSum", infer_same},
    {"DepthToSpace", infer_depth_to_space},
    {"DequantizeLinear", infer_dequantize},
    {"Div", infer_binary},
    {"Dropout", infer_dropout},
    {"DynamicQuantizeLinear", infer_dynamic_quantize},
    {"Elu", infer_unary},
    {"Equal", infer_binary},
    {"Erf", infer_unary},
    {"Exp", infer_unary},
    {"Expand", infer_expand},
    {"Flatten", infer_flatten},
    {"Floor", infer_unary},
    {"Gather", infer_gather},
    {"Gemm", infer_gemm},
    {"GlobalAveragePool", infer_global_pool},
    {"GlobalMaxPool", infer_global_pool},
    {"Greater", infer_binary},
    {"GreaterOrEqual", infer_binary},
    {"HardSigmoid", infer_unary},
    {"HardSwish", infer_unary},
    {"Identity", infer_identity},
    {"InstanceNormalization", infer_same},
    {"LRN", infer_same},
    {"LayerNormalization", infer_layer_norm},
    {"LeakyRelu", infer_unary},
    {"Less", infer_binary},
    {"LessOrEqual", infer_binary},
    {"Log", infer_unary},
    {"LogSoftmax", infer_same},
    {"MatMul", infer_matmul},
    {"MatMulInteger", infer_matmul_integer},
    {"Max", infer_binary},
    {"MaxPool", infer_pool},
    {"Min", infer_binary},
    {"Mish", infer_unary},
    {"Mod", infer_binary},
    {"Mul", infer_binary},
    {"Neg", infer_unary},
    {"Not", infer_not},
    {"Or", infer_binary},
    {"PRelu", infer_prelu},
    {"Pad", infer_pad},
    {"Pow", infer_binary},
    {"QLinearConv", infer_qlinear_conv},
    {"QLinearMatMul", infer_qlinear_matmul},
    {"QuantizeLinear", infer_quantize},
    {"Range", infer_range},
    {"Reciprocal", infer_unary},
    {"ReduceL1", infer_reduce},
    {"ReduceL2", infer_reduce},
    {"ReduceLogSum", infer_reduce},
    {"ReduceLogSumExp", infer_reduce},
    {"ReduceMax", infer_reduce},
    {"ReduceMean", infer_reduce},
    {"ReduceMin", infer_reduce},
    {"ReduceProd", infer_reduce},
    {"ReduceSum", infer_reduce},
    {"ReduceSumSquare", infer_reduce},
    {"Relu", infer_unary},
    {"Reshape", infer_reshape},
    {"Resize", infer_resize},
    {"Round", infer_unary},
    {"Selu", infer_unary},
    {"Shape", infer_shape},
    {"Sigmoid", infer_unary},
    {"Sign", infer_unary},
    {"Sin", infer_unary},
    {"Size", infer_size},
    {"Slice", infer_slice},
    {"Softmax", infer_same},
    {"Softplus", infer_unary},
    {"Softsign", infer_unary},
    {"SpaceToDepth", infer_depth_to_space},
    {"Split", infer_split},
    {"Sqrt", infer_unary},
    {"Squeeze", infer_squeeze},
    {"Sub", infer_binary},
    {"Sum", infer_binary},
    {"Tanh", infer_unary},
    {"ThresholdedRelu", infer_unary},
    {"Tile", infer_tile},
    {"Transpose", infer_transpose},
    {"Unsqueeze", infer_unsqueeze},
    {"Upsample", infer_resize},
    {"Where", infer_where},
    {"Xor", infer_binary},
});

const Rule* rule_of(const ImportNode& node) {
  if (!node.domain.empty()) {
    return nullptr;
  }
  const auto* const found = std::find_if(kRules.begin(), kRules.end(),
                                         [&](const Rule& rule) { return rule.op == node.op; });
  return found == kRules.end() ? nullptr : found;
}

/// What a rule needs to know of inputs; Constant has none.
bool knows_inputs(const ImportGraph& graph, const ImportNode& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ImportValueId input) {
    return input == kNoValue || graph.value(input).shape.has_value();
  });
}

}  // namespace

bool is_inferred(std::string_view op) {
  return std::any_of(kRules.begin(), kRules.end(), [&](const Rule& rule) { return rule.op == op; });
}

std::optional<OnnxShape> broadcast_shape(const OnnxShape& a, const OnnxShape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  OnnxShape shape(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      return std::nullopt;
    }
    shape[rank - 1 - i] = x == 1 ? y : x;
  }
  return shape;
}

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) {
    throw std::out_of_range("axis");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

ImportWindow window_of(const ImportNode& node, const OnnxShape& image, const Integers& kernel) {
  const std::size_t axes = image.size() - 2;
  const Integers ones(axes, 1);
  ImportWindow window{.kernel = kernel,
                      .strides = node.integers("strides").value_or(ones),
                      .dilations = node.integers("dilations").value_or(ones),
                      .pads_before = Integers(axes, 0),
                      .pads_after = Integers(axes, 0),
                      .ceil_mode = node.integer("ceil_mode", 0) != 0,
                      .out = {}};
  const Integers pads = node.integers("pads").value_or(Integers(2 * axes, 0));
  if (kernel.size() != axes || window.strides.size() != axes || window.dilations.size() != axes ||
      pads.size() != 2 * axes) {
    contradict("expected kernel, strides, dilations and pads of {} axes, got others", axes);
  }
  const std::string padding = node.text("auto_pad", "NOTSET");
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::int64_t size = image[axis + 2];
    const std::int64_t stride = window.strides[axis];
    constexpr std::int64_t kMost = 1 << 24;
    if (kernel[axis] < 1 || stride < 1 || window.dilations[axis] < 1 || kernel[axis] > kMost ||
        stride > kMost || window.dilations[axis] > kMost || pads[axis] < 0 ||
        pads[axis + axes] < 0 || pads[axis] > kMost || pads[axis + axes] > kMost) {
      contradict("expected a kernel, strides and dilations above 0, got {}, {} and {}",
                 text_of(kernel), text_of(window.strides), text_of(window.dilations));
    }
    const std::int64_t extent = window.dilations[axis] * (kernel[axis] - 1) + 1;
    std::int64_t before = pads[axis];
    std::int64_t after = pads[axis + axes];
    if (padding == "SAME_UPPER" || padding == "SAME_LOWER") {
      const std::int64_t out = (size + stride - 1) / stride;
      const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * stride + extent - size);
      before = padding == "SAME_UPPER" ? total / 2 : total - total / 2;
      after = total - before;
    } else if (padding == "VALID") {
      before = after = 0;
    }
    const std::int64_t room = size + before + after - extent;
    if (room < 0) {
      contradict("expected a kernel within the padded image, got {} on {}", text_of(kernel),
                 text_of(image));
    }
    window.pads_before[axis] = before;
    window.pads_after[axis] = after;
    window.out.push_back((window.ceil_mode ? (room + stride - 1) / stride : room / stride) + 1);
  }
  return window;
}

TransposedWindow transposed_window_of(const ImportNode& node, const OnnxShape& image,
                                      const OnnxShape& weights) {
  const std::size_t axes = image.size() - 2;
  const Integers ones(axes, 1);
  const Integers zeros(axes, 0);
  TransposedWindow window{.kernel = Integers(weights.begin() + 2, weights.end()),
                          .strides = node.integers("strides").value_or(ones),
                          .dilations = node.integers("dilations").value_or(ones),
                          .pads_before = zeros,
                          .out = {}};
  const Integers pads = node.integers("pads").value_or(Integers(2 * axes, 0));
  const Integers more = node.integers("output_padding").value_or(zeros);
  const auto wanted = node.integers("output_shape");
  const std::string padding = node.text("auto_pad", "NOTSET");
  if (window.strides.size() != axes || window.dilations.size() != axes || pads.size() != 2 * axes ||
      more.size() != axes || (wanted && wanted->size() < axes)) {
    contradict("expected strides, dilations and pads of {} axes, got others", axes);
  }
  for (std::size_t axis = 0; axis < axes; ++axis) {
    constexpr std::int64_t kMost = 1 << 16;
    const std::int64_t stride = window.strides[axis];
    if (stride < 1 || stride > kMost || window.dilations[axis] < 1 ||
        window.dilations[axis] > kMost || more[axis] < 0 || more[axis] > kMost) {
      contradict("expected strides and dilations of 1..65536, got {} and {}",
                 text_of(window.strides), text_of(window.dilations));
    }
    const std::int64_t whole = stride * (image[axis + 2] - 1) + more[axis] +
                               (window.kernel[axis] - 1) * window.dilations[axis] + 1;
    std::int64_t size = whole - pads[axis] - pads[axis + axes];
    std::int64_t before = pads[axis];
    if (wanted || padding.starts_with("SAME")) {
      size = wanted ? (*wanted)[wanted->size() - axes + axis] : image[axis + 2] * stride;
      const std::int64_t total = std::max<std::int64_t>(0, whole - size);
      before = padding == "SAME_UPPER" ? total / 2 : total - total / 2;
    }
    window.pads_before[axis] = before;
    window.out.push_back(size);
  }
  return window;
}

std::optional<Equation> equation_of(std::string_view text, std::size_t inputs) {
  Equation equation;
  std::string plain;
  for (const char letter : text) {
    if (letter != ' ') {
      plain += letter;
    }
  }
  const std::size_t arrow = plain.find("->");
  std::string left = plain.substr(0, arrow);
  left += ',';
  std::string term;
  for (const char letter : left) {
    if (letter == ',') {
      equation.inputs.push_back(term);
      term.clear();
    } else if ((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z')) {
      term += letter;
    } else {
      return std::nullopt;  // an ellipsis
    }
  }
  if (arrow != std::string::npos) {
    equation.output = plain.substr(arrow + 2);
  } else {
    for (char letter = 'A'; letter <= 'z'; ++letter) {
      if (std::count(left.begin(), left.end(), letter) == 1) {
        equation.output += letter;
      }
    }
    std::erase(equation.output, ',');
  }
  return equation.inputs.size() == inputs ? std::optional(equation) : std::nullopt;
}

std::optional<OnnxShape> einsum_shape(std::string_view text, const std::vector<OnnxShape>& shapes) {
  const auto equation = equation_of(text, shapes.size());
  if (!equation) {
    return std::nullopt;
  }
  std::map<char, std::int64_t> sizes;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (equation->inputs[i].size() != shapes[i].size()) {
      return std::nullopt;
    }
    for (std::size_t axis = 0; axis < shapes[i].size(); ++axis) {
      const auto [found, is_new] = sizes.emplace(equation->inputs[i][axis], shapes[i][axis]);
      if (!is_new && found->second != shapes[i][axis]) {
        return std::nullopt;
      }
    }
  }
  OnnxShape to;
  for (const char letter : equation->output) {
    const auto found = sizes.find(letter);
    if (found == sizes.end()) {
      return std::nullopt;
    }
    to.push_back(found->second);
  }
  return to;
}

std::vector<ImportRefusal> infer_values(ImportGraph& graph) {
  std::vector<ImportRefusal> refusals;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    ImportNode& node = graph.nodes[i];
    const Rule* rule = rule_of(node);
    if (rule == nullptr || node.outputs.empty() || !knows_inputs(graph, node)) {
      continue;
    }
    Inference in(graph, node);
    try {
      rule->infer(in);
    } catch (const Contradiction& error) {
      refusals.push_back({.node = node.name, .op = node.full_op(), .reason = error.what()});
      for (const ImportValueId output : node.outputs) {
        graph.value(output).shape.reset();
        graph.value(output).constant.reset();
      }
    }
  }
  // What is a constant needs nobody to compute it.
  std::erase_if(graph.nodes, [&](const ImportNode& node) {
    return !node.outputs.empty() &&
           std::all_of(node.outputs.begin(), node.outputs.end(),
                       [&](ImportValueId output) { return graph.constant(output) != nullptr; });
  });
  remove_unused(graph);
  return refusals;
}

}  // namespace systole
