#include "arch/config/named_file.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "arch/config/near_name.h"
#include "arch/config/text_file.h"

namespace systole {

std::vector<std::string> directories_named(std::string_view name, const std::string& file,
                                           const std::vector<std::string>& roots) {
  const std::filesystem::path own = std::filesystem::path(file).parent_path() / "..";
  std::vector<std::string> directories{(own / name).lexically_normal().string()};
  for (const std::string& root : roots) {
    directories.push_back((std::filesystem::path(root) / name).lexically_normal().string());
  }
  return directories;
}

std::string find_named_file(const std::string& name, const std::vector<std::string>& directories) {
  for (const std::string& candidate : names_in(directories)) {
    if (candidate != name) {
      continue;
    }
    for (const std::string& directory : directories) {
      const auto file = std::filesystem::path(directory) / (name + ".yaml");
      if (std::filesystem::exists(file)) {
        return file.string();
      }
    }
  }
  return {};
}

std::vector<std::string> names_in(const std::vector<std::string>& directories) {
  std::vector<std::string> names;
  for (const std::string& directory : directories) {
    std::error_code unreadable;  // a directory that does not exist has no files
    for (const auto& entry : std::filesystem::directory_iterator(directory, unreadable)) {
      if (entry.path().extension() == ".yaml") {
        names.push_back(entry.path().stem().string());
      }
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string named_file(const ConfigNode& node, std::string_view key, std::string_view what,
                       const std::vector<std::string>& directories) {
  const std::string name = node.text(key);
  std::string file = find_named_file(name, directories);
  if (file.empty()) {
    const std::vector<std::string> names = names_in(directories);
    const std::vector<std::string_view> views(names.begin(), names.end());
    node.fail(key, names.empty() ? fmt::format("expected the name of {}, a file in {}, got {}",
                                               what, directories.front(), in_quotes(name))
                                 : fmt::format("expected {}, got {}{}", one_of(views),
                                               in_quotes(name), suggestion(name, views)));
  }
  return file;
}

}  // namespace systole
