#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace systole {

/// The one table of names of an enumeration, used for reading, printing and error messages.
/// Specialise `kEnumNames<E>` with a `std::array` of {value, name} in the order of declaration.
template <class E>
inline constexpr std::nullptr_t kEnumNames = nullptr;

template <class E>
using EnumName = std::pair<E, std::string_view>;

template <class E>
constexpr std::string_view name_of(E value) {
  for (const auto& [candidate, name] : kEnumNames<E>) {
    if (candidate == value) {
      return name;
    }
  }
  return "?";
}

template <class E>
constexpr std::optional<E> value_named(std::string_view name) {
  for (const auto& [candidate, candidate_name] : kEnumNames<E>) {
    if (candidate_name == name) {
      return candidate;
    }
  }
  return std::nullopt;
}

}  // namespace systole
