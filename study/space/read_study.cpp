#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "arch/chip_spec.h"
#include "arch/config/near_name.h"
#include "arch/config/number_text.h"
#include "arch/config/text_file.h"
#include "silicon/buildable_chip.h"
#include "study/explore/bounds.h"
#include "study/space/study_spec.h"

namespace systole {

namespace {

constexpr std::int64_t kMostPoints = std::int64_t{1} << 53;  // exact in formulas and JSON
constexpr std::size_t kMostValues = 100'000;
constexpr std::int64_t kLargestBatch = 65'536;

std::string name_with_letters(const ConfigNode& node, std::string_view key) {
  std::string name = node.text(key);
  const bool plain = std::all_of(name.begin(), name.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '-';
  });
  if (!plain) {
    node.fail(key,
              fmt::format("expected letters, digits, '_' and '-' alone, got {}", in_quotes(name)));
  }
  return name;
}

/// A file that a study names: one beside the study, else one that `find` knows.
std::string file_named(const ConfigNode& node, const std::string& name,
                       const std::function<std::string(const std::string&)>& find) {
  namespace fs = std::filesystem;
  const fs::path beside = fs::path(node.location().file).parent_path() / name;
  std::error_code ignored;
  if (name.ends_with(".yaml") && fs::is_regular_file(beside, ignored)) {
    return beside.lexically_normal().string();
  }
  try {
    return find(name);
  } catch (const UserError& error) {
    constexpr std::string_view kPrefix = "systole: ";
    const std::string_view text = error.what();
    node.fail(text.starts_with(kPrefix) ? text.substr(kPrefix.size()) : text);
  }
}

/// Numbers that stand for texts, so that formulas can compare them.
class Words {
 public:
  double number_of_text(const std::string& text) {
    if (const std::optional<double> number = number_of(text)) {
      return *number;
    }
    const auto [at, is_new] = numbers_.emplace(text, -1.5 - static_cast<double>(numbers_.size()));
    return at->second;
  }
  [[nodiscard]] std::optional<double> known(const std::string& text) const {
    const auto found = numbers_.find(text);
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::map<std::string, double> numbers_;
};

class StudyReader {
 public:
  StudyReader(const ConfigNode& node, const StudyPlaces& places) : node_(node), places_(places) {}

  StudySpec read() {
    spec_.file = node_.location().file;
    spec_.name = name_with_letters(node_, "name");
    spec_.description = node_.text("description");
    spec_.dram_directories = places_.dram_directories;
    read_base_chip();
    read_axes();
    read_derived();
    read_conditions();
    read_networks();
    spec_.arrival_rate = node_.optional_real("arrival_rate", {.min = 1e-3, .max = 1e9});
    read_figure_keys();
    read_objectives();
    read_constraints();
    read_sampler();
    read_limits();
    node_.finish();
    return std::move(spec_);
  }

 private:
  void read_base_chip() {
    const ConfigNode chip = node_.child("chip");
    spec_.chip_file = file_named(chip, chip.as_text(), places_.chip_file);
    spec_.chip = ConfigNode::open(spec_.chip_file);
    base_ = read_buildable_chip(*spec_.chip, spec_.dram_directories);
  }

  // --- axes ---

  void read_axes() {
    const ConfigNode axes = node_.map("axes");
    for (const std::string& name : axes.keys()) {
      const ConfigNode values = axes.child(name);
      DesignAxis axis{.name = name, .values = {}, .where = values.location()};
      if (values.is_list()) {
        for (const ConfigNode& value : values.elements()) {
          axis.values.push_back(value.is_map() ? linked_value(value) : plain_value(name, value));
          require_same_paths(value, axis);
        }
      } else if (values.is_map()) {
        read_range(values, axis);
      } else {
        values.fail(fmt::format("expected a list of values, or from, to and step or factor, got {}",
                                values.is_scalar() ? in_quotes(values.as_text()) : "nothing"));
      }
      require_values(values, axis);
      spec_.space.axes.push_back(std::move(axis));
    }
    axes.finish();
    if (spec_.space.axes.empty()) {
      axes.fail("expected at least one axis, got none");
    }
    require_size(axes);
  }

  AxisSetting setting(const std::string& path, const std::string& text,
                      const SourceLocation& where) {
    AxisSetting setting{.value = {.path = path, .text = text, .where = where},
                        .number = words_.number_of_text(text)};
    check_setting(setting.value);
    return setting;
  }

  /// Of the network where it is the network's, of the chip else.
  void check_setting(const ConfigOverride& value) const {
    if (value.path == kBatchPath) {
      const std::optional<double> batch = number_of(value.text);
      if (!batch || *batch < 1 || *batch > kLargestBatch || std::trunc(*batch) != *batch) {
        throw ConfigError(value.where, value.path,
                          fmt::format("expected an integer in 1..{}, got {}", kLargestBatch,
                                      in_quotes(value.text)));
      }
    } else if (value.path == kTypePath) {
      if (value.text != "int8" && value.text != "bf16") {
        throw ConfigError(value.where, value.path,
                          fmt::format("expected one of int8, bf16, got {}", in_quotes(value.text)));
      }
    } else if (value.path.starts_with("network.")) {
      throw ConfigError(
          value.where, value.path,
          fmt::format("expected one of {}, {}, got {}{}", kBatchPath, kTypePath,
                      in_quotes(value.path), suggestion(value.path, {kBatchPath, kTypePath})));
    } else {
      spec_.chip->check(value);
    }
  }

  AxisValue plain_value(const std::string& path, const ConfigNode& value) {
    const std::string text = value.as_text();
    return {.text = text, .settings = {setting(path, text, value.location())}};
  }

  AxisValue linked_value(const ConfigNode& value) {
    AxisValue linked;
    for (const std::string& path : value.keys()) {
      const ConfigNode child = value.child(path);
      const std::string text = child.as_text();
      linked.text += fmt::format("{}{}", linked.text.empty() ? "" : " ", text);
      linked.settings.push_back(setting(path, text, child.location()));
    }
    return linked;
  }

  static void require_same_paths(const ConfigNode& value, const DesignAxis& axis) {
    const auto paths = [](const AxisValue& of) {
      std::vector<std::string> names;
      for (const AxisSetting& each : of.settings) {
        names.push_back(each.value.path);
      }
      return names;
    };
    if (paths(axis.values.back()) != paths(axis.values.front())) {
      value.fail("expected the same paths, in the same order, as in the first value of the axis");
    }
  }

  void read_range(const ConfigNode& node, DesignAxis& axis) {
    const std::string from_text = node.text("from");
    const std::string to_text = node.text("to");
    const std::string unit = unit_of(from_text);
    const double from = bound(node, "from", from_text);
    const double to = bound(node, "to", to_text);
    const bool multiplies = node.has("factor");
    const bool adds = node.has("step");
    if (multiplies == adds) {
      node.fail(fmt::format("expected one of step, factor, got {}", adds ? "both" : "neither"));
    }
    const double by =
        bound(node, multiplies ? "factor" : "step", node.text(multiplies ? "factor" : "step"));
    if (!(by > (multiplies ? 1.0 : 0.0)) || (multiplies && from <= 0)) {
      node.fail(multiplies ? "factor" : "step",
                multiplies ? "expected a factor above 1, and from above 0" : "expected above 0");
    }
    if (to < from) {
      node.fail("to",
                fmt::format("expected at least from ({}), got {}", from_text, in_quotes(to_text)));
    }
    constexpr double kSlack = 1e-9;  // of what 12 digits cannot tell apart
    double at = from;
    for (std::size_t count = 1; at <= to * (1 + kSlack) && count <= kMostValues; ++count) {
      const std::string text = number_text(at, unit);
      axis.values.push_back({text, {setting(axis.name, text, node.location())}});
      at = multiplies ? at * by : from + by * static_cast<double>(count);
    }
    node.finish();
  }

  static double bound(const ConfigNode& node, std::string_view key, const std::string& text) {
    const std::optional<double> number = number_of(text);
    if (!number) {
      node.fail(key, fmt::format("expected a number, got {}", in_quotes(text)));
    }
    return *number;
  }

  static void require_values(const ConfigNode& node, const DesignAxis& axis) {
    if (axis.values.empty() || axis.values.size() > kMostValues) {
      node.fail(fmt::format("expected 1..{} values, got {}", kMostValues,
                            axis.values.empty() ? "none" : "more"));
    }
    std::map<std::string, int> seen;
    for (const AxisValue& value : axis.values) {
      if (++seen[value.text] > 1) {
        throw ConfigError(
            value.settings.front().value.where, node.path(),
            fmt::format("expected each value once, got {} again", in_quotes(value.text)));
      }
    }
  }

  void require_size(const ConfigNode& axes) const {
    double size = 1;
    std::map<std::string, std::string> owner;
    for (const DesignAxis& axis : spec_.space.axes) {
      size *= static_cast<double>(axis.values.size());
      for (const AxisSetting& each : axis.values.front().settings) {
        const auto [at, is_new] = owner.emplace(each.value.path, axis.name);
        if (!is_new) {
          throw ConfigError(axis.where, fmt::format("axes.{}", axis.name),
                            fmt::format("expected each path in one axis, got {} in {} too",
                                        each.value.path, at->second));
        }
      }
    }
    if (size > static_cast<double>(kMostPoints)) {
      axes.fail(fmt::format("expected at most {} combinations, got {:.3g}", kMostPoints, size));
    }
  }

  // --- formulas over the space ---

  NumberSource source_of(const std::string& name, const ConfigNode& node) {
    for (std::size_t index = 0; index < spec_.space.derived.size(); ++index) {
      if (spec_.space.derived[index].path == name) {
        return {.kind = NumberSource::Kind::Derived, .index = index};
      }
    }
    for (std::size_t axis = 0; axis < spec_.space.axes.size(); ++axis) {
      const std::vector<AxisSetting>& settings = spec_.space.axes[axis].values.front().settings;
      for (std::size_t index = 0; index < settings.size(); ++index) {
        if (settings[index].value.path == name) {
          return {.kind = NumberSource::Kind::DesignAxis, .index = axis, .setting = index};
        }
      }
    }
    if (const std::optional<double> word = words_.known(name)) {
      return {.kind = NumberSource::Kind::Constant, .constant = *word};
    }
    if (const std::optional<std::string> text = spec_.chip->value_at(name)) {
      return {.kind = NumberSource::Kind::Constant, .constant = words_.number_of_text(*text)};
    }
    std::vector<std::string_view> known;
    for (const Fact& fact : spec_.chip->facts()) {
      known.emplace_back(fact.path);
    }
    for (const DesignAxis& axis : spec_.space.axes) {
      for (const AxisSetting& each : axis.values.front().settings) {
        known.emplace_back(each.value.path);
      }
    }
    node.fail(fmt::format("expected paths of the chip, got {}{}", in_quotes(name),
                          suggestion(name, known)));
  }

  SpaceFormula space_formula(const ConfigNode& node) {
    SpaceFormula formula{.formula = parsed(node), .sources = {}, .where = node.location()};
    for (const std::string& name : formula.formula.names()) {
      formula.sources.push_back(source_of(name, node));
    }
    return formula;
  }

  static Formula parsed(const ConfigNode& node) {
    try {
      return Formula(node.as_text());
    } catch (const FormulaFault& fault) {
      node.fail(fault.message);
    }
  }

  void read_derived() {
    const std::optional<ConfigNode> derived = node_.optional_map("derive");
    if (!derived) {
      return;
    }
    for (const std::string& path : derived->keys()) {
      const ConfigNode node = derived->child(path);
      for (const DesignAxis& axis : spec_.space.axes) {
        for (const AxisSetting& each : axis.values.front().settings) {
          if (each.value.path == path) {
            node.fail(
                fmt::format("expected a path that no axis sets, got one of axis {}", axis.name));
          }
        }
      }
      SpaceFormula formula = space_formula(node);
      const std::string base = spec_.chip->value_at(path).value_or("");
      // The path and the kind of its value; which values there are depends on the point.
      check_setting({.path = path, .text = base.empty() ? "1" : base, .where = node.location()});
      spec_.space.derived.push_back(
          {.path = path, .unit = unit_of(base), .formula = std::move(formula)});
    }
    derived->finish();
  }

  void read_conditions() {
    for (const ConfigNode& condition : node_.optional_list("conditions")) {
      spec_.space.conditions.push_back(space_formula(condition));
    }
  }

  // --- networks ---

  void read_networks() {
    const ConfigNode networks = node_.map("networks");
    for (const std::string& name : networks.keys()) {
      const ConfigNode node = networks.map(name);
      const std::string file_name = node.optional_text("file").value_or(name);
      StudyNetwork network{.name = name, .file = file_named(node, file_name, places_.network_file)};
      network.weight = node.optional_real("weight", {.min = 0, .max = 1e9}).value_or(1.0);
      network.batch = node.optional_integer("batch", {.min = 1, .max = kLargestBatch}).value_or(0);
      node.finish();
      spec_.networks.push_back(std::move(network));
    }
    networks.finish();
    const double weights =
        std::accumulate(spec_.networks.begin(), spec_.networks.end(), 0.0,
                        [](double sum, const StudyNetwork& each) { return sum + each.weight; });
    if (!(weights > 0)) {
      networks.fail(spec_.networks.empty() ? "expected at least one network, got none"
                                           : "expected a weight above 0, got none");
    }
  }

  /// Keys of the figures that the base chip's runs have.
  void read_figure_keys() {
    for (const StudyNetwork& network : spec_.networks) {
      const FigureBounds bounds = figure_bounds(
          *base_, read_network_for(*base_, network.file, {.batch = network.batch, .type = {}}),
          spec_.arrival_rate);
      for (const FigureBound& bound : bounds) {
        keys_.push_back(bound.key);
        spec_.units.emplace(bound.key, bound.unit);
      }
    }
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  }

  FigureName figure(const std::string& written, const ConfigNode& node) const {
    FigureName figure;
    std::string name = written;
    for (std::size_t index = 0; index < spec_.networks.size(); ++index) {
      const std::string prefix = spec_.networks[index].name + ".";
      if (name.starts_with(prefix)) {
        figure.network = index;
        name.erase(0, prefix.size());
        break;
      }
    }
    for (const FigureAlias& alias : kFigureAliases) {
      if (name == alias.name) {
        name = alias.key;
      }
    }
    if (name.starts_with("load.") && !spec_.arrival_rate) {
      node.fail(fmt::format("expected arrival_rate beside {}, got none", in_quotes(written)));
    }
    if (!std::binary_search(keys_.begin(), keys_.end(), name)) {
      std::vector<std::string_view> known(keys_.begin(), keys_.end());
      for (const FigureAlias& alias : kFigureAliases) {
        known.push_back(alias.name);
      }
      node.fail(fmt::format("expected a figure of the report (docs/report.md), got {}{}",
                            in_quotes(written), suggestion(name, known)));
    }
    figure.key = std::move(name);
    return figure;
  }

  // --- what is wanted ---

  void read_objectives() {
    const ConfigNode list = node_.child("objectives");
    for (const ConfigNode& node : node_.list("objectives")) {
      const bool maximise = node.has("maximise");
      const bool minimise = node.has("minimise");
      if (maximise == minimise) {
        node.fail(fmt::format("expected one of minimise, maximise, got {}",
                              maximise ? "both" : "neither"));
      }
      const std::string_view key = maximise ? "maximise" : "minimise";
      const std::string name = node.text(key);
      spec_.objectives.push_back(
          {.name = name, .figure = figure(name, node.child(key)), .maximise = maximise});
      node.finish();
    }
    if (spec_.objectives.empty()) {
      list.fail("expected at least one objective, got none");
    }
  }

  void read_constraints() {
    for (const ConfigNode& node : node_.optional_list("constraints")) {
      Constraint constraint{.formula = parsed(node), .figures = {}, .where = node.location()};
      for (const std::string& name : constraint.formula.names()) {
        constraint.figures.push_back(figure(name, node));
      }
      spec_.constraints.push_back(std::move(constraint));
    }
  }

  void read_sampler() {
    const std::optional<ConfigNode> node = node_.optional_map("sampler");
    if (!node) {
      return;
    }
    constexpr std::int64_t kMostEvaluations = 100'000'000;
    SamplerSpec& sampler = spec_.sampler;
    sampler.kind = node->choice<SamplerKind>("kind");
    const Range points{.min = 1, .max = kMostEvaluations};
    sampler.points = sampler.kind == SamplerKind::Grid
                         ? node->optional_integer("points", points).value_or(0)
                         : node->integer("points", points);
    sampler.population = node->optional_integer("population", {.min = 8, .max = 10'000})
                             .value_or(sampler.population);
    sampler.seed = static_cast<std::uint64_t>(
        node->optional_integer("seed", {.min = 0, .max = std::numeric_limits<std::int64_t>::max()})
            .value_or(1));
    if (sampler.population % 4 != 0) {  // tournaments of four
      node->fail("population",
                 fmt::format("expected a multiple of 4, got '{}'", sampler.population));
    }
    node->finish();
  }

  void read_limits() {
    const std::optional<ConfigNode> node = node_.optional_map("limits");
    if (!node) {
      return;
    }
    constexpr std::int64_t kMebi = std::int64_t{1} << 20;
    if (node->has("memory")) {
      spec_.limits.memory_bytes =
          node->bytes("memory", {.min = 64 * kMebi, .max = kMebi * kMebi}).count();
    }
    spec_.limits.seconds = node->optional_integer("seconds", {.min = 1, .max = 1'000'000})
                               .value_or(spec_.limits.seconds);
    node->finish();
  }

  const ConfigNode& node_;
  const StudyPlaces& places_;
  StudySpec spec_;
  std::optional<ChipSpec> base_;
  Words words_;
  std::vector<std::string> keys_;
};

}  // namespace

StudySpec read_study(const std::string& file, const StudyPlaces& places) {
  StudySpec study = read_study(ConfigNode::open(file), places);
  constexpr std::size_t kMostBytes = std::size_t{16} << 20;
  study.text = read_text_file(file, kMostBytes);
  return study;
}

StudySpec read_study(const ConfigNode& node, const StudyPlaces& places) {
  return StudyReader(node, places).read();
}

}  // namespace systole
