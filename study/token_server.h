#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace systole {

/// A request to a language model: a prompt, and how many tokens are wanted behind it.
struct TokenRequest {
  double arrival = 0;  ///< seconds
  std::int64_t prompt = 1;
  std::int64_t output = 1;
};

/// Seconds of a prompt's run by its tokens, and of a step by sequences and their mean context:
/// simulated points, straight lines between them.
struct StepTable {
  struct Prompt {
    std::int64_t tokens = 0;
    double seconds = 0;
  };
  std::vector<Prompt> prompts;             ///< ascending
  std::vector<std::int64_t> batches;       ///< ascending
  std::vector<std::int64_t> contexts;      ///< ascending
  std::vector<std::vector<double>> steps;  ///< by batch and context

  /// Within the points; the nearest beyond them.
  [[nodiscard]] double prompt_seconds(double tokens) const;
  [[nodiscard]] double step_seconds(double batch, double context) const;
};

/// One device that serves requests by continuous batching.
///
/// At most `slots` sequences are held. A free device takes the prompt of the oldest request that
/// waits, if a slot is free: its run gives the first token. Else it makes a step, a token for every
/// sequence that it holds; one with all its tokens leaves. Steps wait while prompts run. Not
/// modelled: prompts in pieces beside steps, preemption, time outside the device.
struct TokenServer {
  StepTable table;
  std::int64_t slots = 1;
};

/// What requests saw: seconds from arrival to the first token, and for each one behind it (the
/// mean of a request with two or more).
struct ServeFigures {
  double rate = 0;            ///< requests a second
  std::int64_t requests = 0;  ///< counted
  double first_token_p50 = 0;
  double first_token_p99 = 0;
  std::optional<double> each_token_p50;  ///< none where no request has a second one
  std::optional<double> each_token_p99;
  double tokens_per_second = 0;  ///< put out, all requests, over the whole time
  double busy = 0;               ///< share of the time
  double sequences = 0;          ///< in a step, on average over the steps

  bool operator==(const ServeFigures&) const = default;
};

/// Requests in the order of arrival; the first `warm_up` are served and not counted.
[[nodiscard]] ServeFigures serve_tokens(const TokenServer& server,
                                        const std::vector<TokenRequest>& requests,
                                        std::size_t warm_up);

/// How long prompts and outputs are: a number, a range of which each is as likely, or pairs that
/// come one after the other, again and again.
struct TokenLengths {
  std::int64_t least_prompt = 512;
  std::int64_t most_prompt = 512;
  std::int64_t least_output = 128;
  std::int64_t most_output = 128;
  std::vector<TokenRequest> pairs;  ///< not empty: these, without arrivals

  /// Of what there may be.
  [[nodiscard]] std::int64_t shortest_prompt() const;
  [[nodiscard]] std::int64_t longest_prompt() const;
  /// The context of the last token of the longest.
  [[nodiscard]] std::int64_t longest_context() const;
};

/// Requests of a Poisson stream of `rate` a second.
[[nodiscard]] std::vector<TokenRequest> token_requests(const TokenLengths& lengths, double rate,
                                                       std::size_t count, std::uint64_t seed);

struct ServeTargets {
  std::optional<double> first_token;  ///< seconds that 99 % may not exceed
  std::optional<double> each_token;
};

/// The largest rate at which 99 % of the requests meet the targets, to a hundredth of what the
/// server can put out at all; none where no rate does.
[[nodiscard]] std::optional<ServeFigures> largest_rate(const TokenServer& server,
                                                       const TokenLengths& lengths,
                                                       const ServeTargets& targets,
                                                       std::size_t count, std::uint64_t seed);

/// Requests a second that keep all slots full.
[[nodiscard]] double token_capacity(const TokenServer& server, const TokenLengths& lengths);

}  // namespace systole
