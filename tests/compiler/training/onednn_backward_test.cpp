// The gradients of a step, in double precision, against the backward primitives of oneDNN, in
// binary32: neither knows of the other.
#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <vector>

#include <dnnl.hpp>
#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "compiler/training/training_graph.h"
#include "tests/compiler/training/double_step.h"

namespace systole {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::normalization_flags;
using dnnl::prop_kind;
using Tag = memory::format_tag;
using Dims = memory::dims;
using Arguments = std::unordered_map<int, memory>;

/// The step's own numbers: what was given, and each parameter's gradient.
class Step {
 public:
  explicit Step(const std::string& body)
      : step_(training_graph(parse_network("network: n\n" + body, "n.yaml",
                                           {.batch = 3, .type = DataType::Bf16, .numbers = false})
                                 .graph,
                             {.loss = Loss::MeanSquaredError, .optimizer = {}})) {
    for (const GraphTensorId tensor : step_.graph.given()) {
      const GraphTensor& given = step_.graph.tensor(tensor);
      given_[tensor] = some_numbers(given.name, given.type.elements());
    }
    values_ = evaluated_in_double(step_.graph, given_);
  }

  [[nodiscard]] std::vector<float> given(const std::string& name) const {
    const std::vector<double>& numbers = given_.at(tensor_named(step_.graph, name));
    return {numbers.begin(), numbers.end()};
  }
  void expect_gradient(const std::string& parameter, const std::vector<float>& expected) const {
    const GraphTensorId moment = tensor_named(step_.graph, parameter + ".moment");
    for (const Node& node : step_.graph.nodes) {
      if (changes_state(node.op) && node.inputs[0] == moment) {
        const std::vector<double>& actual = values_.at(node.inputs[1]);
        ASSERT_EQ(actual.size(), expected.size()) << parameter;
        float largest = 0;
        for (const float number : expected) {
          largest = std::max(largest, std::abs(number));
        }
        EXPECT_GT(largest, 0) << parameter;
        for (std::size_t i = 0; i < expected.size(); ++i) {
          EXPECT_NEAR(actual[i], expected[i], 2e-5F * largest) << parameter << " " << i;
        }
        return;
      }
    }
    FAIL() << parameter;
  }

 private:
  TrainingGraph step_;
  DoubleValues given_;
  DoubleValues values_;
};

/// Memory of binary32 numbers, and primitives over it.
class Library {
 public:
  [[nodiscard]] memory fresh(const Dims& dims, Tag tag) {
    return memory({dims, memory::data_type::f32, tag}, engine_);
  }
  [[nodiscard]] memory filled(const Dims& dims, Tag tag, const std::vector<float>& numbers) {
    memory made = fresh(dims, tag);
    std::copy(numbers.begin(), numbers.end(), static_cast<float*>(made.get_data_handle()));
    return made;
  }
  [[nodiscard]] static std::vector<float> numbers(const memory& of) {
    const auto* const first = static_cast<const float*>(of.get_data_handle());
    return {first, first + of.get_desc().get_size() / sizeof(float)};
  }
  void run(const dnnl::primitive& primitive, const Arguments& arguments) {
    primitive.execute(stream_, arguments);
    stream_.wait();
  }
  /// Of the mean of the squared differences.
  [[nodiscard]] memory slope(const memory& output, const Dims& dims, Tag tag,
                             const std::vector<float>& targets) {
    std::vector<float> by = numbers(output);
    const auto count = static_cast<float>(by.size());
    std::transform(by.begin(), by.end(), targets.begin(), by.begin(),
                   [&](float y, float t) { return 2 * (y - t) / count; });
    return filled(dims, tag, by);
  }
  [[nodiscard]] const dnnl::engine& engine() const { return engine_; }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
};

struct Geometry {
  Dims strides{1, 1};
  Dims gaps{0, 0};  ///< pixels between those that the kernel meets
  Dims before{0, 0};
  Dims behind{0, 0};
};

/// A convolution forward; its gradients by weights and input.
struct Convolution {
  Library& lib;
  memory x;
  memory w;
  Geometry at;
  memory y;
  dnnl::convolution_forward::primitive_desc forward;

  Convolution(Library& library, const memory& input, const memory& weights, const Dims& out,
              const Geometry& geometry)
      : lib(library), x(input), w(weights), at(geometry), y(library.fresh(out, Tag::nhwc)) {
    forward = {{prop_kind::forward_training, algorithm::convolution_direct, x.get_desc(),
                w.get_desc(), y.get_desc(), at.strides, at.gaps, at.before, at.behind},
               lib.engine()};
    lib.run(dnnl::convolution_forward(forward),
            {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
  }
  [[nodiscard]] memory by_weights(const memory& dy) const {
    memory dw(w.get_desc(), lib.engine());
    const dnnl::convolution_backward_weights::primitive_desc description(
        {algorithm::convolution_direct, x.get_desc(), dw.get_desc(), dy.get_desc(), at.strides,
         at.gaps, at.before, at.behind},
        lib.engine(), forward);
    lib.run(dnnl::convolution_backward_weights(description),
            {{DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_WEIGHTS, dw}});
    return dw;
  }
  [[nodiscard]] memory by_input(const memory& dy) const {
    memory dx(x.get_desc(), lib.engine());
    const dnnl::convolution_backward_data::primitive_desc description(
        {algorithm::convolution_direct, dx.get_desc(), w.get_desc(), dy.get_desc(), at.strides,
         at.gaps, at.before, at.behind},
        lib.engine(), forward);
    lib.run(dnnl::convolution_backward_data(description),
            {{DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dx}});
    return dx;
  }
};

/// Of the same kernel, pixels spread by the stride.
struct Deconvolution {
  Library& lib;
  memory x;
  memory w;
  Geometry at;
  memory y;
  dnnl::deconvolution_forward::primitive_desc forward;

  Deconvolution(Library& library, const memory& input, const memory& weights, const Dims& out,
                const Geometry& geometry)
      : lib(library), x(input), w(weights), at(geometry), y(library.fresh(out, Tag::nhwc)) {
    forward = {{prop_kind::forward_training, algorithm::deconvolution_direct, x.get_desc(),
                w.get_desc(), y.get_desc(), at.strides, at.gaps, at.before, at.behind},
               lib.engine()};
    lib.run(dnnl::deconvolution_forward(forward),
            {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
  }
  [[nodiscard]] memory by_weights(const memory& dy) const {
    memory dw(w.get_desc(), lib.engine());
    const dnnl::deconvolution_backward_weights::primitive_desc description(
        {algorithm::deconvolution_direct, x.get_desc(), dw.get_desc(), dy.get_desc(), at.strides,
         at.gaps, at.before, at.behind},
        lib.engine(), forward);
    lib.run(dnnl::deconvolution_backward_weights(description),
            {{DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_WEIGHTS, dw}});
    return dw;
  }
  [[nodiscard]] memory by_input(const memory& dy) const {
    memory dx(x.get_desc(), lib.engine());
    const dnnl::deconvolution_backward_data::primitive_desc description(
        {algorithm::deconvolution_direct, dx.get_desc(), w.get_desc(), dy.get_desc(), at.strides,
         at.gaps, at.before, at.behind},
        lib.engine(), forward);
    lib.run(dnnl::deconvolution_backward_data(description),
            {{DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dx}});
    return dx;
  }
};

struct Function {
  Library& lib;
  algorithm kind;
  memory x;
  memory y;
  dnnl::eltwise_forward::primitive_desc forward;

  Function(Library& library, algorithm function, const memory& input)
      : lib(library), kind(function), x(input), y(input.get_desc(), library.engine()) {
    forward = {{prop_kind::forward_training, kind, x.get_desc(), 0.0F, 0.0F}, lib.engine()};
    lib.run(dnnl::eltwise_forward(forward), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}});
  }
  [[nodiscard]] memory by_input(const memory& dy) const {
    memory dx(x.get_desc(), lib.engine());
    const dnnl::eltwise_backward::primitive_desc description(
        {kind, dx.get_desc(), x.get_desc(), 0.0F, 0.0F}, lib.engine(), forward);
    lib.run(dnnl::eltwise_backward(description),
            {{DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dx}});
    return dx;
  }
};

struct Pooling {
  Library& lib;
  algorithm kind;
  memory x;
  memory y;
  Dims strides;
  Dims kernel;
  Dims pads;
  memory workspace;
  dnnl::pooling_forward::primitive_desc forward;

  Pooling(Library& library, algorithm pooling, const memory& input, const Dims& out,
          const Dims& stride, const Dims& size, const Dims& pad)
      : lib(library),
        kind(pooling),
        x(input),
        y(library.fresh(out, Tag::nhwc)),
        strides(stride),
        kernel(size),
        pads(pad) {
    forward = {{prop_kind::forward_training, kind, x.get_desc(), y.get_desc(), strides, kernel,
                pads, pads},
               lib.engine()};
    workspace = memory(forward.workspace_desc(), lib.engine());
    lib.run(dnnl::pooling_forward(forward),
            {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}, {DNNL_ARG_WORKSPACE, workspace}});
  }
  [[nodiscard]] memory by_input(const memory& dy) const {
    memory dx(x.get_desc(), lib.engine());
    const dnnl::pooling_backward::primitive_desc description(
        {kind, dx.get_desc(), dy.get_desc(), strides, kernel, pads, pads}, lib.engine(), forward);
    lib.run(dnnl::pooling_backward(description),
            {{DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dx}, {DNNL_ARG_WORKSPACE, workspace}});
    return dx;
  }
};

/// y = x w + b, rows by features.
struct Layer {
  Library& lib;
  memory x;
  memory w;
  memory y;
  dnnl::inner_product_forward::primitive_desc forward;

  Layer(Library& library, const memory& input, const memory& weights, const memory& bias,
        const Dims& out)
      : lib(library), x(input), w(weights), y(library.fresh(out, Tag::nc)) {
    forward = {
        {prop_kind::forward_training, x.get_desc(), w.get_desc(), bias.get_desc(), y.get_desc()},
        lib.engine()};
    lib.run(dnnl::inner_product_forward(forward),
            {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, y}});
  }
  /// By weights and by biases.
  [[nodiscard]] std::pair<memory, memory> by_parameters(const memory& dy) const {
    memory dw(w.get_desc(), lib.engine());
    memory db = lib.fresh({y.get_desc().dims()[1]}, Tag::a);
    const dnnl::inner_product_backward_weights::primitive_desc description(
        {x.get_desc(), dw.get_desc(), db.get_desc(), dy.get_desc()}, lib.engine(), forward);
    lib.run(dnnl::inner_product_backward_weights(description), {{DNNL_ARG_SRC, x},
                                                                {DNNL_ARG_DIFF_DST, dy},
                                                                {DNNL_ARG_DIFF_WEIGHTS, dw},
                                                                {DNNL_ARG_DIFF_BIAS, db}});
    return {dw, db};
  }
  [[nodiscard]] memory by_input(const memory& dy) const {
    memory dx(x.get_desc(), lib.engine());
    const dnnl::inner_product_backward_data::primitive_desc description(
        {dx.get_desc(), w.get_desc(), dy.get_desc()}, lib.engine(), forward);
    lib.run(dnnl::inner_product_backward_data(description),
            {{DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dx}});
    return dx;
  }
};

/// The same number for all pixels of a channel.
std::vector<float> with_bias(const memory& image, const std::vector<float>& bias) {
  std::vector<float> biased = Library::numbers(image);
  for (std::size_t i = 0; i < biased.size(); ++i) {
    biased[i] += bias[i % bias.size()];
  }
  return biased;
}

std::vector<float> by_bias(const memory& gradient, std::size_t channels) {
  std::vector<float> sums(channels);
  const std::vector<float> by_pixel = Library::numbers(gradient);
  for (std::size_t i = 0; i < by_pixel.size(); ++i) {
    sums[i % channels] += by_pixel[i];
  }
  return sums;
}

/// Kernel rows and columns the other way round, `inner` numbers at each position.
std::vector<float> turned(const std::vector<float>& weights, std::size_t inner) {
  std::vector<float> other(weights.size());
  const std::size_t positions = weights.size() / inner;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    other[(positions - 1 - i / inner) * inner + i % inner] = weights[i];
  }
  return other;
}

constexpr auto kScaleAndShift = normalization_flags::use_scale_shift;

/// Convolutions with and without a stride, batch normalisation with its ReLU, both kinds of
/// pooling, a dense layer: every gradient of each goes through the ones behind it.
TEST(Gradients, OfAConvolutionalNetworkAreOneDnns) {
  const Step step(
      "inputs: [{name: x, rows: 7, cols: 6, channels: 2}]\nlayers:\n"
      "- {name: a, op: conv2d, channels: 4, kernel: 3, padding: 1, batch_norm: true, "
      "activation: relu}\n"
      "- {name: p, op: max_pool, kernel: 3, stride: 2, padding: 1}\n"
      "- {name: b, op: conv2d, channels: 5, kernel: 3, stride: 2, padding: 1, activation: tanh}\n"
      "- {name: q, op: average_pool, kernel: 2, stride: 1}\n"
      "- {name: f, op: flatten}\n"
      "- {name: d, op: dense, features: 3}\n");
  Library lib;
  const memory x = lib.filled({3, 2, 7, 6}, Tag::nhwc, step.given("x"));
  const Convolution a(lib, x, lib.filled({4, 2, 3, 3}, Tag::hwio, step.given("a.weight.bf16")),
                      {3, 4, 7, 6}, {.before = {1, 1}, .behind = {1, 1}});
  const dnnl::batch_normalization_forward::primitive_desc norm(
      {prop_kind::forward_training, a.y.get_desc(), 1e-5F, kScaleAndShift}, lib.engine());
  const memory mean(norm.mean_desc(), lib.engine());
  const memory variance(norm.variance_desc(), lib.engine());
  std::vector<float> gamma_and_beta = step.given("a.gamma");
  const std::vector<float> beta = step.given("a.bias");
  gamma_and_beta.insert(gamma_and_beta.end(), beta.begin(), beta.end());
  const memory rows = lib.filled({2, 4}, Tag::nc, gamma_and_beta);
  const memory normalised(a.y.get_desc(), lib.engine());
  lib.run(dnnl::batch_normalization_forward(norm), {{DNNL_ARG_SRC, a.y},
                                                    {DNNL_ARG_MEAN, mean},
                                                    {DNNL_ARG_VARIANCE, variance},
                                                    {DNNL_ARG_SCALE_SHIFT, rows},
                                                    {DNNL_ARG_DST, normalised}});
  const Function relu(lib, algorithm::eltwise_relu, normalised);
  const Pooling p(lib, algorithm::pooling_max, relu.y, {3, 4, 4, 3}, {2, 2}, {3, 3}, {1, 1});
  const Convolution b(lib, p.y, lib.filled({5, 4, 3, 3}, Tag::hwio, step.given("b.weight.bf16")),
                      {3, 5, 2, 2}, {.strides = {2, 2}, .before = {1, 1}, .behind = {1, 1}});
  const Function tanh(lib, algorithm::eltwise_tanh,
                      lib.filled({3, 5, 2, 2}, Tag::nhwc, with_bias(b.y, step.given("b.bias"))));
  const Pooling q(lib, algorithm::pooling_avg_include_padding, tanh.y, {3, 5, 1, 1}, {1, 1}, {2, 2},
                  {0, 0});
  const Layer d(lib, lib.filled({3, 5}, Tag::nc, Library::numbers(q.y)),
                lib.filled({3, 5}, Tag::io, step.given("d.weight.bf16")),
                lib.filled({3}, Tag::a, step.given("d.bias")), {3, 3});

  const memory dy = lib.slope(d.y, {3, 3}, Tag::nc, step.given("targets"));
  const auto [dw_d, db_d] = d.by_parameters(dy);
  step.expect_gradient("d.weight", Library::numbers(dw_d));
  step.expect_gradient("d.bias", Library::numbers(db_d));
  const memory dq = lib.filled({3, 5, 1, 1}, Tag::nhwc, Library::numbers(d.by_input(dy)));
  const memory db = tanh.by_input(q.by_input(dq));
  step.expect_gradient("b.weight", Library::numbers(b.by_weights(db)));
  step.expect_gradient("b.bias", by_bias(db, 5));
  const memory dn = relu.by_input(p.by_input(b.by_input(db)));
  const memory da(a.y.get_desc(), lib.engine());
  const memory drows = lib.fresh({2, 4}, Tag::nc);
  const dnnl::batch_normalization_backward::primitive_desc back(
      {prop_kind::backward, da.get_desc(), a.y.get_desc(), 1e-5F, kScaleAndShift}, lib.engine(),
      norm);
  lib.run(dnnl::batch_normalization_backward(back), {{DNNL_ARG_SRC, a.y},
                                                     {DNNL_ARG_MEAN, mean},
                                                     {DNNL_ARG_VARIANCE, variance},
                                                     {DNNL_ARG_SCALE_SHIFT, rows},
                                                     {DNNL_ARG_DIFF_DST, dn},
                                                     {DNNL_ARG_DIFF_SRC, da},
                                                     {DNNL_ARG_DIFF_SCALE_SHIFT, drows}});
  const std::vector<float> by_rows = Library::numbers(drows);
  step.expect_gradient("a.gamma", {by_rows.begin(), by_rows.begin() + 4});
  step.expect_gradient("a.bias", {by_rows.begin() + 4, by_rows.end()});
  step.expect_gradient("a.weight", Library::numbers(a.by_weights(da)));
}

/// A convolution of two groups with a stride, a dilated kernel for each channel, a transposed
/// convolution: gradients by weights of each, through the ones behind it.
TEST(Gradients, OfGroupsAndOfTransposedConvolutionsAreOneDnns) {
  const Step step(
      "inputs: [{name: x, rows: 5, cols: 6, channels: 4}]\nlayers:\n"
      "- {name: a, op: conv2d, channels: 6, kernel: [3, 2], stride: 2, padding: 1, groups: 2}\n"
      "- {name: b, op: conv2d, channels: 6, kernel: 3, dilation: 2, padding: 2, groups: 6, "
      "activation: tanh}\n"
      "- {name: c, op: conv_transpose2d, channels: 3, kernel: 3, stride: 2, padding: 1}\n");
  Library lib;
  const auto weights = [&](const std::string& name) { return step.given(name + ".weight.bf16"); };
  const Dims image{3, 6, 3, 4};
  const Convolution a(lib, lib.filled({3, 4, 5, 6}, Tag::nhwc, step.given("x")),
                      lib.filled({2, 3, 2, 3, 2}, Tag::hwigo, weights("a")), image,
                      {.strides = {2, 2}, .before = {1, 1}, .behind = {1, 1}});
  const Convolution b(lib, lib.filled(image, Tag::nhwc, with_bias(a.y, step.given("a.bias"))),
                      lib.filled({6, 1, 1, 3, 3}, Tag::hwigo, weights("b")), image,
                      {.gaps = {1, 1}, .before = {2, 2}, .behind = {2, 2}});
  const Function tanh(lib, algorithm::eltwise_tanh,
                      lib.filled(image, Tag::nhwc, with_bias(b.y, step.given("b.bias"))));
  constexpr std::size_t kKernel = 6 * 3;
  const Dims large{3, 3, 5, 7};
  const Deconvolution c(lib, tanh.y,
                        lib.filled({3, 6, 3, 3}, Tag::hwio, turned(weights("c"), kKernel)), large,
                        {.strides = {2, 2}, .before = {1, 1}, .behind = {1, 1}});
  const memory y = lib.filled(large, Tag::nhwc, with_bias(c.y, step.given("c.bias")));

  const memory dy = lib.slope(y, large, Tag::nhwc, step.given("targets"));
  step.expect_gradient("c.weight", turned(Library::numbers(c.by_weights(dy)), kKernel));
  step.expect_gradient("c.bias", by_bias(dy, 3));
  const memory db = tanh.by_input(c.by_input(dy));
  step.expect_gradient("b.weight", Library::numbers(b.by_weights(db)));
  step.expect_gradient("b.bias", by_bias(db, 6));
  const memory da = b.by_input(db);
  step.expect_gradient("a.weight", Library::numbers(a.by_weights(da)));
  step.expect_gradient("a.bias", by_bias(da, 6));
}

/// A layer normalisation, a softmax and GELU between dense layers.
TEST(Gradients, OfRowsOfFeaturesAreOneDnns) {
  const Step step(
      "inputs: [{name: x, extents: [4, 6]}]\nlayers:\n"
      "- {name: a, op: dense, features: 8}\n"
      "- {name: n, op: layer_norm, epsilon: 1e-5}\n"
      "- {name: b, op: dense, features: 8, activation: gelu}\n"
      "- {name: p, op: softmax}\n"
      "- {name: d, op: dense, features: 3}\n");
  Library lib;
  const auto row = [&](const std::string& name) {
    const std::vector<float> numbers = step.given(name);
    return lib.filled({static_cast<memory::dim>(numbers.size())}, Tag::a, numbers);
  };
  const Layer a(lib, lib.filled({12, 6}, Tag::nc, step.given("x")),
                lib.filled({8, 6}, Tag::io, step.given("a.weight.bf16")), row("a.bias"), {12, 8});
  std::vector<float> scale_and_shift = step.given("n.weight");
  const std::vector<float> shift = step.given("n.bias");
  scale_and_shift.insert(scale_and_shift.end(), shift.begin(), shift.end());
  const memory rows = lib.filled({2, 8}, Tag::nc, scale_and_shift);
  const dnnl::layer_normalization_forward::primitive_desc norm(
      {prop_kind::forward_training, a.y.get_desc(), 1e-5F, kScaleAndShift}, lib.engine());
  const memory mean(norm.mean_desc(), lib.engine());
  const memory variance(norm.variance_desc(), lib.engine());
  const memory normalised(a.y.get_desc(), lib.engine());
  lib.run(dnnl::layer_normalization_forward(norm), {{DNNL_ARG_SRC, a.y},
                                                    {DNNL_ARG_MEAN, mean},
                                                    {DNNL_ARG_VARIANCE, variance},
                                                    {DNNL_ARG_SCALE_SHIFT, rows},
                                                    {DNNL_ARG_DST, normalised}});
  const Layer b(lib, normalised, lib.filled({8, 8}, Tag::io, step.given("b.weight.bf16")),
                row("b.bias"), {12, 8});
  const Function gelu(lib, algorithm::eltwise_gelu_erf, b.y);
  const dnnl::softmax_forward::primitive_desc softmax(
      {prop_kind::forward_training, gelu.y.get_desc(), 1}, lib.engine());
  const memory p(gelu.y.get_desc(), lib.engine());
  lib.run(dnnl::softmax_forward(softmax), {{DNNL_ARG_SRC, gelu.y}, {DNNL_ARG_DST, p}});
  const Layer d(lib, p, lib.filled({3, 8}, Tag::io, step.given("d.weight.bf16")), row("d.bias"),
                {12, 3});

  const memory dy = lib.slope(d.y, {12, 3}, Tag::nc, step.given("targets"));
  const auto expect_layer = [&](const std::string& name, const Layer& layer, const memory& by) {
    const auto [dw, db] = layer.by_parameters(by);
    step.expect_gradient(name + ".weight", Library::numbers(dw));
    step.expect_gradient(name + ".bias", Library::numbers(db));
  };
  expect_layer("d", d, dy);
  const memory dp(p.get_desc(), lib.engine());
  const dnnl::softmax_backward::primitive_desc softmax_back({dp.get_desc(), p.get_desc(), 1},
                                                            lib.engine(), softmax);
  lib.run(dnnl::softmax_backward(softmax_back),
          {{DNNL_ARG_DST, p}, {DNNL_ARG_DIFF_DST, d.by_input(dy)}, {DNNL_ARG_DIFF_SRC, dp}});
  const memory db = gelu.by_input(dp);
  expect_layer("b", b, db);
  const memory da(a.y.get_desc(), lib.engine());
  const memory drows = lib.fresh({2, 8}, Tag::nc);
  const dnnl::layer_normalization_backward::primitive_desc back(
      {prop_kind::backward, da.get_desc(), a.y.get_desc(), 1e-5F, kScaleAndShift}, lib.engine(),
      norm);
  lib.run(dnnl::layer_normalization_backward(back), {{DNNL_ARG_SRC, a.y},
                                                     {DNNL_ARG_MEAN, mean},
                                                     {DNNL_ARG_VARIANCE, variance},
                                                     {DNNL_ARG_SCALE_SHIFT, rows},
                                                     {DNNL_ARG_DIFF_DST, b.by_input(db)},
                                                     {DNNL_ARG_DIFF_SRC, da},
                                                     {DNNL_ARG_DIFF_SCALE_SHIFT, drows}});
  const std::vector<float> by_rows = Library::numbers(drows);
  step.expect_gradient("n.weight", {by_rows.begin(), by_rows.begin() + 8});
  step.expect_gradient("n.bias", {by_rows.begin() + 8, by_rows.end()});
  expect_layer("a", a, da);
}

}  // namespace
}  // namespace systole
