#include "report/own_numbers.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/format.h"
#include "report/labelled.h"
#include "report/quality.h"
#include "report/table.h"
#include "report/text.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostIgnored = 3;

/// Indices as of the array in the file.
std::string place_of(const ComparedTensor& compared) {
  const Shape& shape = compared.shape;
  const std::int64_t at = compared.error.worst_at;
  const std::int64_t pixel = at / shape.channels;
  const std::int64_t image = pixel / (shape.rows * shape.cols);
  if (shape.rows == 1 && shape.cols == 1) {
    return fmt::format("[{}, {}]", image, at % shape.channels);
  }
  return fmt::format("[{}, {}, {}, {}]", image, pixel / shape.cols % shape.rows, pixel % shape.cols,
                     at % shape.channels);
}

/// `1.2 %`; from 1000 on with an exponent, and infinite where nothing but zeros were wanted.
std::string share_text(double share) {
  return share < 10 ? percent(share) + " %" : fmt::format("{:.3g} x", share);
}

}  // namespace

std::string comparison_text(const UserComparison& comparison, bool colour) {
  Table table({{"against your numbers", Column::Align::Left},
               {"mean error"},
               {"worst error"},
               {"of largest"},
               {"worst at"},
               {"SQNR dB"},
               {"top-1"}});
  for (const ComparedTensor& compared : comparison.tensors) {
    const TensorError& error = compared.error;
    table.add({"  " + on_one_line(compared.tensor), fmt::format("{:.3g}", error.mean),
               fmt::format("{:.3g}", error.worst), share_text(error.relative()),
               error.worst == 0 ? "-" : place_of(compared), sqnr_text(error),
               compared.top1 ? percent(*compared.top1) + " %" : "-"},
              compared.passed ? Style::Plain : Style::Bad);
  }
  std::string text = '\n' + table.print(kReportWidth, colour);
  const std::size_t shown = std::min(comparison.ignored.size(), kMostIgnored);
  for (std::size_t i = 0; i < shown; ++i) {
    text += fmt::format("  not compared: {}, as no tensor is called so\n",
                        shortened(on_one_line(comparison.ignored[i]), kNameWidth));
  }
  if (comparison.ignored.size() > shown) {
    text += fmt::format("  and {} more\n", comparison.ignored.size() - shown);
  }
  return text + '\n' +
         styled(comparison_line(comparison), comparison.passed() ? Style::Good : Style::Bad,
                colour) +
         '\n';
}

std::string comparison_line(const UserComparison& comparison) {
  const auto failed = std::find_if(comparison.tensors.begin(), comparison.tensors.end(),
                                   [](const ComparedTensor& t) { return !t.passed; });
  const std::string outcome =
      failed == comparison.tensors.end()
          ? "passed"
          : fmt::format("FAILED, {} is {} off", shortened(on_one_line(failed->tensor), kNameWidth),
                        share_text(failed->error.relative()));
  return fmt::format("comparison: {} tensor{} compared with your numbers, tolerance {}: {}",
                     comparison.tensors.size(), comparison.tensors.size() == 1 ? "" : "s",
                     share_text(comparison.tolerance), outcome);
}

Json comparison_json(const UserComparison& comparison) {
  Json tensors = Json::array();
  for (const ComparedTensor& compared : comparison.tensors) {
    Json json = {{"tensor", compared.tensor},
                 {"file", compared.file},
                 {"elements", compared.error.elements}};
    add_error(json, compared.error);
    json["relative_error"] = error_figure(compared.error.relative());
    json["top1"] = compared.top1 ? Json(*compared.top1) : Json();
    json["passed"] = compared.passed;
    tensors.push_back(std::move(json));
  }
  return {{"passed", comparison.passed()},
          {"tolerance", comparison.tolerance},
          {"tensors", tensors},
          {"not_compared", comparison.ignored}};
}

}  // namespace systole
