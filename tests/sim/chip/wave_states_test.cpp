// What waveforms show of the matrix unit: in every cycle what its account says, at both levels.

#include <fstream>
#include <ostream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/simulate.h"
#include "tests/sim/support/program_builder.h"
#include "tests/sim/support/run_core.h"
#include "tests/sim/support/small_chip.h"
#include "tests/support/forked.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/vcd.h"

namespace systole::testing {
namespace {

struct Situation {
  Dataflow dataflow;
  Overlap overlap;

  friend std::ostream& operator<<(std::ostream& out, const Situation& situation) {
    return out << name_of(situation.dataflow) << ", " << name_of(situation.overlap);
  }
};

/// The array of 8 x 4 with slow instructions, narrow memories and one tile's room, so that the
/// matrix unit waits for everything there is to wait for.
ChipSpec chip_of(const Situation& situation, ArrayModel model) {
  ChipSpec chip = small_chip();
  chip.matrix.dataflow = situation.dataflow;
  chip.matrix.overlap = situation.overlap;
  chip.matrix.model = model;
  chip.weight_fifo.tiles = 1;
  chip.buffer.ports = 1;
  chip.buffer.banks = 2;
  chip.buffer.port_width = Bytes(4);
  chip.accumulators = {.entries = 64, .banks = 2, .ports = 1};
  chip.sequencer = {.depth = 1, .issue = CoreCycles(45)};
  return chip;
}

/// Folds that wait for the host, for their tile and for the issue of their instruction, adding to
/// sums, while host and vector unit take banks; some follow at once with the tile at hand.
Program program_of(Dataflow dataflow) {
  const bool sums_stay = dataflow == Dataflow::OutputStationary;
  ProgramBuilder builder;
  const auto ready = builder.semaphore(EngineKind::Host, EngineKind::Matrix);
  const auto summed = builder.semaphore(EngineKind::Matrix, EngineKind::Vector);
  const auto read = builder.semaphore(EngineKind::Vector, EngineKind::Matrix, SemaphoreKind::Space);
  constexpr int kFolds = 8;
  for (int i = 0; i < kFolds; ++i) {
    // Those that add need one access of the buffer a position, and two of the accumulators.
    const bool adds = i % 4 == 1 && !sums_stay;
    Fold fold = fold_of(i % 3 + 2, adds ? 4 : 7, 3, i % 2 == 0, i * 32);
    fold.accumulate = adds;
    fold.drain = !sums_stay || i % 4 != 1;
    ProgramBuilder::Links links;
    if (i % 3 == 0) {
      builder.add(EngineKind::Host, transfer_of(true, 0, i * 32, 40 * (i + 1)),
                  {.signals = {ready}});
      links.waits.push_back(ready);
    }
    if (i == 5) {
      links.waits.push_back(read);
    }
    if (i == 2) {
      links.signals.push_back(summed);
    }
    if (i % 2 == 0) {
      builder.add(EngineKind::Weights, load_of(7, 3));
    }
    builder.add(EngineKind::Matrix, fold, links);
  }
  // Sums that stay are gone on with by folds of the same shape.
  if (sums_stay) {
    Stream& stream = builder.program().stream(EngineKind::Matrix);
    for (std::size_t i = 1; i < stream.size(); i += 4) {
      Instruction same = stream[i].whole();
      std::get<Fold>(same.operation).window = stream[i + 1].get<Fold>().window;
      std::get<Fold>(same.operation).count = stream[i + 1].get<Fold>().count;
      stream.set(i, same);
    }
  }
  builder.add(EngineKind::Vector, requantize_of(20, 3, 2048), {.waits = {summed}});
  builder.add(EngineKind::Vector, rescale_of(200, 4, 0, 1024), {.signals = {read}});
  return builder.program();
}

class WaveStates : public ::testing::TestWithParam<Situation> {
 protected:
  /// The waveform's text; what `look` says must be nothing.
  template <class Look>
  [[nodiscard]] std::string waveform(ArrayModel model, Look look) const {
    const std::string file = (directory_.path() / fmt::format("{}.vcd", name_of(model))).string();
    const ForkedResult child = run_forked([&] {
      const ChipSpec chip = chip_of(GetParam(), model);
      const Counters counters =
          simulate(chip, program_of(GetParam().dataflow), nullptr, {.waveform = file});
      expect_accounts_add_up(counters);
      return look(chip, counters, parse_vcd(text_in(file)));
    });
    EXPECT_EQ(child.error, "");
    EXPECT_EQ(child.output, "");
    return text_in(file);
  }

 private:
  static std::string text_in(const std::string& file) {
    std::stringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }
  TemporaryDirectory directory_;
};

/// `cause: cycles shown, cycles charged` where they differ.
std::string differences(const ChipSpec& chip, const Counters& counters, const Vcd& vcd) {
  std::string text;
  const std::int64_t period = chip.clock().period().count();
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    // The file goes on after the end.
    const std::int64_t beyond =
        cause == Cause::Idle ? vcd.end - chip.clock().time_of(counters.elapsed).count() : 0;
    const std::int64_t time =
        vcd.time_at("core.matrix.state", static_cast<std::uint64_t>(cause)) - beyond;
    const std::int64_t shown = time / period;
    const std::int64_t charged = counters.engine(EngineKind::Matrix)[cause].count();
    text += shown == charged ? "" : fmt::format("{}: {} shown, {} charged\n", name, shown, charged);
  }
  return text;
}

std::string changes_of(const Vcd::Variable& variable) {
  std::string text;
  for (const Vcd::Change& change : variable.changes) {
    text += fmt::format("{} from {} fs\n", change.value, change.at);
  }
  return text;
}

TEST_P(WaveStates, OfTheMatrixUnitAddUpToItsCountersCauseByCause) {
  for (const ArrayModel model : {ArrayModel::Tile, ArrayModel::Pe}) {
    static_cast<void>(waveform(model, differences));
  }
}

/// Every variable. The file of the PE level may go on for longer, since its array does.
TEST_P(WaveStates, AreTheSameAtTileAndPeLevel) {
  const auto look_away = [](const ChipSpec&, const Counters&, const Vcd&) { return ""; };
  const Vcd tile = parse_vcd(waveform(ArrayModel::Tile, look_away));
  const Vcd pe = parse_vcd(waveform(ArrayModel::Pe, look_away));
  ASSERT_EQ(tile.variables.size(), pe.variables.size());
  for (const auto& [path, variable] : tile.variables) {
    EXPECT_EQ(changes_of(variable), changes_of(pe.variables.at(path))) << path;
  }
}

/// A program that never waits for something proves nothing about what is shown then.
TEST_P(WaveStates, AreTestedWithAllThereIs) {
  const auto missing = [](const ChipSpec& chip, const Counters& counters, const Vcd&) {
    std::vector<Cause> causes{Cause::Busy,      Cause::Issue, Cause::Weights, Cause::WaitHost,
                              Cause::WaitSpace, Cause::Drain, Cause::Port};
    if (chip.matrix.dataflow != Dataflow::OutputStationary) {
      causes.insert(causes.end(), {Cause::Shift, Cause::Accumulator});
    }
    std::string text;
    for (const Cause cause : causes) {
      if (counters.engine(EngineKind::Matrix)[cause] == CoreCycles(0)) {
        text += fmt::format("no cycle of {}\n", name_of(cause));
      }
    }
    return text;
  };
  static_cast<void>(waveform(ArrayModel::Tile, missing));
}

INSTANTIATE_TEST_SUITE_P(Arrays, WaveStates,
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
