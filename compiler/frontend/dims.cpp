#include "compiler/frontend/dims.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "arch/config/formula.h"
#include "arch/config/near_name.h"
#include "arch/config/text_file.h"
#include "compiler/ops/infer.h"

namespace systole {

namespace {

constexpr Range kDim{.min = 0, .max = kMaxElements};
constexpr double kLargestExact = 9007199254740992.0;  // 2^53

bool is_name_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '_';
}

std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
    std::size_t end = at + 1;
    while (end < text.size() && is_name_letter(text[end])) {
      ++end;
    }
    names.emplace_back(text.substr(at + 1, end - at - 1));
  }
  return names;
}

/// Without a decimal point where it is whole.
std::string text_of(double number) {
  const bool is_exact = std::abs(number) < kLargestExact && number == std::rint(number);
  return is_exact ? fmt::format("{}", static_cast<std::int64_t>(number))
                  : fmt::format("{:.12g}", number);
}

/// The formulas of `dims` one after another, each behind those that it needs.
class DimReader {
 public:
  DimReader(const ConfigNode& root, const DimChoice& choice)
      : node_(root.optional_map("dims")), given_(choice.values) {
    const std::vector<std::string> keys = node_ ? node_->keys() : std::vector<std::string>();
    names_.assign(keys.begin(), keys.end());
    read_phases(root, choice.phase);  // first: who asks for a phase brings sizes that go with it
    const std::vector<std::string_view> known(names_.begin(), names_.end());
    for (const auto& [name, value] : given_) {
      if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
        throw WorkloadError({.file = root.location().file}, "dims",
                            known.empty()
                                ? fmt::format("expected no size by name, got {}", in_quotes(name))
                                : fmt::format("expected {}, got {}{}", one_of(known),
                                              in_quotes(name), suggestion(name, known)));
      }
    }
  }

  std::map<std::string, std::int64_t, std::less<>> read() {
    for (const std::string& name : names_) {
      check_name(name);
      static_cast<void>(value_of(name));
    }
    return std::move(values_);
  }

 private:
  /// What each phase sets has to be a size; the chosen one is kept.
  void read_phases(const ConfigNode& root, const std::string& chosen) {
    const auto phases = root.optional_map("phases");
    const std::vector<std::string> keys = phases ? phases->keys() : std::vector<std::string>();
    for (const std::string& key : keys) {
      const ConfigNode phase = phases->map(key);
      for (const std::string& name : phase.keys()) {
        if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
          phase.fail(name, fmt::format("expected a key of dims, got {}", in_quotes(name)));
        }
        static_cast<void>(phase.child(name));
      }
      if (key == chosen) {
        phase_ = phase;
      }
    }
    if (!chosen.empty() && !phase_) {
      const std::vector<std::string_view> known(keys.begin(), keys.end());
      throw WorkloadError(
          {.file = root.location().file}, "phases",
          known.empty() ? fmt::format("expected a network that has phases, to run {}, got one "
                                      "without",
                                      in_quotes(chosen))
                        : fmt::format("expected {}, got {}{}", one_of(known), in_quotes(chosen),
                                      suggestion(chosen, known)));
    }
  }

  void check_name(const std::string& name) const {
    const bool is_name = std::all_of(name.begin(), name.end(), is_name_letter) &&
                         (name.front() < '0' || name.front() > '9') && name != "input" &&
                         name != "index";
    if (!is_name) {
      node_->fail(name, fmt::format("expected a name of letters, digits and '_' that is not "
                                    "'input' or 'index', got {}",
                                    in_quotes(name)));
    }
  }

  std::int64_t value_of(const std::string& name) {
    if (const auto known = values_.find(name); known != values_.end()) {
      return known->second;
    }
    static_cast<void>(node_->child(name));
    const ConfigNode written =
        phase_ && phase_->has(name) ? phase_->child(name) : node_->child(name);
    if (const auto given = given_.find(name); given != given_.end()) {
      return values_.emplace(name, given->second).first->second;
    }
    if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
      std::string cycle;
      for (const std::string& open : open_) {
        cycle += open + " -> ";
      }
      written.fail(fmt::format("expected sizes of which none needs itself, got {}{}", cycle, name));
    }
    open_.push_back(name);
    const ConfigNode number =
        has_names(written) ? evaluated(written,
                                       [&](const std::string& needed) {
                                         return static_cast<double>(needed_value(written, needed));
                                       })
                           : written;
    open_.pop_back();
    return values_.emplace(name, number.as_integer(kDim)).first->second;
  }

  std::int64_t needed_value(const ConfigNode& written, const std::string& name) {
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
      const std::vector<std::string_view> known(names_.begin(), names_.end());
      written.fail(fmt::format("expected a key of dims behind '$', got {}{}", in_quotes(name),
                               suggestion(name, known)));
    }
    return value_of(name);
  }

  std::optional<ConfigNode> node_;
  std::optional<ConfigNode> phase_;  ///< the chosen one
  const DimValues& given_;
  std::vector<std::string> names_;
  std::vector<std::string> open_;  ///< whose formulas are being evaluated
  std::map<std::string, std::int64_t, std::less<>> values_;
};

}  // namespace

std::string text_of(const DimValues& values) {
  std::string text;
  for (const auto& [name, value] : values) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, value);
  }
  return text;
}

std::string DimChoice::text() const {
  if (phase.empty() && values.empty()) {
    return {};
  }
  const bool both = !phase.empty() && !values.empty();
  return fmt::format("({}{}{})", phase, both ? "," : "", text_of(values));
}

Dims::Dims(const ConfigNode& root, const DimChoice& choice)
    : values_(DimReader(root, choice).read()) {}

std::optional<std::int64_t> Dims::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

bool has_names(const ConfigNode& node) {
  return node.is_scalar() && node.as_text().find('$') != std::string::npos;
}

std::optional<std::string> lone_name(std::string_view text) {
  const bool is_lone = text.size() > 1 && text.front() == '$' &&
                       std::all_of(text.begin() + 1, text.end(), is_name_letter);
  return is_lone ? std::optional(std::string(text.substr(1))) : std::nullopt;
}

void for_each_name(const ConfigNode& node, const std::function<void(const std::string&)>& use) {
  if (node.is_scalar()) {
    for (const std::string& name : names_in(node.as_text())) {
      use(name);
    }
  } else if (node.is_list()) {
    for (const ConfigNode& element : node.elements()) {
      for_each_name(element, use);
    }
  } else if (node.is_map()) {
    for (const std::string& key : node.keys()) {
      for_each_name(node.child(key), use);
    }
  }
}

ConfigNode evaluated(const ConfigNode& node,
                     const std::function<double(const std::string&)>& number_of) {
  const std::string text = node.as_text();
  const std::vector<std::string> written = names_in(text);
  if (std::find(written.begin(), written.end(), "") != written.end()) {
    node.fail(fmt::format("expected a name behind every '$', got {}", in_quotes(text)));
  }
  std::string plain = text;
  std::replace(plain.begin(), plain.end(), '$', ' ');  // places in messages stay what they are
  try {
    const Formula formula(plain, Formula::Units::None);
    std::vector<double> numbers;
    for (const std::string& name : formula.names()) {
      if (std::find(written.begin(), written.end(), name) == written.end()) {
        node.fail(fmt::format("expected '$' before every name of a formula, got {} in {}",
                              in_quotes(name), in_quotes(text)));
      }
      numbers.push_back(number_of(name));
    }
    const double value = formula.value(numbers);
    if (!std::isfinite(value)) {
      node.fail(
          fmt::format("expected a formula with a value, got {:g} from {}", value, in_quotes(text)));
    }
    return node.computed(text_of(value));
  } catch (const FormulaFault& fault) {
    std::string message = fault.message;
    if (const std::size_t at = message.find(in_quotes(plain)); at != std::string::npos) {
      message.replace(at, in_quotes(plain).size(), in_quotes(text));
    }
    node.fail(message);
  }
}

}  // namespace systole
