#include "compiler/schedule/program_builder.h"

#include <gtest/gtest.h>

#include "arch/isa/recipes.h"

namespace systole {
namespace {

Region bytes(std::int64_t base, std::int64_t count) {
  return {.memory = Memory::Buffer, .base = base, .rows = 1, .row_bytes = count, .pitch = count};
}

Instruction at(const Program& program, EngineKind engine, std::size_t index) {
  return program.stream(engine)[index].whole();
}

TEST(ProgramBuilder, AReaderWaitsForItsWriterWithData) {
  ProgramBuilder builder(Program{});
  builder.append(EngineKind::DmaIn, 0, Transfer{}, {.reads = {}, .writes = {bytes(0, 16)}});
  builder.append(EngineKind::Matrix, 0, Fold{}, {.reads = {bytes(8, 4)}, .writes = {}});
  const Program program = std::move(builder).finish();
  ASSERT_EQ(program.semaphores.size(), 1U);
  EXPECT_EQ(program.semaphores[0],
            (Semaphore{
                .from = EngineKind::DmaIn, .to = EngineKind::Matrix, .kind = SemaphoreKind::Data}));
  EXPECT_EQ(at(program, EngineKind::DmaIn, 0).signals, (std::vector<SemaphoreUse>{{0, 1}}));
  EXPECT_EQ(at(program, EngineKind::Matrix, 0).waits, (std::vector<SemaphoreUse>{{0, 1}}));
}

TEST(ProgramBuilder, AWriterWaitsForEarlierReadersWithSpace) {
  ProgramBuilder builder(Program{});
  builder.append(EngineKind::Matrix, 0, Fold{}, {.reads = {bytes(0, 16)}, .writes = {}});
  builder.append(EngineKind::DmaIn, 0, Transfer{}, {.reads = {}, .writes = {bytes(0, 4)}});
  const Program program = std::move(builder).finish();
  ASSERT_EQ(program.semaphores.size(), 1U);
  EXPECT_EQ(program.semaphores[0].kind, SemaphoreKind::Space);
  EXPECT_EQ(at(program, EngineKind::DmaIn, 0).waits.size(), 1U);
}

TEST(ProgramBuilder, WaitsOnlyForTheLatestConflictAndOnlyOnce) {
  ProgramBuilder builder(Program{});
  for (int i = 0; i < 3; ++i) {
    builder.append(EngineKind::Vector, 0, Rescale{}, {.reads = {}, .writes = {bytes(0, 8)}});
  }
  builder.append(EngineKind::Matrix, 0, Fold{}, {.reads = {bytes(0, 8)}, .writes = {}});
  builder.append(EngineKind::Matrix, 0, Fold{}, {.reads = {bytes(0, 8)}, .writes = {}});
  const Program program = std::move(builder).finish();
  EXPECT_TRUE(at(program, EngineKind::Vector, 0).signals.empty());
  EXPECT_TRUE(at(program, EngineKind::Vector, 1).signals.empty());
  EXPECT_EQ(at(program, EngineKind::Vector, 2).signals.size(), 1U);
  EXPECT_EQ(at(program, EngineKind::Matrix, 0).waits.size(), 1U);
  EXPECT_TRUE(at(program, EngineKind::Matrix, 1).waits.empty());
}

/// More lists of regions than the builder remembers as recent, each twice: the reader of each pair
/// waits for the later of the two that wrote it, whichever list stands for it by then.
TEST(ProgramBuilder, KnowsEveryRegionHoweverManyCameSince) {
  constexpr std::int64_t kRegions = 3000;
  ProgramBuilder builder(Program{});
  for (std::int64_t written = 0; written < 2 * kRegions; ++written) {
    builder.append(EngineKind::Vector, 0, Rescale{},
                   {.reads = {}, .writes = {bytes(written % kRegions * 16, 16)}});
  }
  for (std::int64_t region = 0; region < kRegions; ++region) {
    builder.append(EngineKind::Matrix, 0, Fold{},
                   {.reads = {bytes(region * 16, 16)}, .writes = {}});
  }
  const Program program = std::move(builder).finish();
  for (std::size_t region = 0; region < kRegions; ++region) {
    ASSERT_TRUE(at(program, EngineKind::Vector, region).signals.empty()) << region;
    ASSERT_EQ(at(program, EngineKind::Vector, kRegions + region).signals.size(), 1U) << region;
    ASSERT_EQ(at(program, EngineKind::Matrix, region).waits.size(), 1U) << region;
  }
}

TEST(ProgramBuilder, ReadersDoNotWaitForReadersNorForTheirOwnEngine) {
  ProgramBuilder builder(Program{});
  builder.append(EngineKind::Matrix, 0, Fold{}, {.reads = {bytes(0, 8)}, .writes = {bytes(64, 8)}});
  builder.append(EngineKind::Vector, 0, Rescale{}, {.reads = {bytes(0, 8)}, .writes = {}});
  builder.append(EngineKind::Matrix, 0, Fold{}, {.reads = {bytes(64, 8)}, .writes = {}});
  const Program program = std::move(builder).finish();
  EXPECT_TRUE(program.semaphores.empty());
}

TEST(ProgramBuilder, ALaterConflictIsWaitedForEvenAfterAnEarlierWait) {
  ProgramBuilder builder(Program{});
  builder.append(EngineKind::Vector, 0, Rescale{}, {.reads = {}, .writes = {bytes(0, 8)}});
  builder.append(EngineKind::Matrix, 0, Fold{}, {.reads = {bytes(0, 8)}, .writes = {}});
  builder.append(EngineKind::Vector, 0, Rescale{}, {.reads = {}, .writes = {bytes(32, 8)}});
  builder.append(EngineKind::Matrix, 0, Fold{}, {.reads = {bytes(32, 8)}, .writes = {}});
  const Program program = std::move(builder).finish();
  EXPECT_EQ(at(program, EngineKind::Matrix, 0).waits, (std::vector<SemaphoreUse>{{0, 1}}));
  EXPECT_EQ(at(program, EngineKind::Matrix, 1).waits, (std::vector<SemaphoreUse>{{0, 1}}));
  EXPECT_EQ(program.semaphores.size(), 1U);
}

Program of_two_cores() {
  Program program;
  program.streams = PerEngine<Stream>(EngineSet{.cores = 2});
  return program;
}

TEST(ProgramBuilder, CoresHaveBuffersOfTheirOwn) {
  ProgramBuilder builder(of_two_cores());
  builder.append(EngineKind::Vector, 0, Rescale{}, {.reads = {}, .writes = {bytes(0, 8)}});
  builder.set_core(1);
  builder.append(EngineKind::Matrix, 0, Fold{}, {.reads = {bytes(0, 8)}, .writes = {}});
  const Program program = std::move(builder).finish();
  EXPECT_TRUE(program.semaphores.empty());
  EXPECT_EQ(program.stream({EngineKind::Matrix, 0, 1}).size(), 1U);
}

TEST(ProgramBuilder, CoresMeetInDram) {
  const Region far{.memory = Memory::Dram, .base = 64, .rows = 1, .row_bytes = 8, .pitch = 8};
  ProgramBuilder builder(of_two_cores());
  builder.append(EngineKind::DmaOut, 0, Transfer{}, {.reads = {bytes(0, 8)}, .writes = {far}});
  builder.set_core(1);
  builder.append(EngineKind::DmaIn, 0, Transfer{}, {.reads = {far}, .writes = {bytes(0, 8)}});
  const Program program = std::move(builder).finish();
  ASSERT_EQ(program.semaphores.size(), 1U);
  EXPECT_EQ(program.semaphores[0].from, EngineId(EngineKind::DmaOut));
  EXPECT_EQ(program.semaphores[0].to, EngineId(EngineKind::DmaIn, 0, 1));
  EXPECT_EQ(program.semaphores[0].kind, SemaphoreKind::Data);
}

}  // namespace
}  // namespace systole
