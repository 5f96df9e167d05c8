#include "app/compare_command.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "app/catalogue.h"
#include "app/device_files.h"
#include "app/measure_command.h"
#include "app/progress.h"
#include "arch/chip_spec.h"
#include "arch/config/config_node.h"
#include "arch/config/near_name.h"
#include "arch/diag/error.h"
#include "reference/devices/read_device.h"
#include "reference/measured/measured_json.h"
#include "report/compare.h"
#include "study/compare.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

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

/// The first chip that ships for that FPGA card.
std::string chip_for_card(const std::string& card) {
  for (const Entry& entry : entries(EntryKind::Chip)) {
    const ConfigNode node = ConfigNode::open(entry.file);
    if (node.optional_text("fpga") == card) {
      return entry.file;
    }
  }
  return "";
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

/// A chip has a matrix unit, a device a family.
bool is_chip_file(const std::string& file) {
  return ConfigNode::open(file).has("matrix_unit");
}

CompareSubject device_of(const std::string& name, const std::string& file) {
  return {.name = name,
          .device = std::make_shared<reference::DeviceSpec>(
              reference::read_device(file, families_folder()))};
}

[[noreturn]] void fail_unknown(const std::string& name) {
  std::vector<std::string> known;
  for (const EntryKind kind : {EntryKind::Chip, EntryKind::Device}) {
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
      fmt::format("systole: no device '{}': neither a file nor a known name{}; see 'systole list'",
                  name, suggestion(name, names)));
}

/// `haswell:fp32`: a device with another type than its preferred one.
CompareSubject with_type(CompareSubject subject, const std::string& written,
                         const std::string& type) {
  std::vector<std::string_view> types;
  if (subject.device) {
    for (const reference::MacRate& rate : subject.device->rates) {
      types.push_back(name_of(rate.type));
    }
  }
  if (types.empty()) {
    throw UserError(fmt::format(
        "systole: --on: expected a type behind a modelled device alone, got '{}'", written));
  }
  if (std::find(types.begin(), types.end(), type) == types.end()) {
    throw UserError(fmt::format("systole: --on: {}: expected {}, got '{}'{}", written,
                                one_of(types), type, suggestion(type, types)));
  }
  subject.name = written;
  subject.type = value_named<DataType>(type);
  return subject;
}

CompareSubject subject_of(const std::string& written) {
  const std::size_t colon = written.rfind(':');
  std::error_code error;
  if (colon != std::string::npos && !fs::exists(written, error)) {
    return with_type(subject_of(written.substr(0, colon)), written, written.substr(colon + 1));
  }
  if (written == kThisCpu) {
    return {.name = written, .this_cpu = true};
  }
  const auto* alias = std::find_if(kAliases.begin(), kAliases.end(),
                                   [&](const Alias& each) { return each.name == written; });
  const std::string name = alias == kAliases.end() ? written : std::string(alias->meant);
  if (const std::string chip = file_of_entry(EntryKind::Chip, name); !chip.empty()) {
    return {.name = written, .chip_file = chip};
  }
  if (const std::string device = file_of_entry(EntryKind::Device, name); !device.empty()) {
    return device_of(name, device);
  }
  if (const std::string recording = recording_named(name); !recording.empty()) {
    return {.name = written, .recording = std::make_shared<Recording>(read_recording(recording))};
  }
  if (const std::string card = chip_for_card(name); !card.empty()) {
    return {.name = written, .chip_file = card};
  }
  std::error_code ignored;
  if (!fs::exists(name, ignored) || fs::is_directory(name, ignored)) {
    fail_unknown(written);
  }
  if (fs::path(name).extension() == ".json") {
    return {.name = written, .recording = std::make_shared<Recording>(read_recording(name))};
  }
  return is_chip_file(name) ? CompareSubject{.name = written, .chip_file = name}
                            : device_of(written, name);
}

std::vector<CompareSubject> subjects_of(const CompareCommand& command) {
  std::vector<std::string> names = command.on;
  if (names.empty()) {
    names.assign(kDefaultDevices.begin(), kDefaultDevices.end());
  }
  std::vector<CompareSubject> subjects;
  for (const std::string& name : names) {
    subjects.push_back(subject_of(name));
    const auto same = [&](const CompareSubject& other) {
      return other.name == subjects.back().name;
    };
    if (std::count_if(subjects.begin(), subjects.end(), same) > 1) {
      throw UserError(fmt::format("systole: --on: expected each device once, got '{}' twice",
                                  subjects.back().name));
    }
  }
  return subjects;
}

/// As the rows call it.
std::string baseline_of(const CompareCommand& command,
                        const std::vector<CompareSubject>& subjects) {
  if (command.baseline.empty()) {
    return "";
  }
  std::vector<std::string_view> names;
  for (const CompareSubject& subject : subjects) {
    names.push_back(subject.name);
  }
  const auto* alias = std::find_if(kAliases.begin(), kAliases.end(), [&](const Alias& each) {
    return each.name == command.baseline;
  });
  const std::string name = alias == kAliases.end() ? command.baseline : std::string(alias->meant);
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw UserError(fmt::format("systole: --baseline: expected {}, got '{}'{}", one_of(names),
                                command.baseline, suggestion(command.baseline, names)));
  }
  return name;
}

std::string formatted(const Comparison& comparison, Format format, const TextOptions& options) {
  switch (format) {
    case Format::Text:
      return compare_text(comparison, options);
    case Format::Json:
      return compare_json(comparison);
    case Format::Csv:
      return compare_csv(comparison);
  }
  return "";
}

}  // namespace

std::string run_compare(const Request& request, const TextOptions& options) {
  const CompareCommand& command = request.compare;
  const std::vector<CompareSubject> subjects = subjects_of(command);
  const Site site = read_site(find_entry(EntryKind::Site, command.site));
  const CompareOptions compare_options{
      .batches = command.batches,
      .baseline = baseline_of(command, subjects),
      .arrival_rate = command.arrival_rate
                          ? std::optional(static_cast<double>(*command.arrival_rate))
                          : std::nullopt,
      .deadline = request.deadline,
      .load = {.requests = command.requests, .seed = request.seed},
      .parallel = std::max(1U, std::thread::hardware_concurrency()),
      .dram_directories = dram_directories(),
      .power_file = cpu_power_file()};
  const std::string network = find_entry(EntryKind::Network, request.network);
  Progress progress(!request.quiet);
  progress.stage("comparing");
  return formatted(compare(network, subjects, compare_options, site), request.format, options);
}

}  // namespace systole
