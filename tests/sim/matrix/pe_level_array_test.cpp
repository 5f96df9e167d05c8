// The PE level in the chip: the same counters and bytes as the tile level, on programs written by
// hand that meet what random networks do not.

#include "sim/matrix/pe_level_array.h"

#include <functional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"
#include "tests/support/forked.h"

namespace systole::testing {
namespace {

/// The sums that the vector unit read, in full.
class Sums : public RunObserver {
 public:
  void on_result(TensorId, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                 std::span<const std::int8_t>) override {}
  void on_accumulators(TensorId, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                       std::span<const std::int32_t> values) override {
    for (const std::int32_t value : values) {
      text += fmt::format("{} ", value);
    }
  }
  std::string text;
};

/// Everything that a run counts, the sums, and what it leaves in host memory.
std::string outcome(ChipSpec chip, const Program& program, ArrayModel model, bool with_data) {
  chip.matrix.model = model;
  const ForkedResult result = run_forked([&] {
    std::vector<std::int8_t> dram(4096);
    std::vector<std::int8_t> host(4096);
    for (std::size_t i = 0; i < dram.size(); ++i) {
      dram[i] = static_cast<std::int8_t>(i * 37 % 251);
      host[i] = static_cast<std::int8_t>(i * 91 % 241);
    }
    Sums sums;
    const RunData data{.dram = &dram, .host = &host, .observer = &sums};
    const CoreRun run = run_core(chip, program, with_data ? &data : nullptr);
    std::string text = text_of(run.counters) + "sums " + sums.text + "\nhost ";
    for (const std::int8_t byte : host) {
      text += fmt::format("{} ", static_cast<int>(byte));
    }
    return text;
  });
  return result.exit_code == 0 ? result.output : result.error;
}

/// Activations from the host, two tiles, four folds (a new tile, the same again adding to its sums,
/// two steps of another), all sums requantised and back to the host.
Program program_of(const ChipSpec& chip, DataType activation, DataType weight) {
  const std::int64_t positions = chip.matrix.dataflow == Dataflow::WeightStationary ? 11 : 3;
  ProgramBuilder builder;
  const auto loaded = builder.semaphore(EngineKind::Host, EngineKind::Matrix);
  const auto summed = builder.semaphore(EngineKind::Matrix, EngineKind::Vector);
  const auto done = builder.semaphore(EngineKind::Vector, EngineKind::Host);
  builder.add(EngineKind::Host, transfer_of(true, 0, 0, 400), {.signals = {loaded}});
  builder.add(EngineKind::Host, transfer_of(true, 1000, 3000, 16), {.signals = {}});
  for (std::int64_t i = 0; i < 2; ++i) {
    LoadTile load = load_of(7, 3, i * 100);
    load.type = weight;
    builder.add(EngineKind::Weights, load);
  }
  for (std::int64_t i = 0; i < 4; ++i) {
    Fold fold = fold_of(positions, 7, 3, i % 2 == 0, i * 20);
    fold.activation_type = activation;
    fold.weight_type = weight;
    Window& window = fold.window.edit();
    window.pixel_pitch = 7 * bytes_of(activation);
    window.row_pitch = positions * window.pixel_pitch;
    window.image_pitch = window.row_pitch;
    fold.accumulator = i / 2 * positions;
    const bool adds = i % 2 == 1;
    const bool sums_stay = chip.matrix.dataflow == Dataflow::OutputStationary && i == 2;
    fold.drain = !sums_stay;
    fold.accumulate = adds && !(chip.matrix.dataflow == Dataflow::OutputStationary && i == 3);
    const bool is_last = i == 3;
    builder.add(EngineKind::Matrix, fold,
                {.waits = i == 0 ? std::vector{loaded} : std::vector<std::int32_t>{},
                 .signals = is_last ? std::vector{summed} : std::vector<std::int32_t>{}});
  }
  Requantize requantize = requantize_of(2 * positions, 3, 2000, 3000);
  requantize.scale = {.multiplier = 1, .shift = 7};
  requantize.to.out.tensor = builder.tensor(2 * positions, 3);  // so that the sums are seen
  builder.add(EngineKind::Vector, requantize, {.waits = {summed}, .signals = {done}});
  builder.add(EngineKind::Host, transfer_of(false, 2000, 2000, 2 * positions * 3),
              {.waits = {done}});
  return builder.program();
}

struct Situation {
  Dataflow dataflow;
  Overlap overlap;
};

class PeLevel : public ::testing::TestWithParam<Situation> {
 protected:
  [[nodiscard]] static ChipSpec chip() {
    ChipSpec chip = small_chip();
    chip.matrix.dataflow = GetParam().dataflow;
    chip.matrix.overlap = GetParam().overlap;
    return chip;
  }
  static void expect_same(const ChipSpec& chip, DataType activation, DataType weight) {
    const Program program = program_of(chip, activation, weight);
    const std::string tile = outcome(chip, program, ArrayModel::Tile, true);
    ASSERT_EQ(tile.substr(0, 8), "elapsed ");
    ASSERT_EQ(tile.find("sums \n"), std::string::npos) << "none were seen";
    EXPECT_EQ(outcome(chip, program, ArrayModel::Pe, true), tile);
    EXPECT_EQ(outcome(chip, program, ArrayModel::Pe, false),
              outcome(chip, program, ArrayModel::Tile, false));
  }
};

TEST_P(PeLevel, TakesTheCyclesAndGivesTheBytesOfTheTileLevel) {
  expect_same(chip(), DataType::Int8, DataType::Int8);
}

TEST_P(PeLevel, MultipliesSixteenBitOperandsSliceBySlice) {
  expect_same(chip(), DataType::Int16, DataType::Int8);
  expect_same(chip(), DataType::Int8, DataType::Int16);
  expect_same(chip(), DataType::Int16, DataType::Int16);
}

TEST_P(PeLevel, WaitsForBanksAndPortsPhaseByPhase) {
  ChipSpec crowded = chip();
  crowded.buffer.ports = 1;
  crowded.buffer.banks = 2;
  crowded.buffer.port_width = Bytes(3);
  crowded.accumulators = {.entries = 64, .banks = 2, .ports = 1};
  expect_same(crowded, DataType::Int8, DataType::Int8);
  expect_same(crowded, DataType::Int16, DataType::Int8);
}

TEST_P(PeLevel, KeepsThePaceOfSlowerAndFasterPes) {
  ChipSpec other = chip();
  other.matrix.pace_of_kind.fill(CoreCycles(3));
  expect_same(other, DataType::Int8, DataType::Int8);
  expect_same(other, DataType::Int16, DataType::Int8);
  expect_same(other, DataType::Int16, DataType::Int16);  // 4 slices do not fit in 3 cycles
}

INSTANTIATE_TEST_SUITE_P(Arrays, PeLevel,
                         ::testing::Values(Situation{Dataflow::WeightStationary, Overlap::Shadow},
                                           Situation{Dataflow::InputStationary, Overlap::Shadow},
                                           Situation{Dataflow::OutputStationary, Overlap::Shadow},
                                           Situation{Dataflow::WeightStationary, Overlap::None},
                                           Situation{Dataflow::InputStationary, Overlap::None},
                                           Situation{Dataflow::OutputStationary, Overlap::None}),
                         [](const auto& situation) {
                           return fmt::format("{}_{}", name_of(situation.param.dataflow),
                                              name_of(situation.param.overlap));
                         });

}  // namespace
}  // namespace systole::testing
