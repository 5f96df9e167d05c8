#pragma once

#include "arch/cost/inputs.h"
#include "arch/units/real_units.h"

namespace systole {

/// From above: what a design from scratch of 300 mm2 costs in the process, first tape-out
/// included, scaled: area (0.5 + 0.3) N / 300 + 0.2 N (modules, chip, fixed). Source: IBS figures
/// as used by Feng and Ma, Chiplet Actuary, DAC 2022. Leading-edge systems on chip; a regular
/// accelerator costs 5 to 20 times less, which `bottom_up_nre` shows.
[[nodiscard]] Usd top_down_nre(Usd design_of_300mm2, SquareMillimetres die);

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
