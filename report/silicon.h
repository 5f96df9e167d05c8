#pragma once

#include <string>

#include "report/text.h"
#include "study/result.h"

namespace systole {

/// The part of the report about energy, power and dollars: by component, against the TDP, by way of
/// having the chip. A chip without a technology gets one line that says so: nothing is shown as 0.
[[nodiscard]] std::string silicon_text(const Result& result, const TextOptions& options = {});

/// The parts of a chip's description that follow from its technology: area by part, power without
/// a run, what it costs to make, and every constant with its source. Empty without a technology.
[[nodiscard]] std::string describe_silicon(const ChipSpec& chip, const TextOptions& options = {});

/// Every figure that the chip is made of, those of its technology, interfaces and prices included.
[[nodiscard]] std::vector<Fact> all_facts(const ChipSpec& chip);

/// A table of figures with value, status and source, the sources spelt out below it.
[[nodiscard]] std::string fact_table(const std::vector<Fact>& facts, const TextOptions& options);

}  // namespace systole
