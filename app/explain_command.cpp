#include "app/explain_command.h"

#include <algorithm>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/mapping_files.h"
#include "arch/config/near_name.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "report/buffer_map.h"
#include "report/explain.h"
#include "report/page/explain_page.h"
#include "study/explain.h"

namespace systole {

namespace {

std::optional<std::size_t> layer_named(const Graph& graph, const std::string& name) {
  if (name.empty()) {
    return std::nullopt;
  }
  std::vector<std::string_view> names;
  for (const Node& node : graph.nodes) {
    if (node.name == name) {
      return names.size();
    }
    names.emplace_back(node.name);
  }
  throw UserError(fmt::format("systole: --layer: expected a layer of {}, got {}{}",
                              printable(graph.name), in_quotes(name), suggestion(name, names)));
}

}  // namespace

std::string run_explain(
    const Request& request, const ChipSpec& chip, const Network& network,
    const std::function<ChipSpec(const std::vector<std::string>& sets)>& changed,
    const TextOptions& options, const std::function<void(std::string_view)>& on_stage) {
  const std::optional<std::size_t> layer = layer_named(network.graph, request.explain.layer);
  const std::optional<Mapping> mapping =
      requested_mapping(request.mapping, chip, network, on_stage);
  ExplainOptions wanted{.mapping = mapping ? &*mapping : nullptr,
                        .changed = {},
                        .parallel = std::max(1U, std::thread::hardware_concurrency()),
                        .on_stage = on_stage};
  if (request.explain.changes && request.format != Format::Svg) {
    wanted.changed = changed;
  }
  const Explanation explanation = explain(chip, network, wanted);
  save_mapping(request.mapping, chip, network.graph, explanation.compiled.mapping);
  switch (request.format) {
    case Format::Json:
      return explanation_json(explanation, layer)
                 .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
             '\n';
    case Format::Html:
      return explain_page(explanation, layer, request.command_text);
    case Format::Svg:
      return buffer_map_svg(explanation.result, explanation.compiled.plans.front());
    case Format::Text:
    case Format::Csv:  // no such form
      break;
  }
  return explanation_text(explanation, options, layer);
}

}  // namespace systole
