#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "arch/enum_names.h"
#include "arch/units/quantity.h"

namespace systole {

/// What a struct says about one of its fields: the key under which reports and files have it, its
/// unit, its meaning. A field that no report shows has a key alone and is `shown` false.
template <class Struct, class Value>
struct FigureRow {
  std::string_view key;
  Value Struct::*member;
  std::string_view unit;
  std::string_view meaning;
  bool shown = true;
};

/// The same of an array with an element for every value of an enumeration, whose names are keys; a
/// shorter array has the last of them.
template <class Struct, class Value, std::size_t Count, class Enum>
struct FigureRowBy {
  std::string_view key;
  std::array<Value, Count> Struct::*member;
  std::string_view unit;
  std::string_view meaning;
  bool shown = true;

  using Index = Enum;
};

/// What reports show and what follows from the fields, so that no file has it.
template <class Struct, class Get>
struct DerivedRow {
  std::string_view key;
  Get get;
  std::string_view unit;
  std::string_view meaning;
  bool shown = true;
};

template <class Struct, class Value>
constexpr FigureRow<Struct, Value> figure(std::string_view key, Value Struct::*member,
                                          std::string_view unit, std::string_view meaning) {
  return {key, member, unit, meaning};
}

/// Saved and read back, shown by no report.
template <class Struct, class Value>
constexpr FigureRow<Struct, Value> kept(std::string_view key, Value Struct::*member) {
  return {key, member, {}, {}, false};
}

template <class Enum, class Struct, class Value, std::size_t Count>
constexpr FigureRowBy<Struct, Value, Count, Enum> figure_by(
    std::string_view key, std::array<Value, Count> Struct::*member, std::string_view unit,
    std::string_view meaning) {
  static_assert(Count <= kEnumNames<Enum>.size());
  return {key, member, unit, meaning};
}

template <class Enum, class Struct, class Value, std::size_t Count>
constexpr FigureRowBy<Struct, Value, Count, Enum> kept_by(
    std::string_view key, std::array<Value, Count> Struct::*member) {
  static_assert(Count == kEnumNames<Enum>.size());
  return {key, member, {}, {}, false};
}

template <class Struct, class Get>
constexpr DerivedRow<Struct, Get> derived(std::string_view key, Get get, std::string_view unit,
                                          std::string_view meaning) {
  return {key, get, unit, meaning};
}

/// The one table of a struct, its fields in their order: whoever adds, reports, saves or documents
/// them loops over it, so that none can forget a field.
template <class Struct>
inline constexpr std::nullptr_t kFigureRows = nullptr;

template <class Struct>
concept HasFigureRows = !std::is_null_pointer_v<std::remove_cv_t<decltype(kFigureRows<Struct>)>>;

template <class Row>
concept IsDerivedRow = requires(const Row& row) {
  row.get;
};

template <class Row>
concept IsRowBy = requires {
  typename Row::Index;
};

template <HasFigureRows Struct, class Visit>
constexpr void for_each_figure(Visit&& visit) {
  std::apply([&](const auto&... row) { (visit(row), ...); }, kFigureRows<Struct>);
}

/// The value of a row of a struct.
template <class Row, class Struct>
constexpr decltype(auto) value_of(const Row& row, const Struct& from) {
  if constexpr (IsDerivedRow<Row>) {
    return row.get(from);
  } else {
    return (from.*row.member);
  }
}

/// Values whose names are known at run time.
template <class Value>
using NamedValues = std::vector<std::pair<std::string, Value>>;

/// The name of element `index` of an array by an enumeration; a shorter array has its last values.
template <class Enum, std::size_t Count>
constexpr std::string_view name_of_element(std::size_t index) {
  return kEnumNames<Enum>[kEnumNames<Enum>.size() - Count + index].second;
}

/// The elements of an array by an enumeration, with their names.
template <class Enum, class Value, std::size_t Count>
NamedValues<Value> named(const std::array<Value, Count>& values) {
  NamedValues<Value> pairs;
  for (std::size_t index = 0; index < Count; ++index) {
    pairs.emplace_back(name_of_element<Enum, Count>(index), values[index]);
  }
  return pairs;
}

/// True where the rows of the fields, laid out in their order, fill the struct: none is missing.
template <HasFigureRows Struct>
consteval bool rows_are_complete() {
  std::size_t end = 0;
  const auto align = [](std::size_t at, std::size_t to) { return (at + to - 1) / to * to; };
  for_each_figure<Struct>([&](const auto& row) {
    if constexpr (!IsDerivedRow<std::remove_cvref_t<decltype(row)>>) {
      using Member = std::remove_cvref_t<decltype(std::declval<Struct>().*row.member)>;
      end = align(end, alignof(Member)) + sizeof(Member);
    }
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
      if constexpr (!IsDerivedRow<std::remove_cvref_t<decltype(row)>>) {
        using Member = std::remove_cvref_t<decltype(to.*row.member)>;
        Adder<Member>::add(to.*row.member, from.*row.member);
      }
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
