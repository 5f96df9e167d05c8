#include "sim/core/accounts.h"

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole::testing {
namespace {

Counters counters_of(std::size_t layers) {
  Counters counters;
  counters.layers.resize(layers);
  return counters;
}

TEST(EngineAccount, ChargesEveryCycleOnce) {
  Counters counters = counters_of(2);
  EngineAccount account(EngineKind::Vector, counters);
  account.charge(Cause::Issue, CoreCycles(5), 0);
  account.charge(Cause::WaitDma, CoreCycles(4), 0);  // in the past: nothing
  account.charge(Cause::Busy, CoreCycles(9), 1);
  account.finish(CoreCycles(12));
  const EngineCounters& engine = counters.engine(EngineKind::Vector);
  EXPECT_EQ(engine[Cause::Issue], CoreCycles(5));
  EXPECT_EQ(engine[Cause::WaitDma], CoreCycles(0));
  EXPECT_EQ(engine[Cause::Busy], CoreCycles(4));
  EXPECT_EQ(engine[Cause::Idle], CoreCycles(3));
  EXPECT_EQ(counters.layers[0].engines[5][Cause::Issue], CoreCycles(5));
  EXPECT_EQ(counters.layers[1].engines[5][Cause::Busy], CoreCycles(4));
}

TEST(EngineAccount, SplitsWorkIntoBusyPortAndRest) {
  Counters counters = counters_of(1);
  EngineAccount account(EngineKind::DmaIn, counters);
  account.charge_work(CoreCycles(10), CoreCycles(6), CoreCycles(1), Cause::Memory, 0);
  account.charge_work(CoreCycles(14), CoreCycles(3), CoreCycles(9), Cause::Memory, 0);
  account.charge_work(CoreCycles(15), CoreCycles(3), CoreCycles(9), Cause::Memory, 0);
  const EngineCounters& engine = counters.engine(EngineKind::DmaIn);
  EXPECT_EQ(engine[Cause::Busy], CoreCycles(6 + 3 + 1));
  EXPECT_EQ(engine[Cause::Port], CoreCycles(1 + 1 + 0));
  EXPECT_EQ(engine[Cause::Memory], CoreCycles(3 + 0 + 0));
}

TEST(EngineAccount, RefusesToEndBeforeItsLastCharge) {
  Counters counters = counters_of(1);
  EngineAccount account(EngineKind::Matrix, counters);
  account.charge(Cause::Busy, CoreCycles(9), 0);
  EXPECT_THROW(account.finish(CoreCycles(8)), InternalError);
}

TEST(LayerAccount, ActiveIsTheLengthOfTheUnionOfIntervals) {
  Counters counters = counters_of(2);
  LayerAccount account(counters);
  account.active(0, CoreCycles(10), CoreCycles(20));
  account.active(0, CoreCycles(15), CoreCycles(25));
  account.active(0, CoreCycles(2), CoreCycles(12));
  account.active(0, CoreCycles(30), CoreCycles(31));
  account.active(0, CoreCycles(16), CoreCycles(18));
  account.active(0, CoreCycles(40), CoreCycles(40));
  account.active(1, CoreCycles(0), CoreCycles(3));
  account.finish();
  EXPECT_EQ(counters.layers[0].active, CoreCycles((25 - 2) + 1));
  EXPECT_EQ(counters.layers[1].active, CoreCycles(3));
}

TEST(LayerAccount, ExposedIsByHowMuchALayerMovesTheLatestCompletion) {
  Counters counters = counters_of(3);
  LayerAccount account(counters);
  account.completed(EngineKind::DmaIn, 0, CoreCycles(10));
  account.completed(EngineKind::Vector, 1, CoreCycles(25));
  account.completed(EngineKind::Matrix, 2, CoreCycles(25));  // declared before the vector unit
  account.completed(EngineKind::Vector, 0, CoreCycles(26));
  account.finish();
  EXPECT_EQ(counters.elapsed, CoreCycles(26));
  EXPECT_EQ(counters.layers[0].exposed, CoreCycles(10 + 1));
  EXPECT_EQ(counters.layers[1].exposed, CoreCycles(0));
  EXPECT_EQ(counters.layers[2].exposed, CoreCycles(15));
  EXPECT_EQ(counters.layers[1].last_end, CoreCycles(25));
}

TEST(LayerAccount, RefusesACompletionInThePast) {
  Counters counters = counters_of(1);
  LayerAccount account(counters);
  account.completed(EngineKind::DmaIn, 0, CoreCycles(10));
  EXPECT_THROW(account.completed(EngineKind::DmaIn, 0, CoreCycles(9)), InternalError);
}

TEST(LayerAccount, FirstStartIsTheEarliest) {
  Counters counters = counters_of(1);
  LayerAccount account(counters);
  account.started(0, CoreCycles(7));
  account.started(0, CoreCycles(5));
  account.started(0, CoreCycles(9));
  EXPECT_EQ(counters.layers[0].first_start, CoreCycles(5));
}

}  // namespace
}  // namespace systole::testing
