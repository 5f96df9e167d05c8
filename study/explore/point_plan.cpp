#include "study/explore/point_plan.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/config/number_text.h"
#include "arch/read_silicon.h"
#include "compiler/network_type.h"
#include "silicon/buildable_chip.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

constexpr auto kNamedFolders = std::to_array<std::string_view>(
    {"dram", "dram_controllers", "technologies", "interfaces", "prices", "fpga_parts"});

std::string bytes_of_file(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

Planner::Planner(const StudySpec& study, std::string program)
    : study_(study), program_(std::move(program)) {
  std::vector<std::string> beside{
      (fs::path(study.chip_file).parent_path() / "../dram").lexically_normal().string()};
  beside.insert(beside.end(), study.dram_directories.begin(), study.dram_directories.end());
  for (const std::string_view name : kNamedFolders) {
    const std::vector<std::string> folders = folders_beside(beside, name);
    folders_.insert(folders_.end(), folders.begin(), folders.end());
  }
  for (const StudyNetwork& network : study.networks) {
    network_content_.push_back(content_hash(bytes_of_file(network.file)));
  }
}

/// Of every folder: a name may mean a file in several, and which one is read is not known here.
const std::string& Planner::named_files(const std::string& value) {
  const auto known = named_.find(value);
  if (known != named_.end()) {
    return known->second;
  }
  std::string hashes;
  std::error_code ignored;
  const auto add = [&](const fs::path& file) {
    if (fs::is_regular_file(file, ignored)) {
      hashes += content_hash(bytes_of_file(file.string()));
    }
  };
  if (!value.empty() && value.find(' ') == std::string::npos && value.size() < 200) {
    for (const std::string& folder : folders_) {
      add(fs::path(folder) / (value + ".yaml"));
    }
    add(fs::path(study_.chip_file).parent_path() / value);
  }
  return named_.emplace(value, std::move(hashes)).first->second;
}

PointPlan Planner::plan(PointId point) {
  PointPlan plan{.point = point, .chip = {}, .runs = {}};
  NetworkChoice choice;
  for (ConfigOverride& setting : study_.space.settings_of(point)) {
    if (setting.path == kBatchPath) {
      choice.batch = static_cast<std::int64_t>(number_of(setting.text).value_or(0));
    } else if (setting.path == kTypePath) {
      choice.type = value_named<DataType>(setting.text);
    } else {
      plan.chip.push_back(std::move(setting));
    }
  }
  std::string content;
  try {
    content = study_.chip->with(plan.chip).content();
  } catch (const UserError& error) {
    content = error.what();  // there is no such chip; its reader says so again
  }
  std::string named = named_files("default");  // the DRAM controller where none is named
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) {
    named += named_files(line.substr(line.find('=') + 1));
  }
  const std::string chip = content_hash(content + named);
  for (std::size_t network = 0; network < study_.networks.size(); ++network) {
    NetworkChoice own = choice;
    own.batch = choice.batch != 0 ? choice.batch : study_.networks[network].batch;
    plan.runs.push_back(
        {.key = content_hash(fmt::format("{} {} {} {} {}", chip, network_content_[network],
                                         own.batch, own.type ? name_of(*own.type) : "", program_)),
         .network = network,
         .choice = own});
  }
  return plan;
}

ChipSpec Planner::chip_of(const PointPlan& plan) const {
  return read_buildable_chip(study_.chip->with(plan.chip), study_.dram_directories);
}

std::shared_ptr<const Network> Planner::network_of(const ChipSpec& chip, const PlannedRun& run) {
  const DataType type = run.choice.type.value_or(default_network_type(chip));
  const std::string& file = study_.networks[run.network].file;
  if (!multiplies(chip, type)) {
    static_cast<void>(read_network_for(chip, file, run.choice));  // says so
  }
  std::shared_ptr<const Network>& network =
      networks_[{file, run.choice.batch, static_cast<int>(type)}];
  if (!network) {
    network = std::make_shared<const Network>(
        read_network_for(chip, file, {.batch = run.choice.batch, .type = type}));
  }
  return network;
}

std::vector<FigureBounds> Planner::bounds_of(const PointPlan& plan) {
  const ChipSpec chip = chip_of(plan);
  std::vector<FigureBounds> bounds;
  for (const PlannedRun& run : plan.runs) {
    bounds.push_back(figure_bounds(chip, *network_of(chip, run), study_.arrival_rate));
  }
  return bounds;
}

StoredRun Planner::row_of(const PlannedRun& run) const {
  const StudyNetwork& network = study_.networks[run.network];
  return {.key = run.key,
          .chip = fs::path(study_.chip_file).stem().string(),
          .network = network.name,
          .batch = run.choice.batch,
          .type = run.choice.type ? std::string(name_of(*run.choice.type)) : "",
          .reason = {},
          .figures = {}};
}

std::string Planner::values_json(PointId point) const {
  const std::vector<std::size_t> choices = study_.space.choices_of(point);
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (std::size_t axis = 0; axis < choices.size(); ++axis) {
    const DesignAxis& of = study_.space.axes[axis];
    json[of.name] = of.values[choices[axis]].text;
  }
  return json.dump();
}

std::string Planner::space_hash() const {
  std::string text = study_.chip->content();
  for (const DesignAxis& axis : study_.space.axes) {
    text += fmt::format("\naxis {}", axis.name);
    for (const AxisValue& value : axis.values) {
      for (const AxisSetting& setting : value.settings) {
        text += fmt::format("\n{}={}", setting.value.path, setting.value.text);
      }
    }
  }
  for (const DerivedValue& value : study_.space.derived) {
    text += fmt::format("\nderive {}={}", value.path, value.formula.formula.text());
  }
  for (std::size_t index = 0; index < study_.networks.size(); ++index) {
    text += fmt::format("\nnetwork {} {} {}", study_.networks[index].name, network_content_[index],
                        study_.networks[index].batch);
  }
  return content_hash(text);
}

std::string Planner::study_key() const {
  return fmt::format("{}-{}", space_hash(), content_hash(program_).substr(0, 16));
}

std::string Planner::goal_hash() const {
  std::string text = fmt::format("{}", study_.arrival_rate.value_or(0));
  for (const Objective& objective : study_.objectives) {
    text +=
        fmt::format("\n{} {} {}", objective.maximise ? "max" : "min", objective.figure.key,
                    objective.figure.network ? static_cast<int>(*objective.figure.network) : -1);
  }
  for (const Constraint& constraint : study_.constraints) {
    text += fmt::format("\n{}", constraint.formula.text());
  }
  for (const StudyNetwork& network : study_.networks) {
    text += fmt::format("\n{} {}", network.name, network.weight);
  }
  return content_hash(text);
}

}  // namespace systole
