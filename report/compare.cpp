#include "report/compare.h"

#include <array>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/units/operations.h"
#include "arch/units/seconds.h"
#include "report/format.h"
#include "report/table.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;
using Align = Column::Align;

constexpr double kMillisecondsPerSecond = 1e3;
/// A comparison has more columns than a report.
constexpr std::size_t kCompareWidth = 140;

std::string significant(double value) {
  return value >= 1000 ? grouped(std::llround(value)) : fmt::format("{:.3g}", value);
}

template <class Q>
std::string cell(const std::optional<Q>& figure) {
  return figure ? significant(figure->count()) : "-";
}

std::string cell(const std::optional<double>& figure) {
  return figure ? significant(*figure) : "-";
}

std::string cell(double figure) {
  return figure > 0 ? significant(figure) : "-";
}

/// First letter of how a figure was obtained: S, M, R or m (modelled).
char letter(Obtained obtained) {
  switch (obtained) {
    case Obtained::Simulated:
      return 'S';
    case Obtained::Measured:
      return 'M';
    case Obtained::Recorded:
      return 'R';
    case Obtained::Modelled:
      return 'm';
  }
  return '?';
}

/// `Sm`: of time and power; `m?` where a device's family has no measurement of its own.
std::string letters(const ComparedDevice& row) {
  const std::string_view doubt = row.calibrated ? "" : "?";
  return fmt::format("{}{}{}{}", letter(row.time_obtained), doubt,
                     row.power ? letter(row.power_obtained) : '-', row.power ? doubt : "");
}

/// 2 operations a MAC.
std::optional<double> tops_per_watt(const ComparedDevice& row, const UseFigures& use) {
  if (!use.energy_per_inference) {
    return std::nullopt;
  }
  return kOperationsPerMac * static_cast<double>(row.macs) / static_cast<double>(row.batch) /
         use.energy_per_inference->count() / kTera;
}

std::string rows_table(const Comparison& comparison, bool colour) {
  Table table({{"device", Align::Left},
               {"type"},
               {"batch"},
               {"time"},
               {"inf/s"},
               {"util%"},
               {"W"},
               {"mJ/inf"},
               {"TOPS/W"},
               {"USD"},
               {"own $/M"},
               {"rent $/M"},
               {"x speed"},
               {"x energy"},
               {"how", Align::Left}});
  for (const ComparedDevice& row : comparison.rows) {
    const std::string name = on_one_line(row.name);
    const std::string batch = fmt::format("{}", row.batch);
    if (!row.error.empty()) {
      table.add({name, "-", batch, "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "failed"},
                Style::Bad);
      continue;
    }
    const RelativeFigures relative = relative_figures(comparison, row);
    const UseFigures use = comparison.use_of(row);
    const std::optional<Joules>& energy = use.energy_per_inference;
    table.add({name, std::string(name_of(row.type)), batch, duration(row.seconds()),
               significant(row.inferences_per_second()),
               use.utilisation > 0 ? percent(use.utilisation) : "-", cell(use.power),
               energy ? significant(energy->count() * kMillisecondsPerSecond) : "-",
               cell(tops_per_watt(row, use)), cell(row.price), cell(use.own_per_million),
               cell(use.rent_per_million), cell(relative.speed), cell(relative.energy),
               letters(row)});
  }
  return table.print(kCompareWidth, colour);
}

std::string rate_text(double per_second) {
  return per_second >= 1000 ? grouped(std::llround(per_second)) : fmt::format("{:g}", per_second);
}

std::string load_cells(const std::optional<LoadResult>& load) {
  return load ? fmt::format("{} / {}", duration(seconds(load->p50)), duration(seconds(load->p99)))
              : "-";
}

std::string load_table(const Comparison& comparison, bool colour) {
  if (!comparison.arrival_rate && !comparison.deadline) {
    return "";
  }
  std::string text = "\nunder load: requests of one input, ";
  text += comparison.arrivals == ArrivalKind::Poisson ? "Poisson arrivals, seeded"
                                                      : "arriving one gap after the other";
  if (comparison.arrival_rate) {
    text += fmt::format("; {} a second arrive", rate_text(*comparison.arrival_rate));
  }
  if (comparison.deadline) {
    text += fmt::format("; deadline {} for 99 %", duration(seconds_of(*comparison.deadline)));
  }
  Table table({{"device", Align::Left},
               {"largest batch"},
               {"at the rate: p50 / p99"},
               {"busy"},
               {"largest rate"},
               {"of full"},
               {"its p50 / p99"}});
  for (const ComparedDevice& row : comparison.rows) {
    if (!row.load) {
      continue;
    }
    const bool meets = row.load->largest.has_value();
    const std::string none = comparison.deadline ? "none" : "-";
    table.add({on_one_line(row.name), fmt::format("{}", row.load->largest_batch),
               load_cells(row.load->at_rate),
               row.stream ? percent(row.stream->busy_share) + " %" : "-",
               meets ? significant(row.load->largest->per_second()) + "/s" : none,
               meets ? percent(row.load->largest->per_second() / row.inferences_per_second()) + " %"
                     : "-",
               meets ? load_cells(row.load->largest->result) : "-"});
  }
  return text + '\n' + table.print(kReportWidth, colour) +
         "A free device serves those that wait at once, at most its largest batch, padded to the "
         "next power\nof two.\n";
}

std::string remarks(const Comparison& comparison) {
  std::string text;
  for (const ComparedDevice& row : comparison.rows) {
    const std::string label = fmt::format("{}, batch {}: ", on_one_line(row.name), row.batch);
    if (!row.error.empty()) {
      text += label + on_one_line(row.error) + '\n';
    }
    for (const std::string& note : row.notes) {
      text += label + on_one_line(note) + '\n';
    }
  }
  return text.empty() ? "" : '\n' + text;
}

Json optional_number(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

template <class Q>
Json optional_json(const std::optional<Q>& value) {
  return value ? Json(value->count()) : Json();
}

Json load_json(const LoadResult& load) {
  return {{"requests", load.requests},
          {"mean_seconds", seconds(load.mean)},
          {"p50_seconds", seconds(load.p50)},
          {"p99_seconds", seconds(load.p99)},
          {"worst_seconds", seconds(load.worst)},
          {"busy_share", ratio(seconds(load.busy), seconds(load.span))}};
}

Json use_json(const ComparedDevice& row, const UseFigures& use) {
  return {{"utilisation", use.utilisation > 0 ? Json(use.utilisation) : Json()},
          {"watts", optional_json(use.power)},
          {"joules_per_inference", optional_json(use.energy_per_inference)},
          {"tops_per_watt", optional_number(tops_per_watt(row, use))},
          {"own_usd_per_million", optional_json(use.own_per_million)},
          {"rent_usd_per_million", optional_json(use.rent_per_million)}};
}

Json load_json(const std::optional<ComparedLoad>& load) {
  if (!load) {
    return nullptr;
  }
  return {{"largest_batch", load->largest_batch},
          {"at_rate", load->at_rate ? load_json(*load->at_rate) : Json()},
          {"largest_per_second", load->largest ? Json(load->largest->per_second()) : Json()},
          {"why_none", load->why_none.empty() ? Json() : Json(load->why_none)},
          {"at_largest", load->largest ? load_json(load->largest->result) : Json()}};
}

Json row_json(const Comparison& comparison, const ComparedDevice& row) {
  Json json = {{"device", row.name},
               {"kind", name_of(row.kind)},
               {"batch", row.batch},
               {"error", row.error.empty() ? Json() : Json(row.error)}};
  if (!row.error.empty()) {
    return json;
  }
  const RelativeFigures relative = relative_figures(comparison, row);
  const Json use = use_json(row, comparison.use_of(row));
  json.update(
      {{"type", name_of(row.type)},
       {"seconds", row.seconds()},
       {"time_obtained", name_of(row.time_obtained)},
       {"calibrated", row.time_obtained == Obtained::Modelled ? Json(row.calibrated) : Json()},
       {"inferences_per_second", row.inferences_per_second()},
       {"utilisation", use["utilisation"]},
       {"tops", row.tops()},
       {"watts", use["watts"]},
       {"power_obtained", row.power ? Json(name_of(row.power_obtained)) : Json()},
       {"joules_per_inference", use["joules_per_inference"]},
       {"tops_per_watt", use["tops_per_watt"]},
       {"price_usd", optional_json(row.price)},
       {"own_usd_per_million", use["own_usd_per_million"]},
       {"rent_usd_per_million", use["rent_usd_per_million"]},
       {"dollars_obtained", name_of(Obtained::Modelled)},
       {"relative_speed", relative.speed > 0 ? Json(relative.speed) : Json()},
       {"relative_energy", relative.energy > 0 ? Json(relative.energy) : Json()},
       {"busy_share", row.stream ? Json(row.stream->busy_share) : Json()},
       {"full_use", comparison.arrival_rate ? use_json(row, row.full_use()) : Json()},
       {"load", load_json(row.load)},
       {"notes", row.notes}});
  return json;
}

/// Quoted where it has to be.
std::string csv_text(std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char letter : text) {
    quoted += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  }
  return quoted + '"';
}

std::string csv_number(const Json& json) {
  return json.is_null() ? "" : json.dump();
}

}  // namespace

RelativeFigures relative_figures(const Comparison& comparison, const ComparedDevice& row) {
  const ComparedDevice* baseline = comparison.baseline_of(row.batch);
  if (baseline == nullptr || !row.error.empty()) {
    return {};
  }
  RelativeFigures relative{
      .speed = ratio(row.inferences_per_second(), baseline->inferences_per_second())};
  const std::optional<Joules> own = comparison.use_of(row).energy_per_inference;
  const std::optional<Joules> base = comparison.use_of(*baseline).energy_per_inference;
  if (own && base) {
    relative.energy = ratio(base->count(), own->count());
  }
  return relative;
}

std::string compare_text(const Comparison& comparison, const TextOptions& options) {
  std::string text =
      styled(comparison.network, Style::Heading, options.colour) +
      fmt::format(", {} an input; relative to {}\n\n", scaled(comparison.macs_per_input, "MAC"),
                  on_one_line(comparison.baseline));
  text += rows_table(comparison, options.colour);
  text +=
      "\nhow time and power were obtained: S simulated, M measured, R recorded, m modelled (m?: by "
      "the figures of\nanother family, without a measurement of its own); dollars are modelled "
      "from published prices: own $/M and\nrent $/M are dollars a million inferences. W: average "
      "at the device while it works. util%: of its peak for the\ntype. x speed, x energy: how "
      "many times better than the baseline.\n";
  text += fmt::format("Owned at {}.\n", comparison.site);
  if (comparison.arrival_rate) {
    text += fmt::format(
        "util%, W, mJ/inf, TOPS/W and dollars are those of {} requests a second at all hours: the "
        "device idles between.\n",
        rate_text(*comparison.arrival_rate));
  }
  text += load_table(comparison, options.colour);
  return text + remarks(comparison);
}

Json compare_object(const Comparison& comparison) {
  Json rows = Json::array();
  for (const ComparedDevice& row : comparison.rows) {
    rows.push_back(row_json(comparison, row));
  }
  Json json = {
      {"schema", "systole.compare/1"},
      {"network", comparison.network},
      {"macs_per_input", comparison.macs_per_input},
      {"baseline", comparison.baseline},
      {"site", comparison.site},
      {"arrival_rate_per_second", optional_number(comparison.arrival_rate)},
      {"arrivals", comparison.arrival_rate || comparison.deadline
                       ? Json(name_of(comparison.arrivals))
                       : Json()},
      {"deadline_seconds", comparison.deadline ? Json(seconds_of(*comparison.deadline)) : Json()},
      {"rows", rows}};
  return json;
}

std::string compare_json(const Comparison& comparison) {
  return compare_object(comparison).dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string compare_csv(const Comparison& comparison) {
  constexpr auto kNumbers = std::to_array<std::string_view>(
      {"seconds", "inferences_per_second", "utilisation", "tops", "watts", "joules_per_inference",
       "tops_per_watt", "price_usd", "own_usd_per_million", "rent_usd_per_million",
       "relative_speed", "relative_energy"});
  std::string text = "device,kind,batch,type,time_obtained,power_obtained";
  for (const std::string_view key : kNumbers) {
    text += fmt::format(",{}", key);
  }
  text += ",largest_per_second,p99_at_rate_seconds,busy_share,calibrated,error\n";
  for (const ComparedDevice& row : comparison.rows) {
    const Json json = row_json(comparison, row);
    const bool failed = !row.error.empty();
    text += fmt::format("{},{},{},{},{},{}", csv_text(row.name), name_of(row.kind), row.batch,
                        failed ? "" : name_of(row.type), failed ? "" : name_of(row.time_obtained),
                        failed || !row.power ? "" : name_of(row.power_obtained));
    for (const std::string_view key : kNumbers) {
      text += fmt::format(",{}", failed ? "" : csv_number(json.at(std::string(key))));
    }
    const bool meets = row.load && row.load->largest;
    const bool keeps_up = row.load && row.load->at_rate;
    text +=
        fmt::format(",{},{},{},{},{}\n", meets ? csv_number(row.load->largest->per_second()) : "",
                    keeps_up ? csv_number(seconds(row.load->at_rate->p99)) : "",
                    row.stream ? csv_number(row.stream->busy_share) : "",
                    row.calibrated ? "" : "no", csv_text(row.error));
  }
  return text;
}

}  // namespace systole
