#include "app/catalogue.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/config/config_node.h"
#include "arch/config/near_name.h"
#include "arch/config/text_file.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".yaml";

struct KindNames {
  std::string_view folder;
  std::string_view word;
};

KindNames names_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::Chip:
      return {"configs/chips", "chip"};
    case EntryKind::Network:
      return {"workloads", "network"};
    case EntryKind::Dram:
      return {"configs/dram", "DRAM standard"};
    case EntryKind::DramController:
      return {"configs/dram_controllers", "DRAM controller"};
    case EntryKind::Device:
      return {"configs/devices", "device"};
    case EntryKind::Family:
      return {"configs/device_families", "device family"};
    case EntryKind::FpgaPart:
      return {"configs/fpga_parts", "FPGA card"};
    case EntryKind::Site:
      return {"configs/sites", "site"};
    case EntryKind::Study:
      return {"configs/studies", "study"};
  }
  return {};
}

std::string folder_of(EntryKind kind) {
  return std::string(names_of(kind).folder);
}

std::string_view word_for(EntryKind kind) {
  return names_of(kind).word;
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// Anything that can be opened and read, devices and pipes included, but no directory.
bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) && !fs::is_directory(path, ignored);
}

/// Where the program is, if another told (use_program).
fs::path& told_program() {
  static fs::path program;
  return program;
}

std::string installed_data() {
  std::error_code error;
  const fs::path program = told_program().empty() ? fs::read_symlink("/proc/self/exe", error)
                                                  : fs::canonical(told_program(), error);
  return error ? std::string{} : (program.parent_path().parent_path() / "share/systole").string();
}

std::string without_extension(const std::string& name) {
  return name.ends_with(kExtension) ? name.substr(0, name.size() - kExtension.size()) : name;
}

/// How files spell the name: DRAM standards are written DDR4-2400 elsewhere and ddr4_2400 here.
std::string spelled(EntryKind kind, const std::string& name) {
  std::string spelling = without_extension(name);
  if (kind == EntryKind::Dram) {
    std::transform(spelling.begin(), spelling.end(), spelling.begin(), [](unsigned char letter) {
      return letter == '-' ? '_' : static_cast<char>(std::tolower(letter));
    });
  }
  return spelling;
}

/// ` (did you mean 'tpu_v1'?)`, else everything known, as far as it stays a line.
std::string hint(EntryKind kind, const std::string& name) {
  constexpr std::size_t kMost = 8;
  const std::vector<Entry> known = entries(kind);
  std::vector<std::string_view> names;
  names.reserve(known.size());
  for (const Entry& entry : known) {
    names.push_back(entry.name);
  }
  std::string near = suggestion(spelled(kind, name), names);
  if (!near.empty() || names.empty()) {
    return near;
  }
  const bool all = names.size() <= kMost;
  names.resize(std::min(names.size(), kMost));
  return fmt::format(" (known: {}{})", fmt::join(names, ", "), all ? "" : ", ...");
}

std::string unknown(EntryKind kind, const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return fmt::format("systole: no {} {}: there is no such file", word_for(kind),
                       path_in_quotes(name));
  }
  return fmt::format("systole: no {} {}: neither a file nor a known name{}; see 'systole list'",
                     word_for(kind), in_quotes(name), hint(kind, name));
}

}  // namespace

void use_program(const std::string& file) {
  told_program() = file;
}

std::vector<std::string> data_directories() {
  std::vector<std::string> candidates;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  if (const char* given = std::getenv("SYSTOLE_DATA"); given != nullptr && *given != '\0') {
    candidates.emplace_back(given);
  }
  candidates.insert(candidates.end(), {".", SYSTOLE_SOURCE_DIR, installed_data()});
  std::vector<std::string> directories;
  std::vector<fs::path> seen;
  for (const std::string& candidate : candidates) {
    std::error_code error;
    const fs::path place = fs::canonical(candidate, error);
    if (!error && is_folder(place) && std::find(seen.begin(), seen.end(), place) == seen.end()) {
      seen.push_back(place);
      directories.push_back(candidate);
    }
  }
  return directories;
}

std::vector<Entry> entries(EntryKind kind) {
  std::vector<Entry> found;
  for (const std::string& directory : data_directories()) {
    std::error_code error;
    const fs::path folder = fs::path(directory) / folder_of(kind);
    for (fs::directory_iterator file(folder, error), end; !error && file != end;
         file.increment(error)) {
      const std::string name = file->path().stem().string();
      const bool known = std::any_of(found.begin(), found.end(),
                                     [&](const Entry& entry) { return entry.name == name; });
      if (file->path().extension() == kExtension && is_file(file->path()) && !known) {
        found.push_back({name, file->path().lexically_normal().string()});
      }
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return found;
}

std::string file_of_entry(EntryKind kind, const std::string& name) {
  for (const Entry& entry : entries(kind)) {
    if (entry.name == spelled(kind, name)) {
      return entry.file;
    }
  }
  return "";
}

std::string find_entry(EntryKind kind, const std::string& name) {
  if (is_file(name)) {
    return name;
  }
  if (std::string file = file_of_entry(kind, name); !file.empty()) {
    return file;
  }
  throw UserError(unknown(kind, name));
}

std::string with_article(EntryKind kind) {
  const bool vowel = kind == EntryKind::FpgaPart;  // an eff-pee-gee-a
  return fmt::format("{} {}", vowel ? "an" : "a", word_for(kind));
}

std::string other_kind(EntryKind kind, const std::string& file) {
  struct Mark {
    EntryKind kind;
    std::string_view key;  ///< that files of this kind have, and of no other
  };
  constexpr auto kMarks = std::to_array<Mark>({{EntryKind::Chip, "matrix_unit"},
                                               {EntryKind::Network, "layers"},
                                               {EntryKind::Dram, "timing"},
                                               {EntryKind::DramController, "page_policy"},
                                               {EntryKind::Device, "macs_per_cycle"},
                                               {EntryKind::Family, "cycles_per_tile"},
                                               {EntryKind::FpgaPart, "large_memory"},
                                               {EntryKind::Site, "electricity_usd_per_kwh"}});
  try {
    const ConfigNode root = ConfigNode::open(file);
    for (const Mark& mark : kMarks) {
      if (root.is_map() && root.has(mark.key)) {
        return mark.kind == kind ? "" : with_article(mark.kind);
      }
    }
  } catch (const UserError&) {  // the message of who wanted to read it says why
  }
  return "";
}

SourceFile source_of(EntryKind kind, const std::string& name, const std::string& file) {
  constexpr std::uint64_t kMost = 1ULL << 31;  // models with their weights are large
  SourceFile source{.file = file};
  std::error_code ignored;
  if (fs::is_regular_file(file, ignored)) {  // what came through a pipe is gone
    source.hash = content_hash(read_text_file(file, kMost));
  }
  const fs::path place = fs::canonical(file, ignored);
  for (const std::string& root : {std::string(SYSTOLE_SOURCE_DIR), installed_data()}) {
    const fs::path folder = fs::path(root) / folder_of(kind);
    const fs::path shipped = folder / (spelled(kind, name) + std::string(kExtension));
    if (place.parent_path() == fs::canonical(folder, ignored)) {
      source.file = (fs::path(folder_of(kind)) / place.filename()).string();
      source.shipped = true;
      source.replaces_shipped = false;
      return source;
    }
    const bool by_name = name.find('/') == std::string::npos && !name.ends_with(kExtension);
    source.replaces_shipped = source.replaces_shipped || (by_name && is_file(shipped));
  }
  return source;
}

std::vector<std::string> dram_directories() {
  std::vector<std::string> directories;
  for (const std::string& directory : data_directories()) {
    const fs::path folder = fs::path(directory) / "configs/dram";
    if (is_folder(folder)) {
      directories.push_back(folder.lexically_normal().string());
    }
  }
  return directories;
}

}  // namespace systole
