// Networks that are well written and cannot be.
#include <string>

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/compiler/frontend/error_cases.h"

namespace systole {
namespace {

class MistakesOfConnection : public testing::TestWithParam<ErrorCase> {};

TEST_P(MistakesOfConnection, AreToldInOneLine) {
  EXPECT_EQ(error_of(GetParam().text), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Network, MistakesOfConnection,
    testing::Values(
        ErrorCase{
            "UnknownInput", with_layers(R"(- {name: a, op: relu, input: y}
)"),
            "n.yaml:4:30: layers[0].input: expected the name of an input or layer, got 'y' (did "
            "you mean 'a'?)"},
        ErrorCase{
            "MisspeltInput", with_layers(R"(- {name: conv1, op: relu}
- {name: a, op: relu, input: conv2}
)"),
            "n.yaml:5:30: layers[1].input: expected the name of an input or layer, got 'conv2' "
            "(did you mean 'conv1'?)"},
        ErrorCase{"UnknownAmongInputs", with_layers(R"(- {name: a, op: add, inputs: [x, nothing]}
)"),
                  "n.yaml:4:34: layers[0].inputs[1]: expected the name of an input or layer, got "
                  "'nothing'"},
        ErrorCase{"LayerNamedAsInput", with_layers(R"(- {name: x, op: relu}
)"),
                  "n.yaml:4:3: x: expected a name that nothing else has, got 'x' again"},
        ErrorCase{"LayersOfOneName", with_layers(R"(- {name: a, op: relu}
- {name: a, op: relu}
)"),
                  "n.yaml:5:3: a: expected a name that nothing else has, got 'a' again"},
        ErrorCase{"RepeatedInNames", with_layers(R"(- {names: [a, a], op: relu}
)"),
                  "n.yaml:4:3: a: expected a name that nothing else has, got 'a' again"},
        ErrorCase{"InputsOfOneName", R"(network: n
inputs: [{name: x, features: 4}, {name: x, features: 4}]
layers: [{name: a, op: add, inputs: [x, x]}]
)",
                  "n.yaml:2:34: x: expected a name that nothing else has, got 'x' again"},
        ErrorCase{"LayerThatReadsItself", with_layers(R"(- {name: a, op: add, inputs: [x, a]}
)"),
                  "n.yaml:4:3: a: expected a network without cycles, got a -> a"},
        ErrorCase{"Cycle", with_layers(R"(- {name: in, op: relu}
- {name: a, op: add, inputs: [in, c]}
- {name: b, op: relu}
- {name: c, op: relu}
- {name: d, op: relu}
)"),
                  "n.yaml:5:3: a: expected a network without cycles, got a -> b -> c -> a"},
        ErrorCase{"CycleWrittenBackwards", with_layers(R"(- {name: d, op: relu, input: c}
- {name: c, op: relu, input: b}
- {name: b, op: add, inputs: [x, c]}
)"),
                  "n.yaml:5:3: c: expected a network without cycles, got c -> b -> c"},
        ErrorCase{"UnusedInput", R"(network: n
inputs: [{name: x, features: 4}, {name: y, features: 4}]
layers: [{name: r, op: relu, input: x}]
)",
                  "n.yaml:2:34: y: expected a layer that reads this input, got none"},
        ErrorCase{
            "UnusedLayer", with_layers(R"(- {name: a, op: relu}
- {name: b, op: relu, input: x}
outputs: [b]
)"),
            "n.yaml:4:3: a: expected a layer that reads this one, or its name in outputs, got "
            "neither"},
        ErrorCase{
            "UnknownOutput", with_layers(R"(- {name: conv, op: relu}
outputs: [con]
)"),
            "n.yaml:5:11: outputs[0]: expected the name of an input or layer, got 'con' (did you "
            "mean 'conv'?)"},
        ErrorCase{"InputAsOutput", with_layers(R"(- {name: a, op: relu}
outputs: [x]
)"),
                  "n.yaml:5:11: outputs[0]: expected the name of a layer, got the input 'x'"},
        ErrorCase{"OutputTwice", with_layers(R"(- {name: a, op: relu}
outputs: [a, a]
)"),
                  "n.yaml:5:14: outputs[1]: expected each output once, got 'a' again"},
        ErrorCase{"NoOutputs", with_layers(R"(- {name: a, op: relu}
outputs: []
)"),
                  "n.yaml:5:10: outputs: expected at least one layer, or no such key, got an empty "
                  "list"},
        ErrorCase{"OutputThatIsAViewOfAnInput", with_layers(R"(- {name: f, op: flatten}
- {name: g, op: flatten}
)"),
                  "n.yaml:4:3: f: expected an output that a layer computes, got a view of the "
                  "input 'x'"}),
    [](const auto& mistake) { return mistake.param.name; });

class MistakesOfSize : public testing::TestWithParam<ErrorCase> {};

TEST_P(MistakesOfSize, AreToldInOneLine) {
  EXPECT_EQ(error_of(GetParam().text), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Network, MistakesOfSize,
    testing::Values(
        ErrorCase{
            "AddOfTwoShapes", with_layers(R"(- {name: c, op: conv2d, channels: 5, kernel: 1}
- {name: a, op: add, inputs: [c, x]}
)"),
            "n.yaml:5:3: a: expected inputs of one shape for add, got 8 x 8 x 5 and 8 x 8 x 4"},
        ErrorCase{
            "ConcatOfTwoHeights", with_layers(R"(- {name: p, op: max_pool, kernel: 2}
- {name: a, op: concat, inputs: [p, x]}
)"),
            "n.yaml:5:3: a: expected inputs of one height and width for concat, got 4 x 4 x 4 "
            "and 8 x 8 x 4"},
        ErrorCase{
            "DenseOnAnImage", with_layers(R"(- {name: d, op: dense, features: 10}
)"),
            "n.yaml:4:3: d: expected a flat input for dense, got 8 x 8 x 4 (put a flatten before "
            "it)"},
        ErrorCase{
            "KernelLargerThanInput", with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 9}
)"),
            "n.yaml:4:46: c.kernel: expected a kernel within the padded input of 8 x 8, got one "
            "of 9 x 9 (dilation included)"},
        ErrorCase{
            "KernelWiderThanPaddedInput",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: [1, 11], padding: 1}
)"),
            "n.yaml:4:46: c.kernel: expected a kernel within the padded input of 10 x 10, got "
            "one of 1 x 11 (dilation included)"},
        ErrorCase{
            "DilatedKernelLargerThanInput",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, dilation: 4}
)"),
            "n.yaml:4:46: c.kernel: expected a kernel within the padded input of 8 x 8, got one "
            "of 9 x 9 (dilation included)"},
        ErrorCase{
            "PoolLargerThanInput", with_layers(R"(- {name: p, op: max_pool, kernel: 9}
)"),
            "n.yaml:4:35: p.kernel: expected a kernel within the padded input of 8 x 8, got one "
            "of 9 x 9 (dilation included)"},
        ErrorCase{
            "PoolOfPaddingAlone",
            with_layers(R"(- {name: p, op: max_pool, kernel: 2, padding: [0, 0, 2, 0]}
)"),
            "n.yaml:4:35: p.kernel: expected a pooling kernel larger than its padding, got 2 x 2 "
            "with padding 0, 0, 2, 0"},
        ErrorCase{
            "GroupsThatDoNotDivideInputs",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, groups: 3}
)"),
            "n.yaml:4:57: c.groups: expected a divisor of the 4 input and 4 output channels, got "
            "3"},
        ErrorCase{
            "GroupsThatDoNotDivideOutputs",
            with_layers(R"(- {name: c, op: conv2d, channels: 6, kernel: 3, groups: 4}
)"),
            "n.yaml:4:57: c.groups: expected a divisor of the 4 input and 6 output channels, got "
            "4"},
        ErrorCase{
            "RowsBeyondTheLimit",
            with_layers(R"(- {name: c, op: conv2d, channels: 4, kernel: 3, padding: 60000}
)"),
            "n.yaml:4:3: c: expected a tensor of at most 65536 rows and columns, got 120006 x "
            "120006 x 4"},
        ErrorCase{
            "TooManyElements", R"(network: n
batch: 65536
inputs: [{name: x, rows: 65536, cols: 257, channels: 1}]
layers: [{name: r, op: relu}]
)",
            "n.yaml:3:10: x: expected a tensor of at most 2^40 elements, got 65536 times 65536 x "
            "257 x 1"},
        ErrorCase{
            "TooLongReduction", R"(network: n
inputs: [{name: x, rows: 64, cols: 64, channels: 17}]
layers: [{name: c, op: conv2d, channels: 4, kernel: 64}]
)",
            "n.yaml:3:10: c: expected at most 65536 input values per output value, got 69632"},
        ErrorCase{
            "TooLargeKernel", R"(network: n
inputs: [{name: x, rows: 512, cols: 512, channels: 1}]
layers: [{name: c, op: conv2d, channels: 4, kernel: 512}]
)",
            "n.yaml:3:10: c: expected at most 65536 input values per output value, got 262144"},
        ErrorCase{
            "TooLongDense", R"(network: n
inputs: [{name: x, rows: 512, cols: 512, channels: 1}]
layers: [{name: f, op: flatten}, {name: d, op: dense, features: 4}]
)",
            "n.yaml:3:34: d: expected at most 65536 input values per output value, got 262144"},
        ErrorCase{
            "TooLargePool", R"(network: n
inputs: [{name: x, rows: 512, cols: 512, channels: 1}]
layers: [{name: p, op: average_pool, kernel: 512}]
)",
            "n.yaml:3:10: p: expected at most 65536 input values per output value, got 262144"},
        ErrorCase{
            "TooLargeGlobalPool", R"(network: n
inputs: [{name: x, rows: 512, cols: 512, channels: 1}]
layers: [{name: p, op: global_average_pool}]
)",
            "n.yaml:3:10: p: expected at most 65536 input values per output value, got 262144"},
        // 3 x 65536 rows around 65536 outputs, half of them behind.
        ErrorCase{
            "TooMuchSamePadding", R"(network: n
inputs: [{name: x, rows: 65536, cols: 1, channels: 1}]
layers: [{name: c, op: conv2d, channels: 1, kernel: [4, 1], dilation: 65536, padding: same}]
)",
            "n.yaml:3:87: c.padding: expected same padding of at most 65536 rows and columns, got "
            "98304"},
        ErrorCase{
            "RatioTooLarge",
            with_layers(
                R"(- {name: c, op: conv2d, channels: 4, kernel: 3, output: {scale: 0.000000000001}, weights: {scale: 1}}
)"),
            "n.yaml:4:3: c: expected scales whose ratio (input, times weights, over output) lies "
            "in 2^-32..2^30, got 1.5625e+10"},
        ErrorCase{
            "RatioOfAChannelTooLarge",
            with_layers(
                R"(- {name: c, op: conv2d, channels: 2, kernel: 3, output: {scale: 0.000001}, weights: {scales: [1, 1000000]}}
)"),
            "n.yaml:4:3: c: expected scales whose ratio (input, times weights, over output) lies "
            "in 2^-32..2^30, got 1.5625e+10 at output channel 1"},
        ErrorCase{
            "ScalesOfAnotherCount",
            with_layers(
                R"(- {name: c, op: conv2d, channels: 4, kernel: 3, weights: {scales: [1, 2]}}
)"),
            "n.yaml:4:58: c.weights: expected a scale for each of the 4 output channels, got 2"},
        ErrorCase{
            "RatioTooSmall",
            with_layers(
                R"(- {name: c, op: conv2d, channels: 4, kernel: 3, output: {scale: 1000000000000}}
)"),
            "n.yaml:4:3: c: expected scales whose ratio (input, times weights, over output) lies "
            "in 2^-32..2^30, got 5.00308e-17"},
        ErrorCase{
            "RatioOfAddTooLarge",
            with_layers(R"(- {name: a, op: add, inputs: [x, x], output: {scale: 0.000000000001}}
)"),
            "n.yaml:4:3: a: expected scales whose ratio (input, times weights, over output) lies "
            "in 2^-32..2^30, got 1.5625e+10"},
        ErrorCase{
            "RatioBeforeTanh",
            with_layers(
                R"(- {name: c, op: conv2d, channels: 4, kernel: 3, activation: tanh, before: {scale: 0.000000000001}, weights: {scale: 1}}
)"),
            "n.yaml:4:3: c: expected scales whose ratio (input, times weights, over output) lies "
            "in 2^-32..2^30, got 1.5625e+10"}),
    [](const auto& mistake) { return mistake.param.name; });

TEST(NetworkErrors, NameABatchBeyondTheLimit) {
  const std::string text = with_layers("- {name: a, op: relu}\n");
  for (const std::int64_t batch : {std::int64_t{-1}, std::int64_t{65537}}) {
    try {
      static_cast<void>(parse_network(text, "n.yaml", {.batch = batch}));
      ADD_FAILURE() << batch;
    } catch (const WorkloadError& error) {
      EXPECT_EQ(std::string(error.what()),
                "batch: expected an integer in 1..65536, got " + std::to_string(batch));
    }
  }
}

/// `count` equal layers one behind the other.
std::string chain(int count, const std::string& layer) {
  std::string names;
  for (int i = 0; i < count; ++i) {
    names += "l" + std::to_string(i) + ", ";
  }
  return "network: n\nbatch: 65536\ninputs: [{name: x, features: 65536}]\nlayers:\n- {names: [" +
         names + "], " + layer + "}\n";
}

TEST(NetworkErrors, NameTheLayerWithWhichTheMacsOverflow) {
  // Each layer has 2^48 multiply-accumulates: 4096 of them are allowed.
  EXPECT_EQ(error_of(chain(4096, "op: dense, features: 65536")), "");
  EXPECT_EQ(error_of(chain(4097, "op: dense, features: 65536")),
            "n.yaml:5:3: l4096: expected a network of at most 2^60 multiply-accumulates, got more");
}

TEST(NetworkErrors, NameTheLayerThatIsOneTooMany) {
  EXPECT_EQ(error_of(chain(10000, "op: relu")), "");
  EXPECT_EQ(error_of(chain(10001, "op: relu")),
            "n.yaml:5:3: l10000: expected at most 10000 layers, got more");
}

TEST(NetworkErrors, NameAFileThatIsNotThere) {
  try {
    static_cast<void>(read_network("missing.yaml"));
    ADD_FAILURE();
  } catch (const WorkloadError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("missing.yaml: ")) << error.what();
  }
}

}  // namespace
}  // namespace systole
