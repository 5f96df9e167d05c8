#include "sim/matrix/tile_array.h"

#include <vector>

#include <gmock/gmock.h>

#include "tests/sim/support/small_chip.h"

namespace systole::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Folds of one position with two activations, x at bytes 0 and 1, on tiles of 2 x 1.
class TileArrayOf {
 public:
  explicit TileArrayOf(Dataflow dataflow) { spec_.dataflow = dataflow; }

  TileArray& array() { return array_; }
  [[nodiscard]] const ByteMemory* memory() const { return &memory_; }
  std::vector<std::int8_t>& bytes() { return bytes_; }

  static Tile tile(std::int8_t first, std::int8_t second) {
    return {.rows = 2, .cols = 1, .bytes = {first, second}};
  }
  static Fold fold(bool drain = true) {
    Window window;
    window.channels = window.image_pitch = window.row_pitch = window.pixel_pitch = 2;
    return {.rows = 2, .cols = 1, .drain = drain, .window = window, .count = 1};
  }

 private:
  MatrixUnitSpec spec_ = small_chip().matrix;
  TileArray array_{spec_};
  std::vector<std::int8_t> bytes_{3, 4};
  ByteMemory memory_{"unified buffer", bytes_};
};

/// 3 * 1 + 4 * 10 = 43 with the first tile, 3 * 2 + 4 * 20 = 86 with the second.
TEST(TileArray, TakesTheLoadedWeightsWithTheFoldThatSaysSo) {
  TileArrayOf of(Dataflow::WeightStationary);
  const Tile first = TileArrayOf::tile(1, 10);
  const Tile second = TileArrayOf::tile(2, 20);
  of.array().load_weights(first);
  of.array().stream(TileArrayOf::fold(), true, first, of.memory(), {});
  of.array().load_weights(second);  // while folds of the first still stream
  of.array().stream(TileArrayOf::fold(), false, first, of.memory(), {});
  of.array().stream(TileArrayOf::fold(), true, second, of.memory(), {});
  EXPECT_THAT(of.array().finish(), ElementsAre(43));
  EXPECT_THAT(of.array().finish(), ElementsAre(43));
  EXPECT_THAT(of.array().finish(), ElementsAre(86));
}

/// What is in the buffer when a fold begins to stream goes in; an input-stationary array has taken
/// it before.
TEST(TileArray, ReadsActivationsWhenTheyEnter) {
  const Tile tile = TileArrayOf::tile(1, 10);
  TileArrayOf weights(Dataflow::WeightStationary);
  weights.array().load_weights(tile);
  weights.bytes()[0] = 5;
  weights.array().stream(TileArrayOf::fold(), true, tile, weights.memory(), {});
  weights.bytes()[0] = 0;
  EXPECT_THAT(weights.array().finish(), ElementsAre(5 * 1 + 4 * 10));
  TileArrayOf inputs(Dataflow::InputStationary);
  inputs.array().load_inputs(TileArrayOf::fold(), inputs.memory(), {});
  inputs.bytes()[0] = 5;
  inputs.array().stream(TileArrayOf::fold(), true, tile, inputs.memory(), {});
  EXPECT_THAT(inputs.array().finish(), ElementsAre(3 * 1 + 4 * 10));
}

/// 43 + 86 = 129, and the sums begin anew behind a fold that drains.
TEST(TileArray, SumsStayInTheArrayUntilAFoldDrains) {
  TileArrayOf of(Dataflow::OutputStationary);
  const Tile first = TileArrayOf::tile(1, 10);
  const Tile second = TileArrayOf::tile(2, 20);
  of.array().stream(TileArrayOf::fold(false), true, first, of.memory(), {});
  of.array().stream(TileArrayOf::fold(), true, second, of.memory(), {});
  of.array().stream(TileArrayOf::fold(), true, second, of.memory(), {});
  EXPECT_THAT(of.array().finish(), IsEmpty());
  EXPECT_THAT(of.array().finish(), ElementsAre(129));
  EXPECT_THAT(of.array().finish(), ElementsAre(86));
}

TEST(TileArray, HasNoSumsWithoutData) {
  TileArrayOf of(Dataflow::OutputStationary);
  of.array().stream(TileArrayOf::fold(), true, {.rows = 2, .cols = 1}, nullptr, {});
  EXPECT_THAT(of.array().finish(), IsEmpty());
}

}  // namespace
}  // namespace systole::testing
