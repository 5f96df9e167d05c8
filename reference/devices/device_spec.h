#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "arch/enum_names.h"
#include "arch/isa/data_type.h"
#include "arch/units/real_units.h"
#include "arch/units/units.h"

namespace systole::reference {

enum class DeviceClass : std::uint8_t { Cpu, Gpu, Edge };

/// Weights that stay in the last cache from one pass to the next.
///  - Never: each pass loads them from memory;
///  - Whole: where those of the whole network fit (a cache that drops what was used least recently
///    holds nothing of a longer cycle);
///  - Partly: of the first operations as far as they fit (a memory that software fills).
enum class KeptWeights : std::uint8_t { Never, Whole, Partly };

}  // namespace systole::reference

namespace systole {

template <>
inline constexpr auto kEnumNames<reference::DeviceClass> =
    std::to_array<EnumName<reference::DeviceClass>>({
        {reference::DeviceClass::Cpu, "cpu"},
        {reference::DeviceClass::Gpu, "gpu"},
        {reference::DeviceClass::Edge, "edge"},
    });

template <>
inline constexpr auto kEnumNames<reference::KeptWeights> =
    std::to_array<EnumName<reference::KeptWeights>>({
        {reference::KeptWeights::Never, "never"},
        {reference::KeptWeights::Whole, "whole"},
        {reference::KeptWeights::Partly, "partly"},
    });

}  // namespace systole

namespace systole::reference {

/// Outputs of a matrix product that one unit (SM, core) works on at a time.
struct OutputTile {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
};

struct EnergyPerMac {
  DataType type = DataType::Int8;
  Femtojoules energy{0};
};

/// Software between the network and the device.
///  - launch: the device is idle between two dependent operations. Of independent units it is the
///    time in which all of them wait for each other, level by level of a tree; fewer take their
///    share of the levels, and one alone waits for nobody;
///  - host_launch: the host takes so long to issue an operation, while the device works;
///  - call: once for each pass over the network, synchronisation and copies included;
///  - fused: additions and activations are part of the matrix product before them. Otherwise each
///    of normalisation and activation behind a convolution is an operation of its own.
struct SoftwareStack {
  std::string name;
  Femtoseconds launch{0};
  Femtoseconds host_launch{0};
  Femtoseconds call{0};
  bool fused = true;
};

/// What devices of one architecture have in common: the mechanisms of docs/devices.md. A cycle is
/// one of the device's clock; a unit is an SM or a core.
struct DeviceFamily {
  std::string name;
  bool calibrated = false;             ///< a measurement of a device of its own fixed its figures
  std::vector<OutputTile> tiles;       ///< that kernels exist for; software takes the best
  std::vector<std::int64_t> k_splits;  ///< ways to share a long reduction among units
  std::int64_t k_step = 1;             ///< reductions are padded to a multiple
  double mac_efficiency = 1;           ///< of the inner loop, 0..1 of the peak rate
  double cycles_per_tile = 0;          ///< prologue, pipeline fill, write-back
  double cycles_per_output = 0;        ///< epilogue: scaling, activation, conversion
  double cycles_per_operation = 0;     ///< first and last access to memory, not overlapped
  double attention_factor = 1;         ///< softmax, in epilogues of its scores
  double cache_bytes_per_cycle = 0;    ///< from the shared cache to one unit
  double shared_cache_bytes_per_cycle = 0;  ///< from the last cache to one of many busy units
  double vector_macs_per_cycle = 0;         ///< of one unit without its matrix engine
  double memory_efficiency = 1;             ///< of the peak bandwidth, 0..1
  double cache_share = 0;           ///< of the last cache that keeps tensors between operations
  std::int64_t inputs_at_once = 0;  ///< a larger batch takes several passes; 0: any number
  KeptWeights kept_weights = KeptWeights::Never;
  bool independent_units = false;  ///< software may run copies of the network on fewer units each
  double voltage_floor = 1;        ///< of the nominal voltage, towards clock 0; linear between
  double active_share = 0;         ///< of TDP - idle, drawn by busy units whatever they compute
  Femtojoules energy_per_byte{0};  ///< memory and its interface
  std::vector<EnergyPerMac> energy_per_mac;  ///< at nominal clock and voltage
  std::vector<SoftwareStack> stacks;         ///< the first is the default
  std::vector<Fact> facts;
};

/// Multiply-accumulates of one unit in a cycle, dense.
struct MacRate {
  DataType type = DataType::Int8;
  std::int64_t macs_per_cycle = 0;
};

/// A price list's figure for renting.
struct RentPrice {
  UsdPerHour price{0};
  std::int64_t devices = 1;  ///< in what is rented for it
};

/// A device that one can buy. Not modelled: several devices behind one host.
struct DeviceSpec {
  std::string name;
  std::string description;
  std::string file;
  DeviceClass kind = DeviceClass::Gpu;
  DeviceFamily family;
  std::int64_t units = 0;
  Hertz clock{0};  ///< the highest that it sustains while power allows
  std::vector<MacRate> rates;
  BytesPerSecond bandwidth{0};
  Bytes memory{0};
  Bytes cache{0};  ///< the last one before memory
  Watts tdp{0};
  Watts idle{0};
  Watts busy{0};  ///< measured at full load where published, else the TDP
  /// int8 MACs a second of fixed engines beside the units, which add to throughput only, at the
  /// units' own efficiency; 0 where there are none.
  std::int64_t companion_macs_per_second = 0;
  std::optional<Usd> price;
  std::optional<RentPrice> rent;
  std::vector<Fact> facts;

  /// 0 where the device has no such type.
  [[nodiscard]] std::int64_t macs_per_cycle(DataType type) const;
  [[nodiscard]] bool supports(DataType type) const { return macs_per_cycle(type) > 0; }
  /// MACs a second of all units at full clock.
  [[nodiscard]] double peak_macs_per_second(DataType type) const;
  /// int8 where the device has it, else the fastest type it has; among equals the first.
  [[nodiscard]] DataType preferred_type() const;
  [[nodiscard]] const SoftwareStack* stack(std::string_view name) const;
};

}  // namespace systole::reference
