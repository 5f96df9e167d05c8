#include "compiler/ops/op.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/check.h"

namespace systole {

namespace {

template <class Variant>
struct Collected;
template <class... Ops>
struct Collected<std::variant<Ops...>> {
  static std::vector<OpEntry> entries() {
    std::vector<OpEntry> all;
    const auto take = [&all](std::vector<OpEntry> some) {
      std::move(some.begin(), some.end(), std::back_inserter(all));
    };
    (take(Ops::entries()), ...);
    return all;
  }
};

/// The text of an attribute's value; empty for wishes, which are not the operator's.
class AttributeText {
 public:
  explicit AttributeText(Op op) : op_(std::move(op)) {}

  std::string operator()(const Attribute::Integer& value) {
    return fmt::format("{}", value.at(attributes_of(op_)));
  }
  std::string operator()(const Attribute::Text& value) {
    return fmt::format("\"{}\"", value.at(attributes_of(op_)));
  }
  std::string operator()(const Attribute::Sizes& value) {
    return fmt::format("[{}]", fmt::join(value.at(attributes_of(op_)), ", "));
  }
  std::string operator()(const Attribute::Flag& value) {
    return fmt::format("{}", value.at(attributes_of(op_)));
  }
  std::string operator()(const Attribute::Real& value) {
    return fmt::format("{}", value.at(attributes_of(op_)));
  }
  std::string operator()(const Attribute::Sides& value) {
    const Kernel& kernel = value.at(attributes_of(op_));
    return fmt::format("[{}, {}]", kernel.*value.rows, kernel.*value.cols);
  }
  std::string operator()(const Attribute::Padding& value) {
    const Kernel& kernel = value.at(attributes_of(op_));
    return kernel.same_padding ? "same"
                               : fmt::format("[{}, {}, {}, {}]", kernel.pad_top, kernel.pad_bottom,
                                             kernel.pad_left, kernel.pad_right);
  }
  std::string operator()(const Attribute::Function& value) {
    return std::string(name_of(value.at(attributes_of(op_))));
  }
  std::string operator()(const Attribute::Before& /*value*/) { return {}; }
  std::string operator()(const Attribute::Weights& /*value*/) { return {}; }
  std::string operator()(const Attribute::Output& /*value*/) { return {}; }

 private:
  Op op_;
};

}  // namespace

const std::vector<OpEntry>& op_entries() {
  static const std::vector<OpEntry> kEntries = Collected<Op>::entries();
  return kEntries;
}

const std::vector<EnumName<OpName>>& OpNames::all() {
  static const std::vector<EnumName<OpName>> kNames = [] {
    std::vector<EnumName<OpName>> names;
    for (const OpEntry& entry : op_entries()) {
      names.emplace_back(static_cast<OpName>(names.size()), entry.name);
    }
    return names;
  }();
  return kNames;
}

const OpEntry* find_entry(std::string_view name) {
  const auto& entries = op_entries();
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const OpEntry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

void complete(Op& op, const OpPlace& written) {
  std::visit(
      [&](auto& attributes) {
        if constexpr (requires { attributes.complete(written); }) {
          attributes.complete(written);
        }
      },
      op);
}

Inferred infer(Op& op, const InferInputs& in) {
  return std::visit(
      [&](auto& attributes) -> Inferred {
        if constexpr (requires { attributes.infer(in); }) {
          return attributes.infer(in);
        } else {
          SYSTOLE_CHECK(false, "an operator that is made of others, number {}", op.index());
          return {};
        }
      },
      op);
}

Work work_of(const Op& op) {
  return std::visit(
      [&](const auto& attributes) -> Work {
        if constexpr (requires { attributes.work(); }) {
          return attributes.work();
        } else {
          SYSTOLE_CHECK(false, "an operator that is made of others, number {}", op.index());
          return ViewWork{};
        }
      },
      op);
}

bool state_rows(Op& op, std::shared_ptr<const std::vector<std::int64_t>> numbers) {
  return std::visit(
      [&](auto& attributes) {
        if constexpr (requires { attributes.take(numbers); }) {
          attributes.take(std::move(numbers));
          return true;
        } else {
          return false;
        }
      },
      op);
}

bool state_routing(Op& op, const std::string& routing) {
  return std::visit(
      [&](auto& attributes) {
        if constexpr (requires { attributes.routing; }) {
          attributes.routing = routing;
          return true;
        } else {
          return false;
        }
      },
      op);
}

bool changes_state(const Op& op) {
  return std::visit(
      [](const auto& attributes) -> bool {
        if constexpr (requires { attributes.changes_state(); }) {
          return attributes.changes_state();
        } else {
          return false;
        }
      },
      op);
}

void* attributes_of(Op& op) {
  return std::visit([](auto& attributes) -> void* { return &attributes; }, op);
}

const FusedActivation* activation_of(const Op& op) {
  return std::visit(
      [](const auto& attributes) -> const FusedActivation* {
        if constexpr (requires { attributes.activation; }) {
          return &attributes.activation;
        } else {
          return nullptr;
        }
      },
      op);
}

FusedActivation* activation_of(Op& op) {
  return const_cast<FusedActivation*>(activation_of(std::as_const(op)));
}

std::string text_of(const OpEntry& entry, const Op& op) {
  std::string text = fmt::format("op: {}", entry.name);
  AttributeText written(op);
  AttributeText implied(entry.prototype);
  for (const Attribute& attribute : entry.attributes) {
    const std::string value = std::visit(written, attribute.value);
    if (attribute.presence == Attribute::Presence::Required ||
        value != std::visit(implied, attribute.value)) {
      text += fmt::format(", {}: {}", attribute.key, value);
    }
  }
  return text;
}

}  // namespace systole
