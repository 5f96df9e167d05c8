// Sizes by name, formulas, nested and repeated blocks, entries that are left out.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "compiler/frontend/read_network.h"
#include "tests/compiler/frontend/error_cases.h"

namespace systole {
namespace {

using Names = std::vector<std::string>;

Graph graph_of(const std::string& text, const DimValues& dims = {}) {
  return parse_network(text, "n.yaml", {.dims = dims}).graph;
}

Names order_of(const Graph& graph) {
  Names names;
  for (const Node& node : graph.nodes) {
    names.push_back(node.name);
  }
  return names;
}

Names inputs_of(const Graph& graph, const std::string& name) {
  const auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                 [&](const Node& each) { return each.name == name; });
  Names names;
  for (const GraphTensorId input : graph.data_inputs(*node)) {
    names.push_back(graph.tensor(input).name);
  }
  return names;
}

Extents extents_of(const Graph& graph, const std::string& name) {
  return std::find_if(graph.tensors.begin(), graph.tensors.end(),
                      [&](const GraphTensor& tensor) { return tensor.name == name; })
      ->type.extents;
}

// --- sizes ---

constexpr const char* kSized =
    "network: n\n"
    "dims: {tokens: 6, heads: 4, width: $heads * $head, head: 8}\n"
    "inputs: [{name: x, extents: [$tokens, $width]}]\n"
    "layers:\n"
    "  - {name: a, op: conv2d, kernel: 1, channels: 4 * $width}\n"
    "  - {name: b, op: conv2d, kernel: 1, channels: $width / $heads}\n";

TEST(Dims, AreUsedInFormulasInAnyOrder) {
  const Graph graph = graph_of(kSized);
  EXPECT_EQ(extents_of(graph, "x"), (Extents{1, 6, 32}));
  EXPECT_EQ(extents_of(graph, "a"), (Extents{1, 6, 1, 128}));
  EXPECT_EQ(extents_of(graph, "b"), (Extents{1, 6, 1, 8}));
  EXPECT_EQ(graph.name, "n");
}

TEST(Dims, TakeTheValuesThatAreGiven) {
  const Graph graph = graph_of(kSized, {{"tokens", 3}, {"head", 16}});
  EXPECT_EQ(extents_of(graph, "x"), (Extents{1, 3, 64}));
  EXPECT_EQ(extents_of(graph, "b"), (Extents{1, 3, 1, 16}));
  // What is computed differs from the network of that name, and so does its name.
  EXPECT_EQ(graph.name, "n(head=16,tokens=3)");
  // A formula may be replaced as well; what others take from it follows.
  EXPECT_EQ(extents_of(graph_of(kSized, {{"width", 12}}), "a"), (Extents{1, 6, 1, 48}));
}

TEST(Dims, KnowFloorAndCeil) {
  const Graph graph = graph_of(
      "network: n\n"
      "dims: {s: 7}\n"
      "inputs: [{name: x, features: floor($s / 2)}]\n"
      "layers: [{name: a, op: dense, features: ceil($s / 2)}]\n");
  EXPECT_EQ(extents_of(graph, "x"), (Extents{1, 3}));
  EXPECT_EQ(extents_of(graph, "a"), (Extents{1, 4}));
}

TEST(Dims, MayBeNamedAsUnitsAre) {
  const Graph graph = graph_of(
      "network: n\ndims: {B: 5, s: 2 * $B}\ninputs: [{name: x, features: $s}]\n"
      "layers: [{name: a, op: relu}]\n");
  EXPECT_EQ(extents_of(graph, "x"), (Extents{1, 10}));
}

// --- blocks ---

constexpr const char* kNested =
    "network: n\n"
    "dims: {depth: 2, width: 4}\n"
    "inputs: [{name: x, features: $width}]\n"
    "blocks:\n"
    "  mlp:\n"
    "    - {name: up, op: dense, features: $factor * $width, activation: $function}\n"
    "    - {name: down, op: dense, features: $width}\n"
    "    - {name: add, op: add, inputs: [down, $residual]}\n"
    "  encoder:\n"
    "    - {name: mix, op: $kind, features: $width, when: $mixes}\n"
    "    - {name: mlp, block: mlp, with: {factor: $factor, residual: $input, function: relu}}\n"
    "    - {name: end, op: relu}\n"
    "layers:\n"
    "  - {name: layer, repeat: $depth, block: encoder, with: {factor: 3, mixes: $depth > 2,\n"
    "     kind: dense}}\n"
    "  - {name: head, op: dense, features: 3, input: layer}\n";

TEST(NestedBlocks, AreNamedByTheirUsersAndRepetition) {
  const Graph graph = graph_of(kNested);
  EXPECT_EQ(order_of(graph), (Names{"layer.0.mlp.up", "layer.0.mlp.down", "layer.0.mlp.add",
                                    "layer.0.end", "layer.1.mlp.up", "layer.1.mlp.down",
                                    "layer.1.mlp.add", "layer.1.end", "head"}));
  EXPECT_EQ(extents_of(graph, "layer.1.mlp.up"), (Extents{1, 12}));
  EXPECT_EQ(inputs_of(graph, "layer.0.mlp.add"), (Names{"layer.0.mlp.down", "x"}));
  EXPECT_EQ(inputs_of(graph, "layer.1.mlp.add"), (Names{"layer.1.mlp.down", "layer.0.end"}));
  EXPECT_EQ(inputs_of(graph, "layer.1.end"), (Names{"layer.1.mlp.add"}));
  EXPECT_EQ(inputs_of(graph, "head"), (Names{"layer.1.end"}));  // the last of the repetition
}

TEST(NestedBlocks, LeaveEntriesOut) {
  const Graph graph = graph_of(kNested, {{"depth", 3}});
  EXPECT_EQ(graph.nodes.size(), 3U * 5 + 1);
  EXPECT_EQ(inputs_of(graph, "layer.2.mix"), (Names{"layer.1.end"}));
  EXPECT_EQ(inputs_of(graph, "layer.2.mlp.up"), (Names{"layer.2.mix"}));
}

TEST(NestedBlocks, RepeatedZeroTimesPassTheirInputOn) {
  const Graph graph = graph_of(kNested, {{"depth", 0}});
  EXPECT_EQ(order_of(graph), (Names{"head"}));
  EXPECT_EQ(inputs_of(graph, "head"), (Names{"x"}));
}

TEST(NestedBlocks, RepeatPlainLayersToo) {
  const Graph graph = graph_of(
      "network: n\ninputs: [{name: x, features: 4}]\n"
      "layers: [{name: d, repeat: 3, op: dense, features: 4}, {name: e, op: relu, input: d}]\n");
  EXPECT_EQ(order_of(graph), (Names{"d.0", "d.1", "d.2", "e"}));
  EXPECT_EQ(inputs_of(graph, "d.2"), (Names{"d.1"}));
  EXPECT_EQ(inputs_of(graph, "e"), (Names{"d.2"}));
}

TEST(NestedBlocks, LeaveInputsOut) {
  const std::string text =
      "network: n\ndims: {past: 0}\n"
      "inputs: [{name: x, features: 4}, {name: y, features: 4, when: $past > 0}]\n"
      "layers:\n"
      "  - {name: a, op: relu, input: x}\n"
      "  - {name: b, op: add, inputs: [a, y], when: $past > 0}\n";
  EXPECT_EQ(graph_of(text).inputs.size(), 1U);
  EXPECT_EQ(graph_of(text, {{"past", 1}}).inputs.size(), 2U);
}

// --- phases and families ---

constexpr const char* kPhased =
    "network: n\n"
    "dims: {layers: 2, prompt: 6, context: 9, tokens: $prompt, cached: 0}\n"
    "phases:\n"
    "  prefill: {tokens: $prompt, cached: 0}\n"
    "  decode: {tokens: 1, cached: $context}\n"
    "inputs:\n"
    "  - {name: x, extents: [$tokens, 4]}\n"
    "  - {name: cache, repeat: $layers, extents: [$cached, 4], when: $cached > 0}\n"
    "blocks:\n"
    "  inner:\n"
    "    - {name: own, op: relu}\n"
    "    - {name: with_cache, op: matmul, inputs: [own, $cache], transpose_b: true,\n"
    "       when: $cached > 0}\n"
    "    - {name: back, op: dense, features: 4}\n"
    "  outer:\n"
    "    - {name: inner, block: inner, with: {cache: $cache}}\n"
    "layers:\n"
    "  - {name: layer, repeat: $layers, block: outer, input: x, with: {cache: cache.$index}}\n";

Graph graph_in(const std::string& phase, const DimValues& dims = {}) {
  return parse_network(kPhased, "n.yaml", {.dims = dims, .phase = phase}).graph;
}

TEST(Phases, GiveSizesOtherValues) {
  EXPECT_EQ(extents_of(graph_in("prefill"), "x"), (Extents{1, 6, 4}));
  EXPECT_EQ(graph_in("prefill").nodes.size(), 2U * 2);
  const Graph decode = graph_in("decode", {{"context", 5}});
  EXPECT_EQ(decode.name, "n(decode,context=5)");
  EXPECT_EQ(extents_of(decode, "x"), (Extents{1, 1, 4}));
  EXPECT_EQ(extents_of(decode, "cache.1"), (Extents{1, 5, 4}));
  EXPECT_EQ(extents_of(decode, "layer.1.inner.with_cache"), (Extents{1, 1, 5}));
}

/// Of repeated layers the first has the input that is named, each other one the layer before.
TEST(Repetitions, StandOneBehindTheOther) {
  const Graph blocks = graph_in("prefill");
  EXPECT_EQ(inputs_of(blocks, "layer.0.inner.own"), Names{"x"});
  EXPECT_EQ(inputs_of(blocks, "layer.1.inner.own"), Names{"layer.0.inner.back"});
  EXPECT_EQ(blocks.outputs.size(), 1U);
  const Graph layers = parse_network(
                           "network: n\ninputs: [{name: x, features: 4}, {name: y, features: 4}]\n"
                           "layers:\n"
                           "  - {name: a, op: relu, input: x}\n"
                           "  - {name: d, repeat: 3, op: dense, features: 4, input: y}\n"
                           "  - {names: [e, f], op: relu, input: d.1}\n"
                           "  - {name: s, op: add, inputs: [a, f]}\n"
                           "  - {name: t, op: add, inputs: [s, d]}\n",
                           "n.yaml")
                           .graph;
  EXPECT_EQ(inputs_of(layers, "d.0"), Names{"y"});
  EXPECT_EQ(inputs_of(layers, "d.1"), Names{"d.0"});
  EXPECT_EQ(inputs_of(layers, "d.2"), Names{"d.1"});
  EXPECT_EQ(inputs_of(layers, "e"), Names{"d.1"});
  EXPECT_EQ(inputs_of(layers, "f"), Names{"e"});
}

TEST(Phases, PassTensorsByTheNumberOfTheRepetition) {
  const Graph decode = graph_in("decode");
  EXPECT_EQ(inputs_of(decode, "layer.0.inner.with_cache"), (Names{"layer.0.inner.own", "cache.0"}));
  EXPECT_EQ(inputs_of(decode, "layer.1.inner.with_cache"), (Names{"layer.1.inner.own", "cache.1"}));
}

std::string error_in(const std::string& text, const std::string& phase) {
  try {
    static_cast<void>(parse_network(text, "n.yaml", {.phase = phase}));
  } catch (const WorkloadError& error) {
    return error.what();
  }
  return "";
}

TEST(Phases, AreThoseOfTheNetwork) {
  EXPECT_EQ(error_in(kPhased, "decoding"),
            "n.yaml: phases: expected one of prefill, decode, got 'decoding'");
  EXPECT_EQ(error_in(with_layers("- {name: r, op: relu}\n"), "decode"),
            "n.yaml: phases: expected a network that has phases, to run 'decode', got one without");
  EXPECT_EQ(error_in("network: n\ndims: {a: 1}\nphases: {p: {b: 2}}\n"
                     "inputs: [{name: x, features: 4}]\nlayers: [{name: r, op: relu}]\n",
                     ""),
            "n.yaml:3:17: phases.p.b: expected a key of dims, got 'b'");
}

class Families : public testing::Test {
 protected:
  void SetUp() override {
    write("family.yaml", kSized);
    write("inner.yaml", "network: i\nfamily: family.yaml\n");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const std::string file = (folder_ / name).string();
    std::ofstream(file) << text;
    return file;
  }
  [[nodiscard]] std::string error_of_member(const std::string& text) const {
    const std::string file = write("member.yaml", text);
    try {
      static_cast<void>(read_network(file));
    } catch (const WorkloadError& error) {
      return std::string(error.what()).substr(folder_.string().size() + 1);
    }
    return "";
  }

 private:
  std::filesystem::path folder_ = [] {
    const auto folder =
        std::filesystem::temp_directory_path() / ("systole-family-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    return folder;
  }();
};

TEST_F(Families, HaveMembersWithSizesAndANameOfTheirOwn) {
  const std::string file = write("member.yaml",
                                 "network: big\ndescription: a big one\nbatch: 3\n"
                                 "family: family.yaml\ndims: {tokens: 2, head: 16}\n");
  const Graph member = read_network(file).graph;
  EXPECT_EQ(member.name, "big");
  EXPECT_EQ(extents_of(member, "x"), (Extents{3, 2, 64}));
  const Graph chosen = read_network(file, {.dims = {{"tokens", 5}}}).graph;
  EXPECT_EQ(chosen.name, "big(tokens=5)");
  EXPECT_EQ(extents_of(chosen, "x"), (Extents{3, 5, 64}));
}

TEST_F(Families, AreCheckedAtTheMember) {
  EXPECT_EQ(
      error_of_member("network: m\nfamily: family.yaml\ndims: {token: 2}\n"),
      "member.yaml:3:15: dims.token: expected a key of the family's dims, got 'token' (did you "
      "mean 'tokens'?)");
  EXPECT_EQ(error_of_member("network: m\nfamily: family.yaml\ndims: {tokens: many}\n"),
            "member.yaml:3:16: dims.tokens: expected an integer in 0..1099511627776, got 'many'");
  EXPECT_EQ(
      error_of_member("network: m\nfamily: family.yaml\nlayers: []\n"),
      "member.yaml:3:1: layers: expected one of family, network, description, dims, batch, got "
      "'layers'");
  EXPECT_EQ(
      error_of_member("network: m\nfamily: inner.yaml\n"),
      "inner.yaml:2:9: family: expected a network with layers of its own, got another member");
}

// --- mistakes ---

class MistakesWithDims : public testing::TestWithParam<ErrorCase> {};

TEST_P(MistakesWithDims, AreToldInOneLine) {
  EXPECT_EQ(error_of(GetParam().text), GetParam().message);
}

/// All names with commas between.
std::string operators() {
  std::string names;
  for (const OpEntry& entry : op_entries()) {
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  return names;
}

std::string with_dims(const std::string& dims, const std::string& features) {
  return "network: n\ndims: " + dims + "\ninputs: [{name: x, features: 4}]\n" +
         "layers: [{name: a, op: dense, features: " + features + "}]\n";
}

std::string with_block(const std::string& layer, const std::string& user) {
  return "network: n\ndims: {w: 4}\ninputs: [{name: x, features: 4}]\nblocks:\n  b:\n    - " +
         layer + "\nlayers:\n  - " + user + "\n";
}

INSTANTIATE_TEST_SUITE_P(
    Description, MistakesWithDims,
    testing::Values(
        ErrorCase{"UnknownName", with_dims("{width: 4}", "$widht"),
                  "n.yaml:4:41: layers[0].features: expected a key of dims behind '$', got 'widht' "
                  "(did you mean 'width'?)"},
        ErrorCase{"UnknownNameOfADim", with_dims("{width: $hieght, height: 3}", "$width"),
                  "n.yaml:2:15: dims.width: expected a key of dims behind '$', got 'hieght' (did "
                  "you mean 'height'?)"},
        ErrorCase{"Cycle", with_dims("{a: $b, b: 2 * $c, c: $a}", "$a"),
                  "n.yaml:2:11: dims.a: expected sizes of which none needs itself, got a -> b -> c "
                  "-> a"},
        ErrorCase{"NegativeDim", with_dims("{a: -1}", "$a"),
                  "n.yaml:2:11: dims.a: expected an integer in 0..1099511627776, got '-1'"},
        ErrorCase{"DimOfText", with_dims("{a: wide}", "$a"),
                  "n.yaml:2:11: dims.a: expected an integer in 0..1099511627776, got 'wide'"},
        ErrorCase{"BrokenDim", with_dims("{a: 7, b: $a / 2}", "$a"),
                  "n.yaml:2:17: dims.b: expected an integer in 0..1099511627776, got '3.5', which "
                  "is '$a / 2'"},
        ErrorCase{"DimNamedInput", with_dims("{input: 7}", "4"),
                  "n.yaml:2:15: dims.input: expected a name of letters, digits and '_' that is not "
                  "'input' or 'index', got 'input'"},
        ErrorCase{"DimWithADash", with_dims("{a-b: 7}", "4"),
                  "n.yaml:2:13: dims.a-b: expected a name of letters, digits and '_' that is not "
                  "'input' or 'index', got 'a-b'"},
        ErrorCase{"BrokenFeatures", with_dims("{hidden: 768, heads: 7}", "$hidden / $heads"),
                  "n.yaml:4:41: layers[0].features: expected an integer in 1..1048576, got "
                  "'109.714285714', which is '$hidden / $heads'"},
        ErrorCase{"DivisionByZero", with_dims("{heads: 0}", "4 / $heads"),
                  "n.yaml:4:41: layers[0].features: expected a formula with a value, got inf from "
                  "'4 / $heads'"},
        ErrorCase{"ZeroFeatures", with_dims("{a: 0}", "$a"),
                  "n.yaml:4:41: layers[0].features: expected an integer in 1..1048576, got '0', "
                  "which is '$a'"},
        ErrorCase{"NoFormula", with_dims("{a: 2}", "'$a + * 3'"),
                  "n.yaml:4:41: layers[0].features: expected a formula, got '$a + * 3': '* 3' at "
                  "character 6 does not fit"},
        ErrorCase{"NameWithoutADollar", with_dims("{a: 2, b: 3}", "$a * b"),
                  "n.yaml:4:41: layers[0].features: expected '$' before every name of a formula, "
                  "got 'b' in '$a * b'"},
        ErrorCase{"ADollarAlone", with_dims("{a: 2}", "$"),
                  "n.yaml:4:41: layers[0].features: expected a name behind every '$', got '$'"},
        ErrorCase{
            "FormulaInsideABlock",
            with_block("{name: d, op: dense, features: $w / 3}", "{name: l, repeat: 2, block: b}"),
            "n.yaml:6:38: blocks.b[0].features: expected an integer in 1..1048576, got "
            "'1.33333333333', which is '$w / 3' (in l.0.d)"},
        ErrorCase{"ParameterInAFormula",
                  with_block("{name: d, op: dense, features: $k + 1}",
                             "{name: l, block: b, with: {k: many}}"),
                  "n.yaml:8:35: layers[0].with.k: expected a number for '$k' of the formula '$k + "
                  "1', got 'many' (in l.d)"},
        ErrorCase{"MissingParameter",
                  with_block("{name: d, op: dense, features: $k}", "{name: l, block: b}"),
                  "n.yaml:8:5: layers[0].with: expected a value for the block's parameter 'k', got "
                  "none (in l.d)"},
        ErrorCase{
            "MistakeAfterReading",
            with_block("{name: d, op: conv2d, channels: 4, kernel: $w}", "{name: l, block: b}"),
            "n.yaml:6:50: l.d.kernel: expected a kernel within the padded input of 1 x 1, got "
            "one of 4 x 4 (dilation included)"},
        ErrorCase{
            "OperatorThatIsNone",
            with_block("{name: d, op: $o, features: 4}", "{name: l, block: b, with: {o: dnse}}"),
            "n.yaml:8:35: layers[0].with.o: expected one of " + operators() +
                ", got 'dnse' (did you mean 'dense'?) (in l.d)"},
        ErrorCase{"BlockThatLeadsToItself",
                  "network: n\ninputs: [{name: x, features: 4}]\nblocks:\n"
                  "  b: [{name: c, block: c}]\n  c: [{name: b, block: b}]\n"
                  "layers: [{name: l, block: b}]\n",
                  "n.yaml:5:24: blocks.c[0].block: expected blocks of which none leads to itself, "
                  "got b -> c -> b (in l.c.b)"},
        ErrorCase{"NamesAndRepeat", with_layers("- {names: [a, b], repeat: 2, op: relu}\n"),
                  "n.yaml:4:27: layers[0].repeat: expected either repeat or names, got both"},
        ErrorCase{"EndlessRepetition",
                  "network: n\ninputs: [{name: x, features: 4}]\nblocks:\n"
                  "  b: [{name: c, repeat: 10000, block: c}]\n  c: [{name: r, op: relu, when: 0}]\n"
                  "layers: [{name: l, repeat: 10000, block: b}]\n",
                  "n.yaml:4:7: blocks.b[0]: expected at most 100000 uses of layers and blocks, got "
                  "more"},
        ErrorCase{"TooManyLayers",
                  with_layers("- {name: r, repeat: 10000, op: relu}\n- {name: s, op: relu}\n"),
                  "n.yaml:5:3: s: expected at most 10000 layers, got more"},
        ErrorCase{"NothingLeft", with_layers("- {name: r, op: relu, when: 0}\n"),
                  "n.yaml:4:1: layers: expected at least one layer, got only such as are left out"},
        ErrorCase{"ConditionOfText", with_layers("- {name: r, op: relu, when: maybe}\n"),
                  "n.yaml:4:29: layers[0].when: expected a number, got 'maybe'"},
        ErrorCase{"NoExtents",
                  "network: n\ninputs: [{name: x, extents: []}]\nlayers: [{name: r, op: relu}]\n",
                  "n.yaml:2:29: inputs[0].extents: expected 1 to 5 axes behind the batch, got 0"},
        ErrorCase{"ExtentOfZero",
                  "network: n\ninputs: [{name: x, extents: [4, 0]}]\n"
                  "layers: [{name: r, op: relu}]\n",
                  "n.yaml:2:33: inputs[0].extents[1]: expected an integer in 1..1048576, got '0'"},
        ErrorCase{"ExtentsThatAreNoList",
                  "network: n\ninputs: [{name: x, extents: 4}]\nlayers: [{name: r, op: relu}]\n",
                  "n.yaml:2:29: inputs[0].extents: expected a list, got '4'"}),
    [](const auto& mistake) { return mistake.param.name; });

std::string error_with(const std::string& text, const DimValues& dims) {
  try {
    static_cast<void>(graph_of(text, dims));
  } catch (const WorkloadError& error) {
    return error.what();
  }
  return "";
}

TEST(GivenDims, AreThoseOfTheNetwork) {
  EXPECT_EQ(error_with(kSized, {{"token", 3}}),
            "n.yaml: dims: expected one of tokens, heads, width, head, got 'token' (did you mean "
            "'tokens'?)");
  EXPECT_EQ(error_with(with_layers("- {name: r, op: relu}\n"), {{"seq", 3}}),
            "n.yaml: dims: expected no size by name, got 'seq'");
}

TEST(GivenDims, ThatDoNotFitAreToldWhereTheyAreUsed) {
  EXPECT_EQ(error_with(kSized, {{"heads", 3}}), "");
  EXPECT_EQ(
      error_with(kSized, {{"tokens", 0}}),
      "n.yaml:3:30: inputs[0].extents[0]: expected an integer in 1..1048576, got '0', which is "
      "'$tokens'");
}

}  // namespace
}  // namespace systole
