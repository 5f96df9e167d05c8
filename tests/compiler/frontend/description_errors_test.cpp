// Mistakes in the form of a network file.
#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/compiler/frontend/error_cases.h"

namespace systole {
namespace {

class MistakesOfForm : public testing::TestWithParam<ErrorCase> {};

TEST_P(MistakesOfForm, AreToldInOneLine) {
  EXPECT_EQ(error_of(GetParam().text), GetParam().message);
}

template <class Names>
std::string joined(const Names& names) {
  std::string text;
  for (const auto& [value, name] : names) {
    text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

/// As messages list them.
std::string operators() {
  return joined(OpNames::all());
}
std::string functions() {
  return joined(kEnumNames<ActivationKind>);
}
/// What is looked up behind something.
std::string functions_before() {
  std::string text;
  for (const NumberFunction& function : number_functions()) {
    text += function.is_looked_up() ? std::string(function.name()) + "_before, " : "";
  }
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Description, MistakesOfForm,
    testing::Values(
        ErrorCase{
            "UnknownOperator", with_layers(R"(- {name: a, op: perceptron}
)"),
            "n.yaml:4:17: layers[0].op: expected one of " + operators() + ", got 'perceptron'"},
        ErrorCase{"MisspeltOperator", with_layers(R"(- {name: a, op: con2d, channels: 4, kernel: 3}
)"),
                  "n.yaml:4:17: layers[0].op: expected one of " + operators() +
                      ", got 'con2d' (did you mean 'conv2d'?)"},
        ErrorCase{"MissingOperator", with_layers(R"(- {name: a}
)"),
                  "n.yaml:4:3: layers[0].op: expected one of " + operators() + ", got nothing"},
        ErrorCase{"MissingName", with_layers(R"(- {op: relu}
)"),
                  "n.yaml:4:3: layers[0].name: expected a value, got nothing"},
        ErrorCase{"NameAndNames", with_layers(R"(- {name: a, names: [b], op: relu}
)"),
                  "n.yaml:4:10: layers[0].name: expected either name or names, got both"},
        ErrorCase{"NoNames", with_layers(R"(- {names: [], op: relu}
)"),
                  "n.yaml:4:11: layers[0].names: expected at least one name, got none"},
        ErrorCase{
            "NameWithASlash", with_layers(R"(- {name: ../a, op: relu}
)"),
            "n.yaml:4:10: layers[0].name: expected a name of at most 100 letters, digits, '_', "
            "'-' and, between others, '.', got '../a'"},
        ErrorCase{
            "NameThatEndsWithADot", with_layers(R"(- {name: a., op: relu}
)"),
            "n.yaml:4:10: layers[0].name: expected a name of at most 100 letters, digits, '_', "
            "'-' and, between others, '.', got 'a.'"},
        ErrorCase{
            "NameThatBeginsWithADot", with_layers(R"(- {name: .a, op: relu}
)"),
            "n.yaml:4:10: layers[0].name: expected a name of at most 100 letters, digits, '_', "
            "'-' and, between others, '.', got '.a'"},
        ErrorCase{"NameOfTwoLines", with_layers("- {name: \"a\\nb\", op: relu}\n"),
                  "n.yaml:4:10: layers[0].name: expected a name of at most 100 letters, digits, "
                  "'_', '-' and, between others, '.', got 'a\\nb'"},
        ErrorCase{"InputOfTwoLines", with_layers("- {name: a, op: relu, input: \"a\\nb\"}\n"),
                  "n.yaml:4:30: layers[0].input: expected the name of an input or layer, got "
                  "'a\\nb'"},
        ErrorCase{"MissingKernel", with_layers(R"(- {name: c, op: conv2d, channels: 4}
)"),
                  "n.yaml:4:3: layers[0].kernel: expected a value, got nothing"},
        ErrorCase{"MissingChannels", with_layers(R"(- {name: c, op: conv2d, kernel: 3}
)"),
                  "n.yaml:4:3: layers[0].channels: expected a value, got nothing"},
        ErrorCase{"MissingFeatures", with_layers(R"(- {name: d, op: dense}
)"),
                  "n.yaml:4:3: layers[0].features: expected a value, got nothing"},
        ErrorCase{"ZeroChannels", with_layers(R"(- {name: c, op: conv2d, channels: 0, kernel: 3}
)"),
                  "n.yaml:4:35: layers[0].channels: expected an integer in 1..65536, got '0'"},
        ErrorCase{"NegativeKernel", with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: -3}
)"),
                  "n.yaml:4:46: layers[0].kernel: expected an integer in 1..65536, got '-3'"},
        ErrorCase{"HugeChannels",
                  with_layers(R"(- {name: c, op: conv2d, channels: 99999999999999999999, kernel: 3}
)"),
                  "n.yaml:4:35: layers[0].channels: expected an integer in 1..65536, got "
                  "'99999999999999999999'"},
        ErrorCase{"TooManyFeatures", with_layers(R"(- {name: d, op: dense, features: 1048577}
)"),
                  "n.yaml:4:34: layers[0].features: expected an integer in 1..1048576, got "
                  "'1048577'"},
        ErrorCase{"TooManyFeaturesOfAnInput", R"(network: n
inputs: [{name: x, features: 1048577}]
layers: [{name: r, op: relu}]
)",
                  "n.yaml:2:30: inputs[0].features: expected an integer in 1..1048576, got "
                  "'1048577'"},
        ErrorCase{
            "KernelOfThreeNumbers",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: [3, 3, 3]}
)"),
            "n.yaml:4:46: layers[0].kernel: expected one number or [rows, cols], got 3 numbers"},
        ErrorCase{"KernelWithAWord",
                  with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: [3, x]}
)"),
                  "n.yaml:4:50: layers[0].kernel[1]: expected an integer in 1..65536, got 'x'"},
        ErrorCase{"ZeroStride",
                  with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, stride: 0}
)"),
                  "n.yaml:4:57: layers[0].stride: expected an integer in 1..65536, got '0'"},
        ErrorCase{"NegativePadding",
                  with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, padding: -1}
)"),
                  "n.yaml:4:58: layers[0].padding: expected an integer in 0..65536, got '-1'"},
        ErrorCase{
            "PaddingOfTwoNumbers",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, padding: [1, 1]}
)"),
            "n.yaml:4:58: layers[0].padding: expected one number, [top, bottom, left, right] or "
            "same, got 2 numbers"},
        ErrorCase{
            "PaddingWord",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, padding: valid}
)"),
            "n.yaml:4:58: layers[0].padding: expected one number, [top, bottom, left, right] or "
            "same, got 'valid'"},
        ErrorCase{"ZeroDilation",
                  with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, dilation: 0}
)"),
                  "n.yaml:4:59: layers[0].dilation: expected an integer in 1..65536, got '0'"},
        ErrorCase{"ZeroGroups",
                  with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, groups: 0}
)"),
                  "n.yaml:4:57: layers[0].groups: expected an integer in 1..65536, got '0'"},
        ErrorCase{"UnknownKey",
                  with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, strides: 2}
)"),
                  "n.yaml:4:49: layers[0].strides: expected one of when, names, name, repeat, "
                  "block, op, inputs, "
                  "input, channels, kernel, stride, dilation, padding, groups, batch_norm, bias, "
                  "weights, activation, before, output, got 'strides' (did you mean 'stride'?)"},
        ErrorCase{"KeyOfAnotherOperator", with_layers(R"(- {name: r, op: relu, kernel: 3}
)"),
                  "n.yaml:4:23: layers[0].kernel: expected one of when, names, name, repeat, "
                  "block, op, inputs, "
                  "input, output, got 'kernel'"},
        ErrorCase{"UnknownActivation",
                  with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, activation: prelu}
)"),
                  "n.yaml:4:61: layers[0].activation: expected one of " + functions() +
                      ", got 'prelu' (did you mean 'relu'?)"},
        ErrorCase{
            "SigmoidBehindAdd",
            with_layers(R"(- {name: a, op: add, inputs: [x, x], activation: sigmoid}
)"),
            "n.yaml:4:50: layers[0].activation: expected none, relu or relu6 behind an add, got "
            "sigmoid"},
        ErrorCase{
            "BeforeWithoutSigmoid",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, before: {scale: 1}}
)"),
            "n.yaml:4:57: layers[0].before: expected a quantisation only before a fused function "
            "that is looked up, got one"},
        ErrorCase{
            "BiasBesideBatchNorm",
            with_layers(
                R"(- {name: c, op: conv2d, channels: 4, kernel: 3, batch_norm: true, bias: true}
)"),
            "n.yaml:4:73: layers[0].bias: expected no bias beside batch_norm (its shift is the "
            "bias), got one"},
        ErrorCase{"BiasOfAnotherKind",
                  with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, bias: maybe}
)"),
                  "n.yaml:4:55: layers[0].bias: expected true or false, got 'maybe'"},
        ErrorCase{
            "ZeroScale",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, output: {scale: 0}}
)"),
            "n.yaml:4:65: layers[0].output.scale: expected a number in 1e-12..1000000000000, got "
            "'0'"},
        ErrorCase{"ZeroPointTooLarge",
                  with_layers(
                      R"(- {name: c, op: conv2d, channels: 4, kernel: 3, output: {zero_point: 128}}
)"),
                  "n.yaml:4:70: layers[0].output.zero_point: expected an integer in -128..127, got "
                  "'128'"},
        ErrorCase{
            "UnknownQuantizationKey",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, output: {scales: 1}}
)"),
            "n.yaml:4:58: layers[0].output.scales: expected one of scale, zero_point, got "
            "'scales' (did you mean 'scale'?)"},
        ErrorCase{
            "NegativeWeightScale",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, weights: {scale: -1}}
)"),
            "n.yaml:4:66: layers[0].weights.scale: expected a number in 1e-12..1000000000000, "
            "got '-1'"},
        ErrorCase{
            "ScaleAndScales",
            with_layers(
                R"(- {name: c, op: conv2d, channels: 1, kernel: 3, weights: {scale: 1, scales: [1]}}
)"),
            "n.yaml:4:77: layers[0].weights.scales: expected either scale or scales, got both"},
        ErrorCase{
            "ScaleAndPerChannel",
            with_layers(
                R"(- {name: c, op: conv2d, channels: 1, kernel: 3, weights: {scale: 1, per_channel: true}}
)"),
            "n.yaml:4:82: layers[0].weights.per_channel: expected either scale or per_channel, got "
            "both"},
        ErrorCase{
            "ScalesAndPerChannel",
            with_layers(
                R"(- {name: c, op: conv2d, channels: 1, kernel: 3, weights: {scales: [1], per_channel: false}}
)"),
            "n.yaml:4:85: layers[0].weights.per_channel: expected either scales or per_channel, "
            "got both"},
        ErrorCase{
            "NoScales",
            with_layers(R"(- {name: c, op: conv2d, channels: 1, kernel: 3, weights: {scales: []}}
)"),
            "n.yaml:4:67: layers[0].weights.scales: expected a scale for each output channel, got "
            "none"},
        ErrorCase{"NegativeScales",
                  with_layers(
                      R"(- {name: c, op: conv2d, channels: 2, kernel: 3, weights: {scales: [1, -1]}}
)"),
                  "n.yaml:4:71: layers[0].weights.scales[1]: expected a number in "
                  "1e-12..1000000000000, got '-1'"},
        ErrorCase{
            "ZeroGain",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, weights: {gain: 0}}
)"),
            "n.yaml:4:65: layers[0].weights.gain: expected a number in 1e-06..1000000, got '0'"},
        ErrorCase{
            "OutputOfMaxPool",
            with_layers(R"(- {name: p, op: max_pool, kernel: 2, output: {scale: 1}}
)"),
            "n.yaml:4:46: layers[0].output: expected no output quantisation (a max_pool keeps "
            "its input's), got one"},
        ErrorCase{
            "OutputOfFlatten", with_layers(R"(- {name: f, op: flatten, output: {scale: 1}}
)"),
            "n.yaml:4:34: layers[0].output: expected no output quantisation (a flatten keeps its "
            "input's), got one"},
        ErrorCase{
            "OutputOfSoftmax", with_layers(R"(- {name: s, op: softmax, output: {scale: 1}}
)"),
            "n.yaml:4:34: layers[0].output: expected no output quantisation (that of softmax is "
            "1/256 and -128), got one"},
        ErrorCase{"BeforeOfSigmoidLayer",
                  with_layers(R"(- {name: s, op: sigmoid, before: {scale: 1}}
)"),
                  "n.yaml:4:26: layers[0].before: expected one of when, names, name, repeat, "
                  "block, op, inputs, "
                  "input, output, got 'before'"},
        ErrorCase{"CountPaddingOfMaxPool",
                  with_layers(R"(- {name: p, op: max_pool, kernel: 2, count_padding: true}
)"),
                  "n.yaml:4:38: layers[0].count_padding: expected one of when, names, name, "
                  "repeat, block, op, "
                  "inputs, input, kernel, stride, padding, output, got 'count_padding'"},
        ErrorCase{"InputAndInputs", with_layers(R"(- {name: a, op: add, input: x, inputs: [x, x]}
)"),
                  "n.yaml:4:29: layers[0].input: expected either input or inputs, got both"},
        ErrorCase{"AddOfOne", with_layers(R"(- {name: a, op: add}
)"),
                  "n.yaml:4:3: layers[0].input: expected two inputs for add, got 1"},
        ErrorCase{"AddOfThree", with_layers(R"(- {name: a, op: add, inputs: [x, x, x]}
)"),
                  "n.yaml:4:30: layers[0].inputs: expected two inputs for add, got 3"},
        ErrorCase{"ConcatOfOne", with_layers(R"(- {name: a, op: concat, input: x}
)"),
                  "n.yaml:4:32: layers[0].input: expected at least two inputs for concat, got 1"},
        ErrorCase{"ReluOfTwo", with_layers(R"(- {name: a, op: relu, inputs: [x, x]}
)"),
                  "n.yaml:4:31: layers[0].inputs: expected one input for relu, got 2"},
        ErrorCase{"ReluOfNone", with_layers(R"(- {name: a, op: relu, inputs: []}
)"),
                  "n.yaml:4:31: layers[0].inputs: expected one input for relu, got 0"},
        ErrorCase{"NoLayers", R"(network: n
inputs: [{name: x, features: 4}]
layers: []
)",
                  "n.yaml:3:9: layers: expected at least one layer, got none"},
        ErrorCase{"MissingLayers", R"(network: n
inputs: [{name: x, features: 4}]
)",
                  "n.yaml:1:1: layers: expected a list, got nothing"},
        ErrorCase{"NoInputs", R"(network: n
inputs: []
layers: [{name: r, op: relu}]
)",
                  "n.yaml:2:9: inputs: expected at least one input, got none"},
        ErrorCase{"MissingNetwork", R"(inputs: [{name: x, features: 4}]
layers: [{name: r, op: relu}]
)",
                  "n.yaml:1:1: network: expected a value, got nothing"},
        ErrorCase{"ZeroBatch", R"(network: n
batch: 0
inputs: [{name: x, features: 4}]
layers: [{name: r, op: relu}]
)",
                  "n.yaml:2:8: batch: expected an integer in 1..65536, got '0'"},
        ErrorCase{"UnknownTopKey", R"(network: n
batches: 2
inputs: [{name: x, features: 4}]
layers: [{name: r, op: relu}]
)",
                  "n.yaml:2:1: batches: expected one of family, network, description, batch, dims, "
                  "phases, defaults, "
                  "weights, inputs, states, blocks, layers, outputs, got 'batches' (did you mean "
                  "'batch'?)"},
        ErrorCase{"UnknownDefault", R"(network: n
defaults: {outputs: {scale: 1}}
inputs: [{name: x, features: 4}]
layers: [{name: r, op: relu}]
)",
                  "n.yaml:2:12: defaults.outputs: expected one of output, relu_output, " +
                      functions_before() +
                      "weight_gain, per_channel, weights, got 'outputs' (did you mean 'output'?)"},
        ErrorCase{"InputWithoutShape", R"(network: n
inputs: [{name: x, rows: 3, channels: 3}]
layers: [{name: r, op: relu}]
)",
                  "n.yaml:2:10: inputs[0].cols: expected an integer in 1..65536, got nothing"},
        ErrorCase{"InputOfTwoShapes", R"(network: n
inputs: [{name: x, features: 3, rows: 3}]
layers: [{name: r, op: relu}]
)",
                  "n.yaml:2:33: inputs[0].rows: expected one of when, indices, repeat, name, "
                  "features, quantization, file, "
                  "got 'rows'"},
        ErrorCase{"WeightsWithoutDirectory", R"(network: n
weights: {}
inputs: [{name: x, features: 4}]
layers: [{name: r, op: relu}]
)",
                  "n.yaml:2:10: weights.directory: expected text, got nothing"},
        ErrorCase{
            "FirstLayerAmongTwoInputs", R"(network: n
inputs: [{name: x, features: 4}, {name: y, features: 4}]
layers: [{name: r, op: relu}]
)",
            "n.yaml:3:10: layers[0].input: expected the name of one of the network's inputs, got "
            "nothing"}),
    [](const auto& mistake) { return mistake.param.name; });

class MistakesWithBlocks : public testing::TestWithParam<ErrorCase> {};

TEST_P(MistakesWithBlocks, AreToldInOneLine) {
  EXPECT_EQ(error_of(GetParam().text), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Description, MistakesWithBlocks,
    testing::Values(
        ErrorCase{
            "UnknownBlock", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks: {twice: [{name: a, op: relu}]}
layers: [{name: b, block: twic}]
)",
            "n.yaml:4:27: layers[0].block: expected a key of blocks, got 'twic' (did you mean "
            "'twice'?)"},
        ErrorCase{"BlockWithoutBlocks", with_layers(R"(- {name: b, block: twice}
)"),
                  "n.yaml:4:20: layers[0].block: expected a key of blocks, got 'twice'"},
        ErrorCase{"UnusedBlock", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks: {twice: [{name: a, op: relu}]}
layers: [{name: b, op: relu}]
)",
                  "n.yaml:3:17: blocks.twice: expected a layer that uses this block, got none"},
        ErrorCase{"EmptyBlock", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks: {twice: []}
layers: [{name: b, block: twice}]
)",
                  "n.yaml:3:17: blocks.twice: expected at least one layer, got none"},
        ErrorCase{"MissingParameter", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks:
  c:
    - {name: a, op: conv2d, channels: $width, kernel: 1}
layers:
  - {name: b, block: c, with: {out: 4}}
)",
                  "n.yaml:7:31: layers[0].with: expected a value for the block's parameter "
                  "'width', got none (in b.a)"},
        ErrorCase{"NoParameters", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks:
  c:
    - {name: a, op: conv2d, channels: $width, kernel: 1}
layers:
  - {name: b, block: c}
)",
                  "n.yaml:7:5: layers[0].with: expected a value for the block's parameter 'width', "
                  "got none (in b.a)"},
        ErrorCase{"UnusedParameter", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks:
  c:
    - {name: a, op: conv2d, channels: $width, kernel: 1}
layers:
  - {name: b, block: c, with: {width: 4, widht: 4}}
)",
                  "n.yaml:7:42: layers[0].with.widht: expected width, got 'widht' (did you mean "
                  "'width'?)"},
        ErrorCase{"WrongParameter", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks:
  c:
    - {name: a, op: conv2d, channels: $width, kernel: 1}
layers:
  - {name: b, block: c, with: {width: none}}
)",
                  "n.yaml:7:39: layers[0].with.width: expected an integer in 1..65536, got 'none' "
                  "(in b.a)"},
        ErrorCase{
            "ParameterOutsideABlock",
            with_layers(R"(- {name: c, op: conv2d, channels: $width, kernel: 1}
)"),
            "n.yaml:4:35: layers[0].channels: expected a value, got '$width' outside a block"},
        ErrorCase{"ParameterOfParameter", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks:
  c:
    - {name: a, op: conv2d, channels: $width, kernel: 1}
layers:
  - {name: b, block: c, with: {width: $x}}
)",
                  "n.yaml:7:39: layers[0].with.width: expected a value, got '$x' outside a block "
                  "(in b.a)"},
        ErrorCase{"InputParameterOutsideABlock", with_layers(R"(- {name: c, op: relu, input: $input}
)"),
                  "n.yaml:4:30: layers[0].input: expected a value, got '$input' outside a block"},
        ErrorCase{"BlockInItself", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks:
  c:
    - {name: a, block: c}
layers:
  - {name: b, block: c}
)",
                  "n.yaml:5:24: blocks.c[0].block: expected blocks of which none leads to itself, "
                  "got c -> c "
                  "(in b.a)"},
        ErrorCase{"BlockWithTwoInputs", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks: {c: [{name: a, op: relu}]}
layers: [{name: b, block: c, inputs: [x, x]}]
)",
                  "n.yaml:4:38: layers[0].inputs: expected one input for a block, got 2"},
        ErrorCase{"OperatorBesideBlock", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks: {c: [{name: a, op: relu}]}
layers: [{name: b, block: c, op: relu}]
)",
                  "n.yaml:4:30: layers[0].op: expected one of when, names, name, repeat, block, "
                  "inputs, input, with, "
                  "got 'op'"},
        ErrorCase{"OuterNameInABlock", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks:
  c:
    - {name: a, op: add, inputs: [$input, x]}
layers:
  - {name: b, block: c}
)",
                  "n.yaml:5:43: blocks.c[0].inputs[1]: expected the name of an input or layer, got "
                  "'b.x' (did you mean 'b.a'?)"},
        ErrorCase{"BlocksOfOneName", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks: {c: [{name: a, op: relu}]}
layers: [{names: [b, b], block: c}]
)",
                  "n.yaml:4:10: b: expected a name that nothing else has, got 'b' again"},
        ErrorCase{"BlockNamedAsLayer", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks: {c: [{name: a, op: relu}]}
layers:
  - {name: b, op: relu}
  - {name: b, block: c}
)",
                  "n.yaml:6:5: b: expected a name that nothing else has, got 'b' again"},
        ErrorCase{
            "ShapeInABlock", R"(network: n
inputs: [{name: x, rows: 8, cols: 8, channels: 4}]
blocks:
  c:
    - {name: a, op: conv2d, channels: 4, kernel: $k}
layers:
  - {name: b, block: c, with: {k: 9}}
)",
            "n.yaml:7:35: b.a.kernel: expected a kernel within the padded input of 8 x 8, got "
            "one of 9 x 9 (dilation included)"}),
    [](const auto& mistake) { return mistake.param.name; });

}  // namespace
}  // namespace systole
