#include "compiler/ops/experts.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/printable.h"
#include "compiler/ops/composer.h"
#include "compiler/ops/make.h"

namespace systole {

namespace {

constexpr std::string_view kBalanced = "balanced";

/// The experts of one token after the other.
std::vector<std::vector<std::int64_t>> lists_of(const std::string& routing, const OpPlace& where) {
  std::vector<std::vector<std::int64_t>> lists;
  std::istringstream text(routing);
  for (std::string line; std::getline(text, line, ';');) {
    std::istringstream numbers(line);
    std::vector<std::int64_t>& list = lists.emplace_back();
    for (std::string word; numbers >> word;) {
      const bool is_number =
          word.size() < 6 && word.find_first_not_of("0123456789") == std::string::npos;
      if (!is_number) {
        where.fail("routing", fmt::format("expected balanced, or numbers of experts, got {}",
                                          in_quotes(word)));
      }
      list.push_back(std::stoll(word));
    }
  }
  return lists;
}

class ExpertLayer {
 public:
  ExpertLayer(const MixExperts& mix, Composer& to)
      : mix_(mix), to_(to), extents_(to.extents(to.inputs()[0])) {
    check();
    tokens_ = extents_[0] * extents_[1];
    route();
  }

  GraphTensorId make() {
    const std::int64_t hidden = extents_[2];
    const GraphTensorId rows = to_.view("tokens", to_.inputs()[0], {1, tokens_, hidden});
    const GraphTensorId shares = to_.view("shares", to_.inputs()[1], {1, tokens_, mix_.experts});
    std::vector<GraphTensorId> results;
    for (std::int64_t expert = 0; expert < mix_.experts; ++expert) {
      if (!tokens_of(expert).empty()) {
        first_row_.push_back(row_);
        row_ += static_cast<std::int64_t>(tokens_of(expert).size());
        results.push_back(result(expert, rows, shares));
      } else {
        first_row_.push_back(-1);
      }
    }
    return sum(results);
  }

 private:
  void check() const {
    constexpr std::size_t kAxes = 3;
    const OpPlace& where = to_.where();
    const Extents& shares = to_.extents(to_.inputs()[1]);
    if (extents_.size() != kAxes || shares.size() != kAxes || extents_[0] != shares[0] ||
        extents_[1] != shares[1] || shares[2] != mix_.experts) {
      where.fail(
          fmt::format("expected tokens and a number for each of them and of {} experts, got "
                      "{} and {}",
                      mix_.experts, fmt::join(extents_, " x "), fmt::join(shares, " x ")));
    }
    if (mix_.per_token > mix_.experts) {
      where.fail("per_token", fmt::format("expected at most the {} experts, got {}", mix_.experts,
                                          mix_.per_token));
    }
  }

  void route() {
    places_.assign(static_cast<std::size_t>(tokens_), {});
    tokens_of_.assign(static_cast<std::size_t>(mix_.experts), {});
    const auto lists = mix_.routing == kBalanced ? std::vector<std::vector<std::int64_t>>()
                                                 : lists_of(mix_.routing, to_.where());
    for (std::int64_t token = 0; token < tokens_; ++token) {
      std::vector<std::int64_t> experts;
      if (lists.empty()) {
        for (std::int64_t i = 0; i < mix_.per_token; ++i) {
          experts.push_back((token * mix_.per_token + i) % mix_.experts);
        }
      } else {
        experts = lists[static_cast<std::size_t>(token) % lists.size()];
        check(experts);
      }
      for (const std::int64_t expert : experts) {
        auto& own = tokens_of_[static_cast<std::size_t>(expert)];
        places_[static_cast<std::size_t>(token)].push_back(
            {.expert = expert, .row = static_cast<std::int64_t>(own.size())});
        own.push_back(token);
      }
    }
  }

  void check(const std::vector<std::int64_t>& experts) const {
    std::vector<std::int64_t> sorted = experts;
    std::sort(sorted.begin(), sorted.end());
    const bool differ = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
    if (!differ || static_cast<std::int64_t>(experts.size()) != mix_.per_token ||
        sorted.back() >= mix_.experts) {
      to_.where().fail("routing",
                       fmt::format("expected {} different experts of 0..{} for each "
                                   "token, got {}",
                                   mix_.per_token, mix_.experts - 1, fmt::join(experts, " ")));
    }
  }

  [[nodiscard]] const std::vector<std::int64_t>& tokens_of(std::int64_t expert) const {
    return tokens_of_[static_cast<std::size_t>(expert)];
  }

  /// Rows of its tokens; all are as they are.
  GraphTensorId own(const std::string& name, GraphTensorId of, std::int64_t expert) {
    const std::vector<std::int64_t>& tokens = tokens_of(expert);
    if (static_cast<std::int64_t>(tokens.size()) == tokens_) {
      return of;
    }
    const Extents extents = to_.extents(of);
    const GraphTensorId rows =
        to_.add(name, rearrangement_of({MapAxis{.indices = tokens}}), {of}, same_as(of));
    return to_.view(name + ".rows", rows,
                    {1, static_cast<std::int64_t>(tokens.size()), extents[2]});
  }

  [[nodiscard]] PartialQuantization same_as(GraphTensorId tensor) const {
    const Quantization& in = to_.tensor(tensor).quantization;
    return {.scale = in.scale, .zero_point = in.zero_point};
  }

  GraphTensorId result(std::int64_t expert, GraphTensorId rows, GraphTensorId shares) {
    const std::string name = fmt::format("expert{}", expert);
    const GraphTensorId x = own(name + ".own", rows, expert);
    const GraphTensorId gate =
        to_.add(name + ".gate", dense_of(mix_.features, ActivationKind::Silu), {x});
    const GraphTensorId up = to_.add(name + ".up", dense_of(mix_.features), {x});
    const GraphTensorId gated = to_.add(name + ".gated", formula_of("a * b"), {gate, up});
    const GraphTensorId down = to_.add(name + ".down", dense_of(extents_[2]), {gated});
    const GraphTensorId share =
        to_.add(name + ".share", part_of(2, expert, 1), {own(name + ".shares", shares, expert)});
    return to_.add(name + ".scaled", formula_of("a * b"), {down, share});
  }

  /// For each of a token's experts a tensor of what these make of all tokens; their sum.
  GraphTensorId sum(const std::vector<GraphTensorId>& results) {
    std::vector<GraphTensorId> parts;
    for (std::int64_t i = 0; i < mix_.per_token; ++i) {
      MapAxis axis{.indices = {}};
      for (const std::vector<Place>& places : places_) {
        const Place& place = places[static_cast<std::size_t>(i)];
        axis.indices.push_back(first_row_[static_cast<std::size_t>(place.expert)] + place.row);
      }
      const GraphTensorId part = to_.add(fmt::format("part{}", i), rearrangement_of({axis}),
                                         results, same_as(results.front()));
      parts.push_back(to_.view(fmt::format("part{}.rows", i), part, extents_));
    }
    GraphTensorId total = parts.front();
    for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
      total = to_.add(fmt::format("sum{}", i), formula_of("a + b"), {total, parts[i]});
    }
    return parts.size() == 1 ? to_.add_named(formula_of("a"), {total})
                             : to_.add_named(formula_of("a + b"), {total, parts.back()});
  }

  struct Place {
    std::int64_t expert = 0;
    std::int64_t row = 0;  ///< among the expert's own
  };

  const MixExperts& mix_;
  Composer& to_;
  Extents extents_;
  std::int64_t tokens_ = 0;
  std::vector<std::vector<Place>> places_;            ///< by token
  std::vector<std::vector<std::int64_t>> tokens_of_;  ///< by expert
  std::vector<std::int64_t> first_row_;               ///< by expert: of all results
  std::int64_t row_ = 0;
};

}  // namespace

std::vector<OpEntry> MixExperts::entries() {
  constexpr std::int64_t kMostExperts = 4096;
  return {
      {.name = "experts",
       .onnx = "",
       .prototype = MixExperts{},
       .inputs = InputCount::Two,
       .attributes = {
           {"experts", Attribute::Integer{.at = kAt<&MixExperts::experts>, .most = kMostExperts},
            "of the layer", Attribute::Presence::Required},
           {"per_token", Attribute::Integer{kAt<&MixExperts::per_token>},
            "that each token goes through"},
           {"features", Attribute::Integer{.at = kAt<&MixExperts::features>, .most = kMaxFeatures},
            "between an expert's layers", Attribute::Presence::Required},
           {"routing", Attribute::Text{kAt<&MixExperts::routing>},
            "balanced, or for one token after the other the experts that it goes to"},
           output_attribute()}}};
}

GraphTensorId MixExperts::compose(Composer& composer) const {
  return ExpertLayer(*this, composer).make();
}

}  // namespace systole
