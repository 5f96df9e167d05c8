#include "app/dram_options.h"

#include <bit>
#include <cstdint>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/common_options.h"
#include "app/option_values.h"

namespace systole {

namespace {

constexpr std::string_view kDramExamples = R"(
SPEC is a file, or a name from configs/dram (DDR4-2400 is ddr4_2400). A trace has a request
a line, 0xADDRESS READ|WRITE CYCLE; R, W, LD, ST, P_MEM_RD and P_MEM_WR are known too, the operation
may come first, the cycle may be left out, and the file may be compressed by gzip.
Patterns: seq_rd, seq_wr, mix21_seq, copy, copy4k, tile2d, stride_samebank, stride_bankrot,
rand_rd, rand_wr, mix21_rand. Mappings: lin, bgi, or fields from the most significant one,
row:rank:bank:column:bank_group:pseudo_channel:channel. Controller and mapping are by default those
of a chip whose file names none. Logs are written whole or not at all.
docs/dram.md has the controllers' policies, the mappings and the keys of the report.

Examples:
  systole dram DDR4-2400 --pattern rand_rd --requests 100000 --outstanding 16 --mapping bgi
  systole dram HBM2-2000-8ch --trace my.trace --format json
  systole dram DDR3-1600 --pattern copy4k --requests 600 --command-log commands.csv
)";

}  // namespace

void add_dram(CLI::App& app, DramRequest& dram, OptionWords& words, Request& request) {
  CLI::App* command = app.add_subcommand("dram", "Run a request train on a DRAM standard");
  command->add_option("SPEC", dram.standard, "DRAM standard: a YAML file or a name")
      ->required()
      ->type_name("");
  CLI::Option* trace =
      command->add_option("--trace", words.trace, "Requests from FILE")->type_name("FILE");
  command->add_option("--pattern", words.pattern, "Requests of a pattern (default: seq_rd)")
      ->type_name("NAME")
      ->excludes(trace);
  command->add_option("--requests", words.requests, "Length of the pattern (default: 100000)")
      ->type_name("N")
      ->excludes(trace);
  command
      ->add_option("--outstanding", words.window,
                   "Requests accepted and not complete, a channel (default: unlimited)")
      ->type_name("K");
  command->add_option("--mapping", dram.mapping, "Order of address bits (default: lin)")
      ->type_name("ORDER");
  command->add_option("--channels", words.channels, "Channels (default: what the standard says)")
      ->type_name("N");
  command->add_option("--controller", dram.controller, "Policies (default: default)")
      ->type_name("NAME");
  command->add_option("--command-log", dram.command_log, "Write every DRAM command to FILE")
      ->type_name("FILE");
  command->add_option("--request-log", dram.request_log, "Write every completion to FILE")
      ->type_name("FILE");
  command->add_option("--format", words.format, "text or json (default: text)")
      ->type_name("FORMAT");
  add_output(*command, request, words);
  command->footer(std::string(kDramExamples));
}

DramRequest checked_dram(DramRequest dram, const OptionWords& words) {
  constexpr std::int64_t kLongestPattern = 1'000'000'000'000;
  constexpr std::int64_t kWidestWindow = 1'000'000;
  constexpr std::int64_t kMostChannels = 128;
  if (words.trace) {
    if (words.trace->empty()) {
      throw UserError("systole: --trace: expected a file, got ''");
    }
    dram.trace = *words.trace;
  }
  refuse_dash("--command-log", dram.command_log);
  refuse_dash("--request-log", dram.request_log);
  dram.pattern = words.pattern.value_or(dram.pattern);
  if (words.requests) {
    dram.requests = integer_of<std::int64_t>("--requests", *words.requests, 1, kLongestPattern);
  }
  if (words.window && *words.window != "unlimited") {
    dram.window = integer_of<std::int64_t>("--outstanding", *words.window, 1, kWidestWindow);
  }
  if (words.channels) {
    dram.channels = integer_of<std::int64_t>("--channels", *words.channels, 1, kMostChannels);
    if (!std::has_single_bit(static_cast<std::uint64_t>(dram.channels))) {
      throw UserError(
          fmt::format("systole: --channels: expected a power of two, got '{}'", *words.channels));
    }
  }
  return dram;
}

}  // namespace systole
