#include "study/token_server.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <random>

#include "arch/diag/check.h"
#include "study/batch_queue.h"

namespace systole {

namespace {

constexpr double kPercentile50 = 0.50;
constexpr double kPercentile99 = 0.99;
constexpr int kRateSteps = 100;

/// Where `x` lies among ascending points: the first of a pair, and the share of the way behind it.
struct Between {
  std::size_t first = 0;
  double share = 0;
};

template <class Points, class ValueOf>
Between between(const Points& points, double x, ValueOf value_of) {
  SYSTOLE_CHECK(!points.empty(), "no simulated points");
  if (points.size() == 1 || x <= static_cast<double>(value_of(points.front()))) {
    return {};
  }
  std::size_t next = 1;
  while (next + 1 < points.size() && x > static_cast<double>(value_of(points[next]))) {
    ++next;
  }
  const auto from = static_cast<double>(value_of(points[next - 1]));
  const auto to = static_cast<double>(value_of(points[next]));
  return {.first = next - 1, .share = std::min(1.0, (x - from) / (to - from))};
}

double on_line(double from, double to, double share) {
  return from + (to - from) * share;
}

/// The smallest value that `share` of them do not exceed.
double nearest_rank(std::vector<double> values, double share) {
  if (values.empty()) {
    return 0;
  }
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// A sequence that is held.
struct Held {
  std::size_t request = 0;
  std::int64_t context = 0;  ///< that the next token attends to
  std::int64_t left = 0;     ///< tokens to come
  double first = 0;          ///< when its first token was there
};

class Device {
 public:
  Device(const TokenServer& server, const std::vector<TokenRequest>& requests, std::size_t warm_up)
      : server_(server), requests_(requests), warm_up_(warm_up) {}

  ServeFigures serve() {
    while (next_ < requests_.size() || !waiting_.empty() || !held_.empty()) {
      for (; next_ < requests_.size() && requests_[next_].arrival <= now_; ++next_) {
        waiting_.push_back(next_);
      }
      if (!waiting_.empty() && static_cast<std::int64_t>(held_.size()) < server_.slots) {
        run_prompt();
      } else if (!held_.empty()) {
        step();
      } else {
        now_ = requests_[next_].arrival;
      }
    }
    return figures();
  }

 private:
  void spend(double seconds) {
    now_ += seconds;
    busy_ += seconds;
  }

  void run_prompt() {
    const std::size_t index = waiting_.front();
    waiting_.pop_front();
    const TokenRequest& request = requests_[index];
    spend(server_.table.prompt_seconds(static_cast<double>(request.prompt)));
    ++tokens_;
    if (index >= warm_up_) {
      first_.push_back(now_ - request.arrival);
    }
    if (request.output > 1) {
      held_.push_back({.request = index,
                       .context = request.prompt + 1,
                       .left = request.output - 1,
                       .first = now_});
      contexts_ += request.prompt + 1;
    }
  }

  void step() {
    const auto count = static_cast<std::int64_t>(held_.size());
    spend(server_.table.step_seconds(static_cast<double>(count),
                                     static_cast<double>(contexts_) / static_cast<double>(count)));
    tokens_ += count;
    sequences_ += count;
    ++steps_;
    contexts_ += count;
    for (Held& held : held_) {
      ++held.context;
      if (--held.left == 0) {
        finish(held);
      }
    }
    std::erase_if(held_, [](const Held& held) { return held.left == 0; });
  }

  void finish(const Held& held) {
    contexts_ -= held.context;
    if (held.request >= warm_up_) {
      const auto behind = static_cast<double>(requests_[held.request].output - 1);
      each_.push_back((now_ - held.first) / behind);
    }
  }

  [[nodiscard]] std::optional<double> of_each(double percentile) const {
    return each_.empty() ? std::nullopt : std::optional(nearest_rank(each_, percentile));
  }

  [[nodiscard]] ServeFigures figures() const {
    const double span = now_ - requests_.front().arrival;
    return {.requests = static_cast<std::int64_t>(first_.size()),
            .first_token_p50 = nearest_rank(first_, kPercentile50),
            .first_token_p99 = nearest_rank(first_, kPercentile99),
            .each_token_p50 = of_each(kPercentile50),
            .each_token_p99 = of_each(kPercentile99),
            .tokens_per_second = span > 0 ? static_cast<double>(tokens_) / span : 0,
            .busy = span > 0 ? std::min(1.0, busy_ / span) : 0,
            .sequences =
                steps_ > 0 ? static_cast<double>(sequences_) / static_cast<double>(steps_) : 0};
  }

  const TokenServer& server_;
  const std::vector<TokenRequest>& requests_;
  std::size_t warm_up_;
  std::size_t next_ = 0;  ///< to arrive
  std::deque<std::size_t> waiting_;
  std::vector<Held> held_;
  std::int64_t contexts_ = 0;  ///< of all that are held
  double now_ = 0;
  double busy_ = 0;
  std::int64_t tokens_ = 0;
  std::int64_t sequences_ = 0;
  std::int64_t steps_ = 0;
  std::vector<double> first_;
  std::vector<double> each_;
};

/// A whole number of least..most, each as likely to within 2^-50.
std::int64_t drawn(std::mt19937_64& random, std::int64_t least, std::int64_t most) {
  const auto count = static_cast<std::uint64_t>(most - least + 1);
  return least + static_cast<std::int64_t>(random() % count);
}

bool meets(const ServeFigures& figures, const ServeTargets& targets) {
  return (!targets.first_token || figures.first_token_p99 <= *targets.first_token) &&
         (!targets.each_token || figures.each_token_p99.value_or(0) <= *targets.each_token);
}

}  // namespace

double StepTable::prompt_seconds(double tokens) const {
  const Between at = between(prompts, tokens, [](const Prompt& point) { return point.tokens; });
  const std::size_t next = std::min(at.first + 1, prompts.size() - 1);
  return on_line(prompts[at.first].seconds, prompts[next].seconds, at.share);
}

double StepTable::step_seconds(double batch, double context) const {
  const auto itself = [](std::int64_t point) { return point; };
  const Between b = between(batches, batch, itself);
  const Between c = between(contexts, context, itself);
  const std::size_t b_next = std::min(b.first + 1, batches.size() - 1);
  const std::size_t c_next = std::min(c.first + 1, contexts.size() - 1);
  const auto row = [&](std::size_t of) {
    return on_line(steps[of][c.first], steps[of][c_next], c.share);
  };
  return on_line(row(b.first), row(b_next), b.share);
}

ServeFigures serve_tokens(const TokenServer& server, const std::vector<TokenRequest>& requests,
                          std::size_t warm_up) {
  SYSTOLE_CHECK(server.slots > 0 && warm_up < requests.size(), "{} slots, {} of {} requests",
                server.slots, warm_up, requests.size());
  return Device(server, requests, warm_up).serve();
}

std::int64_t TokenLengths::shortest_prompt() const {
  const auto shortest = std::min_element(
      pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.prompt < b.prompt; });
  return pairs.empty() ? least_prompt : shortest->prompt;
}

std::int64_t TokenLengths::longest_prompt() const {
  const auto longest = std::max_element(
      pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.prompt < b.prompt; });
  return pairs.empty() ? most_prompt : longest->prompt;
}

std::int64_t TokenLengths::longest_context() const {
  std::int64_t longest = pairs.empty() ? most_prompt + most_output - 1 : 1;
  for (const TokenRequest& pair : pairs) {
    longest = std::max(longest, pair.prompt + pair.output - 1);
  }
  return longest;
}

std::vector<TokenRequest> token_requests(const TokenLengths& lengths, double rate,
                                         std::size_t count, std::uint64_t seed) {
  constexpr double kFemtoseconds = 1e15;
  const StreamTime gap(static_cast<Wide>(std::llround(kFemtoseconds / rate)));
  const std::vector<StreamTime> times = arrivals(ArrivalKind::Poisson, gap, count, seed);
  std::mt19937_64 random(seed ^ 0x5eed);
  std::vector<TokenRequest> requests;
  requests.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    TokenRequest request;
    if (lengths.pairs.empty()) {
      request.prompt = drawn(random, lengths.least_prompt, lengths.most_prompt);
      request.output = drawn(random, lengths.least_output, lengths.most_output);
    } else {
      request = lengths.pairs[i % lengths.pairs.size()];
    }
    request.arrival = seconds(times[i]);
    requests.push_back(request);
  }
  return requests;
}

double token_capacity(const TokenServer& server, const TokenLengths& lengths) {
  // Every slot's share of the time that a whole round of the slots takes.
  constexpr std::size_t kSample = 1000;
  const std::vector<TokenRequest> sample = token_requests(lengths, 1, kSample, 1);
  const auto slots = static_cast<double>(server.slots);
  double spent = 0;
  for (const TokenRequest& request : sample) {
    const auto prompt = static_cast<double>(request.prompt);
    const auto steps = static_cast<double>(request.output - 1);
    spent += server.table.prompt_seconds(prompt) +
             steps * server.table.step_seconds(slots, prompt + steps / 2) / slots;
  }
  return static_cast<double>(sample.size()) / spent;
}

std::optional<ServeFigures> largest_rate(const TokenServer& server, const TokenLengths& lengths,
                                         const ServeTargets& targets, std::size_t count,
                                         std::uint64_t seed) {
  const double capacity = token_capacity(server, lengths);
  const auto at = [&](int step) {
    const double rate = capacity * step / kRateSteps;
    ServeFigures figures =
        serve_tokens(server, token_requests(lengths, rate, count + count / 10, seed), count / 10);
    figures.rate = rate;
    return figures;
  };
  int good = 0;
  int bad = kRateSteps + 1;
  std::optional<ServeFigures> best;
  while (bad - good > 1) {
    const int middle = good + (bad - good) / 2;
    const ServeFigures figures = at(middle);
    if (meets(figures, targets)) {
      good = middle;
      best = figures;
    } else {
      bad = middle;
    }
  }
  return best;
}

}  // namespace systole
