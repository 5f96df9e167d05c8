#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arch/figure_rows.h"
#include "study/token_server.h"

namespace systole {

/// A language model under load on a chip: everything that its report shows.
struct ServeReport {
  std::string chip;
  std::string network;
  std::string_view type;
  std::int64_t slots = 0;
  std::int64_t longest_context = 0;
  double capacity = 0;  ///< requests a second that keep all slots full
  ServeFigures load;
  std::optional<double> first_token_target;
  std::optional<double> each_token_target;
  std::optional<ServeFigures> largest;  ///< within the targets
  std::int64_t simulated = 0;
  std::int64_t checked = 0;
  std::optional<double> table_error;
  std::optional<double> own_usd_per_hour;
  std::optional<double> rent_usd_per_hour;

  /// Of a chip at these dollars an hour that puts out as much as `figures`.
  [[nodiscard]] static std::optional<double> usd_per_million(const std::optional<double>& hourly,
                                                             const ServeFigures& figures);
};

template <>
inline constexpr auto kFigureRows<ServeFigures> = std::tuple{
    figure("rate", &ServeFigures::rate, "1/s", "requests that arrive"),
    figure("requests", &ServeFigures::requests, "", "counted, behind those to warm up"),
    figure("first_token_p50", &ServeFigures::first_token_p50, "s", "from arrival to the first"),
    figure("first_token_p99", &ServeFigures::first_token_p99, "s", "the same"),
    figure("each_token_p50", &ServeFigures::each_token_p50, "s", "for each token behind it"),
    figure("each_token_p99", &ServeFigures::each_token_p99, "s", "the same"),
    figure("tokens_per_second", &ServeFigures::tokens_per_second, "1/s", "put out"),
    figure("busy", &ServeFigures::busy, "", "share of the time"),
    figure("sequences", &ServeFigures::sequences, "", "in a step, on average"),
};
static_assert(rows_are_complete<ServeFigures>());

template <>
inline constexpr auto kFigureRows<ServeReport> = std::tuple{
    figure("chip", &ServeReport::chip, "", "its name"),
    figure("network", &ServeReport::network, "", "its name"),
    figure("type", &ServeReport::type, "", "of tensors and weights"),
    figure("slots", &ServeReport::slots, "", "sequences that are held at most"),
    figure("longest_context", &ServeReport::longest_context, "tokens", "of a request"),
    figure("capacity", &ServeReport::capacity, "1/s", "requests that keep all slots full"),
    figure("load", &ServeReport::load, "", "at the given rate"),
    figure("first_token_target", &ServeReport::first_token_target, "s", "of 99 %"),
    figure("each_token_target", &ServeReport::each_token_target, "s", "of 99 %"),
    figure("largest", &ServeReport::largest, "", "at the largest rate within the targets"),
    figure("simulated", &ServeReport::simulated, "", "points of the table of step times"),
    figure("checked", &ServeReport::checked, "", "points between them that were simulated"),
    figure("table_error", &ServeReport::table_error, "", "the farthest of these from the table"),
    figure("own_usd_per_hour", &ServeReport::own_usd_per_hour, "USD", "of the chip, bought"),
    figure("rent_usd_per_hour", &ServeReport::rent_usd_per_hour, "USD", "of the chip, rented"),
    derived<ServeReport>(
        "own_usd_per_million_tokens",
        [](const ServeReport& report) {
          return ServeReport::usd_per_million(report.own_usd_per_hour, report.load);
        },
        "USD", "put out at the given rate"),
    derived<ServeReport>(
        "rent_usd_per_million_tokens",
        [](const ServeReport& report) {
          return ServeReport::usd_per_million(report.rent_usd_per_hour, report.load);
        },
        "USD", "the same"),
    derived<ServeReport>(
        "own_usd_per_million_tokens_at_largest",
        [](const ServeReport& report) {
          return report.largest
                     ? ServeReport::usd_per_million(report.own_usd_per_hour, *report.largest)
                     : std::nullopt;
        },
        "USD", "put out at the largest rate"),
};
static_assert(rows_are_complete<ServeReport>());

}  // namespace systole
