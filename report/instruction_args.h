#pragma once

#include <string>

#include "arch/isa/instruction.h"

namespace systole {

/// Appends the fields of an instruction as members of a JSON object, without its braces:
/// `"tile":3,"rows":32,...,"window":"t54@802816",...,"layer":0,"wait":"1,2x3"`. Keys, order and
/// what is left out at its default are those of the program's text (docs/program.md); numbers are
/// numbers, operands, scales and semaphores the words of that text. Of a window the source alone:
/// its shape is the layer's; of a row loop's stages the names.
void append_args(std::string& text, const Instruction& instruction);

/// The semaphores alone.
void append_semaphore_args(std::string& text, const Instruction& instruction);

}  // namespace systole
