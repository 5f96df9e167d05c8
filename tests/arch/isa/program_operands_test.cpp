#include "arch/isa/program_operands.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "arch/isa/program_fields.h"

namespace systole {
namespace {

template <class Value>
constexpr bool kSaysWhere = std::is_same_v<Value, Operand> || std::is_same_v<Value, Shared<Window>>;

template <class Struct, class One, class Other>
constexpr bool are_same(One Struct::*one, Other Struct::*other) {
  if constexpr (std::is_same_v<One, Other>) {
    return one == other;
  } else {
    return false;
  }
}

/// Whether the table of fields has the operand's member under its key.
template <class Struct, class Row>
constexpr bool is_field(const Row& row) {
  const auto matches = [&](const auto& field) {
    return field.key == row.key && are_same(field.member, row.member);
  };
  return std::apply([&](const auto&... field) { return (matches(field) || ...); }, kFields<Struct>);
}

/// Whether the table of operands has the field.
template <class Struct, class Value>
constexpr bool has_row(const Field<Struct, Value>& field) {
  return std::apply([&](const auto&... row) { return (are_same(field.member, row.member) || ...); },
                    kOperands<Struct>);
}

template <class Struct>
constexpr bool operands_are_fields() {
  return std::apply([](const auto&... row) { return (is_field<Struct>(row) && ...); },
                    kOperands<Struct>);
}

template <class Struct>
constexpr bool fields_are_operands() {
  const auto is_listed = []<class Value>(const Field<Struct, Value>& field) {
    if constexpr (kSaysWhere<Value>) {
      return has_row(field);
    } else {
      return true;
    }
  };
  return std::apply([&](const auto&... field) { return (is_listed(field) && ...); },
                    kFields<Struct>);
}

template <class Variant>
struct Tables;
template <class... Kinds>
struct Tables<std::variant<Kinds...>> {
  static constexpr bool kComplete = ((HasFields<Kinds> && HasOperands<Kinds>)&&...);
  static constexpr bool kAgree =
      ((operands_are_fields<Kinds>() && fields_are_operands<Kinds>()) && ...);
};

static_assert(Tables<Operation>::kComplete && Tables<Stage>::kComplete);
static_assert(Tables<Operation>::kAgree && Tables<Stage>::kAgree);

/// Every operation has an engine, every engine an operation.
static_assert((executed_by(EngineKind::Host) | executed_by(EngineKind::DmaIn) |
               executed_by(EngineKind::DmaOut) | executed_by(EngineKind::Weights) |
               executed_by(EngineKind::Matrix) | executed_by(EngineKind::Vector)) ==
              (KindSet{1} << std::variant_size_v<Operation>)-1);
static_assert(executed_by(EngineKind::DmaOut) == kKindSet<Transfer>);
static_assert(executed_by(EngineKind::Weights) == kKindSet<LoadTile>);

std::vector<OperandUse> uses_of(const Operation& operation, EngineKind engine) {
  std::vector<OperandUse> uses;
  const auto keep = [&](const OperandUse& use) { uses.push_back(use); };
  std::visit([&](const auto& any) { for_each_operand(any, engine, keep); }, operation);
  return uses;
}

TEST(ProgramOperands, OfATransferDependOnItsDirectionAndEngine) {
  const Transfer in{.rows = 2,
                    .far = {.address = 7, .tensor = 1},
                    .far_pitch = 9,
                    .buffer = {.address = 5, .tensor = 1},
                    .buffer_pitch = 8,
                    .row_bytes = 6};
  const std::vector<OperandUse> uses = uses_of(in, EngineKind::DmaIn);
  ASSERT_EQ(uses.size(), 2U);
  EXPECT_TRUE(uses[0].reads && !uses[0].writes);
  EXPECT_EQ(uses[0].memory, Memory::Dram);
  EXPECT_EQ(uses[0].where, in.far);
  EXPECT_EQ(uses[0].block.pitch, 9);
  EXPECT_TRUE(uses[1].writes && !uses[1].reads);
  EXPECT_EQ(uses[1].memory, Memory::Buffer);
  EXPECT_EQ(uses[1].where, in.buffer);
  EXPECT_EQ(uses[1].block.rows, 2);
  EXPECT_EQ(uses[1].block.row_bytes, 6);
  Transfer out = in;
  out.to_buffer = false;
  EXPECT_EQ(uses_of(out, EngineKind::Host)[0].memory, Memory::Host);
  EXPECT_TRUE(uses_of(out, EngineKind::Host)[0].writes);
  EXPECT_TRUE(uses_of(out, EngineKind::Host)[1].reads);
}

/// A fold that leaves its sums in the array and adds to none touches no accumulator.
TEST(ProgramOperands, LeaveOutWhatIsNeitherReadNorWritten) {
  Fold fold{.count = 3, .accumulator = 4};
  EXPECT_EQ(uses_of(fold, EngineKind::Matrix).size(), 2U);
  fold.drain = false;
  const std::vector<OperandUse> uses = uses_of(fold, EngineKind::Matrix);
  ASSERT_EQ(uses.size(), 1U);
  ASSERT_TRUE(uses[0].part);
  EXPECT_EQ(uses[0].part->count, 3);
}

TEST(ProgramOperands, OfARowLoopAreThoseOfItsStagesThenItsOwn) {
  WindowStage walk{.operand = 1};
  walk.window.kernel_rows = 3;
  walk.window.channels = 2;
  RowBody body{.stages = {SumsStage{.bias = 2}, NumberStage{}, walk, LookupStage{.table = 0}}};
  const RowLoop loop{.rows = 5,
                     .cols = 2,
                     .first = 6,
                     .accumulator = 8,
                     .operands = {{.address = 10}, {.address = 20}, {.address = 30}},
                     .out = {.address = 40},
                     .body = body};
  const std::vector<OperandUse> uses = uses_of(loop, EngineKind::Vector);
  ASSERT_EQ(uses.size(), 5U);
  EXPECT_EQ(uses[0].where.address, 30);  // bias: two int32
  EXPECT_EQ(uses[0].block.row_bytes, 8);
  EXPECT_EQ(uses[1].where.address, 20);
  ASSERT_TRUE(uses[1].part);
  EXPECT_EQ(uses[1].part->first, 6);
  EXPECT_EQ(uses[1].part->count, 5);
  EXPECT_EQ(uses[1].part->depth, 6);
  EXPECT_EQ(uses[2].where.address, 10);
  EXPECT_EQ(uses[2].block.row_bytes, 256);
  EXPECT_EQ(uses[3].memory, Memory::Accumulators);
  EXPECT_EQ(uses[3].where.address, 8);
  EXPECT_EQ(uses[3].block.row_bytes, 5);
  EXPECT_EQ(uses[4].where.address, 40);
  EXPECT_TRUE(uses[4].writes);
}

}  // namespace
}  // namespace systole
