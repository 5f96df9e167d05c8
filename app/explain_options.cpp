#include "app/explain_options.h"

#include <CLI/CLI.hpp>

#include "arch/diag/error.h"

namespace systole {

const char* const kExplainFooter = R"(
Says how the compiler mapped the network: a row a layer, the loop nests of those that lose most,
bytes moved at each level against the least that any mapping moves, other ways and what the cost
model expects of them, the unified buffer over time, and what a chip with twice the rows, columns,
buffer, bandwidth, ... would take: each of these chips is simulated. docs/mapping.md has every
figure. --format html makes a page of all of it, --format svg draws the buffer.

Examples:
  systole explain edge resnet50
  systole explain edge resnet50 --layer conv2_1.a
  systole explain tpu_v3 bert_base --layers 10 --no-changes
  systole explain edge mobilenet_v2 --format svg -o buffer.svg
  systole explain edge resnet50 --format html -o mapping.html
  systole explain edge resnet50 --format json -o mapping.json
)";

void add_explain_options(CLI::App& command, ExplainWords& words) {
  command.add_option("--layer", words.layer, "This layer alone")->type_name("NAME");
  command.add_flag("--no-changes", words.no_changes, "Do not simulate chips with more hardware");
}

ExplainRequest checked_explain(const ExplainWords& words) {
  if (words.layer && words.layer->empty()) {
    throw UserError("systole: --layer: expected a value, got ''");
  }
  const std::string layer = words.layer.value_or("");
  return {.layer = layer, .changes = !words.no_changes && layer.empty()};
}

}  // namespace systole
