#include "study/token_server.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

/// Prompts take 1 s for each 100 tokens; a step 0.1 s and 0.1 s more for each sequence beyond the
/// first, whatever the context.
TokenServer server(std::int64_t slots) {
  return {.table = {.prompts = {{.tokens = 100, .seconds = 1}, {.tokens = 200, .seconds = 2}},
                    .batches = {1, 3},
                    .contexts = {100, 300},
                    .steps = {{0.1, 0.1}, {0.3, 0.3}}},
          .slots = slots};
}

TEST(StepTable, IsALineBetweenPointsAndTheNearestBeyond) {
  StepTable table = server(1).table;
  EXPECT_DOUBLE_EQ(table.prompt_seconds(150), 1.5);
  EXPECT_DOUBLE_EQ(table.prompt_seconds(20), 1);
  EXPECT_DOUBLE_EQ(table.prompt_seconds(500), 2);
  table.steps = {{0.1, 0.3}, {0.2, 0.8}};
  // In the middle of both: of 0.2 and 0.5.
  EXPECT_DOUBLE_EQ(table.step_seconds(2, 200), 0.35);
  EXPECT_DOUBLE_EQ(table.step_seconds(9, 900), 0.8);
}

TEST(TokenServer, OfOneRequestTakesItsPromptAndItsSteps) {
  const ServeFigures figures =
      serve_tokens(server(2), {{.arrival = 5, .prompt = 100, .output = 11}}, 0);
  EXPECT_DOUBLE_EQ(figures.first_token_p50, 1);
  EXPECT_NEAR(figures.each_token_p99.value(), 0.1, 1e-12);
  EXPECT_NEAR(figures.tokens_per_second, 11 / 2.0, 1e-12);
  EXPECT_NEAR(figures.busy, 1, 1e-12);
  EXPECT_DOUBLE_EQ(figures.sequences, 1);
}

TEST(TokenServer, TakesAPromptBeforeAStepWhereASlotIsFree) {
  // The second arrives during the first's prompt: 0..1 first prompt, 1..3 second prompt, then steps
  // of both, 0.2 s: the first's 10 end at 5, each 0.4 s behind its first token at 1.
  const std::vector<TokenRequest> requests{{.arrival = 0, .prompt = 100, .output = 11},
                                           {.arrival = 0.5, .prompt = 200, .output = 11}};
  const ServeFigures two = serve_tokens(server(2), requests, 0);
  EXPECT_DOUBLE_EQ(two.first_token_p50, 1);
  EXPECT_DOUBLE_EQ(two.first_token_p99, 2.5);
  EXPECT_NEAR(two.each_token_p50.value(), 0.2, 1e-12);
  EXPECT_NEAR(two.each_token_p99.value(), 0.4, 1e-12);
  EXPECT_DOUBLE_EQ(two.sequences, 2);
  // With one slot it waits until the first has left at 2, and has its first token at 4.
  const ServeFigures one = serve_tokens(server(1), requests, 0);
  EXPECT_NEAR(one.first_token_p99, 3.5, 1e-12);
  EXPECT_NEAR(one.each_token_p99.value(), 0.1, 1e-12);
}

TEST(TokenServer, CountsWhatComesBehindTheWarmUp) {
  const std::vector<TokenRequest> requests{{.arrival = 0, .prompt = 200, .output = 1},
                                           {.arrival = 10, .prompt = 100, .output = 1}};
  const ServeFigures figures = serve_tokens(server(1), requests, 1);
  EXPECT_EQ(figures.requests, 1);
  EXPECT_DOUBLE_EQ(figures.first_token_p99, 1);
  EXPECT_FALSE(figures.each_token_p99);  // one token each
  EXPECT_NEAR(figures.busy, 3 / 11.0, 1e-12);
}

TEST(TokenRequests, AreTheSameOfASeedAndStretchWithTheRate) {
  const TokenLengths lengths{
      .least_prompt = 10, .most_prompt = 20, .least_output = 1, .most_output = 3, .pairs = {}};
  const auto slow = token_requests(lengths, 1, 200, 7);
  const auto fast = token_requests(lengths, 2, 200, 7);
  for (std::size_t i = 0; i < slow.size(); ++i) {
    EXPECT_NEAR(slow[i].arrival, 2 * fast[i].arrival, 1e-9);
    EXPECT_EQ(slow[i].prompt, fast[i].prompt);
    EXPECT_TRUE(slow[i].prompt >= 10 && slow[i].prompt <= 20 && slow[i].output >= 1 &&
                slow[i].output <= 3);
  }
  EXPECT_NEAR(slow.back().arrival, 200, 50);  // of 200 a second apart on average
}

TEST(TokenRequests, OfPairsComeAgainAndAgain) {
  TokenLengths lengths;
  lengths.pairs = {{.prompt = 5, .output = 9}, {.prompt = 7, .output = 2}};
  EXPECT_EQ(lengths.shortest_prompt(), 5);
  EXPECT_EQ(lengths.longest_prompt(), 7);
  EXPECT_EQ(lengths.longest_context(), 13);
  const auto requests = token_requests(lengths, 1, 3, 1);
  EXPECT_EQ(requests[0].prompt, 5);
  EXPECT_EQ(requests[1].output, 2);
  EXPECT_EQ(requests[2].output, 9);
}

TEST(LargestRate, IsTheLastThatMeetsTheTargets) {
  const TokenLengths lengths{
      .least_prompt = 100, .most_prompt = 100, .least_output = 11, .most_output = 11, .pairs = {}};
  // A prompt of 1 s and 10 steps of 0.3 s for three: 1 + 1 s of each request's own.
  EXPECT_NEAR(token_capacity(server(3), lengths), 0.5, 1e-9);
  const ServeTargets targets{.first_token = 10, .each_token = std::nullopt};
  const auto largest = largest_rate(server(3), lengths, targets, 400, 1);
  ASSERT_TRUE(largest);
  EXPECT_LE(largest->first_token_p99, 10);
  EXPECT_GT(largest->rate, 0.05);
  EXPECT_LT(largest->rate, 0.5);
  EXPECT_FALSE(largest_rate(server(3), lengths, {.first_token = 0.5, .each_token = {}}, 100, 1));
}

}  // namespace
}  // namespace systole
