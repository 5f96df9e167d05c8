#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/frontend/onnx/lower/families.h"
#include "compiler/frontend/onnx/lower/formula_inputs.h"
#include "compiler/frontend/onnx/lower/lowering.h"
#include "compiler/frontend/onnx/operator_names.h"

namespace systole {

namespace {

/// Elements of one or several inputs by a formula of what `write` makes of them.
template <class Write>
void lower_elements(Lowering& in, const Write& write) {
  const OnnxShape shape = in.out_shape();
  FormulaInputs inputs(in, shape, formula_order(in, shape));
  const std::string text = write(inputs);
  inputs.add_elements(text);
}

// --- functions of one number ---

/// With x - n pi, |x - n pi| <= pi / 2, in powers of that up to the ninth; odd n turn the sign.
std::string sine(const std::string& x) {
  constexpr double kPi = 3.14159265358979323846;
  const std::string n = fmt::format("round({}*{})", x, 1 / kPi);
  const std::string r = fmt::format("({}-{}*{})", x, n, kPi);
  const std::string odd = fmt::format("(2*abs({0}/2-round({0}/2)))", n);
  return fmt::format("(1-2*{1})*{0}*(1+{0}*{0}*({2}+{0}*{0}*({3}+{0}*{0}*({4}+{0}*{0}*{5}))))", r,
                     odd, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880);
}

std::string cosine(const std::string& x) {
  constexpr double kQuarter = 1.57079632679489661923;
  return sine(fmt::format("({}+{})", x, kQuarter));
}

/// Of |x| <= 1 by a polynomial of odd powers, of others by that of 1 / x. Source: Abramowitz and
/// Stegun, Handbook of Mathematical Functions, 4.4.49; within 2e-8 of arctan.
std::string arctangent(const std::string& x) {
  constexpr double kQuarter = 1.57079632679489661923;
  const std::string size = fmt::format("abs({})", x);
  const std::string z = fmt::format("min({0},1/max({0},1e-30))", size);
  const std::string square = fmt::format("({0}*{0})", z);
  std::string sum = "0";
  for (const double coefficient : {0.0028662257, -0.0161657367, 0.0429096138, -0.0752896400,
                                   0.1065626393, -0.1420889944, 0.1999355085, -0.3333314528}) {
    sum = fmt::format("({}+{})*{}", sum, coefficient, square);
  }
  const std::string inner = fmt::format("({}*(1+{}))", z, sum);
  return fmt::format("sign({0})*({1}+positive({2}-1)*({3}-2*{1}))", x, inner, size, kQuarter);
}

std::string arcsine(const std::string& x) {
  return arctangent(fmt::format("({0}/sqrt(max(1-{0}*{0},1e-14)))", x));
}

/// 2 gelu(x sqrt(2)) / (x sqrt(2)) - 1: away from 0, where both are.
std::string error_function(const std::string& x) {
  constexpr double kRoot = 1.41421356237309504880;
  const std::string y = fmt::format("({}*{}+1e-20)", x, kRoot);
  return fmt::format("2*gelu({0})/{0}-1", y);
}

struct TextRule {
  std::string_view op;
  std::string (*text)(const ImportNode& node, const std::string& x);
};

std::string alpha_of(const ImportNode& node, float otherwise, std::string_view key = "alpha") {
  return number_text(static_cast<double>(node.number(key, otherwise)));
}

constexpr auto kTextRules = std::to_array<TextRule>({
    {"Abs", [](const ImportNode&, const std::string& x) { return "abs(" + x + ")"; }},
    {"Acos",
     [](const ImportNode&, const std::string& x) { return "1.57079632679-(" + arcsine(x) + ")"; }},
    {"Acosh",
     [](const ImportNode&, const std::string& x) {
       return fmt::format("log({0}+sqrt({0}*{0}-1))", x);
     }},
    {"Asin", [](const ImportNode&, const std::string& x) { return arcsine(x); }},
    {"Asinh",
     [](const ImportNode&, const std::string& x) {
       return fmt::format("sign({0})*log(abs({0})+sqrt({0}*{0}+1))", x);
     }},
    {"Atan", [](const ImportNode&, const std::string& x) { return arctangent(x); }},
    {"Atanh",
     [](const ImportNode&, const std::string& x) {
       return fmt::format("log((1+{0})/(1-{0}))/2", x);
     }},
    {"Ceil", [](const ImportNode&, const std::string& x) { return "ceil(" + x + ")"; }},
    {"Celu",
     [](const ImportNode& node, const std::string& x) {
       return fmt::format("max({0},0)+min({1}*(exp(min({0},0)/{1})-1),0)", x,
                          alpha_of(node, 1.0F));
     }},
    {"Cos", [](const ImportNode&, const std::string& x) { return cosine(x); }},
    {"Cosh",
     [](const ImportNode&, const std::string& x) {
       return fmt::format("(exp({0})+exp(0-{0}))/2", x);
     }},
    {"Elu",
     [](const ImportNode& node, const std::string& x) {
       return fmt::format("max({0},0)+{1}*(exp(min({0},0))-1)", x, alpha_of(node, 1.0F));
     }},
    {"Erf", [](const ImportNode&, const std::string& x) { return error_function(x); }},
    {"Floor", [](const ImportNode&, const std::string& x) { return "floor(" + x + ")"; }},
    {"HardSigmoid",
     [](const ImportNode& node, const std::string& x) {
       return fmt::format("max(0,min(1,{1}*{0}+{2}))", x, alpha_of(node, 0.2F),
                          alpha_of(node, 0.5F, "beta"));
     }},
    {"LeakyRelu",
     [](const ImportNode& node, const std::string& x) {
       return fmt::format("max({0},0)+{1}*min({0},0)", x, alpha_of(node, 0.01F));
     }},
    {"Mish", [](const ImportNode&, const std::string& x) { return x + "*tanh(softplus(" + x + "))"; }},
    {"Neg", [](const ImportNode&, const std::string& x) { return "0-" + x; }},
    {"Not", [](const ImportNode&, const std::string& x) { return "1-" + x; }},
    {"Requantize", [](const ImportNode&, const std::string& x) { return x; }},
    {"Round", [](const ImportNode&, const std::string& x) { return "round(" + x + ")"; }},
    {"Selu",
     [](const ImportNode& node, const std::string& x) {
       return fmt::format("{2}*(max({0},0)+{1}*(exp(min({0},0))-1))", x,
                          alpha_of(node, 1.67326319217681884765625F),
                          alpha_of(node, 1.05070102214813232421875F, "gamma"));
     }},
    {"Shrink",
     [](const ImportNode& node, const std::string& x) {
       return fmt::format("positive({0}-{1})*({0}-{2})+positive(0-{1}-{0})*({0}+{2})", x,
                          alpha_of(node, 0.5F, "lambd"), alpha_of(node, 0.0F, "bias"));
     }},
    {"Sign", [](const ImportNode&, const std::string& x) { return "sign(" + x + ")"; }},
    {"Sin", [](const ImportNode&, const std::string& x) { return sine(x); }},
    {"Sinh",
     [](const ImportNode&, const std::string& x) {
       return fmt::format("(exp({0})-exp(0-{0}))/2", x);
     }},
    {"Softsign", [](const ImportNode&, const std::string& x) { return x + "/(1+abs(" + x + "))"; }},
    {"Tan",
     [](const ImportNode&, const std::string& x) {
       return fmt::format("({})/({})", sine(x), cosine(x));
     }},
    {"ThresholdedRelu",
     [](const ImportNode& node, const std::string& x) {
       return fmt::format("{0}*positive({0}-{1})", x, alpha_of(node, 1.0F));
     }},
});

/// A function of the vector unit, or a formula of such.
void lower_function(Lowering& in) {
  const auto kind = number_function_of(in.graph(), in.node());
  if (kind) {
    const Held from = in.held(0);
    in.add(Activate{.activation = {.kind = *kind, .before = {}}}, name_of(*kind), {from.tensor},
           from.layout);
    return;
  }
  const auto* const found =
      std::find_if(kTextRules.begin(), kTextRules.end(),
                   [&](const TextRule& rule) { return rule.op == in.node().op; });
  if (found == kTextRules.end()) {
    refuse("expected a function with its usual parameters, got others");
  }
  lower_elements(in,
                 [&](FormulaInputs& inputs) { return found->text(in.node(), inputs.input(0)); });
}

void lower_clip(Lowering& in) {
  if (number_function_of(in.graph(), in.node())) {
    lower_function(in);
    return;
  }
  constexpr float kLargest = std::numeric_limits<float>::max();
  const ImportNode& node = in.node();
  lower_elements(in, [&](FormulaInputs& inputs) {
    const std::string x = inputs.input(0);
    const std::string low =
        node.input(1) == kNoValue ? alpha_of(node, -kLargest, "min") : inputs.input(1);
    const std::string high =
        node.input(2) == kNoValue ? alpha_of(node, kLargest, "max") : inputs.input(2);
    return fmt::format("min(max({},{}),{})", x, low, high);
  });
}

/// Whole numbers are those of memory; the others are cut off towards 0.
void lower_cast(Lowering& in) {
  const OnnxType from = in.graph().value(in.node().input(0)).type;
  const OnnxType to = in.graph().value(in.node().outputs.front()).type;
  if (to == OnnxType::Bool && from != OnnxType::Bool) {
    lower_elements(in, [](FormulaInputs& inputs) {
      return fmt::format("positive(abs({}))", inputs.input(0));
    });
  } else if (is_integral(to) && is_floating(from)) {
    lower_elements(in, [](FormulaInputs& inputs) {
      const std::string x = inputs.input(0);
      return fmt::format("sign({0})*floor(abs({0}))", x);
    });
  } else {
    in.alias(in.held(0).layout);
  }
}

// --- several inputs ---

struct JoinRule {
  std::string_view op;
  std::string_view text;  ///< of {0} and {1}
};

constexpr auto kJoinRules = std::to_array<JoinRule>({
    {"Add", "{0}+{1}"},
    {"And", "min({0},{1})"},
    {"Div", "{0}/{1}"},
    {"Equal", "1-positive(abs({0}-{1}))"},
    {"Greater", "positive({0}-{1})"},
    {"GreaterOrEqual", "1-positive({1}-{0})"},
    {"Less", "positive({1}-{0})"},
    {"LessOrEqual", "1-positive({0}-{1})"},
    {"Max", "max({0},{1})"},
    {"Mean", "{0}+{1}"},
    {"Min", "min({0},{1})"},
    {"Mul", "{0}*{1}"},
    {"Or", "max({0},{1})"},
    {"Sub", "{0}-{1}"},
    {"Sum", "{0}+{1}"},
    {"Xor", "abs({0}-{1})"},
});

void lower_joined(Lowering& in) {
  const ImportNode& node = in.node();
  const JoinRule rule = *std::find_if(kJoinRules.begin(), kJoinRules.end(),
                                      [&](const JoinRule& each) { return each.op == node.op; });
  const auto count = static_cast<double>(node.inputs.size());
  lower_elements(in, [&](FormulaInputs& inputs) {
    std::string text = inputs.input(0);
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      text = "(" + fmt::format(fmt::runtime(rule.text), text, inputs.input(i)) + ")";
    }
    text = node.op == "Mean" ? fmt::format("{}*{}", text, number_text(1 / count)) : text;
    const std::string kind = node.text("activation", "none");
    if (kind == "relu") {
      text = fmt::format("max({},0)", text);
    } else if (kind == "relu6") {
      text = fmt::format("min(max({},0),6)", text);
    } else if (kind != "none") {
      refuse("expected no activation behind a formula, got {}", kind);
    }
    return text;
  });
}

void lower_prelu(Lowering& in) {
  const OnnxShape& shape = in.shape(0);
  const OnnxShape slopes = in.shape(1);
  constexpr std::int64_t kBroadcasts = 7;  // the first version whose slopes broadcast
  const bool by_channel =
      !in.is_held(1) && slopes.size() == 1 && shape.size() > 1 &&
      (in.graph().opset < kBroadcasts || broadcast_shape(shape, slopes) != shape);
  lower_elements(in, [&](FormulaInputs& inputs) {
    const std::string x = inputs.input(0);
    OnnxShape channels(shape.size() - 1, 1);
    if (by_channel) {
      channels.front() = slopes.front();
    }
    return fmt::format("max({0},0)+{1}*min({0},0)", x,
                       by_channel ? inputs.constant(in.constant(1, "slopes").reshaped(channels))
                                  : inputs.input(1));
  });
}

void lower_where(Lowering& in) {
  lower_elements(in, [](FormulaInputs& inputs) {
    const std::string choice = inputs.input(0);
    const std::string chosen = inputs.input(1);
    return fmt::format("where({},{},{})", choice, chosen, inputs.input(2));
  });
}

/// x^n: products for small whole n; else exp(n log |x|), its sign for odd n that of x.
void lower_pow(Lowering& in) {
  const OnnxType made = in.graph().value(in.node().outputs.front()).type;
  if (is_integral(made)) {
    refuse("expected floating numbers, got {}, whose results would be rounded", name_of(made));
  }
  const auto exponent = in.graph().scalar(in.node().input(1));
  lower_elements(in, [&](FormulaInputs& inputs) {
    const std::string x = inputs.input(0);
    if (exponent == 2.0F || exponent == 3.0F) {
      return exponent == 2.0F ? fmt::format("{0}*{0}", x) : fmt::format("{0}*{0}*{0}", x);
    }
    if (exponent == 0.5F) {
      return fmt::format("sqrt({})", x);
    }
    if (exponent == -1.0F) {
      return fmt::format("1/{}", x);
    }
    const std::string n = inputs.input(1);
    const std::string odd = fmt::format("(2*abs({0}/2-round({0}/2)))", n);
    return fmt::format("exp({1}*log(abs({0})))*(1-2*positive(0-{0})*{2})", x, n, odd);
  });
}

/// The rest has the sign of the dividend with `fmod`, else of the divisor.
void lower_mod(Lowering& in) {
  const bool truncates = in.node().integer("fmod", 0) != 0;
  lower_elements(in, [&](FormulaInputs& inputs) {
    const std::string a = inputs.input(0);
    const std::string b = inputs.input(1);
    const std::string quotient = fmt::format("({}/{})", a, b);
    return truncates ? fmt::format("{0}-{1}*sign({2})*floor(abs({2}))", a, b, quotient)
                     : fmt::format("{0}-{1}*floor({2})", a, b, quotient);
  });
}

/// A 1 where the index of the new axis is the number.
void lower_one_hot(Lowering& in) {
  const OnnxShape& shape = in.out_shape();
  const std::size_t axis = axis_of(in.node().integer("axis", -1), shape.size());
  const auto depth = shape[axis];
  const std::vector<float> values = in.constant(2, "values").floats();
  OnnxShape single = shape;
  single[axis] = 1;
  const Axes order = plain_ending_in(shape.size(), axis);
  const auto layout = in.held(0).layout.reshaped(single);
  if (!layout) {
    Lowering::refuse_order(in.held(0).layout);
  }
  FormulaInputs inputs(in, shape, order);
  const std::string index = inputs.held({.tensor = in.held(0).tensor, .layout = *layout});
  const std::string place = inputs.parameter(
      [depth] {
        std::vector<float> numbers;
        for (std::int64_t i = 0; i < depth; ++i) {
          numbers.push_back(static_cast<float>(i));
        }
        return numbers;
      },
      1);
  const std::string counted =
      fmt::format("({0}+{1}*positive(0-{0}))", index, number_text(static_cast<double>(depth)));
  inputs.add_elements(fmt::format("{2}+({3})*(1-positive(abs({0}-{1})))", counted, place,
                                  number_text(static_cast<double>(values[0])),
                                  number_text(static_cast<double>(values[1] - values[0]))));
}

/// One side of the diagonal stays, the other is 0.
void lower_trilu(Lowering& in) {
  const OnnxShape& shape = in.out_shape();
  const std::int64_t rows = shape[shape.size() - 2];
  const std::int64_t cols = shape.back();
  constexpr std::int64_t kMost = 1 << 24;  // numbers of a mask
  if (cols > 0 && rows > kMost / cols) {
    refuse("expected matrices of at most 2^24 elements, got {}", text_of(shape));
  }
  std::int64_t shift = 0;
  if (in.node().input(1) != kNoValue) {
    shift = in.constant(1, "a diagonal").integers().at(0);
  }
  const bool upper = in.node().integer("upper", 1) != 0;
  std::vector<float> mask;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t col = 0; col < cols; ++col) {
      mask.push_back((upper ? col >= row + shift : col <= row + shift) ? 1.0F : 0.0F);
    }
  }
  lower_elements(in, [&](FormulaInputs& inputs) {
    const std::string x = inputs.input(0);
    return x + "*" + inputs.constant(OnnxConstant::of_floats({rows, cols}, mask));
  });
}

/// By channel: x * scale / sqrt(variance + epsilon) + (bias - mean * that).
void lower_batch_norm(Lowering& in) {
  const ImportNode& node = in.node();
  if (node.integer("training_mode", 0) != 0) {
    refuse("expected a normalisation of inference, got one that trains");
  }
  const std::vector<float> scale = in.constant(1, "scales").floats();
  const std::vector<float> bias = in.constant(2, "biases").floats();
  const std::vector<float> mean = in.constant(3, "means").floats();
  const std::vector<float> variance = in.constant(4, "variances").floats();
  const double epsilon = static_cast<double>(node.number("epsilon", 1e-5F));
  std::vector<float> factors;
  std::vector<float> shifts;
  for (std::size_t i = 0; i < scale.size(); ++i) {
    const double factor =
        static_cast<double>(scale[i]) / std::sqrt(static_cast<double>(variance[i]) + epsilon);
    factors.push_back(static_cast<float>(factor));
    shifts.push_back(
        static_cast<float>(static_cast<double>(bias[i]) - static_cast<double>(mean[i]) * factor));
  }
  OnnxShape by_channel(in.shape(0).size() > 1 ? in.shape(0).size() - 1 : 1, 1);
  by_channel.front() = static_cast<std::int64_t>(scale.size());
  lower_elements(in, [&](FormulaInputs& inputs) {
    const std::string x = inputs.input(0);
    const std::string factor = inputs.constant(OnnxConstant::of_floats(by_channel, factors));
    return x + "*" + factor + "+" + inputs.constant(OnnxConstant::of_floats(by_channel, shifts));
  });
}

/// Whether the inputs are tensors of one shape that memory holds alike.
bool are_alike(const Lowering& in) {
  for (std::size_t i = 0; i < in.node().inputs.size(); ++i) {
    if (!in.is_held(i) || in.shape(i) != in.shape(0) || !(in.held(i).layout == in.held(0).layout) ||
        image_of(in.made().tensor(in.held(i).tensor).type) !=
            image_of(in.made().tensor(in.held(0).tensor).type)) {
      return false;
    }
  }
  return true;
}

void lower_add(Lowering& in) {
  const std::size_t count = in.node().inputs.size();
  if (count < 2 || !are_alike(in)) {
    lower_joined(in);
    return;
  }
  Held sum = in.held(0);
  for (std::size_t i = 1; i < count; ++i) {
    const Held next = in.held(i);
    if (i + 1 == count) {
      in.add(AddTensors{.activation = in.activation()}, "add", {sum.tensor, next.tensor},
             sum.layout);
    } else {
      sum.tensor = in.add_before(AddTensors{}, "add", {sum.tensor, next.tensor});
    }
  }
}

// --- two tensors element by element ---

struct PairRule {
  std::string_view op;
  std::string_view kind;
  PairKind pair;
};

constexpr auto kPairRules = std::to_array<PairRule>({
    {"Div", "div", PairKind::Divide},
    {"Max", "maximum", PairKind::Larger},
    {"Min", "minimum", PairKind::Smaller},
    {"Mul", "mul", PairKind::Multiply},
    {"Sub", "sub", PairKind::Subtract},
});

void lower_pairs(Lowering& in) {
  const ImportNode& node = in.node();
  const PairRule rule = *std::find_if(kPairRules.begin(), kPairRules.end(),
                                      [&](const PairRule& each) { return each.op == node.op; });
  Held left = in.held(0);
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const Held right = in.held(i);
    const OnnxShape shape = *broadcast_shape(left.layout.shape(), right.layout.shape());
    const bool first = left.layout.shape() == shape;
    if (!first && right.layout.shape() != shape) {
      refuse("expected one input of the shape of the result, {}, got {} and {}", text_of(shape),
             text_of(left.layout.shape()), text_of(right.layout.shape()));
    }
    const Held& large = first ? left : right;
    const auto order = in.order_of_memory(large);
    std::vector<GraphTensorId> inputs{left.tensor, right.tensor};
    if (order && order->size() <= kMaxRank) {
      inputs = {in.beside(left, shape, *order), in.beside(right, shape, *order)};
    } else if (!(left.layout == right.layout)) {
      Lowering::refuse_order(large.layout);
    }
    const Layout layout = large.layout;
    const CombineTensors op{.kind = rule.pair};
    if (i + 1 == node.inputs.size()) {
      in.add(op, rule.kind, inputs, layout);
    } else {
      left = {.tensor = in.add_before(op, rule.kind, inputs), .layout = layout};
    }
  }
}

/// One operator for each two tensors, as far as they go together; else a formula.
void lower_pair(Lowering& in) {
  bool tensors = in.node().inputs.size() > 1;
  for (std::size_t i = 0; i < in.node().inputs.size(); ++i) {
    tensors = tensors && in.is_held(i);
  }
  if (tensors && !in.may_move()) {
    lower_pairs(in);
    return;
  }
  lower_joined(in);
}

/// What the pass take_quantization left: with scales that depend on data, or integers that are
/// computed with as such.
[[noreturn]] void refuse_quantized(Lowering& /*in*/) {
  refuse(
      "expected scales and zero points that stand in the file, one for each tensor of activations, "
      "and int8 or uint8 that are dequantised again, got something else");
}

/// What the pass take_integer_products left.
[[noreturn]] void refuse_integer_sums(Lowering& /*in*/) {
  refuse(
      "expected sums of integers that a Cast makes real numbers, got such that go on as integers");
}

constexpr auto kElementsRules = std::to_array<LowerRule>({
    {"Abs", lower_function, OfIntegers::Stays},
    {"Acos", lower_function},
    {"Acosh", lower_function},
    {"Add", lower_add},
    {"And", lower_joined, OfIntegers::Stays},
    {"Asin", lower_function},
    {"Asinh", lower_function},
    {"Atan", lower_function},
    {"Atanh", lower_function},
    {"BatchNormalization", lower_batch_norm},
    {"Cast", lower_cast, OfIntegers::Stays},
    {"CastLike", lower_cast, OfIntegers::Stays},
    {"Ceil", lower_function, OfIntegers::Stays},
    {"Celu", lower_function},
    {"Clip", lower_clip, OfIntegers::Stays},
    {"ConvInteger", refuse_integer_sums, OfIntegers::Stays},
    {"Cos", lower_function},
    {"Cosh", lower_function},
    {"DequantizeLinear", refuse_quantized, OfIntegers::Stays},
    {"Div", lower_pair},
    {"Elu", lower_function},
    {"Equal", lower_joined, OfIntegers::Stays},
    {"Erf", lower_function},
    {"Floor", lower_function, OfIntegers::Stays},
    {"Greater", lower_joined, OfIntegers::Stays},
    {"GreaterOrEqual", lower_joined, OfIntegers::Stays},
    {"HardSigmoid", lower_function},
    {"LeakyRelu", lower_function},
    {"Less", lower_joined, OfIntegers::Stays},
    {"LessOrEqual", lower_joined, OfIntegers::Stays},
    {"MatMulInteger", refuse_integer_sums, OfIntegers::Stays},
    {"Max", lower_pair, OfIntegers::Stays},
    {"Mean", lower_joined},
    {"Min", lower_pair, OfIntegers::Stays},
    {"Mish", lower_function},
    {"Mod", lower_mod, OfIntegers::Stays},
    {"Mul", lower_pair},
    {"Neg", lower_function, OfIntegers::Stays},
    {"Not", lower_function, OfIntegers::Stays},
    {"OneHot", lower_one_hot, OfIntegers::Stays},
    {"Or", lower_joined, OfIntegers::Stays},
    {"PRelu", lower_prelu},
    {"Pow", lower_pow, OfIntegers::Stays},
    {"QLinearConv", refuse_quantized, OfIntegers::Stays},
    {"QLinearMatMul", refuse_quantized, OfIntegers::Stays},
    {"QuantizeLinear", refuse_quantized, OfIntegers::Stays},
    {"Relu", lower_function, OfIntegers::Stays},
    {"Round", lower_function, OfIntegers::Stays},
    {"Selu", lower_function},
    {"Shrink", lower_function},
    {"Sign", lower_function, OfIntegers::Stays},
    {"Sin", lower_function},
    {"Sinh", lower_function},
    {"Softsign", lower_function},
    {"Sub", lower_pair},
    {"Sum", lower_add},
    {"Tan", lower_function},
    {"ThresholdedRelu", lower_function},
    {"Trilu", lower_trilu, OfIntegers::Stays},
    {"Where", lower_where, OfIntegers::Stays},
    {"Xor", lower_joined, OfIntegers::Stays},
    {"systole.Function", lower_function},
    {"systole.Requantize", lower_function},
});

}  // namespace

std::span<const LowerRule> element_rules() {
  return kElementsRules;
}

}  // namespace systole
