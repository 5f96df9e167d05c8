#include "study/explore/judge.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "arch/diag/check.h"

namespace systole {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_true(double value) {
  return value < 0 || value > 0;
}

/// Mean of what the networks have, weighted as they are; a network of weight 0 does not count.
template <class ValueOf>
double weighted(const StudySpec& study, const FigureName& figure, ValueOf value_of) {
  if (figure.network) {
    return value_of(*figure.network);
  }
  double sum = 0;
  double weights = 0;
  for (std::size_t index = 0; index < study.networks.size(); ++index) {
    if (const double weight = study.networks[index].weight; weight > 0) {
      sum += weight * value_of(index);
      weights += weight;
    }
  }
  return sum / weights;
}

std::string listed(const std::vector<std::string>& names, const std::vector<double>& numbers) {
  std::string text;
  for (std::size_t index = 0; index < names.size(); ++index) {
    text += fmt::format("{}{} is {:.4g}", index == 0 ? "" : ", ", names[index], numbers[index]);
  }
  return text;
}

/// `(mobilenet_v1)` where there are several networks.
std::string of_network(const StudySpec& study, std::size_t network) {
  return study.networks.size() > 1 ? fmt::format(" ({})", study.networks[network].name) : "";
}

/// The networks that a constraint is checked for: one where its figures name theirs.
std::vector<std::size_t> networks_of(const StudySpec& study, const Constraint& constraint) {
  const bool of_one = std::all_of(constraint.figures.begin(), constraint.figures.end(),
                                  [](const FigureName& figure) { return figure.network; });
  std::vector<std::size_t> networks;
  for (std::size_t index = 0; index < (of_one ? 1 : study.networks.size()); ++index) {
    networks.push_back(index);
  }
  return networks;
}

/// With `load` figures, which belong to the study and not to the run.
FigureMap with_load(const StudySpec& study, const FigureMap& run) {
  if (!study.arrival_rate) {
    return run;
  }
  std::vector<Figure> figures;
  for (const std::string_view key : {"batch", "total.seconds"}) {
    if (const auto found = run.find(key); found != run.end()) {
      figures.push_back({std::string(key), found->second, ""});
    }
  }
  add_load_figures(figures, *study.arrival_rate);
  FigureMap all = run;
  for (const Figure& figure : figures) {
    all[figure.key] = figure.value;
  }
  return all;
}

const FigureBound* bound_of(const FigureBounds& bounds, const std::string& key) {
  const auto found = std::find_if(bounds.begin(), bounds.end(),
                                  [&](const FigureBound& bound) { return bound.key == key; });
  return found == bounds.end() ? nullptr : &*found;
}

/// `NAME < ...` or `NAME <= ...` without the name behind: true at first and false from a limit on.
bool is_upper_limit(const Constraint& constraint) {
  const std::string& text = constraint.formula.text();
  const std::size_t at = text.find('<');
  if (constraint.figures.size() != 1 || at == std::string::npos ||
      text.find_first_of("<>=&|?!", at + 2) != std::string::npos) {
    return false;
  }
  const std::string& name = constraint.formula.names().front();
  const std::size_t end = text.find_last_not_of(' ', at - 1);
  return at > 0 && text.substr(0, end + 1) == name && text.find(name, at) == std::string::npos;
}

/// Whether the constraint is known to fail for a network.
bool fails_for_certain(const StudySpec& study, const Constraint& constraint,
                       const std::vector<FigureBounds>& runs, std::size_t network,
                       std::vector<double>& numbers) {
  numbers.clear();
  bool all_exact = true;
  bool all_at_least = true;
  for (const FigureName& figure : constraint.figures) {
    const FigureBound* bound = bound_of(runs[figure.network.value_or(network)], figure.key);
    if (bound == nullptr || study.networks.size() != runs.size()) {
      return false;
    }
    numbers.push_back(bound->value);
    all_exact = all_exact && bound->kind == BoundKind::Exact;
    all_at_least =
        all_at_least && (bound->kind == BoundKind::Exact || bound->kind == BoundKind::AtLeast);
  }
  const bool decides = all_exact || (all_at_least && is_upper_limit(constraint));
  return decides && !is_true(constraint.formula.value(numbers));
}

}  // namespace

Judgement judge(const StudySpec& study, const std::vector<FigureMap>& runs) {
  SYSTOLE_CHECK(runs.size() == study.networks.size(), "{} runs of {} networks", runs.size(),
                study.networks.size());
  std::vector<FigureMap> figures;
  figures.reserve(runs.size());
  for (const FigureMap& run : runs) {
    figures.push_back(with_load(study, run));
  }
  Judgement judgement;
  const auto missing = [&](const std::string& key, std::size_t network) {
    if (judgement.violation.empty()) {
      judgement.violation =
          key.starts_with("load.")
              ? fmt::format("{:g} requests a second are beyond its capacity{}",
                            study.arrival_rate.value_or(0), of_network(study, network))
              : fmt::format("its run has no figure {}{}", key, of_network(study, network));
    }
    return std::numeric_limits<double>::quiet_NaN();
  };
  const auto value_of = [&](const std::string& key, std::size_t network) {
    const auto found = figures[network].find(key);
    return found == figures[network].end() ? missing(key, network) : found->second;
  };
  for (const Objective& objective : study.objectives) {
    judgement.objectives.push_back(weighted(study, objective.figure, [&](std::size_t network) {
      return value_of(objective.figure.key, network);
    }));
  }
  for (const Constraint& constraint : study.constraints) {
    for (const std::size_t network : networks_of(study, constraint)) {
      std::vector<double> numbers;
      for (const FigureName& figure : constraint.figures) {
        numbers.push_back(value_of(figure.key, figure.network.value_or(network)));
      }
      if (judgement.violation.empty() && !is_true(constraint.formula.value(numbers))) {
        judgement.violation =
            fmt::format("{}: {}{}", constraint.formula.text(),
                        listed(constraint.formula.names(), numbers), of_network(study, network));
      }
    }
  }
  return judgement;
}

Objectives minimised(const StudySpec& study, const std::vector<double>& objectives) {
  Objectives turned = objectives;
  for (std::size_t index = 0; index < turned.size(); ++index) {
    if (study.objectives[index].maximise) {
      turned[index] = -turned[index];
    }
  }
  return turned;
}

Objectives least_objectives(const StudySpec& study, const std::vector<FigureBounds>& runs) {
  Objectives least;
  for (const Objective& objective : study.objectives) {
    const double value = weighted(study, objective.figure, [&](std::size_t network) {
      const FigureBound* bound = bound_of(runs[network], objective.figure.key);
      const BoundKind wanted = objective.maximise ? BoundKind::AtMost : BoundKind::AtLeast;
      const bool known =
          bound != nullptr && (bound->kind == wanted || bound->kind == BoundKind::Exact);
      return !known ? -kInfinity : objective.maximise ? -bound->value : bound->value;
    });
    least.push_back(value);
  }
  return least;
}

std::string certain_violation(const StudySpec& study, const std::vector<FigureBounds>& runs) {
  std::vector<double> numbers;
  for (const Constraint& constraint : study.constraints) {
    for (const std::size_t network : networks_of(study, constraint)) {
      if (fails_for_certain(study, constraint, runs, network, numbers)) {
        return fmt::format("{}: {} at best{}", constraint.formula.text(),
                           listed(constraint.formula.names(), numbers), of_network(study, network));
      }
    }
  }
  return "";
}

}  // namespace systole
