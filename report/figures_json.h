#pragma once

#include <array>
#include <string>

#include <nlohmann/json.hpp>

#include "arch/figure_rows.h"

namespace systole {

namespace detail {

using Json = nlohmann::ordered_json;

template <class Number>
Json figure_value(Number number) {
  return number;
}
template <class Unit, class Rep>
Json figure_value(Quantity<Unit, Rep> quantity) {
  return quantity.count();
}

}  // namespace detail

/// Every field of a struct that has a table, as an object with the table's keys, in its order.
template <HasFigureRows Struct>
nlohmann::ordered_json figures_json(const Struct& value) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for_each_figure<Struct>([&](const auto& row) {
    const auto& field = value.*row.member;
    nlohmann::ordered_json& to = json[std::string(row.key)];
    if constexpr (requires { typename std::remove_cvref_t<decltype(row)>::Index; }) {
      for (const auto& [index, name] :
           kEnumNames<typename std::remove_cvref_t<decltype(row)>::Index>) {
        to[std::string(name)] = detail::figure_value(field[static_cast<std::size_t>(index)]);
      }
    } else {
      to = detail::figure_value(field);
    }
  });
  return json;
}

}  // namespace systole
