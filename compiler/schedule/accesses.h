#pragma once

#include <vector>

#include "arch/isa/program_operands.h"
#include "compiler/schedule/region.h"

namespace systole {

/// What an instruction touches.
struct Accesses {
  std::vector<Region> reads;
  std::vector<Region> writes;
};

/// As the table of its operands says, each region once. Weights are left out: they never change.
/// Overwrites `accesses`, whose memory is used again.
void find_accesses(const Operation& operation, EngineKind engine, Accesses& accesses);

/// The pixels of the input rows that a part of a window touches, `where` being the window's source:
/// all columns, and the channels of the part where it is of one kernel position, else all; whole
/// images between two images. Not less than what is read.
[[nodiscard]] Region region_of(const WindowPart& part, const Operand& where);

}  // namespace systole
