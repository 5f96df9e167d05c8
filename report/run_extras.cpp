#include "report/run_extras.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/units/seconds.h"
#include "report/format.h"
#include "report/fpga.h"
#include "report/table.h"
#include "report/text.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;
using Align = Column::Align;

constexpr double kMillijoulesPerJoule = 1e3;

std::string spare(Femtoseconds time, Femtoseconds deadline) {
  const Femtoseconds difference = time <= deadline ? deadline - time : time - deadline;
  return fmt::format("{} ({} %) {}", duration(seconds_of(difference)),
                     percent(ratio(seconds_of(difference), seconds_of(deadline))),
                     time <= deadline ? "to spare" : "late");
}

std::string deadline_lines(const std::optional<DeadlineResult>& deadline, bool colour) {
  if (!deadline) {
    return "";
  }
  const WorstCase& worst = deadline->worst;
  std::string text =
      fmt::format("deadline {}: {}, {}", duration(seconds_of(deadline->deadline)),
                  deadline->met() ? "met" : "MISSED", spare(deadline->time, deadline->deadline));
  text = '\n' + styled(text, deadline->met() ? Style::Good : Style::Bad, colour) + '\n';
  if (!worst.bounded) {
    return text + "  worst case unknown: refreshes of single banks could take all of the time\n";
  }
  text +=
      fmt::format("  worst case {}: {}, {}\n", duration(seconds_of(worst.time)),
                  deadline->always_met() ? "met" : "MISSED", spare(worst.time, deadline->deadline));
  return text +
         (worst.refreshes == 0
              ? std::string("  nothing varies: the DRAM has no refresh\n")
              : fmt::format(
                    "  all {} DRAM refreshes that can fall into it cost {} each; nothing else "
                    "varies\n",
                    grouped(worst.refreshes), duration(seconds_of(worst.refresh))));
}

template <class Q>
std::string three_digits(const std::optional<Q>& figure, double scale = 1.0) {
  return figure ? fmt::format("{:.3g}", figure->count() * scale) : "-";
}

/// How many times less energy the chip takes for an inference.
std::string energy_ratio(const ComparedDevice& chip, const ComparedDevice& device) {
  const std::optional<Joules> own = chip.energy_per_inference();
  const std::optional<Joules> other = device.energy_per_inference();
  return own && other ? fmt::format("{:.3g} x", ratio(other->count(), own->count())) : "-";
}

std::string device_lines(const RunExtras& extras, const TextOptions& options) {
  if (extras.devices.empty()) {
    return "";
  }
  Table table({{"beside it, modelled", Align::Left},
               {"type"},
               {"time"},
               {"inferences/s"},
               {"W"},
               {"mJ/inf"},
               {"own $/M"},
               {"chip: speed"},
               {"less energy"}});
  for (const ComparedDevice& device : extras.devices) {
    table.add({"  " + on_one_line(device.name), std::string(name_of(device.type)),
               duration(device.seconds()), scaled_real(device.inferences_per_second(), ""),
               three_digits(device.power),
               three_digits(device.energy_per_inference(), kMillijoulesPerJoule),
               three_digits(device.own_per_million),
               fmt::format("{:.3g} x", ratio(device.seconds(), extras.own.seconds())),
               energy_ratio(extras.own, device)});
  }
  return '\n' + table.print(options.width, options.colour);
}

Json deadline_json(const std::optional<DeadlineResult>& deadline) {
  if (!deadline) {
    return nullptr;
  }
  return {{"seconds", seconds_of(deadline->deadline)},
          {"met", deadline->met()},
          {"margin_seconds", seconds_of(deadline->deadline - deadline->time)},
          {"worst_case_seconds",
           deadline->worst.bounded ? Json(seconds_of(deadline->worst.time)) : Json()},
          {"worst_case_met", deadline->always_met()},
          {"worst_case_refreshes", deadline->worst.refreshes},
          {"refresh_seconds", seconds_of(deadline->worst.refresh)}};
}

Json device_json(const ComparedDevice& device) {
  const std::optional<Joules> energy = device.energy_per_inference();
  return {{"device", device.name},
          {"kind", name_of(device.kind)},
          {"type", name_of(device.type)},
          {"time_obtained", name_of(device.time_obtained)},
          {"seconds", device.seconds()},
          {"inferences_per_second", device.inferences_per_second()},
          {"utilisation", device.utilisation},
          {"power_obtained", device.power ? Json(name_of(device.power_obtained)) : Json()},
          {"watts", device.power ? Json(device.power->count()) : Json()},
          {"joules_per_inference", energy ? Json(energy->count()) : Json()},
          {"price_usd", device.price ? Json(device.price->count()) : Json()},
          {"own_usd_per_million",
           device.own_per_million ? Json(device.own_per_million->count()) : Json()},
          {"dollars_obtained", name_of(Obtained::Modelled)}};
}

}  // namespace

std::string extras_text(const Result& result, const RunExtras& extras, const TextOptions& options) {
  return fpga_text(result, extras.own) + deadline_lines(extras.deadline, options.colour) +
         device_lines(extras, options);
}

void add_extras(Json& json, const Result& result, const RunExtras& extras) {
  json["fpga"] = fpga_json(result, extras.own);
  json["deadline"] = deadline_json(extras.deadline);
  Json devices = Json::array();
  for (const ComparedDevice& device : extras.devices) {
    devices.push_back(device_json(device));
  }
  json["devices"] = std::move(devices);
}

}  // namespace systole
