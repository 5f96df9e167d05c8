#include "compiler/ops/formula.h"

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "tests/arch/message_of.h"

namespace systole {
namespace {

/// Of a network with an image of 3 rows, 4 columns and 6 channels, x, its gates g, and a layer.
Graph graph_of(const std::string& layer) {
  return parse_network(
             "network: n\ninputs: [{name: x, rows: 3, cols: 4, channels: 6}]\nlayers:\n"
             "  - {name: g, op: global_average_pool}\n  - {name: l, op: formula, " +
                 layer + "}\n",
             "n.yaml")
      .graph;
}

Extents extents_of(const std::string& layer) {
  const Graph graph = graph_of(layer);
  return graph.tensor(graph.nodes.back().output()).type.extents;
}

std::string error_of(const std::string& layer) {
  return message_of([&] { (void)extents_of(layer); });
}

std::vector<Stage> stages_of(const std::string& layer) {
  const Work work = graph_of(layer).nodes.back().work();
  return std::get<RowWork>(work).pieces.front().stages;
}

TEST(Formulas, HaveTheShapeOfTheirInputsOrOneNumberARow) {
  EXPECT_EQ(extents_of("input: x, of: \"max(a, 0) * 2\""), (Extents{1, 3, 4, 6}));
  EXPECT_EQ(extents_of("inputs: [g, x], of: \"a * b\""), (Extents{1, 3, 4, 6}));
  EXPECT_EQ(extents_of("input: x, of: \"sum(a * a)\""), (Extents{1, 3, 4, 1}));
  EXPECT_EQ(extents_of("input: x, of: \"a - sum(a)\""), (Extents{1, 3, 4, 6}));
  EXPECT_EQ(extents_of("input: x, of: \"a[0] * a[5]\""), (Extents{1, 3, 4, 1}));
}

TEST(Formulas, ReadWhatTheyNameOnceAPass) {
  // a, a * a, the sum; and in the pass behind it a again, a / sum.
  const auto stages = stages_of("input: x, of: \"a / sum(a * a)\"");
  ASSERT_EQ(stages.size(), 5U);
  EXPECT_EQ(std::get<PairStage>(stages[1]),
            (PairStage{.kind = PairKind::Multiply, .a = 0, .b = 0}));
  EXPECT_EQ(std::get<ReduceStage>(stages[2]), (ReduceStage{.kind = ReduceKind::Sum, .of = 1}));
  EXPECT_EQ(std::get<PairStage>(stages[4]), (PairStage{.kind = PairKind::Divide, .a = 3, .b = 2}));
}

TEST(Formulas, HaveParametersByPosition) {
  const Graph graph = graph_of("input: x, of: \"a * p + q\", positions: [1, 12]");
  const Node& node = graph.nodes.back();
  ASSERT_EQ(node.inputs.size(), 3U);
  EXPECT_EQ(graph.tensor(node.inputs[1]).name, "l.p");
  EXPECT_EQ(graph.tensor(node.inputs[1]).type.extents, (Extents{6}));
  EXPECT_EQ(graph.tensor(node.inputs[2]).type.extents, (Extents{12, 6}));
}

TEST(Formulas, SayWhatTheyCannotDo) {
  EXPECT_EQ(error_of("input: x, of: \"a +\""),
            "n.yaml:5:42: l.of: expected a number, an input, a function or '(' at letter 4 of the "
            "formula, got its end");
  EXPECT_EQ(error_of("input: x, of: \"cube(a)\""),
            "n.yaml:5:42: l.of: expected a function at letter 1 of the formula, got 'cube(a)'");
  EXPECT_EQ(error_of("input: x, of: \"a b\""),
            "n.yaml:5:42: l.of: expected an operator or the end at letter 3 of the formula, got "
            "'b'");
  EXPECT_EQ(error_of("input: x, of: \"x\""),
            "n.yaml:5:42: l.of: expected a to d, an input, or p to s, a parameter at letter 1 of "
            "the formula, got 'x'");
  EXPECT_EQ(error_of("input: x, of: \"(a\""),
            "n.yaml:5:42: l.of: expected ')' at letter 3 of the formula, got its end");
  EXPECT_EQ(error_of("input: x, of: \"a[-1]\""),
            "n.yaml:5:42: l.of: expected a number of an element at letter 3 of the formula, got "
            "'-1]'");
  EXPECT_EQ(error_of("input: x, of: \"a + b\""),
            "n.yaml:5:42: l.of: expected a formula of 1 inputs, got one that reads 'b'");
  EXPECT_EQ(error_of("inputs: [x, g], of: \"a\""),
            "n.yaml:5:48: l.of: expected a formula that reads every input, got one that does not");
  EXPECT_EQ(error_of("input: x, of: \"a * p\""),
            "n.yaml:5:42: l.of: expected a formula of 0 parameters, got one that reads 'p'");
  EXPECT_EQ(error_of("input: x, of: \"a[6]\""),
            "n.yaml:5:42: l.of: expected an element of 6, got 6");
  EXPECT_EQ(error_of("input: x, of: \"sum(sum(a))\""),
            "n.yaml:5:42: l.of: expected rows in sum and largest, got a single number");
  EXPECT_EQ(error_of("input: x, of: \"a * p\", positions: [5]"),
            "n.yaml:5:62: l.positions: expected positions that divide the 12 pixels of an image, "
            "got 5");
  EXPECT_EQ(error_of("input: x, of: \"a * p\", positions: [1, 1, 1, 1, 1]"),
            "n.yaml:5:62: l.positions: expected at most 4 parameters, got 5");
  EXPECT_EQ(error_of("inputs: [x, x, x, x, x, x, x], of: \"a\""),
            "n.yaml:5:5: l: expected at most 6 inputs, got 7");
  EXPECT_EQ(parse_formula(std::string(300, '(')).error,
            "expected a formula of at most 200 levels, got more");
  EXPECT_EQ(parse_formula(std::string(70000, '1')).error,
            "expected a formula of at most 65536 letters, got 70000");
}

}  // namespace
}  // namespace systole
