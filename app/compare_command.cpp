#include "app/compare_command.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "app/catalogue.h"
#include "app/compare_subjects.h"
#include "app/measure_command.h"
#include "app/progress.h"
#include "report/compare.h"
#include "report/page/compare_page.h"
#include "study/compare.h"

namespace systole {

namespace {

std::string formatted(const Comparison& comparison, const Request& request,
                      const TextOptions& options) {
  switch (request.format) {
    case Format::Text:
      return compare_text(comparison, options);
    case Format::Json:
      return compare_json(comparison);
    case Format::Csv:
      return compare_csv(comparison);
    case Format::Html:
      return compare_page(comparison, request.command_text,
                          fmt::format("systole {} with seed {}", SYSTOLE_VERSION, request.seed));
    case Format::Svg:
      break;  // only of systole explain
  }
  return "";
}

template <class Unit>
std::map<std::string, Unit> of_unit(const std::map<std::string, double>& figures) {
  std::map<std::string, Unit> quantities;
  for (const auto& [name, figure] : figures) {
    quantities.emplace(name, Unit(figure));
  }
  return quantities;
}

}  // namespace

std::string run_compare(const Request& request, const TextOptions& options) {
  const CompareCommand& command = request.compare;
  const std::vector<CompareSubject> subjects = compare_subjects(command);
  const std::string site_file = find_entry(EntryKind::Site, command.site);
  const Site site = read_as(EntryKind::Site, site_file, [&] { return read_site(site_file); });
  const CompareOptions compare_options{
      .batches = command.batches,
      .dims = request.dims,
      .phase = request.phase,
      .baseline = compare_baseline(command, subjects),
      .prices = of_unit<Usd>(by_subject("--price", command.prices, subjects)),
      .powers = of_unit<Watts>(by_subject("--watts", command.watts, subjects)),
      .arrival_rate = command.arrival_rate,
      .deadline = request.deadline,
      .load = {.requests = command.requests, .seed = request.seed, .arrivals = command.arrivals},
      .curves = request.format == Format::Html,
      .parallel = std::max(1U, std::thread::hardware_concurrency()),
      .power_file = cpu_power_file()};
  const std::string network = find_entry(EntryKind::Network, request.network);
  Progress progress(!request.quiet);
  progress.stage("comparing");
  return formatted(compare(network, subjects, compare_options, site), request, options);
}

}  // namespace systole
