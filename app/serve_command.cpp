#include "app/serve_command.h"

#include <algorithm>
#include <thread>

#include "app/generate_run.h"
#include "report/serve.h"
#include "study/step_times.h"

namespace systole {

namespace {

/// Caches that hold the longest request, unless the user says how long they are.
Request in_phase(const Request& request, const DimChoice& choice, std::int64_t batch,
                 std::int64_t longest) {
  Request one = with_choice(request, choice);
  one.dims.emplace("cache", longest);
  one.batch = batch;
  return one;
}

}  // namespace

std::string run_serve(const Request& request, const ChipSpec& chip,
                      const std::function<Network(const Request&)>& network,
                      const TextOptions& options,
                      const std::function<void(std::string_view)>& on_stage) {
  ServeRequest wanted = request.serve;
  read_pairs(wanted);
  const TokenLengths& lengths = wanted.lengths;
  const std::int64_t longest = lengths.longest_context();
  const auto in_batch = [&](const DimChoice& choice, std::int64_t batch) {
    return network(in_phase(request, choice, batch, longest));
  };
  // What is wrong with the network is told here, not by a process.
  const Network step = in_batch(decode_choice(longest), wanted.slots);
  const StepTimes times = step_times(chip, in_batch,
                                     {.shortest_prompt = lengths.shortest_prompt(),
                                      .longest_prompt = lengths.longest_prompt(),
                                      .longest_context = longest,
                                      .slots = wanted.slots,
                                      .parallel = std::max(1U, std::thread::hardware_concurrency()),
                                      .on_stage = on_stage});
  on_stage("serving");
  const TokenServer server{.table = times.table, .slots = wanted.slots};
  const auto count = static_cast<std::size_t>(wanted.requests);
  ServeReport report{.chip = chip.name,
                     .network = step.graph.name.substr(0, step.graph.name.find('(')),
                     .type = name_of(step.graph.input_type()),
                     .slots = wanted.slots,
                     .longest_context = longest,
                     .capacity = token_capacity(server, lengths),
                     .load = {},
                     .first_token_target = wanted.targets.first_token,
                     .each_token_target = wanted.targets.each_token,
                     .largest = {},
                     .simulated = times.simulated,
                     .checked = times.checked,
                     .table_error = times.error,
                     .own_usd_per_hour = times.own_usd_per_hour,
                     .rent_usd_per_hour = times.rent_usd_per_hour};
  report.load = serve_tokens(
      server, token_requests(lengths, wanted.rate, count + count / 10, request.seed), count / 10);
  report.load.rate = wanted.rate;
  if (wanted.targets.first_token || wanted.targets.each_token) {
    report.largest = largest_rate(server, lengths, wanted.targets, count, request.seed);
  }
  return request.format == Format::Json ? serve_json(report) : serve_text(report, options);
}

}  // namespace systole
