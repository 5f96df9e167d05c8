#pragma once

#include "arch/units/real_units.h"

namespace systole {

/// From above: what a design from scratch of 300 mm2 costs in the process, first tape-out
/// included, scaled: area (0.5 + 0.3) N / 300 + 0.2 N (modules, chip, fixed). Source: IBS figures
/// as used by Feng and Ma, Chiplet Actuary, DAC 2022. Leading-edge systems on chip; a regular
/// accelerator costs 5 to 20 times less, which `bottom_up_nre` shows.
[[nodiscard]] Usd top_down_nre(Usd design_of_300mm2, SquareMillimetres die);

/// From below, as Moonwalk (Khazraee et al., ASPLOS 2017) counts.
struct BottomUpInputs {
  Usd mask_set{0};
  Usd ip_licences{0};
  double backend_usd_per_gate = 0;
  double transistors_per_gate = 0;
  double mega_transistors_per_mm2 = 0;  ///< of the process
  double custom_share = 1.0;            ///< of the die that is laid out by hand once, 0..1
  double frontend_engineer_years = 0;
  Usd frontend_usd_per_year{0};
  Usd frontend_tools_usd_per_month{0};
  double backend_engineer_months = 0;
  Usd backend_tools_usd_per_month{0};
  Usd package_design{0};
};

struct BottomUpNre {
  Usd masks{0};
  Usd ip{0};
  Usd frontend{0};  ///< labour and tools
  Usd backend{0};   ///< labour by the gate, tools by the month
  Usd package{0};

  [[nodiscard]] Usd total() const { return masks + ip + frontend + backend + package; }
};

/// gates = die mm2 * density / transistors a gate * custom_share: an array of equal PEs and memory
/// macros are laid out once. Not modelled: software, second tape-outs, validation boards.
[[nodiscard]] BottomUpNre bottom_up_nre(const BottomUpInputs& inputs, SquareMillimetres die);

}  // namespace systole
