#include <algorithm>
#include <array>
#include <cmath>

#include "compiler/frontend/stablehlo/translate/translation.h"

namespace systole::stablehlo {

namespace {

// --- one operand ---

struct Name {
  std::string_view op;
  std::string_view onnx;
};

template <std::size_t Count>
std::string_view onnx_of(const std::array<Name, Count>& names, const Translation& in) {
  return std::find_if(names.begin(), names.end(),
                      [&](const Name& each) { return each.op == in.operation().short_name(); })
      ->onnx;
}

constexpr auto kUnary = std::to_array<Name>({
    {"abs", "Abs"},
    {"acos", "Acos"},
    {"acosh", "Acosh"},
    {"asin", "Asin"},
    {"asinh", "Asinh"},
    {"atan", "Atan"},
    {"atanh", "Atanh"},
    {"ceil", "Ceil"},
    {"cosh", "Cosh"},
    {"cosine", "Cos"},
    {"erf", "Erf"},
    {"exponential", "Exp"},
    {"floor", "Floor"},
    {"log", "Log"},
    {"logistic", "Sigmoid"},
    {"negate", "Neg"},
    {"round_nearest_even", "Round"},
    {"sign", "Sign"},
    {"sine", "Sin"},
    {"sinh", "Sinh"},
    {"sqrt", "Sqrt"},
    {"tanh", "Tanh"},
});

void translate_unary(Translation& in) {
  in.give(in.elementwise(onnx_of(kUnary, in), {in.operand(0)}));
}

Held number_like(Translation& in, const Held& like, double value) {
  return {.tensor = in.number(in.type_of(like), value),
          .view = ones(like.shape.size()),
          .shape = like.shape};
}

void translate_rsqrt(Translation& in) {
  in.give(in.elementwise("Reciprocal", {in.elementwise("Sqrt", {in.operand(0)})}));
}

void translate_exponential_minus_one(Translation& in) {
  const Held& x = in.operand(0);
  in.give(in.elementwise("Sub", {in.elementwise("Exp", {x}), number_like(in, x, 1)}));
}

void translate_log_plus_one(Translation& in) {
  const Held& x = in.operand(0);
  in.give(in.elementwise("Log", {in.elementwise("Add", {x, number_like(in, x, 1)})}));
}

void translate_tan(Translation& in) {
  const Held& x = in.operand(0);
  in.give(in.elementwise("Div", {in.elementwise("Sin", {x}), in.elementwise("Cos", {x})}));
}

void translate_square(Translation& in) {
  in.give(in.elementwise("Mul", {in.operand(0), in.operand(0)}));
}

/// Of the size, with the sign of x.
void translate_cbrt(Translation& in) {
  const Held& x = in.operand(0);
  const Held root =
      in.elementwise("Pow", {in.elementwise("Abs", {x}), number_like(in, x, 1.0 / 3)});
  in.give(in.elementwise("Mul", {in.elementwise("Sign", {x}), root}));
}

/// Halves go away from zero: sign(x) * floor(|x| + 1/2).
void translate_round_away(Translation& in) {
  const Held& x = in.operand(0);
  const Held sum = in.elementwise("Add", {in.elementwise("Abs", {x}), number_like(in, x, 0.5)});
  in.give(in.elementwise("Mul", {in.elementwise("Sign", {x}), in.elementwise("Floor", {sum})}));
}

/// 1 + erf(-x), as GELU is recognised.
void translate_erfc(Translation& in) {
  const Held& x = in.operand(0);
  const Held error = in.elementwise("Erf", {in.elementwise("Neg", {x})});
  in.give(in.elementwise("Add", {error, number_like(in, x, 1)}));
}

void translate_not(Translation& in) {
  if (in.type_of(in.operand(0)) != OnnxType::Bool) {
    refuse("expected truth values, got {}", name_of(in.type_of(in.operand(0))));
  }
  in.give(in.elementwise("Not", {in.operand(0)}));
}

/// Reals stay what they are; they are rounded to the type that the network runs in.
void translate_convert(Translation& in) {
  static_cast<void>(in.result_shape());
  const OnnxType declared = in.result_type().element;
  const OnnxType to = is_floating(declared) ? OnnxType::Float : declared;
  Held value = in.operand(0);
  if (in.type_of(value) != to) {
    ImportNode node;
    node.op = "Cast";
    node.set("to", static_cast<std::int64_t>(to));
    value = in.elementwise(std::move(node), {value});
  }
  in.give(value);
}

/// To a type of fewer bits and back: only where it is one of those that networks run in, or wider.
void translate_reduce_precision(Translation& in) {
  constexpr std::int64_t kExponent = 8;
  constexpr std::int64_t kFraction = 7;
  std::int64_t exponent = in.integer({"exponent_bits"}, -1);
  std::int64_t fraction = in.integer({"mantissa_bits"}, -1);
  if (const HloAttribute* format = in.attribute({"format"})) {  // e8m7
    const std::size_t cut = format->text.find('m');
    const auto bits = [](const std::string& digits) {
      const bool is_number = !digits.empty() && digits.size() < 3 &&
                             std::all_of(digits.begin(), digits.end(),
                                         [](char each) { return each >= '0' && each <= '9'; });
      return is_number ? std::int64_t{std::stoi(digits)} : -1;
    };
    exponent = cut == std::string::npos || cut == 0 ? -1 : bits(format->text.substr(1, cut - 1));
    fraction = cut == std::string::npos ? -1 : bits(format->text.substr(cut + 1));
  }
  if (exponent < kExponent || fraction < kFraction) {
    refuse("expected at least 8 bits of exponent and 7 of fraction, got {} and {}", exponent,
           fraction);
  }
  in.give(in.operand(0));
}

// --- several operands ---

constexpr auto kBinary = std::to_array<Name>({
    {"add", "Add"},
    {"and", "And"},
    {"divide", "Div"},
    {"maximum", "Max"},
    {"minimum", "Min"},
    {"multiply", "Mul"},
    {"or", "Or"},
    {"power", "Pow"},
    {"subtract", "Sub"},
    {"xor", "Xor"},
});

void translate_binary(Translation& in) {
  const std::string_view op = onnx_of(kBinary, in);
  const Held& a = in.operand(0);
  const Held& b = in.operand(1);
  const bool is_logic = op == "And" || op == "Or" || op == "Xor";
  if (is_logic && in.type_of(a) != OnnxType::Bool) {
    refuse("expected truth values, got the bits of {}", name_of(in.type_of(a)));
  }
  // Sums and products of truth values are their disjunction and conjunction.
  if (in.type_of(a) == OnnxType::Bool && (op == "Add" || op == "Max")) {
    in.give(in.elementwise("Or", {a, b}));
    return;
  }
  if (in.type_of(a) == OnnxType::Bool && (op == "Mul" || op == "Min")) {
    in.give(in.elementwise("And", {a, b}));
    return;
  }
  in.give(in.elementwise(op, {a, b}));
}

/// With the sign of the dividend: a - b * trunc(a / b).
void translate_remainder(Translation& in) {
  const Held& a = in.operand(0);
  const Held& b = in.operand(1);
  if (!is_floating(in.type_of(a)) && in.constant(a) != nullptr && in.constant(b) != nullptr) {
    const Held quotient = in.elementwise("Div", {a, b});
    in.give(in.elementwise("Sub", {a, in.elementwise("Mul", {quotient, b})}));
    return;
  }
  ImportNode node;
  node.op = "Mod";
  node.set("fmod", std::int64_t{1});
  in.give(in.elementwise(std::move(node), {a, b}));
}

void translate_compare(Translation& in) {
  static constexpr auto kDirections = std::to_array<Name>({
      {"EQ", "Equal"},
      {"GE", "GreaterOrEqual"},
      {"GT", "Greater"},
      {"LE", "LessOrEqual"},
      {"LT", "Less"},
  });
  const HloAttribute* direction = in.attribute({"comparison_direction"});
  const std::string text = direction == nullptr ? "" : direction->text;
  const std::vector<Held> operands{in.operand(0), in.operand(1)};
  if (text == "NE") {
    in.give(in.elementwise("Not", {in.elementwise("Equal", operands)}));
    return;
  }
  const auto* const found = std::find_if(kDirections.begin(), kDirections.end(),
                                         [&](const Name& each) { return each.op == text; });
  if (found == kDirections.end()) {
    refuse("expected a direction of EQ, NE, GE, GT, LE or LT, got '{}'", text);
  }
  in.give(in.elementwise(found->onnx, operands));
}

bool is_not_a_number(const Translation& in, const Held& held) {
  const auto number = in.scalar(held);
  return number && std::isnan(*number);
}

/// What is chosen where all is well: JAX puts a NaN where an index is out of range.
void translate_select(Translation& in) {
  const Held& chosen = in.operand(1);
  const Held& other = in.operand(2);
  if (is_not_a_number(in, other)) {
    in.give(chosen);
    return;
  }
  if (const auto choice = in.scalar(in.operand(0))) {
    in.give(*choice != 0 ? chosen : other);
    return;
  }
  in.give(in.elementwise("Where", {in.operand(0), chosen, other}));
}

void translate_clamp(Translation& in) {
  const Held& low = in.operand(0);
  const Held& x = in.operand(1);
  const Held& high = in.operand(2);
  in.give(in.elementwise("Min", {in.elementwise("Max", {x, low}), high}));
}

constexpr auto kElementsRules = std::to_array<Rule>({
    {"abs", translate_unary},
    {"acos", translate_unary},
    {"acosh", translate_unary},
    {"add", translate_binary},
    {"and", translate_binary},
    {"asin", translate_unary},
    {"asinh", translate_unary},
    {"atan", translate_unary},
    {"atanh", translate_unary},
    {"cbrt", translate_cbrt},
    {"ceil", translate_unary},
    {"clamp", translate_clamp},
    {"compare", translate_compare},
    {"convert", translate_convert},
    {"cosh", translate_unary},
    {"cosine", translate_unary},
    {"divide", translate_binary},
    {"erf", translate_unary},
    {"erfc", translate_erfc},
    {"exponential", translate_unary},
    {"exponential_minus_one", translate_exponential_minus_one},
    {"floor", translate_unary},
    {"log", translate_unary},
    {"log_plus_one", translate_log_plus_one},
    {"logistic", translate_unary},
    {"maximum", translate_binary},
    {"minimum", translate_binary},
    {"multiply", translate_binary},
    {"negate", translate_unary},
    {"not", translate_not},
    {"or", translate_binary},
    {"power", translate_binary},
    {"reduce_precision", translate_reduce_precision},
    {"remainder", translate_remainder},
    {"round_nearest_afz", translate_round_away},
    {"round_nearest_even", translate_unary},
    {"rsqrt", translate_rsqrt},
    {"select", translate_select},
    {"sign", translate_unary},
    {"sine", translate_unary},
    {"sinh", translate_unary},
    {"sqrt", translate_unary},
    {"square", translate_square},
    {"subtract", translate_binary},
    {"tan", translate_tan},
    {"tanh", translate_unary},
    {"xor", translate_binary},
});

}  // namespace

std::span<const Rule> element_rules() {
  return kElementsRules;
}

}  // namespace systole::stablehlo
