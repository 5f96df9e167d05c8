#include "report/measured.h"

#include <string_view>

#include <fmt/format.h>

#include "report/format.h"
#include "report/table.h"

namespace systole {

namespace {

using Align = Column::Align;

constexpr std::size_t kLongestHeading = 60;
constexpr std::size_t kKernelWidth = 28;
constexpr std::size_t kMaxWidth = 100;
constexpr double kMilli = 1e3;

/// The interquartile range in percent of the median.
std::string spread(const TimeSpread& time) {
  return fmt::format("{:.1f} %", 100 * ratio(time.interquartile_range(), time.median));
}

std::string heading(const MeasuredRun& run, bool colour) {
  const auto name = [](const std::string& text) {
    return shortened(on_one_line(text), kLongestHeading);
  };
  std::string text =
      styled(fmt::format("{} on {}", name(run.network), name(run.device)), Style::Heading, colour);
  text +=
      fmt::format("\nbatch {}, {}, {}, {} on {} with {}\n", run.batch, name_of(run.type),
                  run.kind == DeviceKind::Cpu
                      ? fmt::format("{} {}", run.threads, run.threads == 1 ? "thread" : "threads")
                      : fmt::format("{} multiprocessors", run.threads),
                  name_of(run.obtained), on_one_line(run.date), on_one_line(run.software));
  text += fmt::format("kernels for {}; median of {} passes behind {} to warm up\n",
                      on_one_line(run.isa), run.repetitions, run.warm_up);
  if (run.clock) {
    text += fmt::format("clock {}", nominal(static_cast<double>(*run.clock), "Hz"));
    text += run.memory_clock ? fmt::format(", memory {}\n",
                                           nominal(static_cast<double>(*run.memory_clock), "Hz"))
                             : "\n";
  }
  return text + (run.note.empty() ? "\n" : fmt::format("{}\n\n", on_one_line(run.note)));
}

std::string layer_table(const MeasuredRun& run, bool colour) {
  double sum = 0;
  for (const MeasuredLayer& layer : run.layers) {
    sum += layer.time.median;
  }
  Table table({{"layer", Align::Left},
               {"MACs", Align::Right},
               {"time", Align::Right},
               {"spread", Align::Right},
               {"share%", Align::Right},
               {"MAC/s", Align::Right},
               {"kernel", Align::Left}});
  for (const MeasuredLayer& layer : run.layers) {
    const bool view = layer.kernel.empty();
    const bool counted = layer.macs > 0 && layer.time.median > 0;
    table.add({on_one_line(layer.name), layer.macs > 0 ? scaled(layer.macs) : "-",
               view ? "-" : duration(layer.time.median), view ? "-" : spread(layer.time),
               view ? "-" : percent(ratio(layer.time.median, sum)),
               counted ? scaled_real(static_cast<double>(layer.macs) / layer.time.median, "") : "-",
               view ? "view" : shortened(on_one_line(layer.kernel), kKernelWidth)},
              view ? Style::Faint : Style::Plain);
  }
  return table.print(kMaxWidth, colour);
}

std::string line(std::string_view label, const std::string& value) {
  return fmt::format("{:<12}{}\n", label, value);
}

std::string numerics_text(const MeasuredNumerics& numerics, bool colour) {
  std::string value =
      numerics.passed()
          ? styled("within the bound", Style::Good, colour)
          : styled(fmt::format("{} OUTSIDE THE BOUND, first in {}", grouped(numerics.outside),
                               on_one_line(numerics.first_outside)),
                   Style::Bad, colour);
  value += fmt::format(", {} elements, {} not the same", grouped(numerics.elements),
                       grouped(numerics.different));
  return line("numbers", value) + line("", fmt::format("bound: {}", on_one_line(numerics.bound)));
}

}  // namespace

std::string measured_text(const MeasuredRun& run, const MeasuredTextOptions& options) {
  std::int64_t macs = 0;
  for (const MeasuredLayer& layer : run.layers) {
    macs += layer.macs;
  }
  std::string text = heading(run, options.colour) + layer_table(run, options.colour) + "\n";
  text += line("total",
               fmt::format("{} a pass, quartiles {} and {}", duration(run.total.median),
                           duration(run.total.lower_quartile), duration(run.total.upper_quartile)));
  text +=
      line("rate", fmt::format("{:.1f} inferences/s, {}", run.inferences_per_second(),
                               scaled_real(static_cast<double>(macs) / run.total.median, "MAC/s")));
  if (run.energy) {
    text += line("energy", fmt::format("{} a pass at {:.1f} W, {}: {}",
                                       fmt::format("{:.4g} mJ", run.energy->joules * kMilli),
                                       run.energy->watts, name_of(run.energy->obtained),
                                       on_one_line(run.energy->method)));
  } else {
    text += line("energy", "not known: no counter can be read, and no power is on file");
  }
  return run.numerics ? text + numerics_text(*run.numerics, options.colour) : text;
}

}  // namespace systole
