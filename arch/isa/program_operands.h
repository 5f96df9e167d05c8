#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "arch/isa/instruction.h"
#include "arch/isa/memory.h"
#include "arch/isa/stream.h"

namespace systole {

/// `rows` runs of `row_bytes`, `pitch` from one to the next; in the accumulators, entries.
struct RowBlock {
  std::int64_t rows = 1;
  std::int64_t row_bytes = 0;
  std::int64_t pitch = 0;
};

/// Output positions first .. first + count - 1 of a window, each with the elements k_first ..
/// k_first + depth - 1 of its reduction.
struct WindowPart {
  const Window* window = nullptr;
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t k_first = 0;
  std::int64_t depth = 0;
  DataType type = DataType::Int8;
};

/// What an instruction does with an operand: it reads or writes, or both or neither, a block from
/// `where` on, or what a part of a window walks over, whose source is then `where`.
struct OperandUse {
  bool reads = false;
  bool writes = false;
  Memory memory = Memory::Buffer;
  Operand where;  ///< in the accumulators the first entry
  RowBlock block;
  std::optional<WindowPart> part;
};

/// The key and member of an instruction's field that says where an operand is, and a rule for the
/// rest of its use by an engine.
template <class Struct, class Value>
struct OperandRow {
  std::string_view key;
  Value Struct::*member;
  OperandUse (*use)(const Struct&, EngineKind);
};
template <class Struct, class Value>
constexpr OperandRow<Struct, Value> operand(std::string_view key, Value Struct::*member,
                                            OperandUse (*use)(const std::type_identity_t<Struct>&,
                                                              EngineKind)) {
  return {key, member, use};
}

/// What a stage reads of an operand of its loop.
struct StageRead {
  /// Rows: one for each of the loop's, or one for all. Parameter: once, ahead of all rows. Window:
  /// what a part of a window walks over.
  enum class What : std::uint8_t { Nothing, Rows, Parameter, Window };
  What what = What::Nothing;
  std::int32_t operand = 0;
  std::int64_t rows = 1;
  std::int64_t pitch = 0;  ///< from row to row
  std::int64_t row_bytes = 0;
  std::optional<WindowPart> part;
};

/// The key and member of a stage's field that says which operand it reads, and a rule for the rest.
template <class Stage>
struct StageOperandRow {
  std::string_view key;
  std::int32_t Stage::*member;
  StageRead (*read)(const Stage&, const RowLoop&);
};
template <class Stage>
constexpr StageOperandRow<Stage> stage_operand(std::string_view key, std::int32_t Stage::*member,
                                               StageRead (*read)(const std::type_identity_t<Stage>&,
                                                                 const RowLoop&)) {
  return {key, member, read};
}

/// The one table of the operands that an instruction, or a stage of a row loop, reads or writes.
/// Bounds, conflicts, the bytes that are touched and the levels of buffers follow from it for all
/// alike; what has no operand has an empty table. `compiler/verify` derives the same on its own.
template <class Struct>
inline constexpr std::nullptr_t kOperands = nullptr;

template <class Struct>
concept HasOperands = !std::is_null_pointer_v<std::remove_cv_t<decltype(kOperands<Struct>)>>;

/// The kinds of engines that execute an operation.
template <class Kind>
inline constexpr std::nullptr_t kExecutedBy = nullptr;

template <>
inline constexpr auto kExecutedBy<Transfer> = std::to_array({EngineKind::Host, EngineKind::DmaIn,
                                                             EngineKind::DmaOut});
template <>
inline constexpr auto kExecutedBy<LoadTile> = std::to_array({EngineKind::Weights});
template <>
inline constexpr auto kExecutedBy<Fold> = std::to_array({EngineKind::Matrix});
template <>
inline constexpr auto kExecutedBy<RowLoop> = std::to_array({EngineKind::Vector});

/// Sets of kinds of operations, a bit for each kKindOf.
using KindSet = std::uint32_t;
template <class... Kinds>
inline constexpr KindSet kKindSet = ((KindSet{1} << kKindOf<Kinds>) | ...);

/// What an engine executes. What models the engine asserts that it is what it knows, so that the
/// compiler names it when there is more.
constexpr KindSet executed_by(EngineKind engine) {
  KindSet kinds = 0;
  const auto add = [&]<class... Kinds>(const std::variant<Kinds...>* /*all*/) {
    const auto add_one = [&]<class Kind>(const Kind* /*one*/) {
      for (const EngineKind each : kExecutedBy<Kind>) {
        kinds |= each == engine ? kKindSet<Kind> : 0;
      }
    };
    (add_one(static_cast<const Kinds*>(nullptr)), ...);
  };
  add(static_cast<const Operation*>(nullptr));
  return kinds;
}

template <>
inline constexpr auto kOperands<Transfer> = std::tuple{
    operand("far", &Transfer::far,
            [](const Transfer& transfer, EngineKind engine) {
              return OperandUse{.reads = transfer.to_buffer,
                                .writes = !transfer.to_buffer,
                                .memory = engine == EngineKind::Host ? Memory::Host : Memory::Dram,
                                .block = {transfer.rows, transfer.row_bytes, transfer.far_pitch}};
            }),
    operand("buffer", &Transfer::buffer,
            [](const Transfer& transfer, EngineKind /*engine*/) {
              return OperandUse{
                  .reads = !transfer.to_buffer,
                  .writes = transfer.to_buffer,
                  .block = {transfer.rows, transfer.row_bytes, transfer.buffer_pitch}};
            }),
};

template <>
inline constexpr auto kOperands<LoadTile> = std::tuple{
    operand("source", &LoadTile::source,
            [](const LoadTile& load, EngineKind /*engine*/) {
              return OperandUse{
                  .reads = true,
                  .memory = load.from == TileSource::Dram ? Memory::Dram : Memory::Buffer,
                  .block = {load.runs(), load.run_bytes(), load.pitch}};
            }),
};

template <>
inline constexpr auto kOperands<Fold> = std::tuple{
    operand("window", &Fold::window,
            [](const Fold& fold, EngineKind /*engine*/) {
              return OperandUse{.reads = true,
                                .part = WindowPart{.window = &*fold.window,
                                                   .first = fold.first,
                                                   .count = fold.count,
                                                   .k_first = fold.k_first,
                                                   .depth = fold.rows,
                                                   .type = fold.activation_type}};
            }),
    operand("accumulator", &Fold::accumulator,
            [](const Fold& fold, EngineKind /*engine*/) {
              return OperandUse{.reads = fold.accumulate,
                                .writes = fold.drain,
                                .memory = Memory::Accumulators,
                                .block = {1, fold.count, fold.count}};
            }),
};

/// Beside what its stages read.
template <>
inline constexpr auto kOperands<RowLoop> = std::tuple{
    operand("accumulator", &RowLoop::accumulator,
            [](const RowLoop& loop, EngineKind /*engine*/) {
              return OperandUse{.reads = sums_of(*loop.body).has_value(),
                                .memory = Memory::Accumulators,
                                .block = {1, loop.rows, loop.rows}};
            }),
    operand("out", &RowLoop::out,
            [](const RowLoop& loop, EngineKind /*engine*/) {
              const Store& to = loop.body->to;
              return OperandUse{
                  .writes = true,
                  .block = {loop.rows, bytes_of(to.type, result_cols(loop)), to.pitch}};
            }),
};

template <>
inline constexpr auto kOperands<LoadStage> = std::tuple{
    stage_operand("operand", &LoadStage::operand,
                  [](const LoadStage& load, const RowLoop& loop) {
                    return StageRead{.what = StageRead::What::Rows,
                                     .rows = load.pitch == 0 ? 1 : loop.rows,
                                     .pitch = load.pitch,
                                     .row_bytes = bytes_of(load.type, load.single ? 1 : loop.cols)};
                  }),
};

template <>
inline constexpr auto kOperands<SumsStage> = std::tuple{
    stage_operand("bias", &SumsStage::bias,
                  [](const SumsStage& sums, const RowLoop& loop) {
                    return sums.bias == kNoOperand
                               ? StageRead{}
                               : StageRead{.what = StageRead::What::Parameter,
                                           .row_bytes = bytes_of(sums.type, loop.cols)};
                  }),
};

template <>
inline constexpr auto kOperands<WindowStage> = std::tuple{
    stage_operand("operand", &WindowStage::operand,
                  [](const WindowStage& walk, const RowLoop& loop) {
                    const Window& window = walk.window;
                    return StageRead{
                        .what = StageRead::What::Window,
                        .part = WindowPart{
                            .window = &window,
                            .first = loop.first,
                            .count = loop.rows,
                            .k_first = 0,
                            .depth = window.kernel_rows * window.kernel_cols * window.channels,
                            .type = walk.type}};
                  }),
};

template <>
inline constexpr auto kOperands<LookupStage> = std::tuple{
    stage_operand("table", &LookupStage::table,
                  [](const LookupStage& lookup, const RowLoop& /*loop*/) {
                    return StageRead{.what = StageRead::What::Parameter,
                                     .row_bytes = bytes_of(lookup.type, kLookupEntries)};
                  }),
};

template <>
inline constexpr auto kOperands<ColumnScaleStage> = std::tuple{
    stage_operand("factors", &ColumnScaleStage::factors,
                  [](const ColumnScaleStage& /*scale*/, const RowLoop& loop) {
                    return StageRead{.what = StageRead::What::Parameter,
                                     .row_bytes = loop.cols * kColumnFactorBytes};
                  }),
};

template <>
inline constexpr auto kOperands<NumberStage> = std::tuple{};
template <>
inline constexpr auto kOperands<PairStage> = std::tuple{};
template <>
inline constexpr auto kOperands<FunctionStage> = std::tuple{};
template <>
inline constexpr auto kOperands<ReduceStage> = std::tuple{};
template <>
inline constexpr auto kOperands<MaskStage> = std::tuple{};
template <>
inline constexpr auto kOperands<ScaleStage> = std::tuple{};
template <>
inline constexpr auto kOperands<ClampStage> = std::tuple{};
template <>
inline constexpr auto kOperands<RoundStage> = std::tuple{};

/// Of a stage that reads nothing, StageRead::What::Nothing.
[[nodiscard]] StageRead read_of(const Stage& stage, const RowLoop& loop);

namespace operand_rows {

inline Operand place_of(const Operand& operand) {
  return operand;
}
inline Operand place_of(const Shared<Window>& window) {
  return window->source;
}
inline Operand place_of(std::int64_t entry) {
  return {.address = entry};
}

/// Those of a row loop that its stages name.
template <class Struct, class Take>
void take_stage_reads(const Struct& /*operation*/, const Take& /*take*/) {}
template <class Take>
void take_stage_reads(const RowLoop& loop, const Take& take) {
  for (const Stage& stage : loop.stages()) {
    const StageRead read = read_of(stage, loop);
    if (read.what != StageRead::What::Nothing) {
      take(OperandUse{.reads = true,
                      .where = loop.operand(read.operand),
                      .block = {read.rows, read.row_bytes, read.pitch},
                      .part = read.part});
    }
  }
}

}  // namespace operand_rows

/// Calls `take` with every use of an operand by which the operation reads or writes something; a
/// stage's operand must be one of its loop's. An operand that several stages name comes with each.
template <class Struct, class Take>
void for_each_operand(const Struct& operation, EngineKind engine, const Take& take) {
  static_assert(HasOperands<Struct>, "a table of its operands is missing");
  const auto offer = [&](const auto& row) {
    OperandUse use = row.use(operation, engine);
    if (use.reads || use.writes) {
      use.where = operand_rows::place_of(operation.*row.member);
      take(use);
    }
  };
  operand_rows::take_stage_reads(operation, take);
  std::apply([&](const auto&... row) { (offer(row), ...); }, kOperands<Struct>);
}

}  // namespace systole
