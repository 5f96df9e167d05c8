#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "arch/enum_names.h"
#include "arch/units/quantity.h"

namespace systole {

/// What a result struct says about one of its fields: the key under which reports and files have
/// it, its unit, its meaning.
template <class Struct, class Value>
struct FigureRow {
  std::string_view key;
  Value Struct::*member;
  std::string_view unit;
  std::string_view meaning;
};

/// The same of an array with an element for every value of an enumeration, whose names are keys.
template <class Struct, class Value, std::size_t Count, class Enum>
struct FigureRowBy {
  std::string_view key;
  std::array<Value, Count> Struct::*member;
  std::string_view unit;
  std::string_view meaning;

  using Index = Enum;
};

template <class Struct, class Value>
constexpr FigureRow<Struct, Value> figure(std::string_view key, Value Struct::*member,
                                          std::string_view unit, std::string_view meaning) {
  return {key, member, unit, meaning};
}

template <class Enum, class Struct, class Value, std::size_t Count>
constexpr FigureRowBy<Struct, Value, Count, Enum> figure_by(
    std::string_view key, std::array<Value, Count> Struct::*member, std::string_view unit,
    std::string_view meaning) {
  static_assert(Count == kEnumNames<Enum>.size());
  return {key, member, unit, meaning};
}

/// The one table of a result struct, in the order of its fields: whoever adds, reports, saves or
/// documents them loops over it, so that none can forget a field.
template <class Struct>
inline constexpr std::nullptr_t kFigureRows = nullptr;

template <class Struct>
concept HasFigureRows = !std::is_null_pointer_v<std::remove_cv_t<decltype(kFigureRows<Struct>)>>;

template <HasFigureRows Struct, class Visit>
constexpr void for_each_figure(Visit&& visit) {
  std::apply([&](const auto&... row) { (visit(row), ...); }, kFigureRows<Struct>);
}

/// True where the rows, laid out in their order, fill the struct: none of its fields is missing.
template <HasFigureRows Struct>
consteval bool rows_are_complete() {
  std::size_t end = 0;
  const auto align = [](std::size_t at, std::size_t to) { return (at + to - 1) / to * to; };
  for_each_figure<Struct>([&](const auto& row) {
    using Member = std::remove_cvref_t<decltype(std::declval<Struct>().*row.member)>;
    end = align(end, alignof(Member)) + sizeof(Member);
  });
  return align(end, alignof(Struct)) == sizeof(Struct);
}

namespace detail {

template <class Value>
struct Adder {
  static void add(Value& to, const Value& from) { to += from; }
};
template <class Value, std::size_t Count>
struct Adder<std::array<Value, Count>> {
  static void add(std::array<Value, Count>& to, const std::array<Value, Count>& from) {
    for (std::size_t index = 0; index < Count; ++index) {
      Adder<Value>::add(to[index], from[index]);
    }
  }
};
template <HasFigureRows Struct>
struct Adder<Struct> {
  static void add(Struct& to, const Struct& from) {
    for_each_figure<Struct>([&](const auto& row) {
      using Member = std::remove_cvref_t<decltype(to.*row.member)>;
      Adder<Member>::add(to.*row.member, from.*row.member);
    });
  }
};

}  // namespace detail

/// Adds every field of `from` to that of `to`.
template <HasFigureRows Struct>
void add_figures(Struct& to, const Struct& from) {
  detail::Adder<Struct>::add(to, from);
}

}  // namespace systole
