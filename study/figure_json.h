#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "arch/diag/error.h"
#include "arch/figure_rows.h"
#include "arch/isa/engine.h"

namespace systole {

/// What of a struct's table is wanted: what reports show, or what it takes to have the struct
/// again.
enum class RowsOf : std::uint8_t { Report, File };

/// A value as JSON and back: structs that have a table as objects with its keys in its order,
/// quantities as their counts, enumerations by their names, what is not there as null. Numbers keep
/// every bit; infinities and what is no number are texts.
template <class Value, RowsOf kRows>
struct FigureJson;

template <RowsOf kRows = RowsOf::Report, class Value>
nlohmann::ordered_json figure_json(const Value& value) {
  return FigureJson<Value, kRows>::write(value);
}

/// Reads what `figure_json<RowsOf::File>` wrote. Throws nlohmann::json::exception or UserError for
/// anything else.
template <class Value>
void read_figure(const nlohmann::ordered_json& json, Value& value) {
  FigureJson<Value, RowsOf::File>::read(json, value);
}

template <class Value, RowsOf kRows>
struct FigureJson {
  static nlohmann::ordered_json write(const Value& value) {
    if constexpr (std::is_enum_v<Value>) {
      if constexpr (std::is_null_pointer_v<std::remove_cv_t<decltype(kEnumNames<Value>)>>) {
        return static_cast<std::int64_t>(value);
      } else {
        return std::string(name_of(value));
      }
    } else if constexpr (std::is_same_v<Value, double>) {
      return std::isfinite(value) ? nlohmann::ordered_json(value)
                                  : nlohmann::ordered_json(std::isnan(value) ? "nan"
                                                           : value > 0       ? "inf"
                                                                             : "-inf");
    } else if constexpr (HasFigureRows<Value>) {
      return write_rows(value);
    } else {
      return value;
    }
  }

  static void read(const nlohmann::ordered_json& json, Value& value) {
    if constexpr (std::is_enum_v<Value>) {
      if constexpr (std::is_null_pointer_v<std::remove_cv_t<decltype(kEnumNames<Value>)>>) {
        value = static_cast<Value>(json.get<std::int64_t>());
      } else {
        const auto found = value_named<Value>(json.get<std::string>());
        if (!found) {
          throw UserError("no " + json.get<std::string>());
        }
        value = *found;
      }
    } else if constexpr (std::is_same_v<Value, double>) {
      value = json.is_string() ? std::stod(json.get<std::string>()) : json.get<double>();
    } else if constexpr (HasFigureRows<Value>) {
      read_rows(json, value);
    } else {
      value = json.get<Value>();
    }
  }

 private:
  static nlohmann::ordered_json write_rows(const Value& value) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for_each_figure<Value>([&](const auto& row) {
      using Row = std::remove_cvref_t<decltype(row)>;
      if (kRows == RowsOf::Report ? !row.shown : IsDerivedRow<Row>) {
        return;
      }
      const auto& field = value_of(row, value);
      nlohmann::ordered_json& to = json[std::string(row.key)];
      if constexpr (IsRowBy<Row>) {
        to = write_by<typename Row::Index>(field);
      } else {
        to = figure_json<kRows>(field);
      }
    });
    return json;
  }

  template <class Enum, class Element, std::size_t kCount>
  static nlohmann::ordered_json write_by(const std::array<Element, kCount>& elements) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (std::size_t index = 0; index < kCount; ++index) {
      json[std::string(name_of_element<Enum, kCount>(index))] = figure_json<kRows>(elements[index]);
    }
    return json;
  }

  static void read_rows(const nlohmann::ordered_json& json, Value& value) {
    for_each_figure<Value>([&](const auto& row) {
      using Row = std::remove_cvref_t<decltype(row)>;
      if constexpr (IsRowBy<Row>) {
        read_by<typename Row::Index>(json.at(std::string(row.key)), value.*row.member);
      } else if constexpr (!IsDerivedRow<Row>) {
        read_figure(json.at(std::string(row.key)), value.*row.member);
      }
    });
  }

  template <class Enum, class Element, std::size_t kCount>
  static void read_by(const nlohmann::ordered_json& json, std::array<Element, kCount>& elements) {
    for (std::size_t index = 0; index < kCount; ++index) {
      read_figure(json.at(std::string(name_of_element<Enum, kCount>(index))), elements[index]);
    }
  }
};

/// By the names of the engines.
template <class Value, RowsOf kRows>
struct FigureJson<PerEngine<Value>, kRows> {
  static nlohmann::ordered_json write(const PerEngine<Value>& values) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const EngineId engine : values.engines()) {
      json[name_of(engine)] = figure_json<kRows>(values[engine]);
    }
    return json;
  }
  static void read(const nlohmann::ordered_json& json, PerEngine<Value>& values) {
    EngineSet engines;
    for (const auto& [name, value] : json.items()) {
      const auto engine =
          EngineSet{.cores = kMaxCores, .matrix_units = kMaxMatrixUnits}.named(name);
      if (!engine) {
        throw UserError("no engine " + name);
      }
      engines.cores = std::max(engines.cores, engine->core + 1);
      engines.matrix_units = std::max(engines.matrix_units, engine->unit + 1);
    }
    values = PerEngine<Value>(engines);
    for (const EngineId engine : engines) {
      read_figure(json.at(name_of(engine)), values[engine]);
    }
  }
};

template <class Unit, class Rep, RowsOf kRows>
struct FigureJson<Quantity<Unit, Rep>, kRows> {
  static nlohmann::ordered_json write(Quantity<Unit, Rep> value) {
    return figure_json<kRows>(value.count());
  }
  static void read(const nlohmann::ordered_json& json, Quantity<Unit, Rep>& value) {
    Rep count{};
    read_figure(json, count);
    value = Quantity<Unit, Rep>(count);
  }
};

template <class Value, RowsOf kRows>
struct FigureJson<std::optional<Value>, kRows> {
  static nlohmann::ordered_json write(const std::optional<Value>& value) {
    return value ? figure_json<kRows>(*value) : nlohmann::ordered_json();
  }
  static void read(const nlohmann::ordered_json& json, std::optional<Value>& value) {
    value.reset();
    if (!json.is_null()) {
      read_figure(json, value.emplace());
    }
  }
};

template <class Value, RowsOf kRows>
struct FigureJson<std::vector<Value>, kRows> {
  static nlohmann::ordered_json write(const std::vector<Value>& values) {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const Value& value : values) {
      json.push_back(figure_json<kRows>(value));
    }
    return json;
  }
  static void read(const nlohmann::ordered_json& json, std::vector<Value>& values) {
    values.clear();
    for (const nlohmann::ordered_json& element : json) {
      read_figure(element, values.emplace_back());
    }
  }
};

template <class Value, RowsOf kRows>
struct FigureJson<NamedValues<Value>, kRows> {
  static nlohmann::ordered_json write(const NamedValues<Value>& values) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const auto& [name, value] : values) {
      json[name] = figure_json<kRows>(value);
    }
    return json;
  }
};

template <RowsOf kRows>
struct FigureJson<std::string_view, kRows> {
  static nlohmann::ordered_json write(std::string_view value) { return std::string(value); }
};

}  // namespace systole
