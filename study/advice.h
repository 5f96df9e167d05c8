#pragma once

#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "study/result.h"

namespace systole {

/// What a reader should know about a chip before he believes its figures, a sentence each: parts
/// that do not belong together (a DRAM interface of another family or width than the DRAM, the
/// price of another memory, an HBM without a stack), a TDP below full load, an array that wants
/// more operands a cycle than the buffer's ports give.
[[nodiscard]] std::vector<std::string> chip_warnings(const ChipSpec& chip);

/// A cause for which the matrix unit stood still, and which figures of the chip made it.
struct Advice {
  Cause cause = Cause::Port;
  double share = 0;               ///< of the elapsed cycles, 0..1
  std::string reason;             ///< what was wanted and what was there
  std::vector<std::string> keys;  ///< of the chip's file, or `batch`
};

/// The matrix unit's largest causes but busy and idle, at most three, each of a twentieth of the
/// run or more; equal ones in the order of causes. Empty for a run without folds.
[[nodiscard]] std::vector<Advice> advice_of(const Result& result);

}  // namespace systole
