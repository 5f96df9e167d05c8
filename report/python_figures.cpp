#include "report/python_figures.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <concepts>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/figure_rows.h"
#include "arch/isa/engine.h"
#include "study/advice.h"
#include "study/result_rows.h"
#include "study/run_figures.h"
#include "study/training.h"

namespace systole {

namespace {

struct Typed {
  std::string key;
  std::string type;
  std::string meaning;
};

constexpr std::string_view kHeader =
    R"py("""The figures of a report, typed: for editors and type checkers.

Made from the tables that the report is written by; docs/report.md explains every key. While a program runs, these objects are
`systole.Record`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Optional, Union

from .records import Figures
)py";

constexpr std::size_t kLineWidth = 120;

/// The Python name of a type of which there is one class, wherever it stands; empty for the others,
/// whose classes are named after the keys that lead to them.
template <class Value>
inline constexpr std::string_view kPythonName{};
template <>
inline constexpr std::string_view kPythonName<Cause> = "Cause";
template <>
inline constexpr std::string_view kPythonName<TimePart> = "TimePart";
template <>
inline constexpr std::string_view kPythonName<EngineKind> = "EngineKind";
template <>
inline constexpr std::string_view kPythonName<Obtained> = "Obtained";
template <>
inline constexpr std::string_view kPythonName<Bound> = "Bound";
template <>
inline constexpr std::string_view kPythonName<PhaseRun> = "Phase";
template <>
inline constexpr std::string_view kPythonName<Way> = "Way";
template <>
inline constexpr std::string_view kPythonName<SourceFile> = "SourceFile";
template <>
inline constexpr std::string_view kPythonName<FpgaResources> = "FpgaResources";

/// What no attribute can be called: keywords, and what every mapping has.
bool is_taken(std::string_view key) {
  constexpr std::array<std::string_view, 10> kTaken{"yield",  "class", "from",  "import", "lambda",
                                                    "global", "keys",  "items", "values", "get"};
  return std::find(kTaken.begin(), kTaken.end(), key) != kTaken.end();
}

/// As Python says it.
std::string in_python(std::string meaning) {
  for (std::size_t at = 0; (at = meaning.find("`null`", at)) != std::string::npos;) {
    meaning.replace(at, 6, "None");
  }
  return meaning;
}

/// The classes in the order in which they can stand: each behind those that it names.
class Classes {
 public:
  void add(const std::string& name, const std::vector<Typed>& attributes,
           std::string_view base = "Figures") {
    text_ += fmt::format("\n\nclass {}({}):\n", name, base);
    for (const Typed& attribute : attributes) {
      if (is_taken(attribute.key)) {
        text_ += fmt::format("    #: [\"{}\"], {}: {}\n", attribute.key, attribute.type,
                             in_python(attribute.meaning));
        continue;
      }
      const std::string line = fmt::format("    {}: {}", attribute.key, attribute.type);
      const std::string comment = in_python(attribute.meaning);
      text_ += comment.empty() ? line + '\n'
               : line.size() + comment.size() + kMark.size() <= kLineWidth
                   ? fmt::format("{}{}{}\n", line, kMark, comment)
                   : fmt::format("    #: {}\n{}\n", comment, line);
    }
    if (attributes.empty()) {
      text_ += "    pass\n";
    }
  }
  /// True the first time that it is asked for a name.
  [[nodiscard]] bool is_new(std::string_view name) { return named_.emplace(name).second; }
  void add_names(std::string_view name, const std::vector<std::string_view>& names) {
    text_ += fmt::format("\n{} = Literal[\n", name);
    for (const std::string_view one : names) {
      text_ += fmt::format("    \"{}\",\n", one);
    }
    text_ += "]\n";
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  static constexpr std::string_view kMark = "  #: ";
  std::string text_;
  std::set<std::string, std::less<>> named_;
};

/// `macs_of_kind` as a part of a class's name: `MacsOfKind`.
std::string in_camel_case(std::string_view key) {
  std::string name;
  bool begins = true;
  for (const char c : key) {
    if (c == '_') {
      begins = true;
    } else {
      name += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      begins = false;
    }
  }
  return name;
}

/// The name of one of many: `steps` is a list of `Step`.
std::string of_one(std::string name) {
  if (name.ends_with('s')) {
    name.pop_back();
  }
  return name;
}

template <class Enum>
std::string names_type(Classes& classes) {
  std::vector<std::string_view> names;
  for (const auto& [value, name] : kEnumNames<Enum>) {
    names.push_back(name);
  }
  if constexpr (kPythonName<Enum>.empty()) {
    return fmt::format("Literal[\"{}\"]", fmt::join(names, "\", \""));
  } else {
    if (classes.is_new(kPythonName<Enum>)) {
      classes.add_names(kPythonName<Enum>, names);
    }
    return std::string(kPythonName<Enum>);
  }
}

std::string meaning_of(std::string_view unit, std::string_view meaning) {
  return unit.empty() ? std::string(meaning)
                      : fmt::format("[{}]{}{}", unit, meaning.empty() ? "" : " ", meaning);
}

/// What a value is in Python; `name` is that of its class, where it is an object.
template <class Value>
struct PythonType {
  static std::string of(Classes& classes, const std::string& name) {
    if constexpr (std::same_as<Value, bool>) {
      return "bool";
    } else if constexpr (std::is_enum_v<Value>) {
      if constexpr (std::is_null_pointer_v<std::remove_cv_t<decltype(kEnumNames<Value>)>>) {
        return "int";
      } else {
        return names_type<Value>(classes);
      }
    } else if constexpr (std::integral<Value>) {
      return "int";
    } else if constexpr (std::floating_point<Value>) {
      return "float";
    } else if constexpr (HasFigureRows<Value>) {
      const std::string own = kPythonName<Value>.empty() ? name : std::string(kPythonName<Value>);
      if (kPythonName<Value>.empty() || classes.is_new(own)) {
        add_rows(classes, own);
      }
      return own;
    } else {
      static_assert(std::convertible_to<Value, std::string_view>);
      return "str";
    }
  }

  /// The class of a struct that has a table, with `more` keys.
  static void add_rows(Classes& classes, const std::string& name,
                       const std::vector<Typed>& first = {}, const std::vector<Typed>& last = {}) {
    std::vector<Typed> attributes = first;
    for_each_figure<Value>([&](const auto& row) {
      if (!row.shown) {
        return;
      }
      using Row = std::remove_cvref_t<decltype(row)>;
      using Field = std::remove_cvref_t<decltype(value_of(row, std::declval<const Value&>()))>;
      const std::string of_field = name + in_camel_case(row.key);
      std::string type;
      if constexpr (IsRowBy<Row>) {
        type = by_name<typename Row::Index>(classes, of_field, Field{});
      } else {
        type = PythonType<Field>::of(classes, of_field);
      }
      attributes.push_back({std::string(row.key), type, meaning_of(row.unit, row.meaning)});
    });
    attributes.insert(attributes.end(), last.begin(), last.end());
    classes.add(name, attributes);
  }

 private:
  template <class Enum, class Element, std::size_t kCount>
  static std::string by_name(Classes& classes, const std::string& name,
                             const std::array<Element, kCount>& /*elements*/) {
    const std::string type = PythonType<Element>::of(classes, of_one(name));
    std::vector<Typed> attributes;
    for (std::size_t index = 0; index < kCount; ++index) {
      attributes.push_back({std::string(name_of_element<Enum, kCount>(index)), type, ""});
    }
    classes.add(name, attributes);
    return name;
  }
};

template <class Unit, class Rep>
struct PythonType<Quantity<Unit, Rep>> : PythonType<Rep> {};

template <class Value>
struct PythonType<std::optional<Value>> {
  static std::string of(Classes& classes, const std::string& name) {
    return fmt::format("Optional[{}]", PythonType<Value>::of(classes, name));
  }
};

template <class Value>
struct PythonType<std::vector<Value>> {
  static std::string of(Classes& classes, const std::string& name) {
    return fmt::format("list[{}]", PythonType<Value>::of(classes, of_one(name)));
  }
};

template <class Value>
struct PythonType<NamedValues<Value>> {
  static std::string of(Classes& classes, const std::string& name) {
    return fmt::format("Mapping[str, {}]", PythonType<Value>::of(classes, of_one(name)));
  }
};

template <class Value>
struct PythonType<PerEngine<Value>> : PythonType<NamedValues<Value>> {};

const std::string kNumber = "Union[float, str]";  // infinities are texts

std::vector<Typed> error_attributes() {
  return {{"mean_error", kNumber, ""},
          {"worst_error", kNumber, ""},
          {"worst_at", "int", "index of the packed tensor"},
          {"sqnr_db", "Optional[float]", ""}};
}

void add_check(Classes& classes) {
  classes.add("CheckMismatch",
              {{"tensor", "str", ""},
               {"batch", "int", ""},
               {"row", "int", ""},
               {"col", "int", ""},
               {"channel", "int", ""},
               {"expected", kNumber, ""},
               {"actual", "Union[float, str, None]", "None where nothing was written"}});
  std::vector<Typed> quality{{"tensor", "str", ""},
                             {"elements", "int", ""},
                             {"clipped", "int", "values that int8 cuts off"},
                             {"clipped_weights", "int", "weights beyond the scale"}};
  for (const Typed& error : error_attributes()) {
    quality.push_back({error.key, error.type, "of a network that has floats"});
  }
  classes.add("CheckQuality", quality);
  PythonType<CheckResult>::add_rows(
      classes, "Check", {},
      {{"first_mismatches", "list[CheckMismatch]", ""}, {"quality", "list[CheckQuality]", ""}});
}

void add_comparison(Classes& classes) {
  std::vector<Typed> tensor{{"tensor", "str", ""}, {"file", "str", ""}, {"elements", "int", ""}};
  const std::vector<Typed> error = error_attributes();
  tensor.insert(tensor.end(), error.begin(), error.end());
  tensor.push_back({"relative_error", kNumber, "worst error over the largest wanted"});
  tensor.push_back({"top1", "Optional[float]", "share of images with the same largest element"});
  tensor.push_back({"passed", "bool", ""});
  classes.add("ComparisonTensor", tensor);
  classes.add("Comparison", {{"passed", "bool", ""},
                             {"tolerance", "float", ""},
                             {"tensors", "list[ComparisonTensor]", ""},
                             {"not_compared", "list[str]", "files that no tensor is called as"}});
}

void add_fpga(Classes& classes) {
  PythonType<FpgaResources>::of(classes, "");
  classes.add("FpgaWatts", {{"obtained", "str", ""},
                            {"total", "float", ""},
                            {"static", "float", ""},
                            {"fabric", "float", ""},
                            {"products", "float", ""},
                            {"memories", "float", ""},
                            {"dram", "float", ""},
                            {"tdp", "float", ""}});
  classes.add("Fpga", {{"card", "str", ""},
                       {"used", "FpgaResources", ""},
                       {"available", "FpgaResources", ""},
                       {"components", "Mapping[str, FpgaResources]", ""},
                       {"joules_per_inference", "float", "[J]"},
                       {"tops_per_watt", "float", "[10^12/J]"},
                       {"price_usd", "Optional[float]", "[USD]"},
                       {"own_usd_per_million", "Optional[float]", "[USD]"},
                       {"watts", "FpgaWatts", ""}});
}

void add_extra_rows(Classes& classes) {
  classes.add("Deadline", {{"seconds", "float", "[s]"},
                           {"met", "bool", ""},
                           {"margin_seconds", "float", "[s]"},
                           {"worst_case_seconds", "Optional[float]", "[s]"},
                           {"worst_case_met", "bool", ""},
                           {"worst_case_refreshes", "int", ""},
                           {"refresh_seconds", "float", "[s]"}});
  classes.add("Device", {{"device", "str", ""},
                         {"kind", "str", ""},
                         {"type", "str", ""},
                         {"time_obtained", "str", ""},
                         {"seconds", "float", "[s] of a batch"},
                         {"inferences_per_second", "float", "[1/s]"},
                         {"utilisation", "float", ""},
                         {"power_obtained", "Optional[str]", ""},
                         {"watts", "Optional[float]", "[W]"},
                         {"joules_per_inference", "Optional[float]", "[J]"},
                         {"price_usd", "Optional[float]", "[USD]"},
                         {"own_usd_per_million", "Optional[float]", "[USD]"},
                         {"dollars_obtained", "str", ""}});
}

}  // namespace

std::string python_figures() {
  Classes classes;
  PythonType<RunFigures>::add_rows(classes, "Total");
  PythonType<LanguageFigures>::add_rows(classes, "Llm");
  PythonType<LayerReport>::add_rows(classes, "Layer");
  std::vector<Typed> causes;
  for (const auto& [cause, name] : kEnumNames<Cause>) {
    causes.push_back({std::string(name), "int", std::string(meaning_of(cause))});
  }
  classes.add("Engine", causes);
  PythonType<MatrixShare>::add_rows(classes, "MatrixCycles");
  PythonType<Advice>::add_rows(classes, "Advice");
  PythonType<DramRates>::add_rows(classes, "DramRates");
  PythonType<DramCounters>::add_rows(classes, "DramCounters");
  classes.add("Dram", {}, "DramCounters, DramRates");
  PythonType<ActionCounters>::add_rows(classes, "Actions");
  PythonType<EnergyReport>::add_rows(classes, "Energy",
                                     {{"obtained", "str", ""}, {"technology", "str", ""}});
  PythonType<ChipArea>::add_rows(classes, "Area");
  PythonType<CostReport>::add_rows(
      classes, "Cost",
      {{"obtained", "str", ""}, {"prices", "str", ""}, {"prices_date", "str", ""}});
  add_check(classes);
  add_comparison(classes);
  PythonType<Provenance>::add_rows(classes, "MadeBy");
  PythonType<TrainingFigures>::add_rows(classes, "Training");
  add_fpga(classes);
  add_extra_rows(classes);
  classes.add("Run", {{"schema", "str", ""},
                      {"chip", "str", ""},
                      {"network", "str", ""},
                      {"batch", "int", "[inputs] in the one run"},
                      {"type", "str", "of the network's tensors and weights"},
                      {"weight_storage", "Optional[str]", "of weights, where that is not `type`"},
                      {"state_storage", "Optional[str]", "the same of states"},
                      {"io", "str", "`host` or `device`"},
                      {"frequency_hz", "int", "[Hz] core clock"},
                      {"total", "Total", ""},
                      {"llm", "Optional[Llm]", "of a network with prefill and decode"},
                      {"engines", "Mapping[str, Engine]", "[cycles] each engine's, by cause"},
                      {"instructions", "Mapping[str, int]", "executed, by engine"},
                      {"matrix_cycles", "list[MatrixCycles]", ""},
                      {"advice", "list[Advice]", "what made the matrix unit wait"},
                      {"dram", "Dram", ""},
                      {"actions", "Actions", ""},
                      {"energy", "Optional[Energy]", "None for a chip without a technology"},
                      {"area", "Optional[Area]", "the same"},
                      {"cost", "Optional[Cost]", "None for a chip without prices"},
                      {"check", "Optional[Check]", "None without `check`"},
                      {"comparison", "Optional[Comparison]", "None without `--compare`"},
                      {"warnings", "list[str]", "about the chip"},
                      {"made_by", "Optional[MadeBy]", "where files made it"},
                      {"training", "Training", "of a training step alone"},
                      {"fpga", "Optional[Fpga]", "None for a chip that names no card"},
                      {"deadline", "Optional[Deadline]", "None without one"},
                      {"devices", "list[Device]", "beside it, modelled"}});
  return std::string(kHeader) + classes.text();
}

}  // namespace systole
