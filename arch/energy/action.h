#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"
#include "arch/isa/mac_kind.h"

namespace systole {

/// Where the energy of a run goes. Together they are all of it.
enum class Component : std::uint8_t {
  MatrixUnit,     ///< multipliers, adders, registers that change; weights shifting in
  Accumulators,   ///< partial sums, read and written by entry
  UnifiedBuffer,  ///< by port access, with the wires between banks and engines
  WeightFifo,     ///< weights written and read
  VectorUnit,     ///< lanes that work
  Control,        ///< instructions
  Interconnect,   ///< wires across the die, for what comes from or goes to the pins
  Clock,          ///< clock trees and clocks of registers, by cycle
  Leakage,        ///< of logic and memory, by time
  DramInterface,  ///< controllers and PHYs on the chip
  HostLink,       ///< SerDes and controller on the chip
  DramDevice,     ///< the memory devices and the wires to them
  Supply,         ///< what is lost converting the board's voltage
};
inline constexpr int kComponentCount = 13;

template <>
inline constexpr auto kEnumNames<Component> = std::to_array<EnumName<Component>>({
    {Component::MatrixUnit, "matrix_unit"},
    {Component::Accumulators, "accumulators"},
    {Component::UnifiedBuffer, "unified_buffer"},
    {Component::WeightFifo, "weight_fifo"},
    {Component::VectorUnit, "vector_unit"},
    {Component::Control, "control"},
    {Component::Interconnect, "interconnect"},
    {Component::Clock, "clock"},
    {Component::Leakage, "leakage"},
    {Component::DramInterface, "dram_interface"},
    {Component::HostLink, "host_link"},
    {Component::DramDevice, "dram_device"},
    {Component::Supply, "supply"},
});

/// What a simulation counts, or what follows from its counts, and what a table gives an energy.
enum class Action : std::uint8_t {
  MacInt8,  ///< one product and its addition, by kind, in the order of MacKind
  MacInt8xInt16,
  MacInt16,
  MacInt4,
  MacFp8,
  MacFp16,
  MacBf16,
  TileLoad,         ///< a tile of what stays in the array, shifted into it
  TileUnload,       ///< a tile of sums that stayed, shifted out
  MatrixClock,      ///< a cycle of the array's clock
  AccumulatorRead,  ///< an entry
  AccumulatorWrite,
  BufferRead,  ///< a port access
  BufferWrite,
  FifoByte,       ///< written and read once
  FifoByteAgain,  ///< read once more
  Conversion,     ///< of an element on its way to the FIFO: scaled and rounded
  VectorLane,     ///< a lane in a busy cycle
  VectorClock,    ///< a cycle
  Instruction,    ///< fetched, decoded, issued
  ControlClock,   ///< a cycle
  InterconnectByte,
  DramInterfaceByte,
  HostLinkByte,
};
inline constexpr int kActionCount = 24;

/// What configuration files call an action of a component.
struct ActionName {
  Component owner;  ///< that files name it under
  std::string_view name;
  Component account;  ///< that reports count it to
};

[[nodiscard]] constexpr ActionName action_name(Action action) {
  using enum Component;
  switch (action) {
    case Action::MacInt8:
    case Action::MacInt8xInt16:
    case Action::MacInt16:
    case Action::MacInt4:
    case Action::MacFp8:
    case Action::MacFp16:
    case Action::MacBf16:
      return {MatrixUnit, name_of(static_cast<MacKind>(action)), MatrixUnit};
    case Action::TileLoad:
      return {MatrixUnit, "tile_load", MatrixUnit};
    case Action::TileUnload:
      return {MatrixUnit, "tile_unload", MatrixUnit};
    case Action::MatrixClock:
      return {MatrixUnit, "clock", Clock};
    case Action::AccumulatorRead:
      return {Accumulators, "read", Accumulators};
    case Action::AccumulatorWrite:
      return {Accumulators, "write", Accumulators};
    case Action::BufferRead:
      return {UnifiedBuffer, "read", UnifiedBuffer};
    case Action::BufferWrite:
      return {UnifiedBuffer, "write", UnifiedBuffer};
    case Action::FifoByte:
      return {WeightFifo, "byte", WeightFifo};
    case Action::FifoByteAgain:
      return {WeightFifo, "byte_again", WeightFifo};
    case Action::Conversion:
      return {WeightFifo, "conversion", WeightFifo};
    case Action::VectorLane:
      return {VectorUnit, "lane", VectorUnit};
    case Action::VectorClock:
      return {VectorUnit, "clock", Clock};
    case Action::Instruction:
      return {Control, "instruction", Control};
    case Action::ControlClock:
      return {Control, "clock", Clock};
    case Action::InterconnectByte:
      return {Interconnect, "byte", Interconnect};
    case Action::DramInterfaceByte:
      return {DramInterface, "byte", DramInterface};
    case Action::HostLinkByte:
      return {HostLink, "byte", HostLink};
  }
  return {Supply, "", Supply};
}

[[nodiscard]] constexpr Action mac_action(MacKind kind) {
  return static_cast<Action>(kind);
}
static_assert(mac_action(MacKind::Int8) == Action::MacInt8);
static_assert(mac_action(MacKind::Bf16) == Action::MacBf16);

}  // namespace systole
