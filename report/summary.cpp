#include "report/summary.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "report/format.h"
#include "report/labelled.h"
#include "report/layer_table.h"
#include "report/table.h"
#include "study/advice.h"
#include "study/run_figures.h"

namespace systole {

namespace {

constexpr std::size_t kLosers = 3;
constexpr std::size_t kLongestName = 32;

/// One line, cut where the terminal ends: the whole stands below.
std::string summary_line(std::string_view label, const std::string& text,
                         const TextOptions& options) {
  const std::size_t room = options.width - kLabelWidth - 2;
  const std::string shown =
      display_width(text) <= room ? text : text.substr(0, text.rfind(' ', room - 4)) + " ...";
  return fmt::format("  {:<{}}{}\n", label, kLabelWidth, shown);
}

std::string time_line(const Result& result, const RunFigures& figures, const TextOptions& options) {
  return summary_line(
      "time",
      fmt::format("{} ({} cycles), {} {}/s", duration(figures.seconds),
                  grouped(figures.cycles.count()), scaled_real(figures.inferences_per_second, ""),
                  result.training ? "samples" : "inferences"),
      options);
}

std::string bound_line(const RunFigures& figures, const TextOptions& options) {
  const RunRoofline& roofline = figures.roofline;
  if (!roofline.fraction) {
    return summary_line("bound", "none: the network has neither products nor parameters", options);
  }
  return summary_line("bound",
                      fmt::format("{} % of what {} allows; {} % of the peak arithmetic",
                                  percent(*roofline.fraction), name_of(roofline.bounds.bound()),
                                  percent(figures.utilisation)),
                      options);
}

std::string wait_lines(const Result& result, const TextOptions& options) {
  std::string waits;
  std::string text;
  const std::vector<Advice> advice = advice_of(result);
  for (const Advice& item : advice) {
    waits += fmt::format("{}{} {:.0f} %", waits.empty() ? "" : ", ", name_of(item.cause),
                         item.share * kHundred);
  }
  if (advice.empty()) {
    return "";
  }
  text += summary_line("waits", waits + " of the matrix unit's cycles", options);
  const Advice& first = advice.front();
  return text + summary_line("would help",
                             fmt::format("{}: {}", fmt::join(first.keys, ", "), first.reason),
                             options);
}

/// The layers that lose most, as far as they lose anything.
std::string loss_lines(const Result& result, const TextOptions& options) {
  TextOptions by_loss = options;
  by_loss.by = LayerOrder::Loss;
  by_loss.layers = kLosers;
  std::string text;
  for (const std::size_t layer : shown_layers(result, by_loss)) {
    const CoreCycles lost = lost_cycles(result, layer);
    if (lost == CoreCycles(0)) {
      break;
    }
    const LayerFigures figures = layer_figures(result, layer);
    const std::string stall = figures.stall.cycles > CoreCycles(0)
                                  ? fmt::format(", {} {:.0f} %", name_of(figures.stall.cause),
                                                figures.stall_share * kHundred)
                                  : std::string();
    text += summary_line(
        text.empty() ? "lost by layer" : "",
        fmt::format("{}: {} cycles, {} % of the run; busiest {}{}",
                    shortened(on_one_line(result.graph.nodes[layer].name), kLongestName),
                    grouped(lost.count()),
                    percent(ratio(static_cast<double>(lost.count()),
                                  static_cast<double>(result.counters.elapsed.count()))),
                    name_of(figures.bound), stall),
        options);
  }
  return text;
}

std::string energy_line(const Result& result, const TextOptions& options) {
  if (!result.energy) {
    return "";
  }
  const EnergyReport& energy = *result.energy;
  const auto most = std::max_element(energy.total.parts.begin(), energy.total.parts.end());
  const auto component = static_cast<Component>(most - energy.total.parts.begin());
  return summary_line(
      "energy",
      fmt::format("{} {}, {} on average; most of it {}, {} %",
                  engineering(energy.per_inference.count(), "J"),
                  result.training ? "a sample" : "an inference",
                  engineering(energy.average_power.count(), "W"), name_of(component),
                  percent(ratio(most->count(), energy.total.total().count()))),
      options);
}

std::string cost_line(const Result& result, const RunExtras& extras, const TextOptions& options) {
  if (!extras.own.own_per_million) {
    return "";
  }
  return summary_line(
      "cost",
      fmt::format("{:.4g} $ a million {}, owned", extras.own.own_per_million->count(),
                  result.training ? "samples" : "inferences"),
      options);
}

}  // namespace

std::string summary(const Result& result, const RunExtras& extras, const TextOptions& options) {
  const RunFigures figures = run_figures(result);
  std::string text = styled("summary", Style::Heading, options.colour) + '\n';
  text += time_line(result, figures, options) + bound_line(figures, options);
  text += wait_lines(result, options) + loss_lines(result, options);
  text += energy_line(result, options) + cost_line(result, extras, options);
  if (result.check) {
    text += summary_line("check", result.check->passed() ? "passed" : "FAILED", options);
  }
  return text + '\n';
}

}  // namespace systole
