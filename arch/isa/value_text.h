#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/isa/instruction.h"

namespace systole {

// How the values of a program read as text (docs/program.md), appended to `text`.

/// `-12`
void append_value(std::string& text, std::int64_t number);
/// `0.1`, `-1e-30`, `inf`: the fewest digits that give the same number back
void append_value(std::string& text, float real);
/// `t3+128@4096`, `t3@4096` at offset 0, `@4096` without a tensor
void append_value(std::string& text, const Operand& operand);
/// `t3+128@4096,@64`
void append_value(std::string& text, const OperandList& operands);
/// `1518500250/2^37`
void append_value(std::string& text, const FixedPoint& scale);
/// `5,7x2`: semaphore 5 once, semaphore 7 twice
void append_value(std::string& text, const std::vector<SemaphoreUse>& uses);

}  // namespace systole
