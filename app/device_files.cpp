#include "app/device_files.h"

#include <filesystem>

#include "app/catalogue.h"
#include "arch/config/config_node.h"
#include "arch/diag/error.h"
#include "reference/devices/read_device.h"
#include "silicon/buildable_chip.h"

namespace systole {

std::string families_folder() {
  const std::vector<Entry> families = entries(EntryKind::Family);
  return families.empty() ? std::string()
                          : std::filesystem::path(families.front().file).parent_path().string();
}

std::string design_for_card(const std::string& card) {
  for (const Entry& entry : entries(EntryKind::Chip)) {
    try {
      if (ConfigNode::open(entry.file).optional_text("fpga") == card) {
        return entry.file;
      }
    } catch (const UserError&) {  // whoever names that chip is told
      continue;
    }
  }
  return "";
}

std::optional<reference::DeviceSpec> shipped_device(const std::string& name) {
  const std::string file = file_of_entry(EntryKind::Device, name);
  return file.empty() ? std::nullopt
                      : std::optional(reference::read_device(file, families_folder()));
}

ChipSpec chip_with(const std::string& file, const std::vector<std::string>& sets) {
  const ConfigNode node = ConfigNode::open(file);
  std::vector<ConfigOverride> values;
  for (const std::string& set : sets) {
    const std::size_t equals = set.find('=');
    values.push_back({.path = set.substr(0, equals),
                      .text = set.substr(equals + 1),
                      .where = {.file = "--set " + set}});
  }
  return read_buildable_chip(values.empty() ? node : node.with(values), dram_directories());
}

}  // namespace systole
