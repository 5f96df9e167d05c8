#include "compiler/schedule/program_builder.h"

#include <map>
#include <random>
#include <utility>

#include <gtest/gtest.h>

#include "arch/isa/recipes.h"

namespace systole {
namespace {

/// Bytes base .. base + count - 1 of the unified buffer, and nothing else of it: of DRAM others.
Transfer load_to(std::int64_t base, std::int64_t count) {
  return {.far = {.address = base, .tensor = 0}, .buffer = {.address = base}, .row_bytes = count};
}
RowLoop write_to(std::int64_t base, std::int64_t count) {
  return {.rows = 1, .cols = count, .out = {.address = base}};
}
RowLoop read_from(std::int64_t base, std::int64_t count, std::int64_t result) {
  return {.rows = 1,
          .cols = count,
          .operands = {{.address = base}},
          .out = {.address = result},
          .body = RowBody{.stages = {LoadStage{.operand = 0}}}};
}
/// Its sums go where nobody looks for them.
Fold fold_of(std::int64_t base, std::int64_t count) {
  Window window{.source = {.address = base}};
  window.channels = window.image_pitch = window.row_pitch = window.pixel_pitch = count;
  return {.rows = count, .window = window, .count = 1};
}

Instruction at(const Program& program, EngineKind engine, std::size_t index) {
  return program.stream(engine)[index].whole();
}

TEST(ProgramBuilder, AReaderWaitsForItsWriterWithData) {
  ProgramBuilder builder(Program{});
  builder.append(EngineKind::DmaIn, 0, load_to(0, 16));
  builder.append(EngineKind::Matrix, 0, fold_of(8, 4));
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
  builder.append(EngineKind::Matrix, 0, fold_of(0, 16));
  builder.append(EngineKind::DmaIn, 0, load_to(0, 4));
  const Program program = std::move(builder).finish();
  ASSERT_EQ(program.semaphores.size(), 1U);
  EXPECT_EQ(program.semaphores[0].kind, SemaphoreKind::Space);
  EXPECT_EQ(at(program, EngineKind::DmaIn, 0).waits.size(), 1U);
}

TEST(ProgramBuilder, WaitsOnlyForTheLatestConflictAndOnlyOnce) {
  ProgramBuilder builder(Program{});
  for (int i = 0; i < 3; ++i) {
    builder.append(EngineKind::Vector, 0, write_to(0, 8));
  }
  builder.append(EngineKind::Matrix, 0, fold_of(0, 8));
  builder.append(EngineKind::Matrix, 0, fold_of(0, 8));
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
    builder.append(EngineKind::Vector, 0, write_to(written % kRegions * 16, 16));
  }
  for (std::int64_t region = 0; region < kRegions; ++region) {
    builder.append(EngineKind::Matrix, 0, fold_of(region * 16, 16));
  }
  const Program program = std::move(builder).finish();
  for (std::size_t region = 0; region < kRegions; ++region) {
    ASSERT_TRUE(at(program, EngineKind::Vector, region).signals.empty()) << region;
    ASSERT_EQ(at(program, EngineKind::Vector, kRegions + region).signals.size(), 1U) << region;
    ASSERT_EQ(at(program, EngineKind::Matrix, region).waits.size(), 1U) << region;
  }
}

/// Few regions that come again and again, so that searches go on where earlier ones ended: against
/// a look at every earlier instruction.
TEST(ProgramBuilder, WaitsForTheLatestConflictOfEachEngine) {
  std::mt19937_64 random(17);
  const auto any = [&] { return static_cast<std::int64_t>(random() % 12) * 8; };
  struct Appended {
    EngineKind engine = EngineKind::Vector;
    std::size_t index = 0;
    std::int64_t read = -1;
    std::int64_t written = -1;
    std::vector<EngineKind> waits_for;
  };
  std::vector<Appended> all;
  std::map<EngineKind, std::size_t> sizes;
  std::map<std::pair<EngineKind, EngineKind>, std::size_t> covered;  // entries of `all`
  ProgramBuilder builder(Program{});
  for (int round = 0; round < 3000; ++round) {
    Appended next;
    switch (random() % 3) {
      case 0:
        next.engine = EngineKind::DmaIn;
        next.written = any();
        builder.append(next.engine, 0, load_to(next.written, 8));
        break;
      case 1:
        next.engine = EngineKind::Vector;
        next.read = any();
        next.written = any();
        builder.append(next.engine, 0, read_from(next.read, 8, next.written));
        break;
      default:
        next.engine = EngineKind::Matrix;
        next.read = any();
        builder.append(next.engine, 0, fold_of(next.read, 8));
        break;
    }
    next.index = sizes[next.engine]++;
    for (const EngineKind other : {EngineKind::DmaIn, EngineKind::Matrix, EngineKind::Vector}) {
      std::size_t& done = covered[{next.engine, other}];
      for (std::size_t at = all.size(); other != next.engine && at-- > done;) {
        const Appended& earlier = all[at];
        const auto is_written = [&](std::int64_t by, std::int64_t of) {
          return by >= 0 && by == of;
        };
        if (earlier.engine == other &&
            (is_written(earlier.written, next.read) || is_written(next.written, earlier.read) ||
             is_written(next.written, earlier.written))) {
          done = at + 1;
          next.waits_for.push_back(other);
          break;
        }
      }
    }
    all.push_back(next);
  }
  const Program program = std::move(builder).finish();
  std::size_t waits = 0;
  for (const Appended& appended : all) {
    std::vector<EngineKind> waits_for;
    for (const SemaphoreUse& wait : at(program, appended.engine, appended.index).waits) {
      waits_for.push_back(program.semaphores[static_cast<std::size_t>(wait.semaphore)].from.kind);
    }
    ASSERT_EQ(waits_for, appended.waits_for) << name_of(appended.engine) << appended.index;
    waits += waits_for.size();
  }
  EXPECT_GT(waits, 1000U);
}

TEST(ProgramBuilder, ReadersDoNotWaitForReadersNorForTheirOwnEngine) {
  ProgramBuilder builder(Program{});
  builder.append(EngineKind::Matrix, 0, fold_of(0, 8));
  builder.append(EngineKind::Vector, 0, read_from(0, 8, 64));
  builder.append(EngineKind::Vector, 0, read_from(64, 8, 128));
  const Program program = std::move(builder).finish();
  EXPECT_TRUE(program.semaphores.empty());
}

TEST(ProgramBuilder, ALaterConflictIsWaitedForEvenAfterAnEarlierWait) {
  ProgramBuilder builder(Program{});
  builder.append(EngineKind::Vector, 0, write_to(0, 8));
  builder.append(EngineKind::Matrix, 0, fold_of(0, 8));
  builder.append(EngineKind::Vector, 0, write_to(32, 8));
  builder.append(EngineKind::Matrix, 0, fold_of(32, 8));
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
  builder.append(EngineKind::Vector, 0, write_to(0, 8));
  builder.set_core(1);
  builder.append(EngineKind::Matrix, 0, fold_of(0, 8));
  const Program program = std::move(builder).finish();
  EXPECT_TRUE(program.semaphores.empty());
  EXPECT_EQ(program.stream({EngineKind::Matrix, 0, 1}).size(), 1U);
}

TEST(ProgramBuilder, CoresMeetInDram) {
  ProgramBuilder builder(of_two_cores());
  Transfer transfer = load_to(64, 8);
  transfer.to_buffer = false;
  builder.append(EngineKind::DmaOut, 0, transfer);
  builder.set_core(1);
  builder.append(EngineKind::DmaIn, 0, load_to(64, 8));
  const Program program = std::move(builder).finish();
  ASSERT_EQ(program.semaphores.size(), 1U);
  EXPECT_EQ(program.semaphores[0].from, EngineId(EngineKind::DmaOut));
  EXPECT_EQ(program.semaphores[0].to, EngineId(EngineKind::DmaIn, 0, 1));
  EXPECT_EQ(program.semaphores[0].kind, SemaphoreKind::Data);
}

}  // namespace
}  // namespace systole
