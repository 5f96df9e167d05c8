#include "report/language.h"

#include <fmt/format.h>

#include "report/format.h"
#include "report/labelled.h"
#include "report/table.h"
#include "study/language.h"

namespace systole {

namespace {

std::string tokens(std::int64_t count) {
  return fmt::format("{} token{}", grouped(count), count == 1 ? "" : "s");
}

/// What holds a run back, and how near it is to what cannot be beaten.
std::string bound_text(const PhaseRun& run) {
  std::string text = fmt::format("busiest {}", name_of(run.bound));
  if (run.roofline) {
    text += fmt::format(", {} % of the roofline", percent(*run.roofline));
  }
  return text + fmt::format(", {} % of the DRAM's peak", percent(run.dram));
}

std::string phase_text(const LanguageFigures& figures) {
  if (figures.generated) {
    return fmt::format("generate: {} behind a prompt of {}", tokens(*figures.generated),
                       tokens(*figures.prompt));
  }
  return figures.prompt
             ? fmt::format("prefill of {}", tokens(*figures.prompt))
             : fmt::format("decode of one token that attends to {}", tokens(figures.context));
}

std::string steps_text(const LanguageFigures& figures) {
  const std::int64_t all = *figures.generated - 1;
  const auto simulated = static_cast<std::int64_t>(figures.steps.size());
  if (!figures.step_error) {
    return fmt::format("all {} simulated", grouped(all));
  }
  return fmt::format(
      "{} of {} simulated, the others on straight lines between them; before it was simulated, a "
      "step was at most {:.2f} % off",
      grouped(simulated), grouped(all), *figures.step_error * kHundred);
}

}  // namespace

std::string language_text(const Result& result, const TextOptions& options) {
  const auto figures = language_figures(result);
  if (!figures) {
    return "";
  }
  std::string text = styled("language model", Style::Heading, options.colour) + '\n';
  const auto line = [&](std::string_view label, const std::string& words) {
    text += labelled(label, words, options);
  };
  line("phase", phase_text(*figures));
  line("throughput",
       fmt::format("{} tokens/s of {} sequence{}", scaled_real(figures->tokens_per_second, ""),
                   grouped(result.graph.batch), result.graph.batch == 1 ? "" : "s"));
  if (figures->prefill) {
    line("first token", fmt::format("after {}; {}", duration(*figures->time_to_first_token),
                                    bound_text(*figures->prefill)));
  }
  if (figures->decode) {
    line("each further one", fmt::format("after {}; {}", duration(*figures->time_per_output_token),
                                         bound_text(*figures->decode)));
  }
  line("memory", fmt::format("{} of weights, {} of keys and values: {} a token of a sequence",
                             scaled(figures->weight_bytes, "B"), scaled(figures->cache_bytes, "B"),
                             scaled(figures->cache_bytes_per_token, "B")));
  if (figures->generated && *figures->generated > 1) {
    line("steps", steps_text(*figures));
  }
  return text + '\n';
}

}  // namespace systole
