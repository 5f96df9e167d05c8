#include "study/explain.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

using testing::ElementsAre;

ChipSpec edge() {
  return read_chip(std::string(SYSTOLE_SOURCE_DIR) + "/configs/chips/edge.yaml");
}

Network small() {
  return parse_network(
      "network: small\nbatch: 2\ninputs: [{name: x, rows: 16, cols: 16, channels: 8}]\n"
      "layers: [{name: conv, op: conv2d, channels: 48, kernel: 3, padding: 1},\n"
      "{name: pool, op: max_pool, kernel: 2, stride: 2}, {name: flat, op: flatten},\n"
      "{name: fc, op: dense, features: 10}]\n",
      "n.yaml");
}

std::string loop_text(const NestLoop& loop) {
  return loop.axis + " " + std::to_string(loop.count) + "x" + std::to_string(loop.size) + "/" +
         std::to_string(loop.total);
}

std::vector<std::string> nest_of(const LayerExplanation& layer) {
  std::vector<std::string> loops;
  for (const NestLoop& loop : layer.nest) {
    loops.push_back(loop_text(loop));
  }
  return loops;
}

/// 512 positions in a chunk of half of 1024 entries; 72 products on 32 rows, 48 channels on 32
/// columns; pieces of twice the longer side.
TEST(Explain, NestsAreTheLoopsOfTheProgram) {
  const Explanation explanation = explain(edge(), small());
  ASSERT_EQ(explanation.layers.size(), 4);
  const LayerExplanation& conv = explanation.layers[0];
  const std::int64_t bands = conv.nest.front().count;
  const std::int64_t positions = 512 / bands;
  EXPECT_EQ(nest_of(conv)[1], "n 2x32/48");
  EXPECT_EQ(nest_of(conv)[2],
            "chunk 1x" + std::to_string(positions) + "/" + std::to_string(positions));
  EXPECT_EQ(nest_of(conv)[3], "k 3x32/72");
  EXPECT_EQ(conv.nest[4].axis, "fold");
  // Folds of the last slice of k, one of each of the others.
  std::int64_t folds = 0;
  for (const StreamInstruction& instruction :
       explanation.compiled.program.streams[{EngineKind::Matrix, 0}]) {
    folds += instruction.layer() == 0 ? 1 : 0;
  }
  EXPECT_EQ(folds, bands * 2 * (2 + conv.nest[4].count));
  EXPECT_TRUE(explanation.layers[2].nest.empty());
}

TEST(Explain, MovesNoLessThanTheLeast) {
  const Explanation explanation = explain(edge(), small());
  for (const LayerExplanation& layer : explanation.layers) {
    for (const LevelTraffic& row : layer.traffic) {
      EXPECT_GE(row.moved, row.least.value_or(0)) << row.level;
    }
    EXPECT_GE(layer.room, layer.chosen.stream_bytes);
    for (const LayerCandidate& other : layer.others) {
      EXPECT_LE(other.stream_bytes, layer.room);
    }
  }
  EXPECT_EQ(explanation.layers[0].traffic[0].moved, 8 * 9 * 48 + 4 * 48);
  EXPECT_TRUE(explanation.changes.empty());
}

TEST(Explain, EvaluatesTheChangedChips) {
  const auto changed = [](const std::vector<std::string>& sets) {
    if (sets.front() == "matrix_unit.rows=64") {
      throw UserError("no such array");
    }
    ChipSpec chip = edge();
    if (sets.front() == "vector_unit.lanes=64") {
      chip.vector.lanes = 64;
    }
    return chip;
  };
  const Explanation explanation = explain(edge(), small(), {.changed = changed, .parallel = 2});
  ASSERT_EQ(explanation.changes.size(), 10);
  EXPECT_EQ(explanation.changes[0].error, "no such array");
  for (const HardwareChange& change : explanation.changes) {
    if (!change.error.empty()) {
      continue;
    }
    EXPECT_GE(change.cycles, change.bound_cycles);
    if (change.sets.front() != "vector_unit.lanes=64") {
      EXPECT_EQ(change.cycles, explanation.result.counters.elapsed) << change.what;
    } else {
      EXPECT_LE(change.cycles, explanation.result.counters.elapsed);
    }
  }
}

TEST(Explain, ChangesAreWrittenAsSetTakesThem) {
  std::vector<std::string> sets;
  for (const HardwareChange& change : hardware_changes(edge())) {
    sets.insert(sets.end(), change.sets.begin(), change.sets.end());
  }
  EXPECT_THAT(sets,
              ElementsAre("matrix_unit.rows=64", "matrix_unit.columns=64", "matrix_unit.count=2",
                          "accumulators.entries=2048", "weight_fifo.tiles=16",
                          "unified_buffer.capacity=2048 KiB", "unified_buffer.banks=16",
                          "unified_buffer.ports=4", "vector_unit.lanes=64", "dram.channels=4",
                          "host_link.bandwidth=2000000000 B/s"));
}

}  // namespace
}  // namespace systole
