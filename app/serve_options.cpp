#include "app/serve_options.h"

#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "arch/config/quantity_text.h"
#include "arch/config/text_file.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

constexpr std::int64_t kMostTokens = std::int64_t{1} << 20;
constexpr std::int64_t kMostSlots = 4096;
constexpr std::int64_t kMostServed = 1'000'000;
constexpr double kLeastServeRate = 1e-6;
constexpr double kMostServeRate = 1e9;

std::optional<std::int64_t> whole(std::string_view text, std::int64_t least, std::int64_t most) {
  const auto value = parse_integer(text);
  return value && *value >= least && *value <= most ? value : std::nullopt;
}

std::int64_t integer(std::string_view option, const std::string& text, std::int64_t least,
                     std::int64_t most) {
  const auto value = whole(text, least, most);
  if (!value) {
    throw UserError(fmt::format("systole: {}: expected an integer in {}..{}, got {}", option, least,
                                most, in_quotes(text)));
  }
  return *value;
}

/// `512` or `64..1024`.
bool read_range(const std::string& text, std::int64_t& least, std::int64_t& most) {
  const std::size_t dots = text.find("..");
  const auto first = whole(text.substr(0, dots), 1, kMostTokens);
  const auto last =
      dots == std::string::npos ? first : whole(text.substr(dots + 2), 1, kMostTokens);
  if (!first || !last || *first > *last) {
    return false;
  }
  least = *first;
  most = *last;
  return true;
}

}  // namespace

void add_serve_options(CLI::App& command, ServeWords& words) {
  command.add_option("--rate", words.rate, "Requests a second that arrive")
      ->required()
      ->type_name("R");
  command
      .add_option("--prompts", words.prompts,
                  "Tokens of a prompt: N, LEAST..MOST, or a file with a prompt and an output in "
                  "tokens a line (default: 512)")
      ->type_name("SIZES");
  command.add_option("--outputs", words.outputs, "Tokens put out: N or LEAST..MOST (default: 128)")
      ->type_name("SIZES");
  command.add_option("--slots", words.slots, "Sequences held at most (default: 16)")
      ->type_name("N");
  command
      .add_option("--first-token", words.first_token,
                  "Find the largest rate of which 99 % have their first token within this time")
      ->type_name("TIME");
  command
      .add_option("--each-token", words.each_token, "The same of the time for each token behind it")
      ->type_name("TIME");
  command
      .add_option("--requests", words.requests,
                  "To count, behind a tenth as many to warm up (default: 1000)")
      ->type_name("N");
}

ServeRequest checked_serve(
    const ServeWords& words,
    const std::function<double(const std::string& option, const std::string& text)>& seconds_in) {
  ServeRequest request;
  const auto rate = parse_real(words.rate);
  if (!rate || *rate < kLeastServeRate || *rate > kMostServeRate) {
    throw UserError(fmt::format("systole: --rate: expected a number in {:g}..{:g}, got {}",
                                kLeastServeRate, kMostServeRate, in_quotes(words.rate)));
  }
  request.rate = *rate;
  TokenLengths& lengths = request.lengths;
  if (!read_range(words.prompts, lengths.least_prompt, lengths.most_prompt)) {
    if (words.prompts.find_first_not_of("0123456789.-") == std::string::npos) {
      throw UserError(
          fmt::format("systole: --prompts: expected N or LEAST..MOST of 1..{}, or a file, got {}",
                      kMostTokens, in_quotes(words.prompts)));
    }
    request.file = words.prompts;
  }
  if (!read_range(words.outputs, lengths.least_output, lengths.most_output)) {
    throw UserError(fmt::format("systole: --outputs: expected N or LEAST..MOST of 1..{}, got {}",
                                kMostTokens, in_quotes(words.outputs)));
  }
  request.slots = integer("--slots", words.slots, 1, kMostSlots);
  request.requests = integer("--requests", words.requests, 10, kMostServed);
  if (words.first_token) {
    request.targets.first_token = seconds_in("--first-token", *words.first_token);
  }
  if (words.each_token) {
    request.targets.each_token = seconds_in("--each-token", *words.each_token);
  }
  return request;
}

void read_pairs(ServeRequest& request) {
  if (request.file.empty()) {
    return;
  }
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 26;
  std::string text;
  try {
    text = read_text_file(request.file, kMostBytes);
  } catch (const TextFault& fault) {
    throw UserError(fmt::format("{}: {}", printable_path(request.file), fault.message));
  }
  std::istringstream lines(text);
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream words(line);
    std::string prompt;
    std::string output;
    std::string more;
    words >> prompt >> output;
    const bool is_end = !(words >> more);
    const auto in = whole(prompt, 1, kMostTokens);
    const auto out = whole(output, 1, kMostTokens);
    if (!in || !out || !is_end) {
      throw UserError(
          fmt::format("{}:{}:1: expected a prompt and an output of 1..{} tokens, got {}",
                      printable_path(request.file), number, kMostTokens, in_quotes(line)));
    }
    request.lengths.pairs.push_back({.prompt = *in, .output = *out});
  }
  if (request.lengths.pairs.empty()) {
    throw UserError(fmt::format("{}: expected a prompt and an output a line, got nothing",
                                printable_path(request.file)));
  }
}

}  // namespace systole
