#include "report/training.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/format.h"
#include "report/labelled.h"
#include "report/table.h"
#include "study/training.h"

namespace systole {

namespace {

constexpr std::size_t kShownLosses = 12;

/// The first and the last of many.
std::string losses_text(const std::vector<double>& losses) {
  std::string text;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const bool shown = losses.size() <= kShownLosses || i < kShownLosses / 2 ||
                       i >= losses.size() - kShownLosses / 2;
    if (shown) {
      text += fmt::format("{}{:.4f}", text.empty() ? "" : ", ", losses[i]);
    } else if (i == kShownLosses / 2) {
      text += ", ...";
    }
  }
  return text;
}

/// What takes an hour or more in hours, a week or more in days.
std::string long_time(double seconds) {
  constexpr double kHour = 3600;
  constexpr double kDay = 24 * kHour;
  if (seconds < kHour) {
    return duration(seconds);
  }
  return seconds < 7 * kDay ? fmt::format("{:.1f} hours", seconds / kHour)
                            : fmt::format("{:.1f} days", seconds / kDay);
}

std::string dollars(double amount) {
  return fmt::format("{:.4g} $", amount);
}

std::string end_line(const TrainingFigures& figures) {
  std::string end =
      fmt::format("{} samples, {} steps: {}", scaled_real(*figures.end_samples, ""),
                  scaled_real(*figures.end_steps, ""), long_time(*figures.end_seconds));
  if (figures.end_joules) {
    end += fmt::format(", {}", scaled_real(*figures.end_joules, "J"));
  }
  if (figures.end_dollars) {
    end += fmt::format(", {} owned", dollars(*figures.end_dollars));
  }
  if (figures.end_rented_dollars) {
    end += fmt::format(", {} rented", dollars(*figures.end_rented_dollars));
  }
  if (figures.end_built_dollars) {
    end += fmt::format(", {} built", dollars(*figures.end_built_dollars));
  }
  return end;
}

std::string devices_table(const TrainingFigures& figures, const TextOptions& options) {
  if (figures.end_devices.empty()) {
    return "";
  }
  Table table({{"to the end beside it, modelled", Column::Align::Left},
               {"type"},
               {"step"},
               {"time"},
               {"energy"},
               {"$ owned"},
               {"$ rented"},
               {"chip: speed"}});
  const auto cell = [](const std::optional<double>& amount) {
    return amount ? fmt::format("{:.4g}", *amount) : std::string("-");
  };
  std::string without;
  bool doubted = false;
  for (const EndOnDevice& device : figures.end_devices) {
    const std::string name = on_one_line(device.device);
    if (!device.seconds) {
      without += fmt::format("  {}: {}\n", name, on_one_line(device.error));
      continue;
    }
    doubted = doubted || !device.calibrated;
    table.add({fmt::format("  {}{}", name, device.calibrated ? "" : " (m?)"),
               std::string(name_of(device.type)), duration(*device.step_seconds),
               long_time(*device.seconds),
               device.joules ? scaled_real(*device.joules, "J") : std::string("-"),
               cell(device.dollars), cell(device.rented_dollars),
               fmt::format("{:.3g} x", ratio(*device.seconds, *figures.end_seconds))});
  }
  std::string text = '\n' + table.print(options.width, options.colour);
  if (doubted) {
    text += "  (m?): its family has no measurement of its own\n";
  }
  return text + without;
}

std::string what_a_step_is(const Result& result) {
  const TrainingStep& step = *result.graph.step;
  return step.tokens > 0
             ? fmt::format("{} sequence{}, {} tokens", grouped(step.samples),
                           step.samples == 1 ? "" : "s", grouped(step.tokens))
             : fmt::format("{} sample{}", grouped(step.samples), step.samples == 1 ? "" : "s");
}

}  // namespace

std::string training_text(const Result& result, const TextOptions& options) {
  const auto figures = training_figures(result);
  if (!figures) {
    return "";
  }
  std::string text = styled("training", Style::Heading, options.colour) + '\n';
  const auto line = [&](std::string_view label, const std::string& words) {
    text += labelled(label, words, options);
  };
  line("step", fmt::format("{} of {}: forward {} %, backward {} %, update {} %",
                           duration(figures->step_seconds), what_a_step_is(result),
                           percent(figures->forward_share), percent(figures->backward_share),
                           percent(figures->update_share)));
  std::string throughput =
      fmt::format("{} samples/s", scaled_real(figures->samples_per_second, ""));
  if (figures->tokens_per_second) {
    throughput += fmt::format(", {} tokens/s", scaled_real(*figures->tokens_per_second, ""));
  }
  line("throughput", throughput);
  line("MFU", fmt::format("{} % by the products that the network asks for, {} % by 6 x parameters "
                          "x {}",
                          percent(figures->mfu), percent(figures->mfu_6nd),
                          figures->tokens_per_second ? "tokens" : "samples"));
  line("products", fmt::format("{:.2f} times those of the network alone: {} % of the peak",
                               figures->forward_factor, percent(figures->hfu)));
  line("state", fmt::format("{} of {} parameters: fp32 masters, bf16 copies, moments",
                            scaled(figures->state_bytes, "B"), grouped(figures->parameters)));
  if (figures->end_samples) {
    line("to the end", end_line(*figures));
  }
  if (!figures->losses.empty()) {
    line(figures->losses.size() == 1 ? "loss" : "losses", losses_text(figures->losses));
  }
  return text + devices_table(*figures, options) + '\n';
}

}  // namespace systole
