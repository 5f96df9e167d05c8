#pragma once

#include <string>

namespace systole {

/// The source of `python/systole/figures.py`: a class for each object of the JSON report, its keys
/// annotated with their types, so that editors complete them and type checkers know them. Made from
/// the tables that the report is written by; what the report writes otherwise is named here.
[[nodiscard]] std::string python_figures();

}  // namespace systole
