#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "study/mapping_objective.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
}

namespace systole {

/// How a network is mapped: as the compiler's rules choose, as a file says, or as a search finds;
/// and into which file that is written.
struct MappingRequest {
  std::string file;                           ///< empty: none
  std::string save;                           ///< empty: nowhere
  std::optional<MappingObjective> objective;  ///< of a search; none: there is none
  std::int64_t simulated = 0;                 ///< mappings that the search simulates
  bool front = false;                         ///< `systole map`: those alone that no other beats
};

/// Options as the user wrote them.
struct MappingWords {
  std::optional<std::string> file;
  std::optional<std::string> save;
  std::optional<std::string> objective;
  std::optional<std::string> search;
  bool front = false;
};

/// `--mapping` and `--save-mapping`, `--objective` and `--search`.
void add_mapping_options(CLI::App& command, MappingWords& words);
/// Of `systole map`: all but the first.
void add_map_options(CLI::App& command, MappingWords& words);
/// Throws UserError.
[[nodiscard]] MappingRequest checked_mapping_request(const MappingWords& words);

/// Behind the options of `systole map --help`.
extern const char* const kMapFooter;

}  // namespace systole
