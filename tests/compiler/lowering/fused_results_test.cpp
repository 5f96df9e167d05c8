#include "compiler/lowering/fused_results.h"

#include <limits>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/isa/program_fields.h"
#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

using testing::ElementsAre;

/// Two products of x, y and c, and behind them what the test says.
Graph network(const std::string& last, DataType type = DataType::Int8) {
  return parse_network(
             "network: n\ninputs:\n"
             "- {name: x, rows: 4, cols: 4, channels: 4}\nlayers:\n"
             "- {name: y, op: conv2d, channels: 4, kernel: 1,"
             " output: {scale: 0.5, zero_point: 3}}\n"
             "- {name: c, op: conv2d, channels: 4, kernel: 1, input: x,"
             " output: {scale: 0.25, zero_point: -7}}\n" +
                 last,
             "n.yaml", {.type = type})
      .graph;
}

std::vector<std::string_view> names_of(const RowLoop& loop) {
  std::vector<std::string_view> names;
  for (const Stage& stage : loop.stages()) {
    names.push_back(name_of(stage));
  }
  return names;
}

template <class Kind>
const Kind& stage(const RowLoop& loop, std::size_t at) {
  return std::get<Kind>(loop.stages().at(at));
}

/// 8 rows of 4 sums from entry 5 on; the first result goes to 64, in rows of 4 elements.
FusedSums sums(DataType type) {
  return {.accumulator = 5,
          .rows = 8,
          .cols = 4,
          .bias = Operand{.address = 0},
          .scale = {.multiplier = 3, .shift = 4},
          .first = {.out = {.address = 64},
                    .pitch = bytes_of(type, 4),
                    .type = type,
                    .zero_point = is_float(type) ? 0 : -7},
          .table = {.address = 16, .tensor = 1},
          .other = {.address = 128},
          .other_pitch = bytes_of(type, 4)};
}

/// The layer behind, with its first input fused.
RowLoop loop_of(Graph graph, const FusedSums& of) {
  Node& behind = graph.nodes.back();
  behind.fused = behind.inputs.front() == graph.nodes[1].output() ? 0 : 1;
  return fused_loop(graph, behind, of);
}

TEST(FusedResults, AnAdditionOfInt8TakesTheLimitedResultInItsOwnSteps) {
  const RowLoop loop = loop_of(
      network("- {name: s, op: add, inputs: [c, y], output: {scale: 0.5, zero_point: 9}}\n"),
      sums(DataType::Int8));
  EXPECT_THAT(names_of(loop),
              ElementsAre("sums", "scale", "clamp", "scale", "load", "pair", "scale"));
  EXPECT_EQ(loop.accumulator, 5);
  EXPECT_EQ(loop.rows, 8);
  EXPECT_EQ(loop.out.address, 64);
  // All that int8 holds, less the zero point of -7.
  EXPECT_EQ(stage<ClampStage>(loop, 2).low, -121);
  EXPECT_EQ(stage<ClampStage>(loop, 2).high, 134);
  // A step of the first result is half a step of the sum's, one of y's is one: 2^29 and 2^30 over
  // 2^30.
  const SharedShift shift = to_shared_shift(0.5, 1);
  EXPECT_EQ(stage<ScaleStage>(loop, 3).scale,
            (FixedPoint{.multiplier = shift.a_multiplier, .shift = 0}));
  EXPECT_EQ(stage<LoadStage>(loop, 4).multiplier, shift.b_multiplier);
  EXPECT_EQ(shift.b_multiplier, 2 * shift.a_multiplier);
  EXPECT_EQ(stage<LoadStage>(loop, 4).zero_point, 3);
  EXPECT_EQ(stage<LoadStage>(loop, 4).pitch, 4);
  EXPECT_EQ(stage<ScaleStage>(loop, 6).scale, (FixedPoint{.multiplier = 1, .shift = shift.shift}));
  EXPECT_EQ(loop.body->to.zero_point, 9);
  EXPECT_EQ(loop.body->cost, LoopClass::Stages);
}

/// The other way round the multipliers change places.
TEST(FusedResults, EitherSideOfAnAdditionMayBeTheSums) {
  const RowLoop loop = loop_of(
      network("- {name: s, op: add, inputs: [y, c], output: {scale: 0.5, zero_point: 9}}\n"),
      sums(DataType::Int8));
  const SharedShift shift = to_shared_shift(1, 0.5);
  EXPECT_EQ(stage<ScaleStage>(loop, 3).scale.multiplier, shift.b_multiplier);
  EXPECT_EQ(stage<LoadStage>(loop, 4).multiplier, shift.a_multiplier);
  EXPECT_EQ(stage<LoadStage>(loop, 4).zero_point, 3);
}

TEST(FusedResults, TheLimitsOfTheFirstActivationComeFirst) {
  FusedSums of = sums(DataType::Int8);
  of.first.low = -7;
  of.first.high = 17;
  const RowLoop loop = loop_of(network("- {name: s, op: add, inputs: [c, y], activation: relu, "
                                       "output: {scale: 0.5, zero_point: 9}}\n"),
                               of);
  EXPECT_EQ(stage<ClampStage>(loop, 2).low, 0);
  EXPECT_EQ(stage<ClampStage>(loop, 2).high, 24);
  EXPECT_EQ(loop.body->to.low, 9);
}

TEST(FusedResults, AReluOfInt8IsOneMoreScaleOfNoChange) {
  const RowLoop loop = loop_of(network("- {name: r, op: relu}\n"), sums(DataType::Int8));
  EXPECT_THAT(names_of(loop), ElementsAre("sums", "scale", "clamp", "scale"));
  EXPECT_EQ(stage<ScaleStage>(loop, 3).scale, to_fixed_point(1));
  EXPECT_EQ(loop.body->to.zero_point, -7);
  EXPECT_EQ(loop.body->to.low, -7);
  EXPECT_EQ(loop.body->cost, LoopClass::Activation);
}

TEST(FusedResults, AFunctionOfInt8IsLookedUpForTheFirstResult) {
  const RowLoop loop = loop_of(network("- {name: t, op: tanh}\n"), sums(DataType::Int8));
  EXPECT_THAT(names_of(loop), ElementsAre("sums", "scale", "clamp", "lookup"));
  EXPECT_EQ(stage<LookupStage>(loop, 3).first, -121);  // of the stored -128
  EXPECT_EQ(loop.operand(stage<LookupStage>(loop, 3).table).address, 16);
}

TEST(FusedResults, OfRealsTheFirstResultIsRoundedAsItWouldBeStored) {
  const RowLoop loop = loop_of(network("- {name: s, op: add, inputs: [c, y]}\n", DataType::Bf16),
                               sums(DataType::Bf16));
  EXPECT_THAT(names_of(loop), ElementsAre("sums", "round", "load", "pair"));
  EXPECT_EQ(stage<RoundStage>(loop, 1).type, DataType::Bf16);
  EXPECT_EQ(stage<PairStage>(loop, 3), (PairStage{.kind = PairKind::Add, .a = 1, .b = 2}));
  EXPECT_EQ(loop.body->to.type, DataType::Bf16);
  const RowLoop other = loop_of(network("- {name: s, op: add, inputs: [y, c]}\n", DataType::Bf16),
                                sums(DataType::Bf16));
  EXPECT_EQ(stage<PairStage>(other, 3), (PairStage{.kind = PairKind::Add, .a = 2, .b = 1}));
}

/// What a store does with limits and a function is done by stages where the number goes on.
TEST(FusedResults, TheFirstActivationOfRealsIsStages) {
  FusedSums of = sums(DataType::Bf16);
  of.first.low = 0;
  of.first.high = 6;
  const Graph graph = network("- {name: s, op: add, inputs: [c, y]}\n", DataType::Bf16);
  EXPECT_THAT(names_of(loop_of(graph, of)),
              ElementsAre("sums", "number", "pair", "number", "pair", "round", "load", "pair"));
  of.first.high = std::numeric_limits<float>::infinity();
  of.first.low = -of.first.high;
  of.first.function = RealFunction::Gelu;
  EXPECT_THAT(names_of(loop_of(graph, of)),
              ElementsAre("sums", "function", "round", "load", "pair"));
}

TEST(FusedResults, AnActivationOfRealsIsTheStores) {
  const RowLoop loop =
      loop_of(network("- {name: t, op: tanh}\n", DataType::Bf16), sums(DataType::Bf16));
  EXPECT_THAT(names_of(loop), ElementsAre("sums", "round"));
  EXPECT_EQ(loop.body->to.function, RealFunction::Tanh);
  EXPECT_EQ(loop.body->cost, LoopClass::Activation);
}

}  // namespace
}  // namespace systole
