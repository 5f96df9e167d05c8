#include "report/study.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/config/number_text.h"
#include "arch/diag/error.h"
#include "report/csv.h"
#include "report/format.h"
#include "report/table.h"
#include "study/explore/judge.h"
#include "study/explore/pareto.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;
using Align = Column::Align;

/// A study has as many columns as axes and objectives.
constexpr std::size_t kStudyWidth = 160;

std::string unit_of_figure(const StudySpec& study, const std::string& key) {
  const auto found = study.units.find(key);
  return found == study.units.end() ? "" : found->second;
}

/// `1.764 ms`, `24.2 mm2`, `0.0649 USD`: four significant digits.
std::string figure_text(double value, const std::string& unit) {
  if (unit == "s") {
    return duration(value);
  }
  if (unit == "J" || unit == "W") {
    return engineering(value, unit);
  }
  if (unit == "1/s") {
    return scaled_real(value, "/s");
  }
  const std::string number =
      std::fabs(value) >= 1e4 ? grouped(std::llround(value)) : fmt::format("{:.4g}", value);
  return unit.empty() ? number : fmt::format("{} {}", number, unit);
}

std::string objective_text(const StudySpec& study, std::size_t objective, double value) {
  return figure_text(value, unit_of_figure(study, study.objectives[objective].figure.key));
}

std::string_view direction(const Objective& objective) {
  return objective.maximise ? "max" : "min";
}

Json values_json(const StudySpec& study, const ViewedPoint& point) {
  Json json = Json::object();
  for (std::size_t axis = 0; axis < study.space.axes.size(); ++axis) {
    json[study.space.axes[axis].name] = point.values[axis];
  }
  return json;
}

Json objectives_json(const StudySpec& study, const ViewedPoint& point) {
  Json json = Json::object();
  for (std::size_t index = 0; index < point.objectives.size(); ++index) {
    const double value = point.objectives[index];
    json[study.objectives[index].name] = std::isfinite(value) ? Json(value) : Json();
  }
  return json;
}

Json point_json(const StudySpec& study, const ViewedPoint& point) {
  return {{"point", point.point},
          {"values", values_json(study, point)},
          {"outcome", name_of(point.outcome)},
          {"reason", point.reason},
          {"front", point.on_front},
          {"objectives", objectives_json(study, point)}};
}

Json importance_json(const StudyView& view) {
  Json json = Json::object();
  for (std::size_t objective = 0; objective < view.study->objectives.size(); ++objective) {
    Json shares = Json::object();
    for (std::size_t axis = 0; axis < view.study->space.axes.size(); ++axis) {
      shares[view.study->space.axes[axis].name] = view.importance[objective][axis];
    }
    json[view.study->objectives[objective].name] = shares;
  }
  return json;
}

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string front_table(const StudyView& view, bool colour) {
  const StudySpec& study = *view.study;
  std::vector<Column> columns{{"point"}};
  for (const DesignAxis& axis : study.space.axes) {
    columns.push_back({axis.name});
  }
  for (const Objective& objective : study.objectives) {
    columns.push_back({fmt::format("{} {}", direction(objective), objective.name)});
  }
  Table table(columns);
  for (const std::size_t index : view.front) {
    const ViewedPoint& point = view.points[index];
    std::vector<std::string> cells{fmt::format("{}", point.point)};
    cells.insert(cells.end(), point.values.begin(), point.values.end());
    for (std::size_t objective = 0; objective < point.objectives.size(); ++objective) {
      cells.push_back(objective_text(study, objective, point.objectives[objective]));
    }
    table.add(std::move(cells));
  }
  return table.print(kStudyWidth, colour);
}

std::string best_lines(const StudyView& view) {
  std::string text;
  const StudySpec& study = *view.study;
  for (std::size_t objective = 0; objective < study.objectives.size(); ++objective) {
    if (const std::optional<std::size_t> best = view.best(objective)) {
      const ViewedPoint& point = view.points[*best];
      text +=
          fmt::format("  {} {}: {} (point {})\n", direction(study.objectives[objective]),
                      study.objectives[objective].name,
                      objective_text(study, objective, point.objectives[objective]), point.point);
    }
  }
  return text;
}

std::string importance_table(const StudyView& view, bool colour) {
  const StudySpec& study = *view.study;
  std::vector<Column> columns{{"axis", Align::Left}};
  for (const Objective& objective : study.objectives) {
    columns.push_back({objective.name});
  }
  Table table(columns);
  for (std::size_t axis = 0; axis < study.space.axes.size(); ++axis) {
    std::vector<std::string> cells{study.space.axes[axis].name};
    for (const std::vector<double>& shares : view.importance) {
      cells.push_back(fmt::format("{:.0f} %", 100 * shares[axis]));
    }
    table.add(std::move(cells));
  }
  return table.print(kStudyWidth, colour);
}

std::string counts_line(const StudyView& view) {
  std::string text = fmt::format("{} points", view.points.size());
  for (const auto& [outcome, name] : kEnumNames<PointOutcome>) {
    if (const std::int64_t count = view.count(outcome); count > 0) {
      text += fmt::format(", {} {}", count, name);
    }
  }
  return text;
}

/// The reasons that points have for having no result, most frequent first.
std::string reason_lines(const StudyView& view) {
  constexpr std::size_t kMost = 8;
  std::map<std::string, std::int64_t> counts;
  for (const ViewedPoint& point : view.points) {
    const bool is_listed =
        point.outcome != PointOutcome::Done && point.outcome != PointOutcome::Skipped;
    if (is_listed) {
      // Of a broken constraint the formula, without this point's figures.
      ++counts[fmt::format("{}: {}", name_of(point.outcome),
                           point.outcome == PointOutcome::Infeasible
                               ? point.reason.substr(0, point.reason.rfind(": "))
                               : point.reason)];
    }
  }
  std::vector<std::pair<std::string, std::int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (std::size_t index = 0; index < std::min(sorted.size(), kMost); ++index) {
    text += fmt::format("  {:>6}  {}\n", sorted[index].second, on_one_line(sorted[index].first));
  }
  if (sorted.size() > kMost) {
    text += fmt::format("  and {} reasons more\n", sorted.size() - kMost);
  }
  return text;
}

}  // namespace

std::string study_text(const StudyView& view, const TextOptions& options) {
  const StudySpec& study = *view.study;
  std::string text = styled(fmt::format("{}: {}\n", study.name, on_one_line(study.description)),
                            Style::Heading, options.colour);
  text += fmt::format("{}; {} on the front\n", counts_line(view), view.front.size());
  if (!view.front.empty()) {
    text += fmt::format(
        "\nfront\n{}\nbest\n{}\nshare of each objective's variance that an axis "
        "alone explains\n{}",
        front_table(view, options.colour), best_lines(view),
        importance_table(view, options.colour));
  }
  if (const std::string reasons = reason_lines(view); !reasons.empty()) {
    text += fmt::format("\nwithout a result that counts\n{}", reasons);
  }
  return text;
}

std::string study_json(const StudyView& view) {
  const StudySpec& study = *view.study;
  Json objectives = Json::array();
  for (const Objective& objective : study.objectives) {
    objectives.push_back({{"name", objective.name},
                          {"key", objective.figure.key},
                          {"direction", direction(objective)},
                          {"unit", unit_of_figure(study, objective.figure.key)}});
  }
  Json constraints = Json::array();
  for (const Constraint& constraint : study.constraints) {
    constraints.push_back(constraint.formula.text());
  }
  Json counts = Json::object();
  for (const auto& [outcome, name] : kEnumNames<PointOutcome>) {
    counts[std::string(name)] = view.count(outcome);
  }
  Json front = Json::array();
  for (const std::size_t index : view.front) {
    front.push_back(point_json(study, view.points[index]));
  }
  Json points = Json::array();
  Json failed = Json::array();
  for (const ViewedPoint& point : view.points) {
    points.push_back(point_json(study, point));
    if (is_failure(point.outcome) || point.outcome == PointOutcome::Infeasible) {
      failed.push_back({{"point", point.point},
                        {"values", values_json(study, point)},
                        {"outcome", name_of(point.outcome)},
                        {"reason", point.reason}});
    }
  }
  return dump({{"schema", "systole.study/1"},
               {"study", study.name},
               {"objectives", objectives},
               {"constraints", constraints},
               {"counts", counts},
               {"front", front},
               {"importance", importance_json(view)},
               {"points", points},
               {"failed", failed}});
}

std::string study_csv(const StudyView& view, const StudyStore& store) {
  const StudySpec& study = *view.study;
  std::vector<FigureMap> figures;
  std::map<std::string, bool> keys;
  for (const ViewedPoint& point : view.points) {
    figures.push_back(figures_of_point(study, store, point));
    for (const auto& [key, value] : figures.back()) {
      keys.emplace(key, true);
    }
  }
  std::vector<std::string> header{"point", "outcome", "reason", "front"};
  for (const DesignAxis& axis : study.space.axes) {
    header.push_back(csv_field(axis.name));
  }
  for (const Objective& objective : study.objectives) {
    header.push_back(csv_field(objective.name));
  }
  for (const auto& [key, present] : keys) {
    header.push_back(csv_field(key));
  }
  std::string text = fmt::format("{}\n", fmt::join(header, ","));
  for (std::size_t index = 0; index < view.points.size(); ++index) {
    const ViewedPoint& point = view.points[index];
    std::vector<std::string> row{fmt::format("{}", point.point),
                                 std::string(name_of(point.outcome)), csv_field(point.reason),
                                 point.on_front ? "1" : "0"};
    for (const std::string& value : point.values) {
      row.push_back(csv_field(value));
    }
    for (std::size_t objective = 0; objective < study.objectives.size(); ++objective) {
      const bool known =
          objective < point.objectives.size() && std::isfinite(point.objectives[objective]);
      row.push_back(known ? fmt::format("{}", point.objectives[objective]) : "");
    }
    for (const auto& [key, present] : keys) {
      const auto found = figures[index].find(key);
      row.push_back(found == figures[index].end() ? "" : fmt::format("{}", found->second));
    }
    text += fmt::format("{}\n", fmt::join(row, ","));
  }
  return text;
}

std::string study_export_json(const StudyView& view, const StudyStore& store) {
  Json points = Json::array();
  for (const ViewedPoint& point : view.points) {
    Json json = point_json(*view.study, point);
    json["figures"] = figures_of_point(*view.study, store, point);
    points.push_back(std::move(json));
  }
  return dump(points);
}

namespace {

/// The unit of every value of an axis; empty where they are words, or differ.
std::string unit_of_axis(const DesignAxis& axis) {
  const std::string unit = unit_of(axis.values.front().text);
  const bool same = std::all_of(axis.values.begin(), axis.values.end(), [&](const auto& value) {
    return number_of(value.text) && unit_of(value.text) == unit;
  });
  return same ? unit : "";
}

/// A number where the axis is one of numbers.
Json axis_value_json(const DesignAxis& axis, const std::string& text) {
  const std::string unit = unit_of(axis.values.front().text);
  const bool all_numbers = std::all_of(
      axis.values.begin(), axis.values.end(),
      [&](const AxisValue& value) { return number_of(value.text) && unit_of(value.text) == unit; });
  if (!all_numbers) {
    return text;
  }
  return *number_of(std::string_view(text).substr(0, text.find(' ')));
}

std::string_view page_status(PointOutcome outcome) {
  switch (outcome) {
    case PointOutcome::Done:
      return "ok";
    case PointOutcome::Infeasible:
      return "infeasible";
    case PointOutcome::Skipped:
      return "pruned";
    case PointOutcome::Time:
    case PointOutcome::Memory:
    case PointOutcome::Crash:
    case PointOutcome::Error:
      break;
  }
  return "failed";
}

}  // namespace

Json study_page_json(const StudyView& view, const StudyStore& store, const std::string& made_by) {
  const StudySpec& study = *view.study;
  Json networks = Json::array();
  for (const StudyNetwork& network : study.networks) {
    networks.push_back(network.name);
  }
  Json axes = Json::array();
  for (const DesignAxis& axis : study.space.axes) {
    axes.push_back({{"path", axis.name}, {"unit", unit_of_axis(axis)}});
  }
  Json objectives = Json::array();
  for (const Objective& objective : study.objectives) {
    objectives.push_back({{"key", objective.figure.key},
                          {"name", objective.name},
                          {"unit", unit_of_figure(study, objective.figure.key)},
                          {"direction", direction(objective)}});
  }
  Json constraints = Json::array();
  for (const Constraint& constraint : study.constraints) {
    constraints.push_back(constraint.formula.text());
  }
  Json points = Json::array();
  for (const ViewedPoint& point : view.points) {
    Json values = Json::array();
    for (std::size_t axis = 0; axis < point.values.size(); ++axis) {
      values.push_back(axis_value_json(study.space.axes[axis], point.values[axis]));
    }
    const bool done = point.outcome == PointOutcome::Done;
    Json of_point = Json::array();
    for (const double value : point.objectives) {
      of_point.push_back(value);
    }
    points.push_back({{"id", point.point},
                      {"axes", values},
                      {"status", page_status(point.outcome)},
                      {"reason", point.reason},
                      {"front", point.on_front},
                      {"objectives", done ? of_point : Json()},
                      {"figures", figures_of_point(study, store, point)}});
  }
  Json units = Json::object();
  for (const auto& [key, unit] : study.units) {
    for (const StudyNetwork& network : study.networks) {
      units[study.networks.size() > 1 ? network.name + "." + key : key] = unit;
    }
  }
  Json importance = Json::array();
  for (std::size_t axis = 0; axis < study.space.axes.size(); ++axis) {
    Json shares = Json::array();
    for (const std::vector<double>& of_objective : view.importance) {
      shares.push_back(of_objective[axis]);
    }
    importance.push_back({{"axis", study.space.axes[axis].name}, {"shares", shares}});
  }
  return {{"study",
           {{"name", study.name},
            {"description", study.description},
            {"sampler", name_of(study.sampler.kind)},
            {"seed", study.sampler.seed},
            {"base", study.chip->value_at("name").value_or("")},
            {"networks", networks}}},
          {"axes", axes},
          {"objectives", objectives},
          {"constraints", constraints},
          {"points", points},
          {"units", units},
          {"importance", importance},
          {"made_by", made_by}};
}

std::string study_status(const StudyView& view, std::int64_t planned) {
  const auto known = static_cast<std::int64_t>(view.points.size());
  return fmt::format("{}: {} of {} points, {} left; {}; {} on the front\n", view.study->name, known,
                     planned, std::max<std::int64_t>(planned - known, 0), counts_line(view),
                     view.front.size());
}

std::string explain_point(const StudyView& view, PointId id) {
  const StudySpec& study = *view.study;
  const ViewedPoint* point = view.find(id);
  if (point == nullptr) {
    throw UserError(
        fmt::format("systole: POINT: expected a point that study {} has a result of, "
                    "got '{}'",
                    study.name, id));
  }
  std::string text = fmt::format("point {} of {}\n", id, study.name);
  for (std::size_t axis = 0; axis < point->values.size(); ++axis) {
    text += fmt::format("  {} = {}\n", study.space.axes[axis].name, point->values[axis]);
  }
  for (std::size_t objective = 0; objective < point->objectives.size(); ++objective) {
    text += fmt::format("  {}: {}\n", study.objectives[objective].name,
                        objective_text(study, objective, point->objectives[objective]));
  }
  if (point->outcome != PointOutcome::Done) {
    return text + fmt::format("{}: {}\n", name_of(point->outcome), on_one_line(point->reason));
  }
  if (point->on_front) {
    return text + "on the front: no other point is as good at every objective and better at one\n";
  }
  const Objectives own = minimised(study, point->objectives);
  std::string dominating;
  int count = 0;
  for (const std::size_t index : view.front) {
    const ViewedPoint& other = view.points[index];
    if (!dominates(minimised(study, other.objectives), own)) {
      continue;
    }
    if (++count <= 5) {
      dominating += fmt::format("  point {}:", other.point);
      for (std::size_t objective = 0; objective < own.size(); ++objective) {
        dominating +=
            fmt::format("{} {} {}", objective == 0 ? "" : ",", study.objectives[objective].name,
                        objective_text(study, objective, other.objectives[objective]));
      }
      dominating += "\n";
    }
  }
  return text + fmt::format(
                    "not on the front: {} point{} of the front {} no worse at any objective "
                    "and better at one\n{}",
                    count, count == 1 ? "" : "s", count == 1 ? "is" : "are", dominating);
}

namespace {

/// Index of the same objective in another study.
std::optional<std::size_t> same_objective(const StudySpec& study, const Objective& objective) {
  for (std::size_t index = 0; index < study.objectives.size(); ++index) {
    const Objective& other = study.objectives[index];
    if (other.figure.key == objective.figure.key && other.maximise == objective.maximise) {
      return index;
    }
  }
  return std::nullopt;
}

using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

std::vector<Objectives> shared_front(const StudyView& view, const Pairs& pairs, bool first) {
  std::vector<Objectives> front;
  for (const std::size_t index : view.front) {
    const Objectives all = minimised(*view.study, view.points[index].objectives);
    Objectives shared;
    for (const auto& [a, b] : pairs) {
      shared.push_back(all[first ? a : b]);
    }
    front.push_back(std::move(shared));
  }
  return front;
}

/// The share of `of` that some point of `by` dominates.
double dominated_share(const std::vector<Objectives>& of, const std::vector<Objectives>& by) {
  const auto count = std::count_if(of.begin(), of.end(), [&](const Objectives& point) {
    return std::any_of(by.begin(), by.end(),
                       [&](const Objectives& other) { return dominates(other, point); });
  });
  return of.empty() ? 0.0 : static_cast<double>(count) / static_cast<double>(of.size());
}

}  // namespace

std::string compare_studies(const StudyView& a, const StudyView& b, const TextOptions& options) {
  Pairs pairs;
  for (std::size_t index = 0; index < a.study->objectives.size(); ++index) {
    if (const auto other = same_objective(*b.study, a.study->objectives[index])) {
      pairs.emplace_back(index, *other);
    }
  }
  if (pairs.empty()) {
    throw UserError(fmt::format("{}: expected an objective that {} has too, got none",
                                b.study->file, a.study->name));
  }
  Table table({{"", Align::Left}, {a.study->name}, {b.study->name}});
  table.add({"points", grouped(static_cast<std::int64_t>(a.points.size())),
             grouped(static_cast<std::int64_t>(b.points.size()))});
  table.add({"on the front", grouped(static_cast<std::int64_t>(a.front.size())),
             grouped(static_cast<std::int64_t>(b.front.size()))});
  for (const auto& [first, second] : pairs) {
    const auto best = [](const StudyView& view, std::size_t objective) {
      const std::optional<std::size_t> index = view.best(objective);
      return index
                 ? objective_text(*view.study, objective, view.points[*index].objectives[objective])
                 : std::string("-");
    };
    table.add({fmt::format("{} {}", direction(a.study->objectives[first]),
                           a.study->objectives[first].name),
               best(a, first), best(b, second)});
  }
  const std::vector<Objectives> front_a = shared_front(a, pairs, true);
  const std::vector<Objectives> front_b = shared_front(b, pairs, false);
  table.add({"front that the other dominates", percent(dominated_share(front_a, front_b)) + " %",
             percent(dominated_share(front_b, front_a)) + " %"});
  return table.print(kStudyWidth, options.colour);
}

}  // namespace systole
