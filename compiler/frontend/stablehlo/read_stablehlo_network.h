#pragma once

#include <string>
#include <string_view>

#include "compiler/frontend/onnx/read_onnx_network.h"

namespace systole {

/// True of files that are read as modules of StableHLO: their names end in .mlir or .stablehlo, or
/// in something that no other format ends in and their first word is `module` or `func.func`.
[[nodiscard]] bool is_stablehlo_file(const std::string& file);

/// Reads the text of a module (docs/stablehlo.md). Throws WorkloadError: one line, or, of
/// operations that cannot be run, a line for each reason.
[[nodiscard]] Network read_stablehlo_network(const std::string& file, const OnnxOptions& options);

/// The same of a text; `file` stands in messages.
[[nodiscard]] Network parse_stablehlo_network(std::string_view text, const std::string& file,
                                              const OnnxOptions& options);

/// What became of the file, as text: which arguments are weights, what the passes recognised, what
/// the rest became, and what is missing, if something is.
[[nodiscard]] std::string explain_stablehlo(const std::string& file, const OnnxOptions& options);

}  // namespace systole
