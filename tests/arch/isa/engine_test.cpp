#include "arch/isa/engine.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arch/counters.h"

namespace systole {
namespace {

using testing::ElementsAre;

std::vector<std::string> names_of(EngineSet engines) {
  std::vector<std::string> names;
  for (const EngineId engine : engines) {
    names.push_back(name_of(engine));
  }
  return names;
}

TEST(EngineSet, OfACoreWithOneUnitIsTheKindsInTheirOrder) {
  EXPECT_THAT(names_of({}),
              ElementsAre("host", "dma_in", "dma_out", "weights", "matrix", "vector"));
}

TEST(EngineSet, CountsUnitsWithinAKindAndKindsWithinACore) {
  EXPECT_THAT(names_of({.cores = 2, .matrix_units = 2}),
              ElementsAre("host", "dma_in", "dma_out", "weights", "weights1", "matrix", "matrix1",
                          "vector", "core1.host", "core1.dma_in", "core1.dma_out", "core1.weights",
                          "core1.weights1", "core1.matrix", "core1.matrix1", "core1.vector"));
}

TEST(EngineSet, IndexNameAndPlaceSayTheSame) {
  for (std::int32_t cores = 1; cores <= 3; ++cores) {
    for (std::int32_t units = 1; units <= kMaxMatrixUnits; ++units) {
      const EngineSet engines{.cores = cores, .matrix_units = units};
      EXPECT_EQ(engines.size(), static_cast<std::size_t>(cores * (4 + 2 * units)));
      std::size_t index = 0;
      for (const EngineId engine : engines) {
        EXPECT_EQ(engines.index_of(engine), index);
        EXPECT_EQ(engines.at(index), engine);
        EXPECT_EQ(engines.named(name_of(engine)), engine);
        ++index;
      }
      EXPECT_EQ(index, engines.size());
    }
  }
}

TEST(EngineSet, HasNoEngineOfAnotherName) {
  const EngineSet engines{.cores = 2, .matrix_units = 2};
  for (const char* name : {"", "Matrix", "matrix0", "matrix01", "matrix2", "matrix-1", "matrix1x",
                           "matrix300", "vector1", "core0.matrix", "core2.matrix", "core1",
                           "core1matrix", "core1.", "core1.core1.matrix", "core70000.host"}) {
    EXPECT_FALSE(engines.named(name)) << name;
  }
  EXPECT_FALSE(EngineSet().named("matrix1"));
}

TEST(EngineId, OrdersAsStreamsDo) {
  const EngineSet engines{.cores = 2, .matrix_units = 3};
  for (std::size_t index = 1; index < engines.size(); ++index) {
    EXPECT_LT(engines.at(index - 1), engines.at(index));
  }
}

TEST(TotalOf, AddsAllEnginesOfAKind) {
  PerEngine<EngineCounters> engines(EngineSet{.cores = 2, .matrix_units = 2});
  std::int64_t count = 1;
  for (const EngineId engine : engines.engines()) {
    engines[engine].instructions = count;
    engines[engine][Cause::Busy] = CoreCycles(10 * count);
    count *= 2;  // streams 5, 6 and 13, 14 are matrix units
  }
  const EngineCounters matrix = total_of(engines, EngineKind::Matrix);
  EXPECT_EQ(matrix.instructions, 32 + 64 + 8192 + 16384);
  EXPECT_EQ(matrix[Cause::Busy], CoreCycles(10 * (32 + 64 + 8192 + 16384)));
  EXPECT_EQ(total_of(engines, EngineKind::Host).instructions, 1 + 256);
}

}  // namespace
}  // namespace systole
