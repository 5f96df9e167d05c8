#include "tests/support_array/array_driver.h"

#include <deque>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "arch/diag/error.h"

namespace systole::testing {

namespace {

/// Takes everything, remembers it, and shows what the test wrote down for each cycle.
class ScriptedPort : public ArrayPort {
 public:
  explicit ScriptedPort(std::deque<CycleOutput> script) : script_(std::move(script)) {}

  void reset(const ArrayConfig& /*config*/) override {}
  CycleOutput cycle(const std::vector<std::uint32_t>* load_row, const PhaseInput* phase) override {
    CycleOutput output;
    if (!script_.empty()) {
      output = script_.front();
      script_.pop_front();
    }
    if (load_row != nullptr && output.load_taken) {
      rows.push_back(*load_row);
    }
    offered_phase.push_back(phase != nullptr);
    if (phase != nullptr && output.phase_taken) {
      phases.push_back(*phase);
    }
    return output;
  }

  std::vector<std::vector<std::uint32_t>> rows;
  std::vector<PhaseInput> phases;
  std::vector<bool> offered_phase;  ///< by cycle

 private:
  std::deque<CycleOutput> script_;
};

constexpr ArrayConfig kOneByOne{.rows = 1, .cols = 1};
constexpr ArrayConfig kTwoByOneOutput{
    .dataflow = ArrayDataflow::OutputStationary, .rows = 2, .cols = 1};

const CycleOutput kTakesRow{.load_taken = true};
const CycleOutput kTakesPhase{.phase_taken = true};

CycleOutput shows(std::uint32_t value, bool completes = false) {
  return {.results = {{.column = 0, .value = value}}, .fold_completed = completes};
}

std::vector<std::pair<int, int>> slices_of(const std::vector<PhaseInput>& phases) {
  std::vector<std::pair<int, int>> slices;
  for (const PhaseInput& phase : phases) {
    slices.emplace_back(phase.left_slice, phase.other_slice);
  }
  return slices;
}

}  // namespace

TEST(ArrayDriver, ReportsTheCyclesInWhichThePortTookAndShowed) {
  ScriptedPort port({{}, kTakesRow, kTakesPhase, kTakesPhase, shows(7), {}, shows(8, true)});
  const std::vector<ArrayFold> folds{{.tile = {{3}}, .left = {{1}, {2}}}};
  const FoldOutcome fold = run_folds(port, kOneByOne, folds).front();
  EXPECT_EQ(fold.load_start, 1);
  EXPECT_EQ(fold.start, 2);
  EXPECT_EQ(fold.end, 3 + 1);
  EXPECT_EQ(fold.completion, 6);
  EXPECT_EQ(fold.results, (Lanes{{7}, {8}}));
}

TEST(ArrayDriver, FlagsTheFirstAndTheLastPhaseOfAFold) {
  ScriptedPort port(
      {kTakesRow, kTakesPhase, kTakesPhase, kTakesPhase, shows(0), shows(0), shows(0, true)});
  const std::vector<ArrayFold> folds{{.tile = {{3}}, .left = {{1}, {2}, {4}}}};
  (void)run_folds(port, kOneByOne, folds);
  const std::vector<PhaseInput> expected{{.left = {1}, .first = true, .takes_shadow = true},
                                         {.left = {2}},
                                         {.left = {4}, .last = true}};
  EXPECT_EQ(port.rows, (Lanes{{3}}));
  EXPECT_EQ(port.phases, expected);
}

TEST(ArrayDriver, ClearsWithTheFirstAndDrainsWithTheLastPhase) {
  ScriptedPort port({kTakesPhase, kTakesPhase, shows(5), shows(6, true)});
  const std::vector<ArrayFold> folds{{.left = {{1, 2}, {3, 4}}, .top = {{8}, {9}}}};
  const FoldOutcome fold = run_folds(port, kTwoByOneOutput, folds).front();
  const std::vector<PhaseInput> expected{
      {.left = {1, 2}, .top = {8}, .first = true, .clears = true},
      {.left = {3, 4}, .top = {9}, .last = true, .drains = true}};
  EXPECT_EQ(port.phases, expected);
  EXPECT_EQ(fold.results, (Lanes{{6}, {5}}));  // the lowest row leaves first
}

TEST(ArrayDriver, RunsTheLeftSliceInsideTheOther) {
  ScriptedPort port({kTakesRow, kTakesPhase, kTakesPhase, kTakesPhase, kTakesPhase, shows(1),
                     shows(20), shows(300), shows(4000, true)});
  const std::vector<ArrayFold> folds{
      {.tile = {{3}}, .left = {{1}}, .sliced_left = true, .sliced_other = true}};
  const FoldOutcome fold = run_folds(port, kOneByOne, folds).front();
  EXPECT_EQ(slices_of(port.phases),
            (std::vector<std::pair<int, int>>{{0, 0}, {1, 0}, {0, 1}, {1, 1}}));
  EXPECT_EQ(fold.results, (Lanes{{4321}}));  // the partial sums of a step are added
}

TEST(ArrayDriver, RunsTheSlicesOfTheOnlySlicedOperand) {
  ScriptedPort port({kTakesRow, kTakesPhase, kTakesPhase, shows(1), shows(20, true)});
  const std::vector<ArrayFold> folds{{.tile = {{3}}, .left = {{1}}, .sliced_other = true}};
  (void)run_folds(port, kOneByOne, folds);
  EXPECT_EQ(slices_of(port.phases), (std::vector<std::pair<int, int>>{{0, 0}, {0, 1}}));
}

TEST(ArrayDriver, WithholdsAPhaseForItsBubbles) {
  ScriptedPort port({kTakesPhase, {}, {}, kTakesPhase, shows(1), shows(2, true)});
  const std::vector<ArrayFold> folds{{.left = {{1}, {2}}, .phase_bubbles = {0, 2}}};
  (void)run_folds(port, kOneByOne, folds);
  EXPECT_EQ(port.offered_phase, (std::vector<bool>{true, false, false, true, false, false}));
}

TEST(ArrayDriver, CreditsCompletionsToDrainingAndOtherFoldsEachInOrder) {
  ScriptedPort port(
      {kTakesPhase, kTakesPhase, shows(1), {.undrained_fold_completed = true}, shows(2, true)});
  const std::vector<ArrayFold> folds{{.left = {{1, 1}}, .top = {{1}}},
                                     {.left = {{1, 1}}, .top = {{1}}, .drains = false}};
  const auto outcomes = run_folds(port, kTwoByOneOutput, folds);
  EXPECT_EQ(outcomes[0].completion, 4);
  EXPECT_EQ(outcomes[1].completion, 3);
  EXPECT_TRUE(outcomes[1].results.empty());
}

TEST(ArrayDriver, GivesUpOnAnArrayThatMakesNoProgress) {
  ScriptedPort port({kTakesRow});
  const std::vector<ArrayFold> folds{{.tile = {{3}}, .left = {{1}}}};
  EXPECT_THROW((void)run_folds(port, kOneByOne, folds), InternalError);
}

TEST(ArrayDriver, RefusesResultsThatNoFoldExplains) {
  const std::vector<ArrayFold> folds{{.left = {{1}}}};
  ScriptedPort twice({kTakesPhase, shows(1), shows(1, true)});
  EXPECT_THROW((void)run_folds(twice, kOneByOne, folds), InternalError);
  ScriptedPort aside({kTakesPhase, {.results = {{.column = 1, .value = 1}}}});
  EXPECT_THROW((void)run_folds(aside, kOneByOne, folds), InternalError);
  ScriptedPort never({kTakesPhase, {.fold_completed = true}});
  EXPECT_THROW((void)run_folds(never, kOneByOne, folds), InternalError);
}

TEST(ArrayDriver, RefusesTakingWhatWasNotOffered) {
  const std::vector<ArrayFold> folds{{.left = {{1}}}};
  ScriptedPort port({kTakesRow});
  EXPECT_THROW((void)run_folds(port, kOneByOne, folds), InternalError);
}

TEST(ArrayDriver, RefusesFoldsThatDoNotFitTheArray) {
  ScriptedPort port({});
  for (const ArrayFold& fold : std::vector<ArrayFold>{{},
                                                      {.left = {{1, 2}}},
                                                      {.tile = {{1, 2}}, .left = {{1}}},
                                                      {.left = {{1}}, .top = {{1}}}}) {
    EXPECT_THROW((void)run_folds(port, kOneByOne, std::vector{fold}), InternalError);
  }
}

}  // namespace systole::testing
