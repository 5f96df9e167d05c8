#include "report/serve.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/format.h"
#include "report/labelled.h"
#include "report/table.h"
#include "study/figure_json.h"

namespace systole {

namespace {

std::string load_lines(const ServeFigures& load) {
  std::string each;
  if (load.each_token_p50 && load.each_token_p99) {
    each = labelled("each further one",
                    fmt::format("after {} (half), {} (99 %)", duration(*load.each_token_p50),
                                duration(*load.each_token_p99)));
  }
  return labelled("first token", fmt::format("after {} (half of {} requests), {} (99 %)",
                                             duration(load.first_token_p50), grouped(load.requests),
                                             duration(load.first_token_p99))) +
         each +
         labelled("throughput",
                  fmt::format("{} tokens/s, {} % busy, {:.1f} sequences in a step on average",
                              scaled_real(load.tokens_per_second, ""), percent(load.busy),
                              load.sequences));
}

std::string request_rate(double rate) {
  return fmt::format("{:.4g} requests/s", rate);
}

std::string cost_lines(const ServeReport& report) {
  std::string text;
  const auto add = [&](std::string_view how, const std::optional<double>& hourly) {
    if (const auto dollars = ServeReport::usd_per_million(hourly, report.load)) {
      text += labelled(how, fmt::format("{:.4g} $ an hour, {:.4g} $ a million tokens put out",
                                        *hourly, *dollars));
    }
  };
  add("owned", report.own_usd_per_hour);
  add("rented", report.rent_usd_per_hour);
  return text;
}

std::string target_text(const ServeReport& report) {
  std::string text;
  const auto add = [&](std::string_view what, const std::optional<double>& target) {
    if (target) {
      text += fmt::format("{}{} within {}", text.empty() ? "" : ", ", what, duration(*target));
    }
  };
  add("first token", report.first_token_target);
  add("each further one", report.each_token_target);
  return text;
}

std::string table_text(const ServeReport& report) {
  std::string text =
      fmt::format("{} runs simulated, straight lines between them", grouped(report.simulated));
  if (report.table_error) {
    text += fmt::format("; {} others were at most {:.2f} % off", grouped(report.checked),
                        *report.table_error * kHundred);
  }
  return text;
}

}  // namespace

std::string serve_text(const ServeReport& report, const TextOptions& options) {
  std::string text =
      styled(fmt::format("{} on {}", on_one_line(report.network), on_one_line(report.chip)),
             Style::Heading, options.colour);
  text += fmt::format("\n{}, at most {} sequence{} of up to {} tokens\n\n", report.type,
                      grouped(report.slots), report.slots == 1 ? "" : "s",
                      grouped(report.longest_context));
  text += styled(fmt::format("at {} ({} % of what keeps it full)", request_rate(report.load.rate),
                             percent(report.load.rate / report.capacity)),
                 Style::Heading, options.colour) +
          '\n';
  text += load_lines(report.load) + cost_lines(report);
  if (report.load.rate > report.capacity) {
    text += labelled("overloaded",
                     "requests wait longer and longer: the more of them are "
                     "counted, the later the first tokens");
  }
  if (report.first_token_target || report.each_token_target) {
    text += '\n';
    const std::string targets = target_text(report);
    if (report.largest) {
      text += styled(fmt::format("at {}, the largest rate with {} for 99 %",
                                 request_rate(report.largest->rate), targets),
                     Style::Heading, options.colour) +
              '\n' + load_lines(*report.largest);
      if (const auto dollars =
              ServeReport::usd_per_million(report.own_usd_per_hour, *report.largest)) {
        text += labelled("owned", fmt::format("{:.4g} $ a million tokens put out", *dollars));
      }
    } else {
      text += styled(fmt::format("no rate has {} for 99 %", targets), Style::Bad, options.colour) +
              '\n';
    }
  }
  return text + '\n' + labelled("step times", table_text(report));
}

std::string serve_json(const ServeReport& report) {
  nlohmann::ordered_json json{{"schema", "systole.serve/1"}};
  json.update(figure_json(report));
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace systole
