#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "arch/fact.h"
#include "arch/isa/mac_kind.h"
#include "arch/units/real_units.h"

namespace systole {

/// A circuit of its own: energy of one operation in pJ, area of one in mm2 of cells.
struct LogicCell {
  double picojoules = 0;
  double mm2 = 0;
};

/// One bit of a register, in pJ. `clock` is spent in every cycle in which its clock runs, `write`
/// for a bit written, on random data. Area in mm2 of cells.
struct RegisterBit {
  double clock = 0;
  double write = 0;
  double mm2 = 0;
};

/// An access of W bits to one macro of C bits, in pJ: access + bit W + root_bit sqrt(C): decoder,
/// columns, and bit lines whose length grows with the side of the array. Fitted to six published
/// points from 512 B to 1 MiB and from 32 to 512 bits within 9 % (docs/energy.md); below 512 B the
/// fit has no meaning and the value of 512 B is taken. A write costs `write` reads.
/// Area of a macro: C bit_cell / cell_share + W column. Not modelled: several ports a cell, ECC,
/// redundancy, sleep modes.
struct SramModel {
  double access = 0;
  double bit = 0;
  double root_bit = 0;
  double error = 0;  ///< largest of the fit at published points, 0..1
  double write = 1;
  double bit_cell_mm2 = 0;
  double cell_share = 1;  ///< of the array's area, 0..1
  double column_mm2 = 0;  ///< periphery by bit of width
  double leakage_w_per_mib = 0;

  [[nodiscard]] double read_picojoules(std::int64_t capacity_bits, std::int64_t width_bits) const;
  [[nodiscard]] double write_picojoules(std::int64_t capacity_bits, std::int64_t width_bits) const;
  [[nodiscard]] SquareMillimetres area(std::int64_t capacity_bits, std::int64_t width_bits) const;
};

/// What circuits cost in one process: configs/technologies/NAME.yaml.
struct Technology {
  std::string name;
  double node_nm = 0;
  double volts = 0;
  std::array<LogicCell, kMacKindCount> multiplier{};
  LogicCell multiplier_int32;  ///< of the vector unit
  LogicCell multiplier_fp32;
  LogicCell adder_int32;
  LogicCell adder_fp32;
  RegisterBit register_bit;
  SramModel sram;
  double wire_pj_per_bit_mm = 0;
  double clock_tree = 0;       ///< its energy over that of the registers' clocks
  double clock_gated = 0;      ///< share of clock energy left where clocks are gated
  double density_mtr_mm2 = 0;  ///< millions of transistors a mm2 of placed logic
  double placement = 1;        ///< area of cells over that of the block that holds them
  double logic_leakage_w_mm2 = 0;
  double power_gated = 0;    ///< share of leakage left where power is gated
  double other_scaling = 1;  ///< dynamic energy as the other source scales it, over this one's
  std::vector<Fact> facts;

  [[nodiscard]] const LogicCell& multiplier_of(MacKind kind) const {
    return multiplier[static_cast<std::size_t>(kind)];
  }
  /// What sums the products of `kind` up.
  [[nodiscard]] const LogicCell& adder_of(MacKind kind) const {
    return sums_in_float(kind) ? adder_fp32 : adder_int32;
  }
  /// Of one bit and cycle, with its part of the tree.
  [[nodiscard]] double clock_picojoules() const { return register_bit.clock * (1.0 + clock_tree); }
};

/// Largest field of a lithography scanner: 26 mm x 33 mm.
inline constexpr SquareMillimetres kReticle{858.0};

/// One port to the outside: configs/interfaces/NAME.yaml. PHY and SerDes hardly shrink with the
/// node, so that their figures belong to the interface, not to the technology.
struct InterfaceSpec {
  std::string name;
  double picojoules_per_bit = 0;  ///< moved, on the chip's side
  Watts idle{0};                  ///< powered, nothing moving
  SquareMillimetres phy{0};
  double controller_mtr = 0;  ///< millions of transistors, which shrink with the node
  std::string memory;         ///< family of DRAM that it is made for; empty: none
  std::int64_t bits = 0;      ///< data bus of its channel
  std::vector<Fact> facts;
};

}  // namespace systole
