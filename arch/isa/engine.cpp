#include "arch/isa/engine.h"

#include <charconv>

#include <fmt/format.h>

namespace systole {

namespace {

/// Takes a number without leading zeros, not 0 itself, off the front of `text`; false when there is
/// none.
template <class Number>
bool take_number(std::string_view& text, Number& number) {
  if (text.starts_with('0')) {
    return false;
  }
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
  return result.ec == std::errc{};
}

}  // namespace

std::string name_of(EngineId engine) {
  std::string name = engine.core == 0 ? std::string() : fmt::format("core{}.", engine.core);
  name += name_of(engine.kind);
  if (engine.unit > 0) {
    name += fmt::format("{}", engine.unit);
  }
  return name;
}

std::optional<EngineId> EngineSet::named(std::string_view name) const {
  EngineId engine;
  if (name.starts_with("core")) {
    name.remove_prefix(4);
    if (!take_number(name, engine.core) || !name.starts_with('.')) {
      return std::nullopt;
    }
    name.remove_prefix(1);
  }
  for (const auto& [kind, kind_name] : kEnumNames<EngineKind>) {
    if (!name.starts_with(kind_name)) {
      continue;
    }
    engine.kind = kind;
    name.remove_prefix(kind_name.size());
    const bool whole = name.empty() || (take_number(name, engine.unit) && name.empty());
    return whole && has(engine) ? std::optional(engine) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace systole
