#include "arch/enum_names.h"

#include <set>

#include <gtest/gtest.h>

#include "arch/chip_spec.h"
#include "arch/counters.h"
#include "arch/isa/instruction.h"
#include "arch/isa/program.h"

namespace systole {
namespace {

template <class E>
class EnumTable : public testing::Test {};

using Tables = testing::Types<Dataflow, VectorClass, FactStatus, DataType, EngineKind, PoolKind,
                              TensorRole, SemaphoreKind, Cause>;
TYPED_TEST_SUITE(EnumTable, Tables);

TYPED_TEST(EnumTable, ListsEveryValueOnceInTheOrderOfDeclaration) {
  std::size_t index = 0;
  std::set<std::string_view> names;
  for (const auto& [value, name] : kEnumNames<TypeParam>) {
    EXPECT_EQ(static_cast<std::size_t>(value), index++);
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TYPED_TEST(EnumTable, NamesReadBack) {
  for (const auto& [value, name] : kEnumNames<TypeParam>) {
    EXPECT_EQ(name_of(value), name);
    EXPECT_EQ(value_named<TypeParam>(name), value);
  }
}

TEST(EnumNames, CountsMatchTheTables) {
  EXPECT_EQ(kEnumNames<VectorClass>.size(), kVectorClassCount);
  EXPECT_EQ(kEnumNames<EngineKind>.size(), kEngineKindCount);
  EXPECT_EQ(kEnumNames<Cause>.size(), kCauseCount);
}

TEST(EnumNames, UnknownNameIsNoValue) {
  EXPECT_EQ(value_named<EngineKind>("gpu"), std::nullopt);
  EXPECT_EQ(value_named<EngineKind>(""), std::nullopt);
  EXPECT_EQ(value_named<EngineKind>("Matrix"), std::nullopt);  // names are case-sensitive
}

TEST(EnumNames, ValueOutsideTheTableIsAQuestionMark) {
  EXPECT_EQ(name_of(static_cast<EngineKind>(200)), "?");
}

}  // namespace
}  // namespace systole
