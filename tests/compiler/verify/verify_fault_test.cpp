#include <gmock/gmock.h>

#include "arch/isa/recipes.h"
#include "compiler/verify/verify.h"
#include "tests/arch/isa/open_program.h"
#include "tests/compiler/verify/support/two_layer_program.h"

namespace systole {
namespace {

using testing::OpenProgram;
using ::testing::Optional;
using testing::small_chip;
using testing::two_layer_program;

/// The correct program, with names for what the tests break.
struct Faulty {
  ChipSpec chip = small_chip();
  OpenProgram program = two_layer_program();
  std::vector<Instruction>& host = program.stream(EngineKind::Host);
  std::vector<Instruction>& dma_in = program.stream(EngineKind::DmaIn);
  std::vector<Instruction>& dma_out = program.stream(EngineKind::DmaOut);
  std::vector<Instruction>& weights = program.stream(EngineKind::Weights);
  std::vector<Instruction>& matrix = program.stream(EngineKind::Matrix);
  std::vector<Instruction>& vector = program.stream(EngineKind::Vector);

  [[nodiscard]] std::optional<std::string> violation() const {
    return verify(chip, program.closed());
  }

  template <class Operation>
  Operation& operation(std::vector<Instruction>& stream, std::size_t index) {
    return std::get<Operation>(stream[index].operation);
  }
};

TEST(Verify, AcceptsACorrectProgram) {
  EXPECT_EQ(Faulty().violation(), std::nullopt);
}

TEST(Verify, AcceptsAnEmptyProgram) {
  EXPECT_EQ(verify(small_chip(), Program{}), std::nullopt);
}

TEST(VerifyFinds, ADroppedWait) {
  Faulty faulty;
  faulty.matrix[1].waits.clear();  // the second band of x
  EXPECT_THAT(faulty.violation(),
              Optional(std::string(
                  "matrix[1] fold of layer 'conv1': window reads 'x' byte 16 at unified buffer 16, "
                  "not ordered after host[1] transfer of layer 'conv1', which writes it")));
}

TEST(VerifyFinds, ADroppedSignal) {
  Faulty faulty;
  faulty.host[1].signals.clear();
  EXPECT_THAT(faulty.violation(),
              Optional(std::string(
                  "deadlock: host[2] transfer of layer 'fc' waits for semaphore 4 (0 of 1 from "
                  "vector); weights[3] load_tile of layer 'fc' waits for room in the weight FIFO "
                  "(2 tiles); matrix[1] fold of layer 'conv1' waits for semaphore 0 (0 of 1 from "
                  "host); vector[0] row_loop of layer 'conv1' waits for semaphore 2 (0 of 1 from "
                  "matrix)")));
}

TEST(VerifyFinds, AnExtraSignal) {
  Faulty faulty;
  faulty.host[1].signals[0].count = 2;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("semaphore 0 from host to matrix ends at 1, expected 0")));
}

TEST(VerifyFinds, AnExtraSignalThatLetsAReaderPassEarly) {
  Faulty faulty;
  faulty.host[0].signals[0].count = 2;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string(
                  "matrix[1] fold of layer 'conv1': window reads 'x' byte 16 at unified buffer 16, "
                  "not ordered after host[1] transfer of layer 'conv1', which writes it")));
}

TEST(VerifyFinds, SwappedTiles) {
  Faulty faulty;
  std::swap(faulty.weights[0], faulty.weights[1]);
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[0] fold of layer 'conv1': needs tile 0, but next in the "
                                   "weight FIFO is tile 1 of weights[0] load_tile of layer "
                                   "'conv1'")));
}

TEST(VerifyFinds, AResidentTileThatIsNotTheOneNamed) {
  Faulty faulty;
  auto& fold = faulty.operation<Fold>(faulty.matrix, 2);
  fold.next_tile = false;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[2] fold of layer 'conv1': needs tile 1, but resident is "
                                   "tile 0 of weights[0] load_tile of layer 'conv1'")));
}

TEST(VerifyFinds, AFoldBeforeAnyTile) {
  Faulty faulty;
  faulty.operation<Fold>(faulty.matrix, 0).next_tile = false;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[0] fold of layer 'conv1': keeps the resident tile, but "
                                   "there is none yet")));
}

TEST(VerifyFinds, AShiftedBufferAddress) {
  Faulty faulty;
  faulty.operation<Transfer>(faulty.host, 0).buffer.address = 100;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[0] fold of layer 'conv1': window reads 'x' byte 0 at "
                                   "unified buffer 0, which was never written")));
}

TEST(VerifyFinds, BytesOfTheRightTensorAtTheWrongPlace) {
  Faulty faulty;
  faulty.operation<Fold>(faulty.matrix, 3).window.edit().source.address = 65;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[3] fold of layer 'fc': window reads 'a' byte 0 at "
                                   "unified buffer 65, which holds 'a' byte 1 from vector[0] "
                                   "row_loop of layer 'conv1'")));
}

TEST(VerifyFinds, AWrongTensorUnderTheAddress) {
  Faulty faulty;
  faulty.operation<RowLoop>(faulty.vector, 0).operands.edit(0).address = 48;
  faulty.vector[0].waits[1].count = 2;
  faulty.vector[1].waits.pop_back();
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("vector[0] row_loop of layer 'conv1': bias reads 'bias1' byte "
                                   "0 at unified buffer 48, which holds 'bias2' byte 0 from "
                                   "dma_in[1] transfer of layer 'fc'")));
}

TEST(VerifyFinds, ADestinationOverAnOperand) {
  Faulty faulty;
  faulty.operation<RowLoop>(faulty.vector, 0).out.address = 40;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("vector[0] row_loop of layer 'conv1': to overwrites 'a' byte 0 "
                                   "at unified buffer 40 before bias has been read")));
}

TEST(VerifyFinds, ALiveTensorOverwritten) {
  Faulty faulty;  // a over bias2, which the second layer still needs
  faulty.operation<RowLoop>(faulty.vector, 0).out.address = 48;
  faulty.vector[0].waits[1].count = 2;
  faulty.vector[1].waits.pop_back();
  for (std::size_t index = 3; index < 7; ++index) {
    faulty.operation<Fold>(faulty.matrix, index).window.edit().source.address = 48;
  }
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("vector[1] row_loop of layer 'fc': bias reads 'bias2' byte 0 at "
                                   "unified buffer 48, which holds 'a' byte 0 from vector[0] "
                                   "row_loop of layer 'conv1'")));
}

TEST(VerifyFinds, TwoWritersInNoOrder) {
  Faulty faulty;
  faulty.operation<RowLoop>(faulty.vector, 0).out.address = 48;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("vector[0] row_loop of layer 'conv1': to overwrites 'bias2' "
                                   "byte 0 at unified buffer 48, not ordered after dma_in[1] "
                                   "transfer of layer 'fc', which writes it")));
}

TEST(VerifyFinds, AReaderThatAWriterDoesNotWaitFor) {
  Faulty faulty;  // a over x, released before the last fold has read x
  faulty.operation<RowLoop>(faulty.vector, 0).out.address = 0;
  faulty.matrix[1].signals = std::exchange(faulty.matrix[2].signals, {});
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("vector[0] row_loop of layer 'conv1': to overwrites 'x' byte 0 "
                                   "at unified buffer 0, not ordered after matrix[2] fold of layer "
                                   "'conv1', which reads it")));
}

TEST(VerifyFinds, SumsReadBeforeTheyAreComplete) {
  Faulty faulty;
  faulty.matrix[1].signals = std::exchange(faulty.matrix[2].signals, {});
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("vector[0] row_loop of layer 'conv1': reads accumulator 0, not "
                                   "ordered after matrix[2] fold of layer 'conv1', which writes "
                                   "it")));
}

TEST(VerifyFinds, SumsOverwrittenWhileTheyAreRead) {
  Faulty faulty;  // fc starts before conv1's sums have been read, from a tensor that it may read
  faulty.matrix[3].waits.clear();
  faulty.vector[0].signals.clear();
  auto& fold = faulty.operation<Fold>(faulty.matrix, 3);
  fold.window.edit().source = {.address = 0, .tensor = testing::kX, .offset = 0};
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[3] fold of layer 'fc': overwrites accumulator 0, not "
                                   "ordered after vector[0] row_loop of layer 'conv1', which "
                                   "reads it")));
}

TEST(VerifyFinds, SumsOverwrittenUnread) {
  Faulty faulty;
  faulty.operation<Fold>(faulty.matrix, 2).accumulate = false;
  EXPECT_THAT(
      faulty.violation(),
      Optional(std::string("matrix[2] fold of layer 'conv1': overwrites accumulator 0, whose "
                           "sums from matrix[0] fold of layer 'conv1' nobody has read")));
}

TEST(VerifyFinds, ABufferThatIsTooSmall) {
  Faulty faulty;
  faulty.chip.buffer.capacity = Bytes(79);  // a ends at 80
  EXPECT_THAT(faulty.violation(), Optional(std::string("vector[0] row_loop of layer 'conv1': end "
                                                       "of to is 80, expected 0..79")));
  faulty.chip.buffer.capacity = Bytes(80);
  EXPECT_EQ(faulty.violation(), std::nullopt);
}

TEST(VerifyFinds, ATransferBeyondTheBuffer) {
  Faulty faulty;
  faulty.operation<Transfer>(faulty.host, 0).buffer.address = 1010;
  EXPECT_THAT(
      faulty.violation(),
      Optional(std::string("host[0] transfer of layer 'conv1': buffer lies at unified buffer "
                           "1010..1025, which has 1024 bytes")));
}

TEST(VerifyFinds, AMissingReductionSlice) {
  Faulty faulty;
  faulty.weights.erase(faulty.weights.begin() + 1);
  faulty.matrix[1].signals = faulty.matrix[2].signals;
  faulty.matrix.erase(faulty.matrix.begin() + 2);
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("vector[0] row_loop of layer 'conv1': reads accumulator 0, "
                                   "whose sums lack reduction 4 of 0..7")));
}

TEST(VerifyFinds, AReductionSliceFoldedTwice) {
  Faulty faulty;
  Instruction again = faulty.matrix[2];
  again.signals.clear();
  std::get<Fold>(again.operation).next_tile = false;
  faulty.matrix[2].signals.swap(again.signals);
  faulty.matrix.insert(faulty.matrix.begin() + 3, again);
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[3] fold of layer 'conv1': adds reduction 4..7 to "
                                   "accumulator 0 a second time")));
}

TEST(VerifyFinds, ASumThatNobodyStarted) {
  Faulty faulty;
  faulty.operation<Fold>(faulty.matrix, 0).accumulate = true;
  EXPECT_THAT(faulty.violation(), Optional(std::string("matrix[0] fold of layer 'conv1': "
                                                       "accumulator 0 holds no sums")));
}

TEST(VerifyFinds, AFoldOntoSumsOfOtherOutputs) {
  Faulty faulty;
  faulty.operation<Fold>(faulty.matrix, 1).accumulator = 3;
  faulty.operation<Fold>(faulty.matrix, 2).count = 2;
  faulty.operation<Fold>(faulty.matrix, 2).accumulator = 3;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[2] fold of layer 'conv1': adds to accumulator 3, which "
                                   "holds other outputs, of matrix[1] fold of layer 'conv1'")));
}

TEST(VerifyFinds, AFoldOntoSumsAlreadyRead) {
  Faulty faulty;
  Instruction again = faulty.matrix[2];
  again.waits = std::exchange(faulty.matrix[3].waits, {});
  again.signals.clear();
  std::get<Fold>(again.operation).next_tile = false;
  faulty.matrix.insert(faulty.matrix.begin() + 3, again);
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[3] fold of layer 'conv1': adds to accumulator 0, which "
                                   "vector[0] row_loop of layer 'conv1' has already read")));
}

TEST(VerifyFinds, ATensorThatIsNotWrittenWhole) {
  Faulty faulty;
  faulty.operation<RowLoop>(faulty.vector, 0).rows = 3;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[6] fold of layer 'fc': window reads 'a' byte 12 at "
                                   "unified buffer 76, which was never written")));
}

TEST(VerifyFinds, SumsLeftAtTheEnd) {
  Faulty faulty;
  Instruction again = faulty.matrix[1];
  auto& fold = std::get<Fold>(again.operation);
  fold.accumulator = 8;
  again.waits.clear();
  faulty.matrix.insert(faulty.matrix.begin() + 2, again);
  EXPECT_THAT(
      faulty.violation(),
      Optional(std::string("end of the program: accumulator 8 holds sums from matrix[2] fold "
                           "of layer 'conv1' that nobody has read")));
}

TEST(VerifyFinds, ABandThatIsNotLoaded) {
  Faulty faulty;
  faulty.host.erase(faulty.host.begin() + 1);
  faulty.matrix[1].waits.clear();
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[1] fold of layer 'conv1': window reads 'x' byte 16 at "
                                   "unified buffer 16, which was never written")));
}

TEST(VerifyFinds, ARowBeforeTheFirstInTheBuffer) {
  Faulty faulty;
  auto& window = faulty.operation<Fold>(faulty.matrix, 0).window.edit();
  window.first_in_row = 2;
  window.source = {.address = 16, .tensor = testing::kX, .offset = 16};
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("matrix[0] fold of layer 'conv1': reads input row 0 of 'x', but "
                                   "the first in the unified buffer is 2")));
}

TEST(VerifyFinds, CrossedWaits) {
  Faulty faulty;  // the first fold waits for what the vector unit makes of it
  faulty.matrix[0].waits.push_back(faulty.matrix[3].waits[0]);
  faulty.matrix[3].waits.clear();
  EXPECT_THAT(faulty.violation(),
              Optional(std::string(
                  "deadlock: host[2] transfer of layer 'fc' waits for semaphore 4 (0 of 1 from "
                  "vector); weights[2] load_tile of layer 'fc' waits for room in the weight FIFO "
                  "(2 tiles); matrix[0] fold of layer 'conv1' waits for semaphore 3 (0 of 1 from "
                  "vector); vector[0] row_loop of layer 'conv1' waits for semaphore 2 (0 of 1 "
                  "from matrix)")));
}

TEST(VerifyFinds, ADeadlockThroughTheWeightFifo) {
  Faulty faulty;  // the first fold waits for the third tile, which finds no room before it
  faulty.program.semaphores.push_back(
      {EngineKind::Weights, EngineKind::Matrix, SemaphoreKind::Data});
  faulty.weights[2].signals = {{5, 1}};
  faulty.matrix[0].waits.push_back({5, 1});
  EXPECT_THAT(faulty.violation(),
              Optional(std::string(
                  "deadlock: host[2] transfer of layer 'fc' waits for semaphore 4 (0 of 1 from "
                  "vector); weights[2] load_tile of layer 'fc' waits for room in the weight FIFO "
                  "(2 tiles); matrix[0] fold of layer 'conv1' waits for semaphore 5 (0 of 1 from "
                  "weights); vector[0] row_loop of layer 'conv1' waits for semaphore 2 (0 of 1 "
                  "from matrix)")));
  faulty.chip.weight_fifo.tiles = 3;
  EXPECT_EQ(faulty.violation(), std::nullopt);
}

TEST(VerifyFinds, ATileThatNobodyLoads) {
  Faulty faulty;
  faulty.weights.pop_back();
  EXPECT_THAT(faulty.violation(),
              Optional(std::string(
                  "deadlock: host[2] transfer of layer 'fc' waits for semaphore 4 (0 of 1 from "
                  "vector); matrix[6] fold of layer 'fc' waits for a tile in the weight FIFO "
                  "(weights has finished); vector[1] row_loop of layer 'fc' waits for semaphore 2 "
                  "(0 of 1 from matrix)")));
}

TEST(VerifyFinds, ATileThatNobodyTakes) {
  Faulty faulty;
  faulty.weights.push_back(faulty.weights[5]);
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("weights[6] load_tile of layer 'fc': the tile stays in the "
                                   "weight FIFO, no fold takes it")));
}

TEST(VerifyFinds, AnOutputThatIsNotWritten) {
  Faulty faulty;
  faulty.operation<Transfer>(faulty.host, 2).row_bytes = 2;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("end of the program: needs 'y' byte 2 at host "
                                   "memory 34, which was never written")));
}

TEST(VerifyFinds, AReadOfMemoryNeverWritten) {
  Faulty faulty;
  faulty.dma_in.pop_back();
  faulty.vector[1].waits.pop_back();
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("vector[1] row_loop of layer 'fc': bias reads 'bias2' byte 0 at "
                                   "unified buffer 48, which was never written")));
}

TEST(VerifyFinds, AccumulatorsBeyondTheCapacity) {
  Faulty faulty;
  faulty.chip.accumulators.entries = 3;  // conv1 needs 4
  EXPECT_THAT(faulty.violation(), Optional(std::string("matrix[1] fold of layer 'conv1': last "
                                                       "accumulator is 3, expected 0..2")));
  faulty.chip.accumulators.entries = 4;
  EXPECT_EQ(faulty.violation(), std::nullopt);
}

TEST(VerifyFinds, AWrongNumberOfColumnsRequantized) {
  Faulty faulty;
  faulty.operation<RowLoop>(faulty.vector, 1).cols = 2;
  EXPECT_THAT(faulty.violation(),
              Optional(std::string("vector[1] row_loop of layer 'fc': reads 2 columns of "
                                   "accumulator 0, which holds 3 of layer 'fc'")));
}

TEST(VerifyFinds, AConstantSpilledOver) {
  Faulty faulty;  // a goes to DRAM where bias1 was; that is safe only once bias1 has been read
  faulty.program.semaphores.push_back(
      {EngineKind::Vector, EngineKind::DmaOut, SemaphoreKind::Data});
  faulty.vector[0].signals.push_back({5, 1});
  Instruction spill{.layer = 0, .waits = {{5, 1}}, .signals = {}, .operation = Transfer{}};
  spill.operation = Transfer{.to_buffer = false,
                             .far = {.address = 0, .tensor = testing::kA, .offset = 0},
                             .buffer = {.address = 64, .tensor = testing::kA, .offset = 0},
                             .row_bytes = 16};
  faulty.dma_out.push_back(spill);
  EXPECT_EQ(faulty.violation(), std::nullopt);
  faulty.dma_out[0].waits.clear();
  faulty.vector[0].signals.pop_back();
  EXPECT_THAT(
      faulty.violation(),
      Optional(std::string("dma_out[0] transfer of layer 'conv1': buffer reads 'a' byte 0 at "
                           "unified buffer 64, which was never written")));
}

}  // namespace
}  // namespace systole
