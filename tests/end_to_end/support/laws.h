#pragma once

#include <string>

#include "arch/isa/program.h"
#include "study/result.h"

namespace systole {

/// What must hold after every run, whatever was run: causes add up, bytes and MACs are conserved,
/// nothing is faster than its lower bound. Returns one line per broken law; empty when all hold.
[[nodiscard]] std::string broken_laws(const Result& result, const Program& program);

}  // namespace systole
