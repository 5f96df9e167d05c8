#include "report/quality.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/format.h"
#include "report/labelled.h"
#include "report/table.h"
#include "report/text.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostNotes = 10;

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string name_of_tensor(const TensorQuality& quality) {
  return shortened(on_one_line(quality.tensor), kNameWidth);
}

std::string error_table(const CheckResult& check, bool colour) {
  Table table({{"against the float network", Column::Align::Left},
               {"mean error"},
               {"worst error"},
               {"SQNR dB"},
               {"clipped"}});
  for (const TensorQuality& quality : check.quality) {
    if (quality.error) {
      table.add({"  " + on_one_line(quality.tensor), fmt::format("{:.3g}", quality.error->mean),
                 fmt::format("{:.3g}", quality.error->worst), sqnr_text(*quality.error),
                 percent(share(quality.saturated, quality.elements)) + " %"});
    }
  }
  return table.print(kReportWidth, colour);
}

std::vector<std::string> notes(const CheckResult& check) {
  std::vector<std::string> lines;
  for (const TensorQuality& quality : check.quality) {
    const double clipped = share(quality.saturated, quality.elements);
    if (clipped > kManyClipped) {
      lines.push_back(fmt::format(
          "{}: {} % of the values do not fit int8 and are clipped: its scale is too small",
          name_of_tensor(quality), percent(clipped)));
    }
    if (quality.clipped_weights > 0) {
      lines.push_back(
          fmt::format("{}: {} weights do not fit int8 and are clipped: weights.scale is "
                      "too small",
                      name_of_tensor(quality), grouped(quality.clipped_weights)));
    }
  }
  return lines;
}

}  // namespace

std::string quality_text(const CheckResult& check, bool colour) {
  const bool has_errors =
      std::any_of(check.quality.begin(), check.quality.end(),
                  [](const TensorQuality& quality) { return quality.error.has_value(); });
  std::string text = has_errors ? '\n' + error_table(check, colour) : "";
  const std::vector<std::string> lines = notes(check);
  if (!lines.empty()) {
    text += '\n';
  }
  for (std::size_t i = 0; i < std::min(lines.size(), kMostNotes); ++i) {
    text += styled("note: " + lines[i], Style::Bad, colour) + '\n';
  }
  if (lines.size() > kMostNotes) {
    text += fmt::format("  and {} more\n", lines.size() - kMostNotes);
  }
  return text;
}

std::string sqnr_text(const TensorError& error) {
  if (error.sqnr_db) {
    return fmt::format("{:.1f}", *error.sqnr_db);
  }
  return error.worst == 0 ? "exact" : "-";
}

Json error_figure(double value) {
  if (!std::isfinite(value)) {
    return fmt::format("{}", value);
  }
  double rounded = 0;  // of the smallest numbers too, which stod refuses
  const std::string text = fmt::format("{:.5e}", value);
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return rounded;
}

void add_error(Json& json, const TensorError& error) {
  json["mean_error"] = error_figure(error.mean);
  json["worst_error"] = error_figure(error.worst);
  json["worst_at"] = error.worst_at;
  json["sqnr_db"] = error.sqnr_db ? Json(*error.sqnr_db) : Json();
}

Json quality_json(const CheckResult& check) {
  Json list = Json::array();
  for (const TensorQuality& quality : check.quality) {
    Json json = {{"tensor", quality.tensor},
                 {"elements", quality.elements},
                 {"clipped", quality.saturated},
                 {"clipped_weights", quality.clipped_weights}};
    if (quality.error) {
      add_error(json, *quality.error);
    }
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace systole
