#include "sim/matrix/matrix_unit.h"

#include <gtest/gtest.h>

#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

// The array is 8 x 4. A lone 8 x 4 tile of int8 is 2 requests of 16 bytes from the fake memory:
// sent at issue = 3, answered at 3 + 20 + 4 = 27 and 27 + 4 = 31.
constexpr std::int64_t kTileArrives = 31;
constexpr std::int64_t kShift = 8;  // rows of the array
constexpr std::int64_t kDrain = 8 + 4 - 2;

TEST(MatrixUnit, LoneFoldTakesTwiceRowsPlusColsPlusCountMinusTwoFromTheTilesArrival) {
  ProgramBuilder builder;
  builder.add(Engine::Weights, load_of(8, 4)).add(Engine::Matrix, fold_of(10, 8, 4));
  const CoreRun run = run_core(small_chip(), builder.program());
  EXPECT_EQ(run.elapsed(), kTileArrives + 2 * 8 + 4 + 10 - 2);
  EXPECT_EQ(run.cycles(Engine::Matrix, Cause::Weights), kTileArrives);
  EXPECT_EQ(run.cycles(Engine::Matrix, Cause::WeightShift), kShift);
  EXPECT_EQ(run.cycles(Engine::Matrix, Cause::Busy), 10);
  EXPECT_EQ(run.cycles(Engine::Matrix, Cause::Drain), kDrain);
  EXPECT_EQ(run.cycles(Engine::Matrix, Cause::Idle), 0);
}

}  // namespace
}  // namespace systole::testing
