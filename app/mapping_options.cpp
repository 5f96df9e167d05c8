#include "app/mapping_options.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/option_values.h"
#include "arch/config/quantity_text.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

constexpr std::int64_t kFull = 48;
constexpr std::int64_t kMostSimulated = 100'000;

/// quick: the cost model alone; full; or how many are simulated.
std::int64_t simulated_of(const std::string& text) {
  if (text == "quick") {
    return 0;
  }
  if (text == "full") {
    return kFull;
  }
  const std::optional<std::int64_t> count = parse_integer(text);
  if (!count || *count < 1 || *count > kMostSimulated) {
    throw UserError(
        fmt::format("systole: --search: expected quick, full or an integer in 1..{}, got {}",
                    kMostSimulated, in_quotes(text)));
  }
  return *count;
}

}  // namespace

const char* const kMapFooter = R"(
Looks for mappings of the network to the chip and says what each costs: cycles, joules, bytes over
DRAM. The first is the one that the compiler's rules choose. --search quick asks the cost model,
and simulates for energy alone; full simulates 48 mappings, N so many; docs/mapping.md says which.
--front shows those that no other beats in all three. --save-mapping writes the best by the objective.

Examples:
  systole map edge resnet50 --search 16
  systole map edge mobilenet_v2 --front --search full --format csv
  systole map edge resnet50 --objective dram --save-mapping least_dram.yaml
)";

void add_map_options(CLI::App& command, MappingWords& words) {
  command.add_option("--save-mapping", words.save, "Also write how it was mapped to FILE")
      ->type_name("FILE");
  command
      .add_option("--objective", words.objective,
                  "Look for a mapping that minimises latency, energy, dram (bytes) or edp (energy "
                  "times time)")
      ->type_name("WHAT");
  command
      .add_option("--search", words.search,
                  "Mappings that are simulated: quick (the cost model chooses), full (48) or N "
                  "(default: quick); without --objective for latency")
      ->type_name("HOW");
}

void add_mapping_options(CLI::App& command, MappingWords& words) {
  command
      .add_option("--mapping", words.file,
                  "Map the network as FILE says instead of choosing (docs/mapping.md)")
      ->type_name("FILE");
  add_map_options(command, words);
}

MappingRequest checked_mapping_request(const MappingWords& words) {
  MappingRequest request{.file = named_file_of("--mapping", words.file),
                         .save = named_file_of("--save-mapping", words.save),
                         .objective = {},
                         .front = words.front};
  if (words.objective) {
    request.objective = value_named<MappingObjective>(*words.objective);
    if (!request.objective) {
      throw UserError(
          fmt::format("systole: --objective: expected one of latency, energy, dram, edp, got {}",
                      in_quotes(*words.objective)));
    }
  }
  if (words.search) {
    request.simulated = simulated_of(*words.search);
    request.objective = request.objective.value_or(MappingObjective::Latency);
  }
  if (!request.file.empty() && request.objective) {
    throw UserError(fmt::format("systole: --mapping: expected without {}, got both",
                                words.objective ? "--objective" : "--search"));
  }
  return request;
}

}  // namespace systole
