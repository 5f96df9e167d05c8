#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/config/config_override.h"
#include "arch/config/formula.h"

namespace systole {

/// A point of a design space: its number in the grid of all combinations, the last axis fastest.
using PointId = std::int64_t;

/// One path that a value of an axis sets.
struct AxisSetting {
  ConfigOverride value;
  double number = 0;  ///< as formulas see it; of text a number that only texts of its kind share
};

struct AxisValue {
  std::string text;  ///< as tables show it
  std::vector<AxisSetting> settings;
};

/// Something that varies. Its name is the path that it sets, or a name of the study's own where its
/// values set several paths at once.
struct DesignAxis {
  std::string name;
  std::vector<AxisValue> values;
  SourceLocation where;
};

/// Where a formula of the space takes a number from.
struct NumberSource {
  enum class Kind : std::uint8_t { DesignAxis, Derived, Constant };
  Kind kind = Kind::Constant;
  std::size_t index = 0;    ///< of the axis, or of the derived value
  std::size_t setting = 0;  ///< of the axis' value
  double constant = 0;
};

struct SpaceFormula {
  Formula formula;
  std::vector<NumberSource> sources;  ///< of the formula's names
  SourceLocation where;
};

/// A path that follows from others.
struct DerivedValue {
  std::string path;
  std::string unit;  ///< it is written with
  SpaceFormula formula;
};

/// All combinations of the axes' values for which every condition holds.
struct DesignSpace {
  std::vector<DesignAxis> axes;
  std::vector<DerivedValue> derived;  ///< each may use those before it
  std::vector<SpaceFormula> conditions;

  /// Combinations, those that no condition allows included.
  [[nodiscard]] PointId size() const;
  /// The index of each axis' value.
  [[nodiscard]] std::vector<std::size_t> choices_of(PointId point) const;
  [[nodiscard]] PointId id_of(const std::vector<std::size_t>& choices) const;
  /// Empty where every condition holds; else the first that does not.
  [[nodiscard]] std::string broken_condition(PointId point) const;
  /// Everything that the point sets, derived values included.
  [[nodiscard]] std::vector<ConfigOverride> settings_of(PointId point) const;
};

}  // namespace systole
