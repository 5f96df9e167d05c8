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

/// Sums of products of constants: one number for each index of `out`, a sum over `summed`. Strides
/// lead through each constant, first along `out`, then along `summed`.
void fold_products(Inference& in, const OnnxShape& out, const OnnxShape& summed,
                   const std::vector<Integers>& strides) {
  if (!is_floating(in.type(0)) ||
      elements_of(out) * std::max<std::int64_t>(1, elements_of(summed)) > kMostAtOnce * 16) {
    return;
  }
  std::vector<std::vector<float>> numbers;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    numbers.push_back(in.constant(i)->floats());
  }
  const auto offsets = [&](const OnnxShape& shape, std::size_t input, std::size_t first) {
    std::vector<std::size_t> places;
    const auto begin = strides[input].begin() + static_cast<std::ptrdiff_t>(first);
    walk(shape, Integers(begin, begin + std::ssize(shape)), 0,
         [&](std::int64_t offset) { places.push_back(static_cast<std::size_t>(offset)); });
    return places;
  };
  std::vector<std::vector<std::size_t>> at;
  std::vector<std::vector<std::size_t>> along;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    at.push_back(offsets(out, i, 0));
    along.push_back(offsets(summed, i, out.size()));
  }
  std::vector<float> made;
  for (std::size_t place = 0; place < at.front().size(); ++place) {
    double sum = 0;
    for (std::size_t k = 0; k < along.front().size(); ++k) {
      double product = 1;
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        product *= static_cast<double>(numbers[i][at[i][place] + along[i][k]]);
      }
      sum += product;
    }
    made.push_back(static_cast<float>(sum));
  }
  in.set(OnnxConstant::of_floats(out, made));
}

/// Of constants of at least two axes.
void fold_matmul(Inference& in) {
  const OnnxShape a = in.shape(0);
  const OnnxShape b = in.shape(1);
  if (a.size() < 2 || b.size() < 2) {
    return;
  }
  const OnnxShape out = product_shape(a, b);
  Integers left = broadcast_strides(a, OnnxShape(out.size(), 2));
  Integers right = broadcast_strides(b, OnnxShape(out.size(), 2));
  left.back() = 0;
  right[right.size() - 2] = 0;
  left.push_back(1);
  right.push_back(b.back());
  fold_products(in, out, {a.back()}, {left, right});
}

void infer_matmul(Inference& in) {
  in.set(in.type(0), product_shape(in.shape(0), in.shape(1)));
  if (in.all_constant()) {
    fold_matmul(in);
  }
}

/// Of [batch, rows, heads * columns] or [batch, heads, rows, columns], as compiler/ops/matmul.h has
/// them.
void infer_head_matmul(Inference& in) {
  const std::int64_t heads = in.node().integer("heads", 1);
  const auto matrices = [&](std::size_t input, std::int64_t of) {
    const OnnxShape& shape = in.shape(input);
    if (shape.size() == 4 && shape[1] == of) {
      return shape;
    }
    if (shape.size() != 3 || shape[2] % of != 0) {
      contradict("expected a tensor of {} heads, got {}", of, text_of(shape));
    }
    return OnnxShape{shape[0], of, shape[1], shape[2] / of};
  };
  const OnnxShape a = matrices(0, heads);
  OnnxShape b = matrices(1, in.node().integer("kv_heads", heads));
  if (in.node().integer("transpose_b", 0) != 0) {
    std::swap(b[2], b[3]);
  }
  if (a[0] != b[0] || a[3] != b[2]) {
    contradict("expected tensors whose product exists, got {} and {}", text_of(in.shape(0)),
               text_of(in.shape(1)));
  }
  in.set(in.type(0), in.node().integer("merge_heads", 0) != 0 ? OnnxShape{a[0], a[2], heads * b[3]}
                                                              : OnnxShape{a[0], heads, a[2], b[3]});
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
  const auto equation = equation_of(in.node().text("equation", ""), in.inputs());
  if (!equation || !in.all_constant()) {
    return;
  }
  std::string letters = equation->output;
  std::map<char, std::int64_t> sizes;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    for (std::size_t axis = 0; axis < equation->inputs[i].size(); ++axis) {
      const char letter = equation->inputs[i][axis];
      sizes[letter] = shapes[i][axis];
      letters += letters.find(letter) == std::string::npos ? std::string(1, letter) : "";
    }
  }
  OnnxShape summed;
  for (std::size_t i = to->size(); i < letters.size(); ++i) {
    summed.push_back(sizes[letters[i]]);
  }
  std::vector<Integers> strides;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    const Integers own = strides_of(shapes[i]);
    Integers& by_letter = strides.emplace_back(letters.size(), 0);
    for (std::size_t axis = 0; axis < own.size(); ++axis) {
      by_letter[letters.find(equation->inputs[i][axis])] += own[axis];
    }
  }
  fold_products(in, *to, summed, strides);
}

constexpr auto kProductsRules = std::to_array<InferRule>({
    {"ConvTranspose", infer_conv_transpose},
    {"Einsum", infer_einsum},
    {"Conv", infer_conv},
    {"ConvInteger", infer_conv_integer},
    {"Gemm", infer_gemm},
    {"MatMul", infer_matmul},
    {"MatMulInteger", infer_matmul_integer},
    {"QLinearConv", infer_qlinear_conv},
    {"QLinearMatMul", infer_qlinear_matmul},
    {"systole.MatMul", infer_head_matmul},
});

}  // namespace

std::span<const InferRule> product_shapes() {
  return kProductsRules;
}

}  // namespace onnx_inference

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

}  // namespace systole
