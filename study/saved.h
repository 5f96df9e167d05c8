#pragma once

#include <string>
#include <string_view>

#include "arch/chip_spec.h"
#include "arch/counters.h"
#include "compiler/graph/graph.h"
#include "study/result.h"

namespace systole {

// Plain values as text and back, without loss: JSON by the tables of their structs
// (arch/figure_rows.h), so that no field can be forgotten. What is read back saves to the same
// text, and its reports are the same to the byte. Reading throws UserError, one line, for a text
// that is no such value, or one of another version.

[[nodiscard]] std::string save(const ChipSpec& chip);
[[nodiscard]] ChipSpec saved_chip(std::string_view text);

[[nodiscard]] std::string save(const Counters& counters);
[[nodiscard]] Counters saved_counters(std::string_view text);

/// All of a result but its network, which has a file of its own and is given again, and the values
/// of tensors, which `--save-tensors` keeps.
[[nodiscard]] std::string save(const Result& result);
[[nodiscard]] Result saved_result(std::string_view text, Graph graph);

}  // namespace systole
