#include "study/serve_report.h"

namespace systole {

std::optional<double> ServeReport::usd_per_million(const std::optional<double>& hourly,
                                                   const ServeFigures& figures) {
  constexpr double kMillion = 1e6;
  constexpr double kSecondsPerHour = 3600;
  if (!hourly || figures.tokens_per_second <= 0) {
    return std::nullopt;
  }
  return *hourly * kMillion / (figures.tokens_per_second * kSecondsPerHour);
}

}  // namespace systole
