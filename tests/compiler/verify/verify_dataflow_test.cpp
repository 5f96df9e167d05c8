// What the dataflow of the array adds to the rules of a program.
#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include "compiler/verify/verify.h"
#include "tests/arch/isa/open_program.h"
#include "tests/compiler/verify/support/two_layer_program.h"

namespace systole {
namespace {

using testing::held_sums_program;
using testing::OpenProgram;
using testing::small_chip;
using testing::two_layer_program;

using Folds = std::vector<Instruction>;

Fold& fold_at(Folds& folds, std::size_t index) {
  return std::get<Fold>(folds[index].operation);
}

/// `program` on the chip of `dataflow`, after a change of its folds.
std::string violation_on(Dataflow dataflow, OpenProgram program,
                         const std::function<void(Folds&)>& change) {
  change(program.stream(EngineKind::Matrix));
  return verify(small_chip(dataflow), program.closed()).value_or("safe");
}

/// Of the sums that stay in the array.
std::string violation_after(const std::function<void(Folds&)>& change) {
  return violation_on(Dataflow::OutputStationary, held_sums_program(), change);
}

TEST(VerifyDataflow, AcceptsFoldsThatFitTheArray) {
  for (const auto& [dataflow, name] : kEnumNames<Dataflow>) {
    EXPECT_EQ(violation_on(dataflow, two_layer_program(), [](Folds&) {}), "safe") << name;
  }
  EXPECT_EQ(violation_after([](Folds&) {}), "safe");
}

/// The dataflow's side of the array alone limits the positions of a fold.
TEST(VerifyDataflowFinds, MorePositionsThanTheArrayHolds) {
  const std::string violation = "matrix[2] fold of layer 'conv1': count is 5, expected 1..4";
  OpenProgram longer = two_layer_program();
  fold_at(longer.stream(EngineKind::Matrix), 2).count = 5;
  const Program program = longer.closed();
  ChipSpec inputs = small_chip(Dataflow::InputStationary);
  EXPECT_EQ(verify(inputs, program), violation);
  inputs.matrix.rows = 5;
  EXPECT_EQ(verify(inputs, program), violation);
  inputs.matrix.cols = 5;
  EXPECT_NE(verify(inputs, program), violation);
  ChipSpec outputs = small_chip(Dataflow::OutputStationary);
  EXPECT_EQ(verify(outputs, program), violation);
  outputs.matrix.cols = 5;
  EXPECT_EQ(verify(outputs, program), violation);
  outputs.matrix.rows = 5;
  EXPECT_NE(verify(outputs, program), violation);
  EXPECT_NE(verify(small_chip(Dataflow::WeightStationary), program), violation);
}

TEST(VerifyDataflowFinds, OperandsThatThePesDoNotMultiply) {
  ChipSpec chip = small_chip();
  chip.matrix.pace_of_kind = {};
  chip.matrix.pace_of_kind[static_cast<std::size_t>(MacKind::Bf16)] = CoreCycles(1);
  EXPECT_EQ(verify(chip, two_layer_program()),
            "matrix[0] fold of layer 'conv1': the matrix unit does not multiply int8 x int8");
  EXPECT_EQ(violation_on(Dataflow::WeightStationary, two_layer_program(),
                         [](Folds& f) { fold_at(f, 0).activation_type = DataType::Fp16; }),
            "matrix[0] fold of layer 'conv1': the matrix unit does not multiply fp16 x int8");
}

TEST(VerifyDataflowFinds, SumsLeftInAnArrayThatHoldsOtherOperands) {
  const auto no_drain = [](Folds& folds) { fold_at(folds, 1).drain = false; };
  EXPECT_EQ(violation_on(Dataflow::WeightStationary, two_layer_program(), no_drain),
            "matrix[1] fold of layer 'conv1': drain is false, but the array is weight_stationary");
  EXPECT_EQ(violation_on(Dataflow::InputStationary, two_layer_program(), no_drain),
            "matrix[1] fold of layer 'conv1': drain is false, but the array is input_stationary");
}

TEST(VerifyDataflowFinds, SumsThatStayAndAreAddedToAccumulators) {
  EXPECT_EQ(violation_after([](Folds& folds) { fold_at(folds, 0).accumulate = true; }),
            "matrix[0] fold of layer 'conv1': adds to accumulators, but its sums stay in the "
            "array");
}

TEST(VerifyDataflowFinds, ADroppedDrain) {
  EXPECT_EQ(violation_after([](Folds& folds) { fold_at(folds, 1).drain = false; }),
            "vector[0] row_loop of layer 'conv1': accumulator 0 holds no sums");
}

TEST(VerifyDataflowFinds, SumsLeftInTheArrayAtTheEnd) {
  EXPECT_EQ(violation_after([](Folds& folds) {
              Instruction more = folds[5];
              more.signals.clear();
              std::get<Fold>(more.operation).next_tile = false;
              std::get<Fold>(more.operation).drain = false;
              folds.push_back(more);
            }),
            "end of the program: matrix[6] fold of layer 'fc' has left its sums in the array");
}

TEST(VerifyDataflowFinds, ADrainTooEarly) {
  EXPECT_EQ(violation_after([](Folds& folds) { fold_at(folds, 0).drain = true; }),
            "matrix[1] fold of layer 'conv1': overwrites accumulator 0, whose sums from matrix[0] "
            "fold of layer 'conv1' nobody has read");
  // Adding to what was drained is the other way to the same sums.
  EXPECT_EQ(violation_after([](Folds& folds) {
              fold_at(folds, 0).drain = true;
              fold_at(folds, 1).accumulate = true;
            }),
            "safe");
}

TEST(VerifyDataflowFinds, ReductionSlicesInAnotherOrder) {
  OpenProgram program = held_sums_program();
  Folds& folds = program.stream(EngineKind::Matrix);
  std::swap(fold_at(folds, 3), fold_at(folds, 4));
  auto& weights = program.stream(EngineKind::Weights);
  std::swap(weights[3].operation, weights[4].operation);
  EXPECT_EQ(verify(small_chip(Dataflow::OutputStationary), program.closed()),
            "matrix[3] fold of layer 'fc': goes on at reduction 8 with the sums that matrix[2] "
            "fold of layer 'fc' left in the array, expected 4");
}

TEST(VerifyDataflowFinds, AReductionSliceTwice) {
  EXPECT_EQ(violation_after([](Folds& folds) {
              Instruction again = folds[0];
              again.waits.clear();
              std::get<Fold>(again.operation).next_tile = false;
              folds.insert(folds.begin() + 1, again);
            }),
            "matrix[1] fold of layer 'conv1': goes on at reduction 0 with the sums that matrix[0] "
            "fold of layer 'conv1' left in the array, expected 4");
}

TEST(VerifyDataflowFinds, SumsThatGoOnForOtherAccumulators) {
  EXPECT_EQ(violation_after([](Folds& folds) { fold_at(folds, 1).accumulator = 4; }),
            "matrix[1] fold of layer 'conv1': is of accumulators 4..7, but the sums that matrix[0] "
            "fold of layer 'conv1' left in the array are of 0..3");
  EXPECT_EQ(violation_after([](Folds& folds) { fold_at(folds, 1).count = 3; }),
            "matrix[1] fold of layer 'conv1': is of accumulators 0..2, but the sums that matrix[0] "
            "fold of layer 'conv1' left in the array are of 0..3");
}

TEST(VerifyDataflowFinds, SumsThatGoOnForOtherPositions) {
  EXPECT_EQ(violation_after([](Folds& folds) {
              fold_at(folds, 0).count = fold_at(folds, 1).count = 2;
              fold_at(folds, 1).first = 2;
            }),
            "matrix[1] fold of layer 'conv1': goes on with the sums that matrix[0] fold of layer "
            "'conv1' left in the array, which are of other outputs");
}

TEST(VerifyDataflowFinds, AFoldBetweenTwoOfTheSameSums) {
  EXPECT_EQ(violation_after([](Folds& folds) {
              Instruction between = folds[0];
              between.waits.clear();
              Fold& fold = std::get<Fold>(between.operation);
              fold.next_tile = false;
              fold.drain = true;
              fold.accumulator = 8;
              folds.insert(folds.begin() + 1, between);
            }),
            "matrix[1] fold of layer 'conv1': is of accumulators 8..11, but the sums that "
            "matrix[0] fold of layer 'conv1' left in the array are of 0..3");
}

TEST(VerifyDataflowFinds, SumsReadBeforeTheyDrain) {
  EXPECT_EQ(
      violation_after([](Folds& folds) { folds[0].signals = std::exchange(folds[1].signals, {}); }),
      "vector[0] row_loop of layer 'conv1': reads accumulator 0, not ordered after matrix[1] "
      "fold of layer 'conv1', which writes it");
}

TEST(VerifyDataflowFinds, ADrainOverSumsThatAreStillRead) {
  OpenProgram program = held_sums_program();
  program.stream(EngineKind::Matrix)[2].waits.clear();
  program.stream(EngineKind::Vector)[0].signals.clear();
  for (std::size_t index = 2; index < 6; ++index) {  // fc reads x, which nobody overwrites
    fold_at(program.stream(EngineKind::Matrix), index).window.edit().source = {
        .address = 0, .tensor = testing::kX, .offset = 0};
  }
  EXPECT_EQ(verify(small_chip(Dataflow::OutputStationary), program.closed()),
            "matrix[5] fold of layer 'fc': overwrites accumulator 0, not ordered after vector[0] "
            "row_loop of layer 'conv1', which reads it");
}

/// A fold waits until the third tile has been loaded, into a FIFO of two.
Program program_that_awaits_tile_2(std::size_t fold) {
  OpenProgram program = two_layer_program();
  program.semaphores.push_back({EngineKind::Weights, EngineKind::Matrix, SemaphoreKind::Data});
  program.stream(EngineKind::Weights)[2].signals = {{5, 1}};
  program.stream(EngineKind::Matrix)[fold].waits.push_back({5, 1});
  return program.closed();
}

std::string deadlock_at(std::size_t fold) {
  return "deadlock: host[2] transfer of layer 'fc' waits for semaphore 4 (0 of 1 from vector); "
         "weights[2] load_tile of layer 'fc' waits for room in the weight FIFO (2 tiles); "
         "matrix[" +
         std::to_string(fold) +
         "] fold of layer 'conv1' waits for semaphore 5 (0 of 1 from weights); vector[0] "
         "row_loop of layer 'conv1' waits for semaphore 2 (0 of 1 from matrix)";
}

TEST(VerifyDataflow, CountsTheSlotOfATileThatStreams) {
  // matrix[1] goes on with tile 0. The weight-stationary array has taken it out of its slot, the
  // others stream it from there.
  const Program program = program_that_awaits_tile_2(1);
  EXPECT_EQ(verify(small_chip(Dataflow::WeightStationary), program), std::nullopt);
  for (const Dataflow dataflow : {Dataflow::InputStationary, Dataflow::OutputStationary}) {
    ChipSpec chip = small_chip(dataflow);
    EXPECT_EQ(verify(chip, program), deadlock_at(1));
    chip.weight_fifo.tiles = 3;
    EXPECT_EQ(verify(chip, program), std::nullopt);
  }
}

TEST(VerifyDataflow, FreesTheSlotWhenAFoldAsksForTheNextTile) {
  for (const auto& [dataflow, name] : kEnumNames<Dataflow>) {
    ChipSpec chip = small_chip(dataflow);
    chip.weight_fifo.tiles = 1;
    EXPECT_EQ(verify(chip, two_layer_program()), std::nullopt) << name;
  }
}

TEST(VerifyDataflow, FreesTheSlotOnlyAfterTheSemaphores) {
  // matrix[2] asks for tile 1 once it has its tokens, and until then tile 0 keeps its slot.
  const Program program = program_that_awaits_tile_2(2);
  EXPECT_EQ(verify(small_chip(Dataflow::WeightStationary), program), std::nullopt);
  EXPECT_EQ(verify(small_chip(Dataflow::InputStationary), program), deadlock_at(2));
}

}  // namespace
}  // namespace systole
