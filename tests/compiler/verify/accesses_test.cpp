#include "compiler/verify/accesses.h"

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "arch/isa/buffer_bytes.h"
#include "arch/isa/program_operands.h"
#include "arch/isa/recipes.h"
#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "compiler/network_type.h"

namespace systole::verification {
namespace {

using Runs = std::vector<ByteRun>;

Runs joined(Runs runs) {
  std::sort(runs.begin(), runs.end(),
            [](const ByteRun& a, const ByteRun& b) { return a.begin < b.begin; });
  Runs result;
  for (const ByteRun& run : runs) {
    if (!result.empty() && run.begin <= result.back().end) {
      result.back().end = std::max(result.back().end, run.end);
    } else {
      result.push_back(run);
    }
  }
  return result;
}

Runs runs_of(const AccessList& list, Space space) {
  Runs runs;
  for (const Access& access : list) {
    for (std::int64_t row = 0; row < access.where.rows && access.space == space; ++row) {
      const std::int64_t begin = access.where.base + row * access.where.pitch;
      runs.push_back({.begin = begin, .end = begin + access.where.row_bytes});
    }
  }
  return joined(runs);
}

/// Of the memories that are no core's, as the table of operands says.
struct FarBytes {
  Runs reads;
  Runs writes;
};
FarBytes far_bytes(const StreamInstruction& instruction, EngineKind engine, Memory memory) {
  FarBytes bytes;
  const auto add = [&](const OperandUse& use) {
    for (std::int64_t row = 0; row < use.block.rows && use.memory == memory; ++row) {
      const std::int64_t begin = use.where.address + row * use.block.pitch;
      (use.reads ? bytes.reads : bytes.writes)
          .push_back({.begin = begin, .end = begin + use.block.row_bytes});
    }
  };
  instruction.visit([&](const auto& any) { for_each_operand(any, engine, add); });
  return {.reads = joined(bytes.reads), .writes = joined(bytes.writes)};
}

bool walks_windows(const StreamInstruction& instruction, EngineKind engine) {
  bool found = false;
  const auto look = [&](const OperandUse& use) { found = found || use.part; };
  instruction.visit([&](const auto& any) { for_each_operand(any, engine, look); });
  return found;
}

/// Both in order.
bool are_inside(const Runs& runs, const Runs& others) {
  return std::all_of(runs.begin(), runs.end(), [&](const ByteRun& run) {
    const auto next = std::upper_bound(
        others.begin(), others.end(), run.begin,
        [](std::int64_t begin, const ByteRun& other) { return begin < other.begin; });
    return next != others.begin() && run.end <= std::prev(next)->end;
  });
}

std::string difference_at(const Program& program, Place place) {
  const StreamInstruction instruction = instruction_at(program, place);
  Accesses derived;
  if (const auto violation = derive_accesses(program, place, derived)) {
    return *violation;
  }
  BufferBytes near;
  find_buffer_bytes(instruction, near);
  const Runs reads = runs_of(derived.reads, Space::Buffer);
  const EngineKind engine = place.engine.kind;
  const FarBytes dram = far_bytes(instruction, engine, Memory::Dram);
  const FarBytes host = far_bytes(instruction, engine, Memory::Host);
  const bool same =
      near.writes == runs_of(derived.writes, Space::Buffer) &&
      // Of a window whole rows are derived here.
      (walks_windows(instruction, engine) ? are_inside(near.reads, reads) : near.reads == reads) &&
      dram.reads == runs_of(derived.reads, Space::Dram) &&
      dram.writes == runs_of(derived.writes, Space::Dram) &&
      host.reads == runs_of(derived.reads, Space::Host) &&
      host.writes == runs_of(derived.writes, Space::Host);
  return same ? "" : fmt::format("{} touches other bytes", name_of(program, place));
}

struct Subject {
  std::string chip;
  std::string network;
  std::optional<WeightStorage> weights = std::nullopt;
};
void PrintTo(const Subject& subject, std::ostream* stream) {
  *stream << subject.network << " on " << subject.chip;
}

class DerivedAccesses : public testing::TestWithParam<Subject> {};

/// What verify derives by itself are the bytes that the table of operands gives everybody else.
TEST_P(DerivedAccesses, AreThoseOfTheTableOfOperands) {
  const std::string root = SYSTOLE_SOURCE_DIR;
  const ChipSpec chip = read_chip(fmt::format("{}/configs/chips/{}.yaml", root, GetParam().chip));
  const Network network =
      read_network(fmt::format("{}/workloads/{}.yaml", root, GetParam().network),
                   {.batch = 2, .type = default_network_type(chip), .weights = GetParam().weights});
  const Program program = compile(chip, network.graph);
  std::int64_t compared = 0;
  for (const EngineId engine : program.engines()) {
    const auto size = static_cast<std::int32_t>(program.stream(engine).size());
    for (std::int32_t index = 0; index < size; ++index) {
      ASSERT_EQ(difference_at(program, {engine, index}), "");
      ++compared;
    }
  }
  EXPECT_GT(compared, 20);
}

/// 96 pixels of 17 channels, looked at as two images of one pixel of 816: the second is byte 1632,
/// though the program's one image has all 3264.
TEST(WindowAccesses, OfImagesOfOnePixelAreAsFarApartAsTheyLie) {
  constexpr std::int64_t kImage = 48 * 17 * 2;
  constexpr std::int64_t kAddress = 4096;
  Program program;
  program.batch = 1;
  program.tensors = {{.name = "x", .type = DataType::Bf16, .pixels = 96, .channels = 17},
                     {.name = "means", .type = DataType::Bf16, .pixels = 2, .channels = 816}};
  RowLoop loop = Pool{.kind = PoolKind::Average,
                      .window = {.source = {.address = kAddress, .tensor = 0, .offset = 0},
                                 .image_pitch = kImage,
                                 .row_pitch = kImage,
                                 .pixel_pitch = kImage,
                                 .channels = 816},
                      .count = 2,
                      .to = {.out = {.address = 0, .tensor = 1, .offset = 0},
                             .pitch = kImage,
                             .type = DataType::Bf16}};
  program.stream(EngineKind::Vector).push_back({.operation = loop});
  Accesses accesses;
  ASSERT_EQ(derive_accesses(program, {EngineKind::Vector, 0}, accesses), std::nullopt);
  std::vector<std::pair<std::int64_t, std::int64_t>> bytes;  // of the buffer and of the tensor
  for (const Access& read : accesses.reads) {
    for (std::int64_t row = 0; row < read.where.rows; ++row) {
      const std::int64_t at = read.where.base + row * read.where.pitch;
      bytes.emplace_back(at, at + read.delta);
    }
    EXPECT_EQ(
        read.where.rows * read.where.row_bytes * static_cast<std::int64_t>(accesses.reads.size()),
        2 * kImage);
  }
  EXPECT_EQ(bytes.front(), std::pair(kAddress, std::int64_t{0}));
  if (bytes.size() > 1) {
    EXPECT_EQ(bytes.back(), std::pair(kAddress + kImage, kImage));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shipped, DerivedAccesses,
    testing::Values(Subject{"tpu_v1", "mobilenet_v3_large"}, Subject{"tpu_v1", "lstm0"},
                    Subject{"tpu_v3", "cnn0"}, Subject{"tpu_v4", "bert_base"},
                    Subject{"edge_os", "mlp0"}, Subject{"edge_is", "cnn0"},
                    Subject{"tpu_v2", "inception_v3"},
                    Subject{"tpu_v2", "cnn0",
                            WeightStorage{.type = StorageType::Int4, .group = 20}}));

}  // namespace
}  // namespace systole::verification
