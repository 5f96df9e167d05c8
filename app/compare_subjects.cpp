#include "app/compare_subjects.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "app/catalogue.h"
#include "app/device_files.h"
#include "arch/config/config_node.h"
#include "arch/config/near_name.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "compiler/network_type.h"
#include "reference/devices/read_device.h"
#include "reference/measured/measured_json.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

using Sets = std::vector<std::string>;

constexpr auto kDefaultDevices =
    std::to_array<std::string_view>({"xeon_8480", "t4", "a100", "h100", "jetson_orin", "coral",
                                     "tpu_v1", "edge", "alveo_u250", "alveo_u280"});

/// Other names of what ships.
struct Alias {
  std::string_view name;
  std::string_view meant;
};
constexpr auto kAliases = std::to_array<Alias>({{"gpu", "a100"}});
/// The CPU that runs the command, measured.
constexpr std::string_view kThisCpu = "cpu";
constexpr auto kCpuTypes =
    std::to_array<DataType>({DataType::Int8, DataType::Bf16, DataType::Fp32});

std::string meant_by(const std::string& name) {
  const auto* alias = std::find_if(kAliases.begin(), kAliases.end(),
                                   [&](const Alias& each) { return each.name == name; });
  return alias == kAliases.end() ? name : std::string(alias->meant);
}

/// configs/recorded/NAME.json of the first data directory that has it; `h100_recorded` and `h100`
/// mean the same file where no device has the name.
std::string recording_named(const std::string& name) {
  constexpr std::string_view kSuffix = "_recorded";
  const std::string stem =
      name.ends_with(kSuffix) ? name.substr(0, name.size() - kSuffix.size()) : name;
  for (const std::string& directory : data_directories()) {
    for (const std::string& candidate : {name, stem}) {
      const fs::path file = fs::path(directory) / "configs/recorded" / (candidate + ".json");
      std::error_code ignored;
      if (fs::is_regular_file(file, ignored)) {
        return file.string();
      }
    }
  }
  return "";
}

CompareSubject chip_of(const std::string& name, const std::string& file, const Sets& sets) {
  return read_as(EntryKind::Chip, file, [&] {
    return CompareSubject{.name = name, .chip = std::make_shared<ChipSpec>(chip_with(file, sets))};
  });
}

CompareSubject device_of(const std::string& name, const std::string& file) {
  return {.name = name,
          .device = std::make_shared<reference::DeviceSpec>(
              reference::read_device(file, families_folder()))};
}

CompareSubject recording_of(const std::string& name, const std::string& file) {
  return {.name = name, .recording = std::make_shared<Recording>(read_recording(file))};
}

[[noreturn]] void fail_unknown(const std::string& name) {
  std::vector<std::string> known;
  for (const EntryKind kind : {EntryKind::Chip, EntryKind::Device, EntryKind::FpgaPart}) {
    for (const Entry& entry : entries(kind)) {
      known.push_back(entry.name);
    }
  }
  std::vector<std::string_view> names(known.begin(), known.end());
  for (const Alias& alias : kAliases) {
    names.push_back(alias.name);
  }
  names.push_back(kThisCpu);
  throw UserError(
      fmt::format("systole: no device {}: neither a file nor a known name{}; see 'systole list'",
                  in_quotes(name), suggestion(name, names)));
}

CompareSubject file_subject(const std::string& written, const std::string& file, const Sets& sets) {
  std::error_code ignored;
  if (!fs::exists(file, ignored) || fs::is_directory(file, ignored)) {
    fail_unknown(written);
  }
  if (fs::path(file).extension() == ".json") {
    return recording_of(written, file);
  }
  // A device has a family; whatever else it is was meant as a chip.
  return ConfigNode::open(file).has("family") ? device_of(written, file)
                                              : chip_of(written, file, sets);
}

/// A name without a type.
CompareSubject named_subject(const std::string& written, const Sets& sets) {
  if (written == kThisCpu) {
    return {.name = written, .this_cpu = true};
  }
  const std::string name = meant_by(written);
  if (const std::string chip = file_of_entry(EntryKind::Chip, name); !chip.empty()) {
    return chip_of(written, chip, sets);
  }
  if (const std::string device = file_of_entry(EntryKind::Device, name); !device.empty()) {
    return device_of(name, device);
  }
  if (const std::string recording = recording_named(name); !recording.empty()) {
    return recording_of(written, recording);
  }
  if (!file_of_entry(EntryKind::FpgaPart, name).empty()) {
    const std::string design = design_for_card(name);
    if (design.empty()) {
      throw UserError(
          fmt::format("systole: --on: expected a card that a chip is designed for, got {}",
                      in_quotes(written)));
    }
    return chip_of(written, design, sets);
  }
  return file_subject(written, name, sets);
}

std::vector<DataType> types_of(const CompareSubject& subject) {
  std::vector<DataType> types;
  if (subject.this_cpu) {
    types.assign(kCpuTypes.begin(), kCpuTypes.end());
  } else if (subject.device) {
    for (const reference::MacRate& rate : subject.device->rates) {
      types.push_back(rate.type);
    }
  } else if (subject.chip) {
    std::copy_if(kNetworkTypes.begin(), kNetworkTypes.end(), std::back_inserter(types),
                 [&](DataType type) { return multiplies(*subject.chip, type); });
  } else {
    for (const MeasuredRun& run : subject.recording->runs) {
      if (std::find(types.begin(), types.end(), run.type) == types.end()) {
        types.push_back(run.type);
      }
    }
  }
  return types;
}

/// `haswell:fp32`: another type than the preferred one.
CompareSubject with_type(CompareSubject subject, const std::string& written,
                         const std::string& type) {
  std::vector<std::string_view> names;
  for (const DataType known : types_of(subject)) {
    names.push_back(name_of(known));
  }
  if (std::find(names.begin(), names.end(), type) == names.end()) {
    throw UserError(fmt::format("systole: --on: {}: expected {}, got {}{}", printable(written),
                                one_of(names), in_quotes(type), suggestion(type, names)));
  }
  subject.name = written;
  subject.type = value_named<DataType>(type);
  return subject;
}

CompareSubject subject_of(const std::string& written, const Sets& sets) {
  const std::size_t colon = written.rfind(':');
  std::error_code error;
  if (colon != std::string::npos && !fs::exists(written, error)) {
    return with_type(named_subject(written.substr(0, colon), sets), written,
                     written.substr(colon + 1));
  }
  return named_subject(written, sets);
}

}  // namespace

std::vector<CompareSubject> compare_subjects(const CompareCommand& command) {
  std::vector<std::string> names = command.on;
  if (names.empty()) {
    names.assign(kDefaultDevices.begin(), kDefaultDevices.end());
  }
  std::vector<CompareSubject> subjects;
  for (const std::string& name : names) {
    subjects.push_back(subject_of(name, command.sets));
    const auto same = [&](const CompareSubject& other) {
      return other.name == subjects.back().name;
    };
    if (std::count_if(subjects.begin(), subjects.end(), same) > 1) {
      throw UserError(fmt::format("systole: --on: expected each device once, got {} twice",
                                  in_quotes(subjects.back().name)));
    }
  }
  const bool has_chip = std::any_of(subjects.begin(), subjects.end(),
                                    [](const auto& subject) { return subject.chip != nullptr; });
  if (!command.sets.empty() && !has_chip) {
    throw UserError("systole: --set: expected a chip among the devices, got none");
  }
  return subjects;
}

std::map<std::string, double> by_subject(const std::string& option,
                                         const std::map<std::string, double>& figures,
                                         const std::vector<CompareSubject>& subjects) {
  std::vector<std::string_view> names;
  for (const CompareSubject& subject : subjects) {
    names.push_back(subject.name);
  }
  std::map<std::string, double> named;
  for (const auto& [written, figure] : figures) {
    const std::string name = meant_by(written);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw UserError(fmt::format("systole: {}: expected {}, got {}{}", option, one_of(names),
                                  in_quotes(written), suggestion(written, names)));
    }
    named[name] = figure;
  }
  return named;
}

std::string compare_baseline(const CompareCommand& command,
                             const std::vector<CompareSubject>& subjects) {
  if (command.baseline.empty()) {
    return "";
  }
  std::vector<std::string_view> names;
  for (const CompareSubject& subject : subjects) {
    names.push_back(subject.name);
  }
  const std::string name = meant_by(command.baseline);
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw UserError(fmt::format("systole: --baseline: expected {}, got {}{}", one_of(names),
                                in_quotes(command.baseline), suggestion(command.baseline, names)));
  }
  return name;
}

}  // namespace systole
