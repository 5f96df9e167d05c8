#include "study/space/design_space.h"

#include "arch/config/number_text.h"
#include "arch/diag/check.h"

namespace systole {

namespace {

/// Numbers of a point: those of its axes, and the derived ones so far.
struct PointNumbers {
  const DesignSpace& space;
  std::vector<std::size_t> choices;
  std::vector<double> derived;

  [[nodiscard]] double of(const NumberSource& source) const {
    switch (source.kind) {
      case NumberSource::Kind::DesignAxis:
        return space.axes[source.index]
            .values[choices[source.index]]
            .settings[source.setting]
            .number;
      case NumberSource::Kind::Derived:
        return derived[source.index];
      case NumberSource::Kind::Constant:
        break;
    }
    return source.constant;
  }

  [[nodiscard]] double of(const SpaceFormula& formula) const {
    std::vector<double> numbers;
    numbers.reserve(formula.sources.size());
    for (const NumberSource& source : formula.sources) {
      numbers.push_back(of(source));
    }
    return formula.formula.value(numbers);
  }
};

PointNumbers numbers_of(const DesignSpace& space, PointId point) {
  PointNumbers numbers{.space = space, .choices = space.choices_of(point), .derived = {}};
  for (const DerivedValue& value : space.derived) {
    numbers.derived.push_back(numbers.of(value.formula));
  }
  return numbers;
}

}  // namespace

PointId DesignSpace::size() const {
  PointId size = 1;
  for (const DesignAxis& axis : axes) {
    size *= static_cast<PointId>(axis.values.size());
  }
  return size;
}

std::vector<std::size_t> DesignSpace::choices_of(PointId point) const {
  SYSTOLE_CHECK(point >= 0 && point < size(), "point {} of {}", point, size());
  std::vector<std::size_t> choices(axes.size());
  for (std::size_t axis = axes.size(); axis-- > 0;) {
    const auto count = static_cast<PointId>(axes[axis].values.size());
    choices[axis] = static_cast<std::size_t>(point % count);
    point /= count;
  }
  return choices;
}

PointId DesignSpace::id_of(const std::vector<std::size_t>& choices) const {
  PointId point = 0;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    point = point * static_cast<PointId>(axes[axis].values.size()) +
            static_cast<PointId>(choices[axis]);
  }
  return point;
}

std::string DesignSpace::broken_condition(PointId point) const {
  const PointNumbers numbers = numbers_of(*this, point);
  for (const SpaceFormula& condition : conditions) {
    const double value = numbers.of(condition);
    if (!(value < 0 || value > 0)) {  // false, or no number
      return condition.formula.text();
    }
  }
  return "";
}

std::vector<ConfigOverride> DesignSpace::settings_of(PointId point) const {
  const PointNumbers numbers = numbers_of(*this, point);
  std::vector<ConfigOverride> settings;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    for (const AxisSetting& setting : axes[axis].values[numbers.choices[axis]].settings) {
      settings.push_back(setting.value);
    }
  }
  for (std::size_t index = 0; index < derived.size(); ++index) {
    settings.push_back({.path = derived[index].path,
                        .text = number_text(numbers.derived[index], derived[index].unit),
                        .where = derived[index].formula.where});
  }
  return settings;
}

}  // namespace systole
