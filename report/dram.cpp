#include "report/dram.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/format.h"
#include "report/labelled.h"
#include "silicon/energy/dram_energy.h"

namespace systole {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kPicojoulesPerNanojoule = 1e3;
constexpr double kNanosecondsPerSecond = 1e9;
constexpr std::string_view kPowerDown = "power_down";
constexpr std::int64_t kPercentiles = 100;
constexpr std::int64_t kMedian = 50;
constexpr std::int64_t kNinetyNine = 99;

double nanoseconds(const DramReport& report, double cycles) {
  constexpr double kFemtosecondsPerNanosecond = 1e6;
  return cycles * static_cast<double>(report.standard.timing.tCK.count()) /
         kFemtosecondsPerNanosecond;
}

double nanoseconds(const DramReport& report, DramCycles cycles) {
  return nanoseconds(report, static_cast<double>(cycles.count()));
}

Json latency_json(const DramReport& report) {
  const LatencyHistogram& latency = report.result.read_latency;
  if (latency.count() == 0) {
    return nullptr;
  }
  return {{"mean", nanoseconds(report, latency.mean())},
          {"p50", nanoseconds(report, latency.quantile(kMedian, kPercentiles))},
          {"p99", nanoseconds(report, latency.quantile(kNinetyNine, kPercentiles))},
          {"max", nanoseconds(report, latency.max())},
          {"min_cycles", latency.min().count()}};
}

Json histogram_json(const LatencyHistogram& latency) {
  Json octaves = Json::array();
  for (const LatencyHistogram::Octave& octave : latency.octaves()) {
    octaves.push_back({{"from_cycles", octave.below.count() / 2},
                       {"below_cycles", octave.below.count()},
                       {"reads", octave.times}});
  }
  return octaves;
}

/// The banks that had an ACT, RD or WR.
Json banks_json(const DramReport& report) {
  const DramOrganization& shape = report.standard.organization;
  Json banks = Json::array();
  for (std::size_t index = 0; index < report.result.banks.size(); ++index) {
    const DramBankRun& run = report.result.banks[index];
    if (run == DramBankRun{}) {
      continue;
    }
    const auto bank = static_cast<std::int64_t>(index) % shape.banks();
    const std::int64_t group = bank / shape.banks_per_group;
    banks.push_back({{"channel", static_cast<std::int64_t>(index) / shape.banks()},
                     {"rank_or_pc", group / shape.bank_groups},
                     {"bank_group", group % shape.bank_groups},
                     {"bank", bank % shape.banks_per_group},
                     {"ACT", run.activates},
                     {"RD", run.reads},
                     {"WR", run.writes}});
  }
  return banks;
}

Json energy_json(const DramReport& report) {
  if (!report.standard.power) {
    return nullptr;
  }
  const DramEnergy energy = dram_energy(report.standard, report.result);
  Json json = Json::object();
  for (const DramEnergyPart& part : kDramEnergyParts) {
    json[std::string(part.name)] = energy.*part.picojoules / kPicojoulesPerNanojoule;
  }
  json["total"] = energy.total() / kPicojoulesPerNanojoule;
  return json;
}

std::string row(std::string_view label, const std::string& value) {
  return fmt::format("  {:<22}{}\n", label, value);
}

std::string latency_text(const DramReport& report) {
  const LatencyHistogram& latency = report.result.read_latency;
  if (latency.count() == 0) {
    return "";
  }
  const auto ns = [&](auto cycles) { return nanoseconds(report, cycles); };
  return row("read latency",
             fmt::format("mean {:.3f} ns, p50 {:.3f}, p99 {:.3f}, max {:.3f}", ns(latency.mean()),
                         ns(latency.quantile(kMedian, kPercentiles)),
                         ns(latency.quantile(kNinetyNine, kPercentiles)), ns(latency.max())));
}

/// `active power-down` of `active_power_down`.
std::string in_words(std::string_view name) {
  std::string words(name);
  if (name.ends_with(kPowerDown)) {
    words.replace(words.size() - kPowerDown.size(), kPowerDown.size(), "power-down");
  }
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string energy_text(const DramReport& report) {
  if (!report.standard.power) {
    return "\nenergy: not described for this standard\n";
  }
  const DramEnergy energy = dram_energy(report.standard, report.result);
  std::string text = fmt::format("\nenergy {:.1f} nJ\n", energy.total() / kPicojoulesPerNanojoule);
  const bool powers_down = report.controller.power_down > DramCycles(0);
  for (const DramEnergyPart& part : kDramEnergyParts) {
    if (!powers_down && part.name.ends_with(kPowerDown)) {
      continue;  // never, and so nothing to say
    }
    const double picojoules = energy.*part.picojoules;
    text += row(in_words(part.name),
                fmt::format("{:>14.1f} nJ {:>6} %", picojoules / kPicojoulesPerNanojoule,
                            percent(ratio(picojoules, energy.total()))));
  }
  return text;
}

}  // namespace

DramFigures dram_figures(const DramReport& report) {
  const DramRunResult& run = report.result;
  const DramSpec memory{.standard = report.standard, .channels = report.standard.channels};
  const double bytes = static_cast<double>((run.read_requests + run.write_requests) *
                                           report.standard.organization.burst_bytes().count());
  DramFigures figures;
  figures.seconds = nanoseconds(report, run.cycles) / kNanosecondsPerSecond;
  figures.bandwidth = ratio(bytes, figures.seconds);
  figures.peak = static_cast<double>(memory.peak_bandwidth().count());
  figures.row_hit_rate =
      ratio(static_cast<double>(run.row_hits()), static_cast<double>(run.reads + run.writes));
  return figures;
}

std::string dram_text(const DramReport& report) {
  const DramRunResult& run = report.result;
  const DramFigures figures = dram_figures(report);
  std::string text = fmt::format(
      "{} on {}, {} {}, mapping {}, controller {}, {}\n\n", on_one_line(report.train),
      on_one_line(report.standard.name), report.standard.channels,
      report.standard.channels == 1 ? "channel" : "channels", report.mapping,
      on_one_line(report.controller.name),
      report.window == 0 ? "outstanding unlimited" : fmt::format("outstanding {}", report.window));
  text += row("requests", fmt::format("{} reads, {} writes", grouped(run.read_requests),
                                      grouped(run.write_requests)));
  text +=
      row("cycles", fmt::format("{} ({})", grouped(run.cycles.count()), duration(figures.seconds)));
  text +=
      row("bandwidth", fmt::format("{:.4f} GB/s, {:.3f} % of the peak {}", figures.bandwidth * 1e-9,
                                   ratio(figures.bandwidth, figures.peak) * kHundred,
                                   nominal(figures.peak, "B/s")));
  text += latency_text(report);
  text += row("rows", fmt::format("{} hits ({} %), {} misses, {} conflicts",
                                  grouped(run.row_hits()), percent(figures.row_hit_rate),
                                  grouped(run.row_misses), grouped(run.row_conflicts)));
  text += row(
      "commands",
      fmt::format("ACT {}, PRE {}, PREA {}, RD {}, WR {}, REF {}, REFpb {}", grouped(run.activates),
                  grouped(run.precharges), grouped(run.precharges_all), grouped(run.reads),
                  grouped(run.writes), grouped(run.refreshes), grouped(run.bank_refreshes)));
  if (report.controller.power_down > DramCycles(0)) {
    const DramCycles down = run.active_power_down_cycles + run.precharged_power_down_cycles;
    text += row("power-down",
                fmt::format("{} of {} rank cycles ({} %)", grouped(down.count()),
                            grouped(run.rank_cycles.count()),
                            percent(ratio(static_cast<double>(down.count()),
                                          static_cast<double>(run.rank_cycles.count())))));
  }
  text += row("served by the buffer", fmt::format("{} reads forwarded, {} writes merged",
                                                  grouped(run.forwarded), grouped(run.merged)));
  return text + energy_text(report);
}

std::string dram_json(const DramReport& report) {
  const DramRunResult& run = report.result;
  const DramFigures figures = dram_figures(report);
  const Json json{{"schema", "systole.dram/1"},
                  {"standard", report.standard.name},
                  {"channels", report.standard.channels},
                  {"controller", report.controller.name},
                  {"mapping", report.mapping},
                  {"train", report.train},
                  {"outstanding", report.window == 0 ? Json() : Json(report.window)},
                  {"requests", {{"reads", run.read_requests}, {"writes", run.write_requests}}},
                  {"cycles", run.cycles.count()},
                  {"nanoseconds", nanoseconds(report, run.cycles)},
                  {"bandwidth_gbps", figures.bandwidth * 1e-9},
                  {"peak_gbps", figures.peak * 1e-9},
                  {"percent_of_peak", ratio(figures.bandwidth, figures.peak) * kHundred},
                  {"read_latency_ns", latency_json(report)},
                  {"read_latency_histogram", histogram_json(report.result.read_latency)},
                  {"rows",
                   {{"hits", run.row_hits()},
                    {"misses", run.row_misses},
                    {"conflicts", run.row_conflicts},
                    {"hit_rate", figures.row_hit_rate}}},
                  {"commands",
                   {{"ACT", run.activates},
                    {"PRE", run.precharges},
                    {"PREA", run.precharges_all},
                    {"RD", run.reads},
                    {"WR", run.writes},
                    {"REF", run.refreshes},
                    {"REFpb", run.bank_refreshes}}},
                  {"banks", banks_json(report)},
                  {"forwarded_reads", run.forwarded},
                  {"merged_writes", run.merged},
                  {"power_down_cycles",
                   {{"active", run.active_power_down_cycles.count()},
                    {"precharged", run.precharged_power_down_cycles.count()},
                    {"of_rank_cycles", run.rank_cycles.count()}}},
                  {"energy_nj", energy_json(report)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace systole
