#pragma once

#include <optional>
#include <string>

#include "arch/chip_spec.h"
#include "arch/isa/program.h"
#include "compiler/verify/wording.h"

namespace systole::verification {

/// The tables of a program, each entry by itself: sizes positive and sane, tiles no larger than the
/// array, memories no larger than the chip's.
[[nodiscard]] std::optional<std::string> check_tables(const ChipSpec& chip, const Program& program);

/// One instruction by itself: it belongs to its engine, its indices exist, its sizes are positive
/// and fit the array and the accumulators, LoadTile and Fold agree with their tile. Afterwards
/// no sum or product of its fields overflows. Addresses are checked with the accesses they make.
[[nodiscard]] std::optional<std::string> check_fields(const ChipSpec& chip, const Program& program,
                                                      Place place);

}  // namespace systole::verification
