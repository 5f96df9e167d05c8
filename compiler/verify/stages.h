#pragma once

#include <cstdint>
#include <string>

#include "arch/isa/instruction.h"

namespace systole::verification {

/// What a stage makes of each row of the loop.
enum class Made : std::uint8_t { Row, Single };

struct StageCheck {
  std::string broken;  ///< the first rule that is; empty where none is
  Made result = Made::Row;
  bool integers = false;  ///< what the last stage makes
};

/// The stages of a row loop by themselves: each names values made before it, rows of numbers only
/// in the pass in which they stream by, and reals where they work on reals, integers where on
/// integers. Operands and store are not looked at.
[[nodiscard]] StageCheck check_stages(const RowLoop& loop);

}  // namespace systole::verification
