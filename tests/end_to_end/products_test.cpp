// Products of two tensors on the chips that ship, and faults planted in their programs.
#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "compiler/network_type.h"
#include "compiler/verify/verify.h"
#include "study/evaluate.h"
#include "tests/arch/isa/open_program.h"
#include "tests/end_to_end/support/laws.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

ChipSpec shipped_chip(const std::string& name) {
  return read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, name));
}

/// Self-attention over 70 tokens with 5 heads of 13 features, odd against every array.
constexpr const char* kAttention = R"(
network: attention
batch: 2
inputs:
  - {name: x, extents: [70, 65], quantization: {scale: 0.02, zero_point: 3}}
layers:
  - {name: q, op: dense, input: x, features: 65}
  - {name: k, op: dense, input: x, features: 65, output: {scale: 0.05, zero_point: -7}}
  - {name: v, op: dense, input: x, features: 65}
  - {name: scores, op: matmul, inputs: [q, k], heads: 5, transpose_b: true, scale: 0.25}
  - {name: probabilities, op: softmax}
  - {name: contexts, op: matmul, inputs: [probabilities, v], heads: 5, output: {scale: 0.02}}
  - {name: out, op: dense, features: 65}
)";

Network attention(DataType type) {
  return parse_network(kAttention, "attention.yaml", {.type = type});
}

class Products : public ::testing::TestWithParam<std::string> {};

TEST_P(Products, OfAttentionAreRightOnEveryChip) {
  for (const DataType type : kNetworkTypes) {
    if (!multiplies(shipped_chip(GetParam()), type)) {
      continue;
    }
    const ForkedResult child = run_forked([type] {
      const ChipSpec chip = shipped_chip(GetParam());
      const Network network = attention(type);
      const Program program = compile(chip, network.graph);
      const Result result = evaluate_program(chip, network, program, {.check = true});
      return fmt::format("{}{} mismatches", broken_laws(result, program), result.check->mismatches);
    });
    EXPECT_EQ(child.exit_code, 0) << child.error;
    EXPECT_EQ(child.output, "0 mismatches") << name_of(type);
  }
}

INSTANTIATE_TEST_SUITE_P(Chips, Products,
                         ::testing::Values("tpu_v1", "tpu_v2", "tpu_v3", "edge", "edge_is",
                                           "edge_os", "asic_inference", "fpga_overlay_u250"),
                         [](const auto& chip) { return chip.param; });

/// [6, 8] is 12 rows of 4 to what reads the view, and 48 features are 2 heads of 3 x 8.
TEST(ProductsOnChips, ReadViewsAsTheirOwnRows) {
  for (const std::string name : {"edge", "tpu_v1", "edge_os"}) {
    const ForkedResult child = run_forked([&] {
      const ChipSpec chip = shipped_chip(name);
      const Network network = parse_network(R"(
network: views
batch: 2
inputs:
  - {name: x, extents: [6, 8]}
layers:
  - {name: a, op: relu, input: x}
  - {name: rows, op: reshape, input: a, extents: [12, 4]}
  - {name: square, op: matmul, inputs: [rows, rows], transpose_b: true}
  - {name: out, op: dense, input: rows, features: 5}
  - {name: heads, op: reshape, input: a, extents: [2, 3, 8]}
  - {name: product, op: matmul, inputs: [heads, heads], transpose_b: true}
)",
                                            "views.yaml");
      const Program program = compile(chip, network.graph);
      const Result result = evaluate_program(chip, network, program, {.check = true});
      return fmt::format("{}{} mismatches", broken_laws(result, program), result.check->mismatches);
    });
    EXPECT_EQ(child.exit_code, 0) << child.error;
    EXPECT_EQ(child.output, "0 mismatches") << name;
  }
}

TEST(ProductsOnChips, TakeTilesFromWhereTheChipSays) {
  const auto tiles_from = [](const std::string& name, TileSource source) {
    const ChipSpec chip = shipped_chip(name);
    const Program program = compile(chip, attention(default_network_type(chip)).graph);
    return std::count_if(program.stream(EngineKind::Weights).begin(),
                         program.stream(EngineKind::Weights).end(),
                         [&](const StreamInstruction& each) {
                           const auto& load = each.get<LoadTile>();
                           return load.source.tensor != kNoTensor && load.from == source;
                         });
  };
  // 2 images, 5 heads: keys are a tile of 13 x 70, values one of 70 x 13.
  EXPECT_EQ(tiles_from("tpu_v1", TileSource::Dram), 2 * 5 * 2);
  EXPECT_EQ(tiles_from("tpu_v1", TileSource::Buffer), 0);
  EXPECT_EQ(tiles_from("tpu_v2", TileSource::Dram), 0);
  EXPECT_EQ(tiles_from("tpu_v2", TileSource::Buffer), 2 * 5 * 2);
  // An array of 32 x 32 cuts 70 in three, once for the keys and once for the values.
  EXPECT_EQ(tiles_from("edge", TileSource::Buffer), 2 * 5 * 6);
}

/// Transposed tiles (the keys) and plain ones (the values), of the unified buffer and of DRAM.
TEST(ProductsOnChips, AreRightFromBothMemories) {
  for (const bool from_buffer : {true, false}) {
    const ForkedResult child = run_forked([from_buffer] {
      ChipSpec chip = shipped_chip("edge");
      chip.weight_fifo.from_buffer = from_buffer;
      const Network network = attention(DataType::Int8);
      const Program program = compile(chip, network.graph);
      std::array<int, 2> loads{};  // plain, transposed
      for (const StreamInstruction each : program.stream(EngineKind::Weights)) {
        const auto& load = each.get<LoadTile>();
        if (load.source.tensor != kNoTensor &&
            load.from == (from_buffer ? TileSource::Buffer : TileSource::Dram)) {
          ++loads[load.transposed ? 1 : 0];
        }
      }
      const Result result = evaluate_program(chip, network, program, {.check = true});
      return fmt::format("{}{} plain, {} transposed, {} mismatches", broken_laws(result, program),
                         loads[0], loads[1], result.check->mismatches);
    });
    EXPECT_EQ(child.exit_code, 0) << child.error;
    // 2 images, 5 heads, 70 tokens in three tiles.
    EXPECT_EQ(child.output, "30 plain, 30 transposed, 0 mismatches") << from_buffer;
  }
}

/// 6 heads of queries share 2 of keys and values; two images of 10 tokens.
constexpr const char* kGrouped = R"(
network: grouped
batch: 2
inputs:
  - {name: x, extents: [10, 48]}
layers:
  - {name: q, op: dense, input: x, features: 48}
  - {name: k, op: dense, input: x, features: 16}
  - {name: v, op: dense, input: x, features: 16}
  - {name: scores, op: matmul, inputs: [q, k], heads: 6, kv_heads: 2, transpose_b: true}
  - {name: contexts, op: matmul, inputs: [scores, v], heads: 6, kv_heads: 2}
)";

TEST(ProductsOnChips, LoadATileOnceForAllThatShareIt) {
  const ChipSpec chip = shipped_chip("tpu_v2");
  const Network network = parse_network(kGrouped, "grouped.yaml", {.type = DataType::Bf16});
  const Program program = compile(chip, network.graph);
  std::array<int, 5> loads{};
  for (const StreamInstruction instruction : program.stream(EngineKind::Weights)) {
    ++loads[static_cast<std::size_t>(instruction.layer())];
  }
  EXPECT_EQ(loads[3], 2 * 2);
  EXPECT_EQ(loads[4], 2 * 2);
  // Folds do not span heads: 3 of each load, of 10 rows.
  for (const StreamInstruction instruction : program.stream(EngineKind::Matrix)) {
    if (instruction.layer() >= 3) {
      EXPECT_EQ(instruction.get<Fold>().count, 10);
    }
  }
}

TEST(ProductsOnChips, MayShareATileOnlyWhereItIsTheSamePartOfTheTensor) {
  const ChipSpec chip = shipped_chip("tpu_v2");
  const Network network = parse_network(kGrouped, "grouped.yaml", {.type = DataType::Bf16});
  Program program = compile(chip, network.graph);
  // The second head of the first three says that its keys lie a row further.
  for (const StreamInstruction instruction : program.stream(EngineKind::Matrix)) {
    const auto& fold = instruction.get<Fold>();
    if (instruction.layer() == 3 && !fold.next_tile) {
      WeightTile& tile = program.tiles[static_cast<std::size_t>(fold.tile)];
      tile.offset += tile.pitch;
      break;
    }
  }
  const auto violation = verify(chip, program);
  ASSERT_TRUE(violation.has_value());
  EXPECT_NE(violation->find("needs tile"), std::string::npos) << *violation;
}

/// A step of decoding: one token, 8 heads of queries, 2 of keys and values of 300 tokens in DRAM.
TEST(ProductsOnChips, ReadACacheInDeviceMemoryOnceAndPutNothingOfItIntoTheBuffer) {
  const ForkedResult child = run_forked([] {
    ChipSpec chip = shipped_chip("tpu_v3");
    chip.io = IoMemory::Device;
    const Network network = parse_network(R"(
network: decode
inputs:
  - {name: q, extents: [1, 512]}
  - {name: k, extents: [300, 128]}
  - {name: v, extents: [300, 128]}
layers:
  - {name: scores, op: matmul, inputs: [q, k], heads: 8, kv_heads: 2, transpose_b: true}
  - {name: contexts, op: matmul, inputs: [scores, v], heads: 8, kv_heads: 2}
)",
                                          "decode.yaml", {.type = DataType::Bf16});
    const Program program = compile(chip, network.graph);
    const Result result = evaluate_program(chip, network, program, {.check = true});
    for (const StreamInstruction instruction : program.stream(EngineKind::Weights)) {
      if (instruction.get<LoadTile>().from != TileSource::Dram) {
        return std::string("a tile of the buffer");
      }
    }
    const LayerCounters& scores = result.counters.layers[0];
    const LayerCounters& contexts = result.counters.layers[1];
    return fmt::format("{} {} {}{}", scores.dram_read_bytes, contexts.dram_read_bytes,
                       result.check->mismatches, broken_laws(result, program));
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  // Queries and keys; values.
  EXPECT_EQ(child.output, fmt::format("{} {} 0", 2 * 512 + 2 * 300 * 128, 2 * 300 * 128));
}

std::string refusal(const ChipSpec& chip, const std::string& text) {
  try {
    static_cast<void>(compile(chip, parse_network(text, "n.yaml").graph));
  } catch (const WorkloadError& error) {
    return error.what();
  }
  return "";
}

TEST(ProductsOnChips, AreRefusedWhereAChipHasNoWayForATile) {
  const std::string text =
      "network: n\ninputs:\n- {name: a, extents: [3, 4]}\n- {name: b, extents: [3, 4]}\n"
      "layers:\n- {name: c, op: matmul, inputs: [a, b], transpose_b: true}\n";
  ChipSpec chip = shipped_chip("tpu_v1");
  EXPECT_EQ(refusal(chip, text),
            "n.yaml:6:3: c: expected a right operand in DRAM, where tpu_v1 takes its tiles from, "
            "got 'b' in host memory (--io device)");
  chip.io = IoMemory::Device;
  EXPECT_EQ(refusal(chip, text), "");
  chip.weight_fifo.transpose.reset();
  EXPECT_EQ(refusal(chip, text),
            "n.yaml:6:3: c: expected a right operand that is not transposed (tpu_v1 has no "
            "weight_fifo.transpose), got transpose_b");
}

// --- planted faults ---

/// Attention on an array of 32 x 32 with tiles from the buffer, or from DRAM.
struct Subject {
  ChipSpec chip = shipped_chip("edge");
  testing::OpenProgram program{Program()};

  explicit Subject(TileSource source) {
    chip.weight_fifo.from_buffer = source == TileSource::Buffer;
    program = compile(chip, attention(DataType::Int8).graph);
  }
  /// The loads that are parts of tensors.
  std::vector<Instruction*> loads() {
    std::vector<Instruction*> found;
    for (Instruction& instruction : program.stream(EngineKind::Weights)) {
      if (std::get<LoadTile>(instruction.operation).source.tensor != kNoTensor) {
        found.push_back(&instruction);
      }
    }
    return found;
  }
};

class PlantedFaults : public ::testing::TestWithParam<TileSource> {
 protected:
  /// What verify says when `plant` has changed a load, one at a time over some of them.
  static void expect_found(const std::function<bool(Subject&, Instruction&)>& plant) {
    const Subject sound(GetParam());
    ASSERT_EQ(verify(sound.chip, sound.program.closed()), std::nullopt);
    int planted = 0;
    const std::size_t count = Subject(sound).loads().size();
    for (std::size_t index = 0; index < count; index += count / 7) {
      Subject faulty(sound);
      Instruction& load = *faulty.loads()[index];
      if (plant(faulty, load)) {
        ++planted;
        EXPECT_NE(verify(faulty.chip, faulty.program.closed()), std::nullopt) << "load " << index;
      }
    }
    EXPECT_GT(planted, 0);
  }
  static LoadTile& tile_of(Instruction& instruction) {
    return std::get<LoadTile>(instruction.operation);
  }
};

TEST_P(PlantedFaults, OfAnAddressAreFound) {
  expect_found([](Subject& /*subject*/, Instruction& load) {
    tile_of(load).source.address += 1;
    return true;
  });
}

TEST_P(PlantedFaults, OfTheTensorsPartAreFound) {
  expect_found([](Subject& /*subject*/, Instruction& load) {
    tile_of(load).source.address += 65;
    tile_of(load).source.offset += 65;  // a row further, consistently
    return true;
  });
}

TEST_P(PlantedFaults, OfTheDistanceOfRunsAreFound) {
  expect_found([](Subject& /*subject*/, Instruction& load) {
    tile_of(load).pitch += 1;
    return true;
  });
}

TEST_P(PlantedFaults, OfTheDirectionAreFound) {
  expect_found([](Subject& /*subject*/, Instruction& load) {
    tile_of(load).transposed = !tile_of(load).transposed;
    return true;
  });
}

TEST_P(PlantedFaults, OfATileThatIsNoPartOfItsMatrixAreFound) {
  expect_found([](Subject& subject, Instruction& load) {
    WeightTile& tile = subject.program.tiles[static_cast<std::size_t>(tile_of(load).tile)];
    if (tile.k_first == 0) {
      return false;  // where a matrix begins nobody but the reference knows
    }
    tile.offset += tile.pitch;
    tile_of(load).source.offset += tile.pitch;
    tile_of(load).source.address += tile.pitch;
    return true;
  });
}

/// Takes the wait away, and the signal that it waits for.
void remove_first_wait(testing::OpenProgram& program, Instruction& waiting) {
  const SemaphoreUse use = waiting.waits.front();
  const auto is_use = [&](const SemaphoreUse& each) { return each.semaphore == use.semaphore; };
  std::ptrdiff_t before = 0;  // waits of the semaphore
  for (const Instruction& instruction : program.stream(EngineKind::Weights)) {
    if (&instruction == &waiting) {
      break;
    }
    before += std::count_if(instruction.waits.begin(), instruction.waits.end(), is_use);
  }
  waiting.waits.erase(waiting.waits.begin());
  const EngineId from = program.semaphores[static_cast<std::size_t>(use.semaphore)].from;
  for (Instruction& instruction : program.stream(from)) {
    auto& signals = instruction.signals;
    const auto signal = std::find_if(signals.begin(), signals.end(), is_use);
    if (signal != signals.end() && before-- == 0) {
      signals.erase(signal);
      return;
    }
  }
}

TEST_P(PlantedFaults, OfAMissingWaitAreFound) {
  expect_found([](Subject& subject, Instruction& load) {
    if (load.waits.empty()) {
      return false;
    }
    remove_first_wait(subject.program, load);
    return true;
  });
}

TEST_P(PlantedFaults, OfAMissingStoreAreFound) {
  Subject subject(GetParam());
  // What computes the values of the first head writes nothing any more.
  const LoadTile& first = tile_of(*subject.loads().front());
  auto& stream = subject.program.stream(EngineKind::Vector);
  const auto writes = [&](Instruction& instruction) {
    auto& loop = std::get<RowLoop>(instruction.operation);
    if (loop.out.tensor != first.source.tensor) {
      return false;
    }
    loop.out.tensor = 0;
    return true;
  };
  ASSERT_TRUE(std::any_of(stream.begin(), stream.end(), writes));
  EXPECT_NE(verify(subject.chip, subject.program.closed()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Sources, PlantedFaults,
                         ::testing::Values(TileSource::Buffer, TileSource::Dram),
                         [](const auto& source) { return std::string(name_of(source.param)); });

}  // namespace
}  // namespace systole
