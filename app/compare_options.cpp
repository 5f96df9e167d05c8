#include "app/compare_options.h"

#include <algorithm>
#include <map>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/common_options.h"
#include "app/option_values.h"
#include "study/compare.h"

namespace systole {

namespace {

constexpr std::string_view kCompareExamples = R"(
Devices are chips (simulated, each in a process of its own), CPUs, GPUs and edge modules
(modelled), recordings, FPGA cards (the chip that ships for the card), or files of chips and
devices; 'systole list' has their names. cpu is this machine's, measured; t4:fp16 is a device
with another type than the preferred one. --site is a file or a name of configs/sites.

--arrival-rate and --deadline put every device under load; with a rate, energy, utilisation and
dollars are those of that stream, in which the device idles between requests. --price and --watts
give a device what is not known of it, as the price of cpu. docs/compare.md has every figure.

Examples:
  systole compare resnet50
  systole compare resnet50 --on tpu_v1,alveo_u280,t4,a100 --batch 1,8,32 --baseline t4
  systole compare mlp0 --on haswell:fp32,k80,tpu_v1 --deadline 7ms --arrival-rate 5000
  systole compare mobilenet_v1 --on edge,cpu --price cpu=400 --arrival-rate 30 --arrivals periodic
  systole compare mobilenet_v1 --format csv --output mobilenet.csv
  systole compare resnet50 --batch 1,8 --format html --output resnet50.html
)";

/// `cpu=2400,t4=1900.50`.
std::map<std::string, double> by_device(const std::string& option, const std::string& unit,
                                        double most, const std::string& text) {
  std::map<std::string, double> figures;
  for (const std::string& word : list_of(option, text)) {
    const std::size_t equals = word.rfind('=');
    if (equals == std::string::npos || equals == 0) {
      throw UserError(fmt::format("systole: {}: expected NAME={} with commas between, got {}",
                                  option, unit, in_quotes(text)));
    }
    const std::string name = word.substr(0, equals);
    if (!figures.emplace(name, real_of(option, word.substr(equals + 1), 0, most)).second) {
      throw UserError(fmt::format("systole: {}: expected each device once, got {} twice", option,
                                  in_quotes(name)));
    }
  }
  return figures;
}

}  // namespace

void add_compare(CLI::App& app, Request& request, OptionWords& words) {
  CLI::App* command = app.add_subcommand("compare", "Put a network on many devices, side by side");
  command
      ->add_option("NETWORK", request.network,
                   "Network: a YAML, ONNX or StableHLO file, or a name from 'systole list'")
      ->required()
      ->type_name("");
  command->add_option("--on", words.on, "Devices, with commas between (default: ten that ship)")
      ->type_name("A,B,...");
  command
      ->add_option("-b,--batch", words.batches,
                   "Inputs at a time, one or several (default: what the network says)")
      ->type_name("N,...");
  add_dims(*command, words);
  command->add_option("--baseline", request.compare.baseline, "Device that others are multiples of")
      ->type_name("NAME");
  command->add_option("--site", request.compare.site, "Where they run (default: datacentre)")
      ->type_name("NAME");
  command->add_option("--price", words.prices, "What devices cost (default: what their files say)")
      ->type_name("NAME=USD,...");
  command
      ->add_option("--watts", words.watts,
                   "What devices draw while they work (default: what is known of them)")
      ->type_name("NAME=W,...");
  command
      ->add_option("--arrival-rate", words.arrival_rate,
                   "Requests a second: latencies, energy and dollars of that stream")
      ->type_name("R");
  command->add_option("--arrivals", words.arrivals, "poisson or periodic (default: poisson)")
      ->type_name("KIND");
  command->add_option("--deadline", words.deadline, "Find the largest rate of which 99 % meet it")
      ->type_name("TIME");
  command
      ->add_option("--requests", words.load_requests, "To put through the queue (default: 100000)")
      ->type_name("N");
  command->add_option("--seed", words.seed, "Seed of the arrivals (default: 1)")->type_name("S");
  command->add_option("--format", words.format, "text, json, csv or html (default: text)")
      ->type_name("FORMAT");
  add_set(*command, request);
  add_output(*command, request, words);
  command->footer(std::string(kCompareExamples));
}

CompareCommand checked_compare(CompareCommand compare, const OptionWords& words) {
  if (words.on) {
    compare.on = list_of("--on", *words.on);
  }
  if (words.batches) {
    for (const std::string& batch : list_of("--batch", *words.batches)) {
      compare.batches.push_back(integer_of<std::int64_t>("--batch", batch, 1, kMaxBatch));
      if (std::count(compare.batches.begin(), compare.batches.end(), compare.batches.back()) > 1) {
        throw UserError(fmt::format("systole: --batch: expected each batch once, got {} twice",
                                    in_quotes(batch)));
      }
    }
  }
  if (words.arrival_rate) {
    compare.arrival_rate = real_of("--arrival-rate", *words.arrival_rate, kLeastRate, kLargestRate);
  }
  if (words.arrivals) {
    const std::optional<ArrivalKind> kind = value_named<ArrivalKind>(*words.arrivals);
    if (!kind) {
      throw UserError(fmt::format("systole: --arrivals: expected poisson or periodic, got {}",
                                  in_quotes(*words.arrivals)));
    }
    compare.arrivals = *kind;
  }
  if (words.prices) {
    compare.prices = by_device("--price", "USD", 1e9, *words.prices);
  }
  if (words.watts) {
    compare.watts = by_device("--watts", "W", 1e6, *words.watts);
  }
  if (words.load_requests) {
    compare.requests =
        integer_of<std::int64_t>("--requests", *words.load_requests, 100, kMostRequests);
  }
  return compare;
}

}  // namespace systole
