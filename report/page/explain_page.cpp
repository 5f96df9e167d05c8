#include "report/page/explain_page.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/explain.h"
#include "report/page/page.h"
#include "report/page/page_assets.h"

namespace systole {

std::string explain_page(const Explanation& explanation, std::optional<std::size_t> layer,
                         const std::string& command) {
  const Result& result = explanation.result;
  const nlohmann::ordered_json data = {
      {"explanation", explanation_json(explanation)},
      {"opened", layer ? nlohmann::ordered_json(*layer) : nlohmann::ordered_json()},
      {"command", command}};
  return page(fmt::format("{} on {}: how it is mapped", result.graph.name, result.chip.name), data,
              kExplainScript);
}

}  // namespace systole
