#include "reference/cpu/rapl.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace systole::cpu {

namespace {

namespace fs = std::filesystem;

constexpr double kMicrojoules = 1e6;

/// The first line, or nothing where the file cannot be read.
std::optional<std::string> line_of(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  return std::getline(stream, line) ? std::optional(line) : std::nullopt;
}

std::optional<std::int64_t> integer_of(const fs::path& file) {
  const std::optional<std::string> line = line_of(file);
  if (!line) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), value);
  const bool whole = error == std::errc{} && end == line->data() + line->size() && value >= 0;
  return whole ? std::optional(value) : std::nullopt;
}

/// Packages are `intel-rapl:0`; `intel-rapl:0:0` are parts of one.
bool is_package(const std::string& name) {
  return name.starts_with("intel-rapl:") && std::count(name.begin(), name.end(), ':') == 1;
}

}  // namespace

Rapl::Rapl(const std::string& root) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(root, error)) {
    if (!is_package(entry.path().filename().string())) {
      continue;
    }
    const auto name = line_of(entry.path() / "name");
    const auto range = integer_of(entry.path() / "max_energy_range_uj");
    const fs::path counter = entry.path() / "energy_uj";
    // `psys` is the whole machine, packages included.
    if (name && name->starts_with("package") && range && integer_of(counter)) {
      packages_.push_back({.name = *name, .counter = counter.string(), .range = *range});
    }
  }
  std::sort(packages_.begin(), packages_.end(),
            [](const Package& a, const Package& b) { return a.name < b.name; });
}

void Rapl::start() {
  for (Package& package : packages_) {
    package.before = integer_of(package.counter).value_or(-1);
  }
}

std::optional<double> Rapl::stop() {
  std::int64_t total = 0;
  for (const Package& package : packages_) {
    const auto now = integer_of(package.counter);
    if (!now || package.before < 0) {
      return std::nullopt;
    }
    total += *now - package.before + (*now < package.before ? package.range : 0);
  }
  return packages_.empty() ? std::nullopt
                           : std::optional(static_cast<double>(total) / kMicrojoules);
}

std::string Rapl::method() const {
  std::vector<std::string_view> names;
  for (const Package& package : packages_) {
    names.push_back(package.name);
  }
  return fmt::format("RAPL {}", fmt::join(names, " + "));
}

}  // namespace systole::cpu
