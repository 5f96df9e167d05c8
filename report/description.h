#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "arch/chip_spec.h"
#include "arch/dram_spec.h"
#include "arch/fpga/read_fpga_part.h"
#include "compiler/graph/graph.h"
#include "report/text_options.h"

namespace systole {

/// What an input file says, for people and programs: `systole describe`.
struct Description {
  std::string kind;  ///< `network`, `DRAM standard`, ...
  std::string name;
  std::string description;
  /// A figure: its key in JSON, what it is in words, its value, and how a text shows it.
  struct Figure {
    std::string key;
    std::string label;
    nlohmann::ordered_json value;
    std::string text;
  };
  std::vector<Figure> figures;
  struct Layer {
    std::string name;
    std::string kind;
    std::vector<std::int64_t> output;
    std::string type;
    std::int64_t macs = 0;  ///< of the batch
    std::int64_t parameters = 0;
  };
  std::vector<Layer> layers;  ///< of a network
  std::vector<std::string> warnings;
  std::vector<Fact> facts;
};

[[nodiscard]] Description description_of(const ChipSpec& chip);
[[nodiscard]] Description description_of(const Graph& graph);
[[nodiscard]] Description description_of(const DramStandard& standard,
                                         const std::vector<Fact>& facts);
[[nodiscard]] Description description_of(const FpgaPartFile& card);

[[nodiscard]] std::string description_text(const Description& description,
                                           const TextOptions& options);
/// Schema `systole.describe/1`: `kind`, `name`, `description`, `figures` by key, `layers` of a
/// network, `warnings`, and `facts`: of each its path, value, status and source.
[[nodiscard]] nlohmann::ordered_json description_json(const Description& description);

}  // namespace systole
