#include "compiler/ops/attention.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/ops/composer.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

/// What runs over the blocks of a row.
constexpr DataType kExact = DataType::Fp32;
/// Not lower than a number below every score: rows that see nothing yet have it as their largest.
constexpr std::string_view kLargest = "max(largest(a), -1e30)";

struct Range {
  std::int64_t first = 0;
  std::int64_t size = 0;

  [[nodiscard]] std::int64_t last() const { return first + size - 1; }
};

std::vector<Range> blocks_of(std::int64_t size, std::int64_t block) {
  std::vector<Range> blocks;
  for (std::int64_t first = 0; first < size; first += block) {
    blocks.push_back({.first = first, .size = std::min(block, size - first)});
  }
  return blocks;
}

/// The layers of one attention.
class AttentionParts {
 public:
  AttentionParts(const AttendTokens& attention, Composer& to)
      : attention_(attention),
        to_(to),
        query_(to.inputs()[0]),
        key_(to.inputs()[1]),
        value_(to.inputs()[2]) {
    check();
    queries_ = to.extents(query_)[1];
    keys_ = to.extents(key_)[1];
    scale_ = attention.scale != 0
                 ? attention.scale
                 : 1 / std::sqrt(static_cast<double>(to.extents(query_)[2] / attention.heads));
  }

  GraphTensorId make() {
    const std::int64_t block = attention_.block;
    return block == 0 || std::max(queries_, keys_) <= block ? plain() : in_blocks(block);
  }

 private:
  void check() const {
    const OpPlace& where = to_.where();
    const std::int64_t kv_heads = attention_.kv_heads == 0 ? attention_.heads : attention_.kv_heads;
    const auto got = [&] {
      return fmt::format("got {}, {} and {}", fmt::join(to_.extents(query_), " x "),
                         fmt::join(to_.extents(key_), " x "),
                         fmt::join(to_.extents(value_), " x "));
    };
    constexpr std::size_t kAxes = 3;
    const bool three = to_.extents(query_).size() == kAxes && to_.extents(key_).size() == kAxes &&
                       to_.extents(value_).size() == kAxes;
    if (!three || to_.extents(key_)[1] != to_.extents(value_)[1] ||
        to_.extents(query_)[0] != to_.extents(key_)[0] ||
        to_.extents(query_)[0] != to_.extents(value_)[0]) {
      where.fail("expected queries, keys and values of batch, tokens and features, " + got());
    }
    if (attention_.heads % kv_heads != 0) {
      where.fail("kv_heads", fmt::format("expected a divisor of the {} heads, got {}",
                                         attention_.heads, kv_heads));
    }
    if (to_.extents(query_)[2] % attention_.heads != 0) {
      where.fail("heads", fmt::format("expected a divisor of the {} features of a query, got {}",
                                      to_.extents(query_)[2], attention_.heads));
    }
    if (to_.extents(key_)[2] % kv_heads != 0 || to_.extents(value_)[2] % kv_heads != 0 ||
        to_.extents(key_)[2] / kv_heads != to_.extents(query_)[2] / attention_.heads) {
      where.fail("heads", fmt::format("expected keys with as many features of a head as queries, "
                                      "{}, of {} and {} heads",
                                      got(), attention_.heads, kv_heads));
    }
    if (attention_.window != 0 && !attention_.causal) {
      where.fail("window", "expected causal attention for a window, got none");
    }
    if (attention_.causal && to_.extents(key_)[1] < to_.extents(query_)[1]) {
      where.fail("causal", fmt::format("expected at least as many keys as queries, got {} and {}",
                                       to_.extents(key_)[1], to_.extents(query_)[1]));
    }
  }

  [[nodiscard]] Op scores_op() const {
    return product_of({.transpose_b = true,
                       .heads = attention_.heads,
                       .kv_heads = attention_.kv_heads,
                       .scale = scale_});
  }

  GraphTensorId plain() {
    const GraphTensorId scores = to_.add("scores", scores_op(), {query_, key_});
    const GraphTensorId probabilities = to_.add(
        "probabilities",
        softmax_of(
            {.causal = attention_.causal, .window = attention_.window, .alibi = attention_.alibi}),
        {scores});
    return to_.add_named(product_of({.heads = attention_.heads, .kv_heads = attention_.kv_heads}),
                         {probabilities, value_});
  }

  // --- blocks ---

  /// What is known of a block of queries so far.
  struct Running {
    GraphTensorId largest = 0;
    GraphTensorId sum = 0;
    GraphTensorId contexts = 0;
  };

  GraphTensorId in_blocks(std::int64_t block) {
    const std::vector<Range> of_keys = blocks_of(keys_, block);
    std::vector<GraphTensorId> keys(of_keys.size(), -1);
    std::vector<GraphTensorId> values(of_keys.size(), -1);
    std::vector<GraphTensorId> results;
    const std::vector<Range> of_queries = blocks_of(queries_, block);
    for (std::size_t i = 0; i < of_queries.size(); ++i) {
      const GraphTensorId query = part(fmt::format("q{}", i), query_, of_queries[i], queries_);
      std::optional<Running> running;
      for (std::size_t j = 0; j < of_keys.size(); ++j) {
        if (!is_seen(of_queries[i], of_keys[j])) {
          continue;
        }
        if (keys[j] < 0) {
          keys[j] = part(fmt::format("k{}", j), key_, of_keys[j], keys_);
          values[j] = part(fmt::format("v{}", j), value_, of_keys[j], keys_);
        }
        const std::string name = fmt::format("q{}k{}", i, j);
        const GraphTensorId scores = seen_scores(name, query, keys[j], of_queries[i], of_keys[j]);
        running = joined(name, scores, values[j], running);
      }
      results.push_back(result(fmt::format("q{}", i), *running, of_queries.size() == 1));
    }
    return results.size() == 1 ? results.front() : joined_results(results);
  }

  /// One behind the other; where that works many tokens are a row, since a plan goes through the
  /// rows of a layer, and a long prompt has tens of thousands of tokens.
  GraphTensorId joined_results(const std::vector<GraphTensorId>& results) {
    constexpr std::int64_t kTogether = 64;
    const bool is_even = std::all_of(results.begin(), results.end(), [&](GraphTensorId result) {
      return to_.extents(result)[1] % kTogether == 0;
    });
    if (!is_even) {
      return to_.add_named(joined_along(1), results);
    }
    std::vector<GraphTensorId> rows;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Extents& in = to_.extents(results[i]);
      rows.push_back(to_.view(fmt::format("q{}.rows", i), results[i],
                              {in[0], in[1] / kTogether, kTogether, in[2]}));
    }
    const GraphTensorId joined = to_.add_named(joined_along(1), rows);
    const Extents in = to_.extents(joined);
    return to_.view("tokens", joined, {in[0], queries_, in[3]});
  }

  GraphTensorId part(const std::string& name, GraphTensorId of, const Range& range,
                     std::int64_t all) {
    return range.size == all ? of : to_.add(name, part_of(1, range.first, range.size), {of});
  }

  /// By how much the first query's own key is behind the first key.
  [[nodiscard]] std::int64_t behind(const Range& queries, const Range& keys) const {
    return queries.first + keys_ - queries_ - keys.first;
  }
  [[nodiscard]] bool is_seen(const Range& queries, const Range& keys) const {
    const std::int64_t last_own = behind(queries, keys) + queries.size - 1;
    const bool begun = !attention_.causal || last_own >= 0;
    const std::int64_t first_own = behind(queries, keys);
    return begun && (attention_.window == 0 || first_own - attention_.window < keys.size - 1);
  }
  [[nodiscard]] bool is_seen_whole(const Range& queries, const Range& keys) const {
    const std::int64_t first_own = behind(queries, keys);
    const std::int64_t last_own = first_own + queries.size - 1;
    return !attention_.causal || (first_own >= keys.size - 1 &&
                                  (attention_.window == 0 || last_own - attention_.window < 0));
  }

  GraphTensorId seen_scores(const std::string& name, GraphTensorId query, GraphTensorId key,
                            const Range& queries, const Range& keys) {
    const GraphTensorId scores = to_.add(name + ".scores", scores_op(), {query, key});
    if (!attention_.alibi && is_seen_whole(queries, keys)) {
      return scores;
    }
    return to_.add(name + ".seen",
                   mask_of({.causal = attention_.causal,
                            .offset = behind(queries, keys),
                            .window = attention_.window,
                            .alibi = attention_.alibi,
                            .first = keys.first}),
                   {scores});
  }

  Running joined(const std::string& name, GraphTensorId scores, GraphTensorId value,
                 const std::optional<Running>& before) {
    const auto formula = [&](std::string_view what, std::string of,
                             std::vector<GraphTensorId> inputs,
                             std::optional<DataType> element = kExact) {
      return to_.add(name + std::string(what), formula_of(std::move(of), element),
                     std::move(inputs));
    };
    Running now;
    now.largest =
        before ? formula(".largest", fmt::format("max({}, b)", kLargest), {scores, before->largest})
               : formula(".largest", std::string(kLargest), {scores});
    const GraphTensorId weights =
        formula(".weights", "exp(a - b)", {scores, now.largest}, std::nullopt);
    now.sum = before ? formula(".sum", "a * exp(b - c) + sum(d)",
                               {before->sum, before->largest, now.largest, weights})
                     : formula(".sum", "sum(a)", {weights});
    const GraphTensorId contexts = to_.add(name + ".contexts",
                                           product_of({.heads = attention_.heads,
                                                       .kv_heads = attention_.kv_heads,
                                                       .element = kExact,
                                                       .split_heads = true}),
                                           {weights, value});
    now.contexts = before ? formula(".joined", "a * exp(b - c) + d",
                                    {before->contexts, before->largest, now.largest, contexts})
                          : contexts;
    return now;
  }

  /// Contexts over sums, heads side by side again.
  GraphTensorId result(const std::string& name, const Running& running, bool is_only) {
    const GraphTensorId divided =
        to_.add(name + ".divided", formula_of("a / b", to_.tensor(query_).type.element),
                {running.contexts, running.sum});
    const GraphTensorId turned =
        is_only ? to_.add_named(transposition_of_pixels(), {divided})
                : to_.add(name + ".turned", transposition_of_pixels(), {divided});
    const Extents extents = to_.extents(turned);
    return to_.view(name + ".merged", turned, {extents[0], extents[1], extents[2] * extents[3]});
  }

  const AttendTokens& attention_;
  Composer& to_;
  GraphTensorId query_;
  GraphTensorId key_;
  GraphTensorId value_;
  std::int64_t queries_ = 0;
  std::int64_t keys_ = 0;
  double scale_ = 1;
};

}  // namespace

std::vector<OpEntry> AttendTokens::entries() {
  constexpr double kLeastScale = 1e-12;
  constexpr double kMostScale = 1e12;
  return {{.name = "attention",
           .onnx = "",
           .prototype = AttendTokens{},
           .inputs = InputCount::Three,
           .attributes = {
               {"heads", Attribute::Integer{kAt<&AttendTokens::heads>},
                "side by side in the queries", Attribute::Presence::Required},
               {"kv_heads", Attribute::Integer{kAt<&AttendTokens::kv_heads>},
                "of keys and values, each for several of the queries'"},
               {"scale", Attribute::Real{kAt<&AttendTokens::scale>, kLeastScale, kMostScale},
                "of the scores; unless given, of a head's features the inverse root"},
               {"causal", Attribute::Flag{kAt<&AttendTokens::causal>},
                "each query sees the keys up to its own, seen from the end"},
               {"window", Attribute::Integer{.at = kAt<&AttendTokens::window>, .least = 0},
                "of these the last ones; 0: all"},
               {"alibi", Attribute::Flag{kAt<&AttendTokens::alibi>},
                "scores fall with the distance, in each head at a slope of its own"},
               {"block_size", Attribute::Integer{.at = kAt<&AttendTokens::block>, .least = 0},
                "queries and keys at a time; 0: all, as three layers"},
               output_attribute()}}};
}

GraphTensorId AttendTokens::compose(Composer& composer) const {
  return AttentionParts(*this, composer).make();
}

}  // namespace systole
