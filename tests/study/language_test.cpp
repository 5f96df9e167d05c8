#include "study/language.h"

#include <gtest/gtest.h>

#include "compiler/frontend/read_network.h"
#include "study/generate.h"
#include "tests/report/sample_result.h"

namespace systole {
namespace {

/// The sample: batch 2, 4000 cycles of 2 ns. Products of two tensors: none, so no cache; parameters
/// are no tensors of it.
Result sample_in(const TokenPhase& phase) {
  Result result = sample_result();
  result.graph.phase = phase;
  return result;
}

TEST(LanguageFigures, AreOfNetworksWithPhasesAlone) {
  EXPECT_FALSE(language_figures(sample_result()));
}

TEST(LanguageFigures, OfAPromptAreItsTimeAndItsTokens) {
  const auto figures =
      language_figures(sample_in({.phase = LanguagePhase::Prefill, .tokens = 16, .context = 16}));
  ASSERT_TRUE(figures);
  EXPECT_EQ(figures->phase, "prefill");
  EXPECT_EQ(figures->prompt, 16);
  EXPECT_DOUBLE_EQ(*figures->prefill_seconds, 8e-6);
  EXPECT_DOUBLE_EQ(*figures->time_to_first_token, 8e-6);
  EXPECT_DOUBLE_EQ(figures->tokens_per_second, 2 * 16 / 8e-6);
  EXPECT_FALSE(figures->decode_seconds || figures->time_per_output_token || figures->decode);
  EXPECT_EQ(figures->prefill->bound, Bound::Compute);  // 2800 cycles of the matrix unit
}

TEST(LanguageFigures, OfAStepAreOneTokenOfEachSequence) {
  const auto figures =
      language_figures(sample_in({.phase = LanguagePhase::Decode, .tokens = 1, .context = 100}));
  ASSERT_TRUE(figures);
  EXPECT_EQ(figures->context, 100);
  EXPECT_DOUBLE_EQ(*figures->time_per_output_token, 8e-6);
  EXPECT_DOUBLE_EQ(figures->tokens_per_second, 2 / 8e-6);
  EXPECT_FALSE(figures->prefill_seconds || figures->time_to_first_token || figures->prompt);
}

TEST(LanguageFigures, WeightsAreParametersAndTheCacheIsOnTheRightOfProducts) {
  const Graph graph = parse_network(R"(network: attention
inputs:
  - {name: x, extents: [4, 8]}
  - {name: keys, extents: [6, 8]}
layers:
  - {name: scores, op: matmul, inputs: [x, keys], transpose_b: true}
  - {name: out, op: dense, features: 4}
)",
                                    "attention.yaml", {})
                          .graph;
  EXPECT_EQ(weight_bytes(graph), 6 * 4 + 4 * 4);  // int8 weights, int32 biases
  EXPECT_EQ(cache_bytes(graph), 48);
}

PhaseRun step(std::int64_t context, std::int64_t cycles) {
  return {.context = context, .tokens = 1, .cycles = CoreCycles(cycles)};
}

TEST(Generation, TakesOtherStepsFromStraightLines) {
  // 9 and 10: 100, 110; 11..13 on the line to 14: 120, 130, 140, 150. Together 750.
  const Generation generation{.prompt = 8,
                              .generated = 7,
                              .prefill = {},
                              .steps = {step(9, 100), step(10, 110), step(14, 150)},
                              .error = 0.1};
  EXPECT_DOUBLE_EQ(generation.cycles_at(9), 100);
  EXPECT_DOUBLE_EQ(generation.cycles_at(12), 130);
  EXPECT_DOUBLE_EQ(generation.step_cycles(), 100 + 110 + 120 + 130 + 140 + 150);
}

TEST(Generation, OfAReportAddsThePromptAndTheSteps) {
  Result result = sample_in({.phase = LanguagePhase::Decode, .tokens = 1, .context = 10});
  result.generation = Generation{.prompt = 8,
                                 .generated = 3,
                                 .prefill = {.seconds = 1e-6},
                                 .steps = {step(9, 100), step(10, 300)},
                                 .error = {}};
  const auto figures = language_figures(result);
  ASSERT_TRUE(figures);
  EXPECT_EQ(figures->phase, "generate");
  EXPECT_EQ(figures->context, 10);
  EXPECT_DOUBLE_EQ(*figures->time_to_first_token, 1e-6);
  EXPECT_DOUBLE_EQ(*figures->decode_seconds, 400 * 2e-9);
  EXPECT_DOUBLE_EQ(*figures->time_per_output_token, 400 * 2e-9 / 2);
  EXPECT_DOUBLE_EQ(figures->tokens_per_second, 2 * 3 / (1e-6 + 400 * 2e-9));
}

/// Steps that cost `cycles_of` their context.
template <class Cost>
Generation chosen(const GenerateOptions& options, std::vector<std::int64_t>& asked,
                  Cost cycles_of) {
  Generation generation;
  choose_steps(
      options,
      [&](const std::vector<std::int64_t>& contexts) {
        std::vector<PhaseRun> runs;
        for (const std::int64_t context : contexts) {
          asked.push_back(context);
          runs.push_back(step(context, cycles_of(context)));
        }
        return runs;
      },
      generation);
  return generation;
}

TEST(ChooseSteps, OfAStraightLineTakesItsEndsAndQuarters) {
  std::vector<std::int64_t> asked;
  const Generation generation = chosen({.prompt = 8, .generated = 101}, asked,
                                       [](std::int64_t context) { return 100 + 2 * context; });
  EXPECT_EQ(asked, (std::vector<std::int64_t>{9, 108, 58, 33, 83}));
  EXPECT_DOUBLE_EQ(*generation.error, 0);
  EXPECT_DOUBLE_EQ(generation.step_cycles(), 100 * 100 + 2 * (9 + 108) * 100 / 2.0);
}

TEST(ChooseSteps, ALineThroughOneMiddleIsNoProof) {
  std::vector<std::int64_t> asked;
  const auto wave = [](std::int64_t context) {
    return 1000 + (context < 58 ? 20 * std::min(context - 9, 58 - context) : 0);
  };
  const Generation generation = chosen({.prompt = 8, .generated = 101}, asked, wave);
  // Off the middle of 9 and 58 by 20 * 24 of 1480; the middles of its halves are on the line.
  EXPECT_EQ(asked, (std::vector<std::int64_t>{9, 108, 58, 33, 83, 21, 45}));
  EXPECT_LT(*generation.error, 0.01);
}

TEST(ChooseSteps, HalvesWhereTheMiddleIsOffAndSaysTheError) {
  // Steps of 16 wide: a step of an accelerator's tiles.
  std::vector<std::int64_t> asked;
  const auto stairs = [](std::int64_t context) { return 1000 + 50 * (context / 16); };
  const Generation generation =
      chosen({.prompt = 8, .generated = 101, .most_steps = 9}, asked, stairs);
  EXPECT_LE(asked.size(), 9U);
  ASSERT_TRUE(generation.error);
  for (std::int64_t context = 9; context <= 108; ++context) {
    const double exact = static_cast<double>(stairs(context));
    EXPECT_LE(std::abs(generation.cycles_at(context) - exact), 50) << context;  // one stair
  }
}

TEST(ChooseSteps, FewStepsAreAllSimulatedAndHaveNoError) {
  std::vector<std::int64_t> asked;
  const Generation two = chosen({.prompt = 8, .generated = 3}, asked,
                                [](std::int64_t context) { return context * context; });
  EXPECT_EQ(asked, (std::vector<std::int64_t>{9, 10}));
  EXPECT_FALSE(two.error);
  asked.clear();
  const Generation none =
      chosen({.prompt = 8, .generated = 1}, asked, [](std::int64_t context) { return context; });
  EXPECT_TRUE(asked.empty() && none.steps.empty() && !none.error);
}

}  // namespace
}  // namespace systole
