#include "compiler/frontend/layer_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/config/text_file.h"

namespace systole {

namespace {

constexpr Range kSize{.min = 1, .max = kMaxSize};
constexpr Range kPad{.min = 0, .max = kMaxSize};
constexpr Range kFeatures{.min = 1, .max = kMaxFeatures};
constexpr Range kZeroPoint{.min = -128, .max = 127};
constexpr RealRange kScale{.min = 1e-12, .max = 1e12};
constexpr RealRange kGain{.min = 1e-6, .max = 1e6};
constexpr std::size_t kMaxName = 100;

ConfigNode resolve(const LayerScope& scope, const ConfigNode& node) {
  if (!node.is_scalar()) {
    return node;
  }
  const std::string text = node.as_text();
  if (text.front() != '$') {
    return node;
  }
  if (!scope.user) {
    node.fail(fmt::format("expected a value, got {} outside a block", in_quotes(text)));
  }
  const std::string parameter = text.substr(1);
  if (!scope.parameters || !scope.parameters->has(parameter)) {
    scope.user->fail("with", fmt::format("expected a value for the block's parameter {}, got none",
                                         in_quotes(parameter)));
  }
  const ConfigNode value = scope.parameters->child(parameter);
  return resolve(*scope.outer, value);
}

TensorReference reference(const LayerScope& scope, const ConfigNode& written) {
  const std::string text = written.as_text();
  if (text == "$input" && scope.input) {
    return *scope.input;
  }
  const ConfigNode node = resolve(scope, written);
  const std::string name = node.as_text();
  // A parameter's text names a tensor where the block's user is written.
  const LayerScope& named_in = text.front() == '$' ? *scope.outer : scope;
  return {.name = named_in.prefix + name,
          .place = {.location = node.location(), .path = node.path()}};
}

struct Pair {
  std::int64_t rows = 1;
  std::int64_t cols = 1;
};

/// `3` for both directions, or `[rows, cols]`.
Pair read_pair(const LayerScope& scope, const ConfigNode& node, std::string_view key) {
  const ConfigNode value = value_of(scope, node, key);
  if (!value.is_list()) {
    const std::int64_t both = value.as_integer(kSize);
    return {.rows = both, .cols = both};
  }
  const auto elements = value.elements();
  if (elements.size() != 2) {
    value.fail(fmt::format("expected one number or [rows, cols], got {} numbers", elements.size()));
  }
  return {.rows = resolve(scope, elements[0]).as_integer(kSize),
          .cols = resolve(scope, elements[1]).as_integer(kSize)};
}

void read_padding(const LayerScope& scope, const ConfigNode& node, LayerDescription& layer) {
  if (!node.has("padding")) {
    return;
  }
  const ConfigNode value = value_of(scope, node, "padding");
  Kernel& kernel = layer.kernel;
  if (value.is_list()) {
    const auto elements = value.elements();
    if (elements.size() != 4) {
      value.fail(
          fmt::format("expected one number, [top, bottom, left, right] or same, got {} numbers",
                      elements.size()));
    }
    const auto pad = [&](std::size_t i) { return resolve(scope, elements[i]).as_integer(kPad); };
    kernel.pad_top = pad(0);
    kernel.pad_bottom = pad(1);
    kernel.pad_left = pad(2);
    kernel.pad_right = pad(3);
    return;
  }
  const std::string text = value.as_text();
  layer.same_padding = text == "same";
  if (!layer.same_padding) {
    if (text.find_first_not_of("-0123456789") != std::string::npos) {
      value.fail(fmt::format("expected one number, [top, bottom, left, right] or same, got {}",
                             in_quotes(text)));
    }
    kernel.pad_top = value.as_integer(kPad);
    kernel.pad_bottom = kernel.pad_left = kernel.pad_right = kernel.pad_top;
  }
}

void read_window(const LayerScope& scope, const ConfigNode& node, bool pool,
                 LayerDescription& layer) {
  const Pair size = read_pair(scope, node, "kernel");
  const ConfigNode kernel_node = value_of(scope, node, "kernel");
  layer.kernel_place = {.location = kernel_node.location(), .path = layer.name + ".kernel"};
  Pair stride = pool ? size : Pair{};
  if (node.has("stride")) {
    stride = read_pair(scope, node, "stride");
  }
  Pair dilation;
  if (!pool && node.has("dilation")) {
    dilation = read_pair(scope, node, "dilation");
  }
  layer.kernel.rows = size.rows;
  layer.kernel.cols = size.cols;
  layer.kernel.stride_rows = stride.rows;
  layer.kernel.stride_cols = stride.cols;
  layer.kernel.dilation_rows = dilation.rows;
  layer.kernel.dilation_cols = dilation.cols;
  read_padding(scope, node, layer);
}

void read_output(const LayerScope& scope, const ConfigNode& node, LayerDescription& layer) {
  if (const auto output = node.optional_map("output")) {
    layer.output = read_quantization(scope, *output);
  }
}

void read_activation(const LayerScope& scope, const ConfigNode& node, LayerDescription& layer) {
  if (node.has("activation")) {
    layer.activation = node.choice<ActivationKind>("activation");
  }
  const bool looked_up =
      layer.activation == ActivationKind::Sigmoid || layer.activation == ActivationKind::Tanh;
  if (!node.has("before")) {
    return;
  }
  if (!looked_up) {
    node.fail("before", "expected a quantisation only before a fused sigmoid or tanh, got one");
  }
  layer.before = read_quantization(scope, node.map("before"));
}

void read_weights(const LayerScope& scope, const ConfigNode& node, LayerDescription& layer) {
  layer.batch_norm = node.optional_boolean("batch_norm").value_or(false);
  layer.bias = node.optional_boolean("bias").value_or(true);
  if (layer.batch_norm && node.has("bias")) {
    node.fail("bias", "expected no bias beside batch_norm (its shift is the bias), got one");
  }
  if (const auto weights = node.optional_map("weights")) {
    if (weights->has("scale")) {
      layer.weight_scale = value_of(scope, *weights, "scale").as_real(kScale);
    }
    if (weights->has("gain")) {
      layer.weight_gain = value_of(scope, *weights, "gain").as_real(kGain);
    }
    weights->finish();
  }
}

void read_conv2d(const LayerScope& scope, const ConfigNode& node, LayerDescription& layer) {
  layer.channels = value_of(scope, node, "channels").as_integer(kSize);
  read_window(scope, node, false, layer);
  if (node.has("groups")) {
    const ConfigNode groups = value_of(scope, node, "groups");
    layer.groups = groups.as_integer(kSize);
    layer.groups_place = {.location = groups.location(), .path = layer.name + ".groups"};
  }
  read_weights(scope, node, layer);
  read_activation(scope, node, layer);
  read_output(scope, node, layer);
}

void read_dense(const LayerScope& scope, const ConfigNode& node, LayerDescription& layer) {
  layer.channels = value_of(scope, node, "features").as_integer(kFeatures);
  read_weights(scope, node, layer);
  read_activation(scope, node, layer);
  read_output(scope, node, layer);
}

void read_add(const LayerScope& scope, const ConfigNode& node, LayerDescription& layer) {
  read_activation(scope, node, layer);
  if (layer.activation == ActivationKind::Sigmoid || layer.activation == ActivationKind::Tanh) {
    node.fail("activation", fmt::format("expected none, relu or relu6 behind an add, got {}",
                                        name_of(layer.activation)));
  }
  read_output(scope, node, layer);
}

void refuse_output(const ConfigNode& node, std::string_view reason) {
  if (node.has("output")) {
    node.fail("output", fmt::format("expected no output quantisation ({}), got one", reason));
  }
}

void read_pool(const LayerScope& scope, const ConfigNode& node, LayerDescription& layer) {
  read_window(scope, node, true, layer);
  if (layer.op == LayerOp::MaxPool) {
    refuse_output(node, "a max_pool keeps its input's");
    return;
  }
  layer.count_padding = node.optional_boolean("count_padding").value_or(false);
  read_output(scope, node, layer);
}

void read_operator(const LayerScope& scope, const ConfigNode& node, LayerDescription& layer) {
  switch (layer.op) {
    case LayerOp::Conv2d:
      return read_conv2d(scope, node, layer);
    case LayerOp::Dense:
      return read_dense(scope, node, layer);
    case LayerOp::Add:
      return read_add(scope, node, layer);
    case LayerOp::MaxPool:
    case LayerOp::AveragePool:
      return read_pool(scope, node, layer);
    case LayerOp::Relu:
    case LayerOp::Relu6:
    case LayerOp::Sigmoid:
    case LayerOp::Tanh:
    case LayerOp::GlobalAveragePool:
    case LayerOp::Concat:
      return read_output(scope, node, layer);
    case LayerOp::Flatten:
      return refuse_output(node, "a flatten keeps its input's");
    case LayerOp::Softmax:
      return refuse_output(node, "that of softmax is 1/256 and -128");
  }
}

void check_input_count(const ConfigNode& node, const LayerDescription& layer) {
  const std::size_t count = layer.inputs.size();
  const auto fail = [&](std::string_view expected) {
    node.fail(node.has("inputs") ? "inputs" : "input",
              fmt::format("expected {} for {}, got {}", expected, name_of(layer.op), count));
  };
  if (layer.op == LayerOp::Add && count != 2) {
    fail("two inputs");
  }
  if (layer.op == LayerOp::Concat && count < 2) {
    fail("at least two inputs");
  }
  if (layer.op != LayerOp::Add && layer.op != LayerOp::Concat && count != 1) {
    fail("one input");
  }
}

bool is_name_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '-' ||
         character == '.';
}

}  // namespace

ConfigNode value_of(const LayerScope& scope, const ConfigNode& node, std::string_view key) {
  return resolve(scope, node.child(key));
}

std::string read_name(const ConfigNode& node) {
  std::string name = node.as_text();
  if (name.size() > kMaxName || !std::all_of(name.begin(), name.end(), is_name_character) ||
      name.front() == '.' || name.back() == '.') {
    node.fail(
        fmt::format("expected a name of at most {} letters, digits, '_', '-' and, between "
                    "others, '.', got {}",
                    kMaxName, in_quotes(name)));
  }
  return name;
}

PartialQuantization read_quantization(const LayerScope& scope, const ConfigNode& node) {
  PartialQuantization quantization;
  if (node.has("scale")) {
    quantization.scale = value_of(scope, node, "scale").as_real(kScale);
  }
  if (node.has("zero_point")) {
    quantization.zero_point =
        static_cast<std::int32_t>(value_of(scope, node, "zero_point").as_integer(kZeroPoint));
  }
  node.finish();
  return quantization;
}

std::vector<TensorReference> read_inputs(const LayerScope& scope, const ConfigNode& node,
                                         const std::optional<TensorReference>& previous) {
  std::vector<TensorReference> inputs;
  if (node.has("inputs")) {
    if (node.has("input")) {
      node.fail("input", "expected either input or inputs, got both");
    }
    for (const ConfigNode& element : node.list("inputs")) {
      inputs.push_back(reference(scope, element));
    }
  } else if (node.has("input")) {
    inputs.push_back(reference(scope, node.child("input")));
  } else if (previous) {
    inputs.push_back(*previous);
  } else {
    node.fail("input", "expected the name of one of the network's inputs, got nothing");
  }
  return inputs;
}

LayerDescription read_layer(const LayerScope& scope, const ConfigNode& node,
                            const std::string& name,
                            const std::optional<TensorReference>& previous) {
  LayerDescription layer;
  layer.name = scope.prefix + name;
  layer.place = {.location = node.location(), .path = layer.name};
  if (node.has("block")) {
    node.fail("block", "expected an operator (blocks do not nest), got a block");
  }
  layer.op = node.choice<LayerOp>("op");
  layer.inputs = read_inputs(scope, node, previous);
  check_input_count(node, layer);
  read_operator(scope, node, layer);
  node.finish();
  return layer;
}

}  // namespace systole
