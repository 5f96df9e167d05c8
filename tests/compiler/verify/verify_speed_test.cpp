#include <chrono>

#include <gmock/gmock.h>

#include "compiler/verify/verify.h"
#include "tests/arch/isa/open_program.h"
#include "tests/compiler/verify/support/chain_program.h"

namespace systole {
namespace {

using testing::chain_program;
using testing::edge_like_chip;

/// The time goes into the test's record: 0.5 s in a Release build for 2200 layers, which are
/// 2200 * (64 folds + 64 tiles + 8 requantisations) + 3 transfers = 299,203 instructions. The
/// program is also the test of slices, pitches and reuse of space at scale.
class VerifyChain : public ::testing::TestWithParam<std::int32_t> {};

TEST_P(VerifyChain, IsSafe) {
  const Program program = chain_program(GetParam());
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(verify(edge_like_chip(), program), std::nullopt);
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
  RecordProperty("milliseconds", std::to_string(time.count()));
}

INSTANTIATE_TEST_SUITE_P(Layers, VerifyChain, ::testing::Values(1, 2, 15, 200, 2200));

TEST(VerifyChainFinds, AnUnorderedRead) {
  testing::OpenProgram program = chain_program(3);
  auto& matrix = program.stream(EngineKind::Matrix);
  constexpr std::size_t kFoldsOfALayer = 64;
  auto& waits = matrix[2 * kFoldsOfALayer].waits;
  ASSERT_EQ(waits.size(), 2U);
  waits.pop_back();  // layer 2 no longer waits for layer 1, but for the sums that it frees
  EXPECT_THAT(
      verify(edge_like_chip(), program.closed()),
      ::testing::Optional(std::string(
          "matrix[135] fold of layer 'layer2': window reads 't2' byte 224 at unified buffer "
          "224, not ordered after vector[15] row_loop of layer 'layer1', which writes "
          "it")));
}

}  // namespace
}  // namespace systole
