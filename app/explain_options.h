#pragma once

#include <optional>
#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

/// `systole explain`: how a network is mapped to a chip, and why not otherwise.
struct ExplainRequest {
  std::string layer;    ///< empty: all
  bool changes = true;  ///< of hardware are evaluated
};

/// Options as the user wrote them.
struct ExplainWords {
  std::optional<std::string> layer;
  bool no_changes = false;
};

/// Adds the command's own options.
void add_explain_options(CLI::App& command, ExplainWords& words);
/// Throws UserError.
[[nodiscard]] ExplainRequest checked_explain(const ExplainWords& words);

/// Behind the options of `systole explain --help`.
extern const char* const kExplainFooter;

}  // namespace systole
