#include "arch/named_file.h"

#include <filesystem>

#include <fmt/format.h>

#include "arch/config/near_name.h"
#include "arch/config/text_file.h"
#include "arch/read_dram.h"

namespace systole {

namespace fs = std::filesystem;

std::string beside(const ConfigNode& node, std::string_view path) {
  return (fs::path(node.location().file).parent_path() / path).lexically_normal().string();
}

std::string named_file(const ConfigNode& node, std::string_view key, std::string_view noun,
                       const std::vector<std::string>& folders) {
  const std::string name = node.text(key);
  if (name.ends_with(".yaml")) {
    std::string file = beside(node, name);
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) {
      node.fail(key, fmt::format("expected {}, got {}: there is no file {}", noun, in_quotes(name),
                                 in_quotes(file)));
    }
    return file;
  }
  std::string file = find_dram_file(name, folders);
  if (file.empty()) {
    const std::vector<std::string> known = dram_names(folders);
    const std::vector<std::string_view> names(known.begin(), known.end());
    node.fail(key,
              fmt::format("expected {} ({}) or a file of your own (FILE.yaml, from this file's "
                          "folder), got {}{}; looked in {}",
                          noun, names.empty() ? "none is there" : one_of(names), in_quotes(name),
                          suggestion(name, names), fmt::join(folders, ", ")));
  }
  return file;
}

}  // namespace systole
