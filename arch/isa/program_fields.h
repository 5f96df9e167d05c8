#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "arch/isa/program.h"

namespace systole {

/// Whether a field is always written (and missed when absent), or left out where it has its
/// default.
enum class Presence : std::uint8_t { Optional, Required };

/// The table that an integer field counts in, so that a reader can check it.
enum class IndexInto : std::uint8_t { Nothing, Layers, Tiles };

template <class Struct, class Value>
struct Field {
  std::string_view key;
  Value Struct::*member;
  Presence presence = Presence::Optional;
  IndexInto index = IndexInto::Nothing;
};

template <class Struct, class Value>
constexpr Field<Struct, Value> required(std::string_view key, Value Struct::*member,
                                        IndexInto index = IndexInto::Nothing) {
  return {key, member, Presence::Required, index};
}

template <class Struct, class Value>
constexpr Field<Struct, Value> optional(std::string_view key, Value Struct::*member) {
  return {key, member, Presence::Optional};
}

/// The one table of the fields of a struct of the program, in the order of the text form: printing
/// and parsing both read it. To add a field to an instruction, add its row here.
template <class Struct>
inline constexpr std::nullptr_t kFields = nullptr;

template <class Struct>
concept HasFields = !std::is_null_pointer_v<std::remove_cv_t<decltype(kFields<Struct>)>>;

template <>
inline constexpr auto kFields<Program> = std::tuple{
    required("network", &Program::network),       required("chip", &Program::chip),
    required("batch", &Program::batch),           required("dram_bytes", &Program::dram_bytes),
    required("host_bytes", &Program::host_bytes),
};

template <>
inline constexpr auto kFields<EngineSet> = std::tuple{
    optional("cores", &EngineSet::cores),
    optional("matrix_units", &EngineSet::matrix_units),
};

template <>
inline constexpr auto kFields<ProgramLayer> = std::tuple{
    required("name", &ProgramLayer::name),
    required("kind", &ProgramLayer::kind),
    optional("macs", &ProgramLayer::macs),
    optional("fused", &ProgramLayer::fused),
};

template <>
inline constexpr auto kFields<ProgramTensor> = std::tuple{
    required("name", &ProgramTensor::name),
    required("role", &ProgramTensor::role),
    required("type", &ProgramTensor::type),
    required("pixels", &ProgramTensor::pixels),
    required("channels", &ProgramTensor::channels),
    optional("home", &ProgramTensor::home),
    optional("io", &ProgramTensor::io),
};

template <>
inline constexpr auto kFields<WeightTile> = std::tuple{
    required("layer", &WeightTile::layer, IndexInto::Layers),
    required("k_first", &WeightTile::k_first),
    required("rows", &WeightTile::rows),
    required("n_first", &WeightTile::n_first),
    required("cols", &WeightTile::cols),
    optional("dram_address", &WeightTile::dram_address),
    optional("tensor", &WeightTile::tensor),
    optional("offset", &WeightTile::offset),
    optional("pitch", &WeightTile::pitch),
    optional("transposed", &WeightTile::transposed),
    optional("zeros", &WeightTile::zeros),
};

template <>
inline constexpr auto kFields<Semaphore> = std::tuple{
    required("from", &Semaphore::from),
    required("to", &Semaphore::to),
    required("kind", &Semaphore::kind),
};

template <>
inline constexpr auto kFields<Transfer> = std::tuple{
    required("to_buffer", &Transfer::to_buffer),       required("far", &Transfer::far),
    optional("far_pitch", &Transfer::far_pitch),       required("buffer", &Transfer::buffer),
    optional("buffer_pitch", &Transfer::buffer_pitch), optional("rows", &Transfer::rows),
    required("row_bytes", &Transfer::row_bytes),
};

template <>
inline constexpr auto kFields<TileConversion> = std::tuple{
    required("to", &TileConversion::to),
    optional("scale", &TileConversion::scale),
    optional("group_rows", &TileConversion::group_rows),
    optional("first_rows", &TileConversion::first_rows),
};

template <>
inline constexpr auto kFields<LoadTile> = std::tuple{
    required("tile", &LoadTile::tile, IndexInto::Tiles),
    optional("from", &LoadTile::from),
    required("source", &LoadTile::source),
    optional("pitch", &LoadTile::pitch),
    optional("padding", &LoadTile::padding),
    required("rows", &LoadTile::rows),
    required("cols", &LoadTile::cols),
    optional("transposed", &LoadTile::transposed),
    optional("type", &LoadTile::type),
    optional("zero_point", &LoadTile::zero_point),
    optional("conversion", &LoadTile::conversion),
};

template <>
inline constexpr auto kFields<Window> = std::tuple{
    optional("source", &Window::source),
    optional("image_pitch", &Window::image_pitch),
    optional("row_pitch", &Window::row_pitch),
    optional("pixel_pitch", &Window::pixel_pitch),
    optional("in_rows", &Window::in_rows),
    optional("in_cols", &Window::in_cols),
    optional("first_in_row", &Window::first_in_row),
    required("channels", &Window::channels),
    optional("kernel_rows", &Window::kernel_rows),
    optional("kernel_cols", &Window::kernel_cols),
    optional("stride_rows", &Window::stride_rows),
    optional("stride_cols", &Window::stride_cols),
    optional("dilation_rows", &Window::dilation_rows),
    optional("dilation_cols", &Window::dilation_cols),
    optional("pad_top", &Window::pad_top),
    optional("pad_left", &Window::pad_left),
    optional("out_rows", &Window::out_rows),
    optional("out_cols", &Window::out_cols),
    optional("first_out_row", &Window::first_out_row),
    optional("pad_value", &Window::pad_value),
};

template <>
inline constexpr auto kFields<Fold> = std::tuple{
    required("tile", &Fold::tile, IndexInto::Tiles),
    optional("next_tile", &Fold::next_tile),
    required("rows", &Fold::rows),
    required("cols", &Fold::cols),
    optional("activation_type", &Fold::activation_type),
    optional("weight_type", &Fold::weight_type),
    optional("k_first", &Fold::k_first),
    required("first", &Fold::first),
    required("count", &Fold::count),
    required("accumulator", &Fold::accumulator),
    optional("accumulate", &Fold::accumulate),
    optional("zero_point", &Fold::zero_point),
    optional("drain", &Fold::drain),
    required("window", &Fold::window),
};

template <>
inline constexpr auto kFields<Store> = std::tuple{
    optional("pitch", &Store::pitch),
    optional("type", &Store::type),
    optional("zero_point", &Store::zero_point),
    optional("low", &Store::low),
    optional("high", &Store::high),
    optional("function", &Store::function),
    optional("steps", &Store::steps),
};

template <>
inline constexpr auto kFields<LoadStage> = std::tuple{
    required("operand", &LoadStage::operand),
    optional("pitch", &LoadStage::pitch),
    optional("type", &LoadStage::type),
    optional("zero_point", &LoadStage::zero_point),
    optional("scale", &LoadStage::scale),
    optional("integer", &LoadStage::integer),
    optional("multiplier", &LoadStage::multiplier),
    optional("single", &LoadStage::single),
    optional("swapped", &LoadStage::swapped),
};

template <>
inline constexpr auto kFields<SumsStage> = std::tuple{
    optional("bias", &SumsStage::bias),
    optional("type", &SumsStage::type),
};

template <>
inline constexpr auto kFields<WindowStage> = std::tuple{
    required("kind", &WindowStage::kind),
    required("operand", &WindowStage::operand),
    optional("type", &WindowStage::type),
    optional("zero_point", &WindowStage::zero_point),
    optional("scale", &WindowStage::scale),
    optional("count_padding", &WindowStage::count_padding),
    required("window", &WindowStage::window),
};

template <>
inline constexpr auto kFields<NumberStage> = std::tuple{
    required("value", &NumberStage::value),
};

template <>
inline constexpr auto kFields<PairStage> = std::tuple{
    required("kind", &PairStage::kind),
    required("a", &PairStage::a),
    required("b", &PairStage::b),
};

template <>
inline constexpr auto kFields<FunctionStage> = std::tuple{
    required("function", &FunctionStage::function),
    required("of", &FunctionStage::of),
};

template <>
inline constexpr auto kFields<ReduceStage> = std::tuple{
    required("kind", &ReduceStage::kind),
    required("of", &ReduceStage::of),
};

template <>
inline constexpr auto kFields<MaskStage> = std::tuple{
    required("of", &MaskStage::of),
    required("period", &MaskStage::period),
    optional("offset", &MaskStage::offset),
    optional("kept", &MaskStage::kept),
};

template <>
inline constexpr auto kFields<ScaleStage> = std::tuple{
    required("of", &ScaleStage::of),
    optional("by", &ScaleStage::scale),
    optional("divisor", &ScaleStage::divisor),
};

template <>
inline constexpr auto kFields<ClampStage> = std::tuple{
    required("of", &ClampStage::of),
    required("low", &ClampStage::low),
    required("high", &ClampStage::high),
};

template <>
inline constexpr auto kFields<LookupStage> = std::tuple{
    required("of", &LookupStage::of),
    required("table", &LookupStage::table),
    optional("type", &LookupStage::type),
    required("first", &LookupStage::first),
};

template <>
inline constexpr auto kFields<RoundStage> = std::tuple{
    required("of", &RoundStage::of),
    optional("type", &RoundStage::type),
};

template <>
inline constexpr auto kFields<ColumnScaleStage> = std::tuple{
    required("of", &ColumnScaleStage::of),
    required("factors", &ColumnScaleStage::factors),
};

/// Names of the alternatives of Stage, in their order.
inline constexpr auto kStageNames = std::to_array<std::string_view>(
    {"load", "sums", "window", "number", "pair", "function", "reduce", "mask", "scale", "clamp",
     "lookup", "round", "column_scale"});
static_assert(kStageNames.size() == std::variant_size_v<Stage>);

constexpr std::string_view name_of(const Stage& stage) {
  return kStageNames[stage.index()];
}

template <>
inline constexpr auto kFields<RowBody> = std::tuple{
    optional("cost", &RowBody::cost),
    required("stages", &RowBody::stages),
    required("to", &RowBody::to),
};

template <>
inline constexpr auto kFields<RowLoop> = std::tuple{
    required("rows", &RowLoop::rows),         required("cols", &RowLoop::cols),
    optional("first", &RowLoop::first),       optional("accumulator", &RowLoop::accumulator),
    optional("operands", &RowLoop::operands), required("out", &RowLoop::out),
    required("body", &RowLoop::body),
};

/// Common to all instructions; written behind the fields of the operation.
template <>
inline constexpr auto kFields<Instruction> = std::tuple{
    required("layer", &Instruction::layer, IndexInto::Layers),
    optional("wait", &Instruction::waits),
    optional("signal", &Instruction::signals),
};

/// Names of the alternatives of Operation, in their order.
inline constexpr auto kOperationNames =
    std::to_array<std::string_view>({"transfer", "load_tile", "fold", "row_loop"});
static_assert(kOperationNames.size() == std::variant_size_v<Operation>);

constexpr std::string_view name_of(const Operation& operation) {
  return kOperationNames[operation.index()];
}
inline std::string_view name_of(const StreamInstruction& instruction) {
  return kOperationNames[instruction.kind()];
}

}  // namespace systole
