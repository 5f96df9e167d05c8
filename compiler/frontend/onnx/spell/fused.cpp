#include <array>
#include <numeric>
#include <string>

#include "compiler/frontend/onnx/spell/spelling.h"

namespace systole {

namespace onnx_spelling {

namespace {

// --- what ONNX Runtime fuses ---

ImportValueId with_bias(Spelling& in, std::size_t bias) {
  const ImportValueId input = in.input(0, "an input");
  return in.has(bias) ? in.sum(input, in.node().input(bias)) : input;
}

void spell_gelu(Spelling& in) {
  in.give(0, in.function("gelu", with_bias(in, 1)));
}

void spell_fast_gelu(Spelling& in) {
  in.give(0, in.function("gelu_tanh", with_bias(in, 1)));
}

/// As ONNX has it since operator set 20.
void spell_either_gelu(Spelling& in) {
  const bool by_tanh = in.node().text("approximate", "none") == "tanh";
  in.give(0, in.function(by_tanh ? "gelu_tanh" : "gelu", in.input(0, "an input")));
}

/// x * sigmoid(alpha x)
void spell_quick_gelu(Spelling& in) {
  const ImportValueId x = in.input(0, "an input");
  const auto alpha = static_cast<double>(in.node().number("alpha", 1.702F));
  in.give(0, in.product(x, in.add("Sigmoid", {in.product(x, in.number(alpha))})));
}

/// The sum of an input, what skips a layer, and a bias; its norm.
void spell_skip_norm(Spelling& in) {
  const bool is_simple = in.node().op == "SkipSimplifiedLayerNormalization";
  const std::size_t bias = is_simple ? 3 : 4;
  ImportValueId x = in.sum(in.input(0, "an input"), in.input(1, "what skips"));
  if (in.has(bias)) {
    x = in.sum(x, in.node().input(bias));
  }
  const auto epsilon = static_cast<double>(in.node().number("epsilon", 1e-5F));
  const ImportValueId gamma = in.input(2, "weights");
  if (is_simple) {
    in.give(0, in.add("systole.RmsNorm", {x, gamma}, {{"epsilon", epsilon}}));
  } else {
    const auto made = in.add_several("LayerNormalization", {x, gamma, in.node().input(3)}, 3,
                                     {{"epsilon", epsilon}});
    for (const std::size_t output : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
      in.give(output, made[output]);
    }
  }
  in.give(3, x);
}

/// A norm without mean, as ONNX Runtime calls it in ONNX's own domain.
void spell_simplified_norm(Spelling& in) {
  const ImportValueId x = in.input(0, "an input");
  const auto rank = static_cast<std::int64_t>(in.shape(x).size());
  const std::int64_t axis = in.node().integer("axis", -1);
  if (axis != -1 && axis != rank - 1) {
    contradict("expected a norm along the last axis, got axis {}", axis);
  }
  const auto epsilon = static_cast<double>(in.node().number("epsilon", 1e-5F));
  in.give(0, in.add("systole.RmsNorm", {x, in.input(1, "weights")}, {{"epsilon", epsilon}}));
}

/// Rows of tables by token, position and segment; the norm of their sum.
void spell_embeddings(Spelling& in) {
  const ImportValueId tokens = in.input(0, "tokens");
  in.expect_rank(tokens, 2, "tokens");
  const OnnxShape shape = in.shape(tokens);
  const ImportValueId positions = in.input(3, "embeddings of positions");
  const auto rows = [&](ImportValueId table, ImportValueId indices) {
    return in.add("Gather", {table, indices}, {{"axis", std::int64_t{0}}});
  };
  ImportValueId places = in.node().input(8);
  if (places == kNoValue) {
    Integers counted(static_cast<std::size_t>(shape[1]));
    std::iota(counted.begin(), counted.end(), 0);
    places = in.reshaped(in.integers(counted), {1, shape[1]});
  }
  ImportValueId sum =
      in.sum(rows(in.input(2, "embeddings of tokens"), tokens), rows(positions, places));
  if (in.has(1)) {
    sum = in.sum(sum, rows(in.input(4, "embeddings of segments"), in.node().input(1)));
  }
  in.give(0, in.add("LayerNormalization", {sum, in.input(5, "weights"), in.input(6, "biases")},
                    {{"epsilon", static_cast<double>(in.node().number("epsilon", 1e-12F))}}));
  if (in.wants(1)) {
    if (in.has(7)) {
      const ImportValueId seen = in.add("Cast", {in.node().input(7)}, {{"to", std::int64_t{1}}});
      const ImportValueId count =
          in.add("ReduceSum", {seen, in.integers({1})}, {{"keepdims", std::int64_t{0}}});
      in.give(1, in.add("Cast", {count}, {{"to", std::int64_t{6}}}));
    } else {
      const std::vector<float> none(static_cast<std::size_t>(shape[0]), 0.0F);
      in.give(1, in.add("Cast", {in.floats({shape[0]}, none)}, {{"to", std::int64_t{6}}}));
    }
  }
  in.give(2, sum);
}

/// The last two axes exchanged, or the first behind those of the batch brought before the last.
ImportValueId turned_matrix(Spelling& in, ImportValueId value, bool turns, bool turns_batch) {
  const std::size_t rank = in.shape(value).size();
  Integers order(rank);
  std::iota(order.begin(), order.end(), 0);
  if (turns_batch && rank > 2) {  // [rows, batch..., columns] to [batch..., rows, columns]
    std::rotate(order.begin(), order.begin() + 1, order.end() - 1);
  }
  if (turns && rank > 1) {
    std::swap(order[rank - 1], order[rank - 2]);
  }
  return turns || turns_batch ? in.transposed(value, order) : value;
}

void spell_matmul(Spelling& in) {
  const auto is_set = [&](std::string_view key) { return in.node().integer(key, 0) != 0; };
  ImportValueId a = in.input(0, "two tensors");
  ImportValueId b = in.input(1, "two tensors");
  a = turned_matrix(in, a, is_set("transA"), is_set("transBatchA"));
  b = turned_matrix(in, b, is_set("transB"), is_set("transBatchB"));
  const ImportValueId made = in.add("MatMul", {a, b});
  const float alpha = in.node().number("alpha", 1.0F);
  in.give(0, alpha == 1.0F ? made : in.product(made, in.number(static_cast<double>(alpha))));
}

/// What `activation` names, with its parameters.
ImportValueId activated(Spelling& in, ImportValueId value) {
  const std::string name = in.node().text("activation", "");
  if (name.empty()) {
    return value;
  }
  const OnnxAttribute* given = in.node().attribute("activation_params");
  const std::vector<float> numbers = given == nullptr ? std::vector<float>{} : given->numbers;
  const auto number = [&](std::size_t index, std::string_view key, float otherwise) {
    return static_cast<double>(index < numbers.size() ? numbers[index]
                                                      : in.node().number(key, otherwise));
  };
  if (name == "Relu" || name == "Tanh" || name == "Sigmoid") {
    return in.add(name, {value});
  }
  if (name == "LeakyRelu") {
    return in.add(name, {value}, {{"alpha", number(0, "activation_alpha", 0.01F)}});
  }
  if (name == "HardSigmoid") {
    return in.add(name, {value},
                  {{"alpha", number(0, "activation_alpha", 0.2F)},
                   {"beta", number(1, "activation_beta", 0.5F)}});
  }
  if (name == "Clip" && numbers.size() == 2) {
    return in.add(name, {value, in.number(static_cast<double>(numbers[0])),
                         in.number(static_cast<double>(numbers[1]))});
  }
  contradict("expected Clip, HardSigmoid, LeakyRelu, Relu, Sigmoid or Tanh as activation, got '{}'",
             name);
}

/// The attributes that the operator itself has, as it stands alone.
ImportValueId without_activation(Spelling& in, std::string_view op,
                                 std::vector<ImportValueId> inputs) {
  Attributes attributes;
  for (const auto& [key, attribute] : in.node().attributes) {
    using Kind = OnnxAttribute::Kind;
    if (key.starts_with("activation")) {
      continue;
    }
    if (attribute.kind == Kind::Int) {
      attributes.emplace_back(key, attribute.integer);
    } else if (attribute.kind == Kind::Float) {
      attributes.emplace_back(key, static_cast<double>(attribute.number));
    } else if (attribute.kind == Kind::Ints) {
      attributes.emplace_back(key, attribute.integers);
    } else if (attribute.kind == Kind::String) {
      attributes.emplace_back(key, attribute.text);
    }
  }
  return in.add(op, std::move(inputs), attributes);
}

void spell_conv(Spelling& in) {
  std::vector<ImportValueId> inputs{in.input(0, "an image"), in.input(1, "weights")};
  if (in.has(2)) {
    inputs.push_back(in.node().input(2));
  }
  ImportValueId made = without_activation(in, "Conv", std::move(inputs));
  if (in.has(3)) {
    made = in.sum(made, in.node().input(3));
  }
  in.give(0, activated(in, made));
}

void spell_gemm(Spelling& in) {
  in.give(0, activated(in, without_activation(in, "Gemm", in.node().inputs)));
}

/// Stored in 4 or 8 bits with a scale for each block of rows.
void spell_matmul_bits(Spelling& in) {
  contradict(
      "expected weights that chips hold as the file does, got {} bits with a scale for each {} "
      "rows",
      in.node().integer("bits", 4), in.node().integer("block_size", 32));
}

constexpr auto kFusedRules = std::to_array<SpellRule>({
    {"com.microsoft.BiasGelu", spell_gelu},
    {"com.microsoft.EmbedLayerNormalization", spell_embeddings},
    {"com.microsoft.FastGelu", spell_fast_gelu},
    {"com.microsoft.FusedConv", spell_conv},
    {"com.microsoft.FusedGemm", spell_gemm},
    {"com.microsoft.FusedMatMul", spell_matmul},
    {"com.microsoft.Gelu", spell_gelu},
    {"com.microsoft.MatMulNBits", spell_matmul_bits},
    {"com.microsoft.QuickGelu", spell_quick_gelu},
    {"com.microsoft.SkipLayerNormalization", spell_skip_norm},
    {"com.microsoft.SkipSimplifiedLayerNormalization", spell_skip_norm},
    {"com.microsoft.TransposeMatMul", spell_matmul},
    {"Gelu", spell_either_gelu},
    {"SimplifiedLayerNormalization", spell_simplified_norm},
    {"com.microsoft.SimplifiedLayerNormalization", spell_simplified_norm},
});

}  // namespace

std::span<const SpellRule> fused_spellings() {
  return kFusedRules;
}

}  // namespace onnx_spelling

}  // namespace systole
