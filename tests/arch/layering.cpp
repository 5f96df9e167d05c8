#include "tests/arch/layering.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

namespace systole {

namespace {

struct Room {
  std::string_view name;
  /// Rooms (`arch/`), folders or single headers that its files may include besides its own.
  std::vector<std::string_view> may_include;
};

/// The arrows of the design: a room includes what stands before it, never what stands after.
const std::vector<Room>& rooms() {
  static const std::vector<Room> kRooms{
      {"arch", {}},
      {"silicon", {"arch/"}},
      {"compiler", {"arch/"}},
      {"sim", {"arch/"}},
      {"reference", {"arch/", "compiler/"}},
      {"study", {"arch/", "silicon/", "compiler/", "sim/", "reference/"}},
      {"report",
       {"arch/", "silicon/", "study/", "compiler/graph/", "reference/check.h",
        "reference/measured_run.h", "reference/run_tensor.h", "reference/tensor_error.h",
        "reference/user_numbers.h"}},
      {"app", {"arch/", "silicon/", "compiler/", "sim/", "reference/", "study/", "report/"}},
      {"tests",
       {"arch/", "silicon/", "compiler/", "sim/", "reference/", "study/", "report/", "app/"}},
  };
  return kRooms;
}

constexpr std::array<std::string_view, 2> kSystemCRooms{"sim", "tests"};

const Room* room_of(std::string_view path) {
  for (const Room& room : rooms()) {
    if (path.starts_with(room.name) && path.substr(room.name.size()).starts_with('/')) {
      return &room;
    }
  }
  return nullptr;
}

bool is_systemc(std::string_view header) {
  const std::string_view top = header.substr(0, header.find('/'));
  return top == "systemc" || top == "systemc.h" || top == "sysc" || top.starts_with("tlm");
}

struct Include {
  char opening = '\0';  ///< `"`, `<`, or nothing where the line includes nothing
  std::string_view header;
};

Include include_of(std::string_view line) {
  const auto skip_spaces = [&line] {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  };
  skip_spaces();
  if (!line.starts_with('#')) {
    return {};
  }
  line.remove_prefix(1);
  skip_spaces();
  constexpr std::string_view kInclude = "include";
  if (!line.starts_with(kInclude)) {
    return {};
  }
  line.remove_prefix(kInclude.size());
  skip_spaces();
  if (line.empty() || (line.front() != '"' && line.front() != '<')) {
    return {};
  }
  const char opening = line.front();
  line.remove_prefix(1);
  return {.opening = opening, .header = line.substr(0, line.find(opening == '"' ? '"' : '>'))};
}

bool may_include(const Room& room, std::string_view header) {
  return room_of(header) == &room ||
         std::any_of(room.may_include.begin(), room.may_include.end(),
                     [&](std::string_view allowed) { return header.starts_with(allowed); });
}

bool is_source(const std::filesystem::path& file) {
  return file.extension() == ".h" || file.extension() == ".cpp";
}

void check_file(const std::filesystem::path& file, const std::string& name,
                std::vector<std::string>& violations) {
  std::ifstream stream(file);
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    const std::string reason = wrong_include(name, line);
    if (!reason.empty()) {
      violations.push_back(fmt::format("{}:{}: {}", name, number, reason));
    }
  }
}

}  // namespace

std::string wrong_include(std::string_view file, std::string_view line) {
  const Include include = include_of(line);
  const Room* room = room_of(file);
  if (include.opening == '\0' || room == nullptr) {
    return {};
  }
  if (is_systemc(include.header) &&
      std::find(kSystemCRooms.begin(), kSystemCRooms.end(), room->name) == kSystemCRooms.end()) {
    return fmt::format("{} must not include SystemC ({})", room->name, include.header);
  }
  if (include.opening == '<') {
    return room_of(include.header) == nullptr
               ? std::string()
               : fmt::format("{} is ours and is included with quotes", include.header);
  }
  if (room_of(include.header) == nullptr) {
    return fmt::format("{} is no path from the root of the repository", include.header);
  }
  return may_include(*room, include.header)
             ? std::string()
             : fmt::format("{} must not include {}", room->name, include.header);
}

std::vector<std::string> layering_violations(const std::filesystem::path& root) {
  std::vector<std::string> violations;
  int files = 0;
  for (const Room& room : rooms()) {
    if (!std::filesystem::is_directory(root / room.name)) {
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / room.name)) {
      if (entry.is_regular_file() && is_source(entry.path())) {
        check_file(entry.path(), entry.path().lexically_relative(root).generic_string(),
                   violations);
        ++files;
      }
    }
  }
  if (files == 0) {
    throw std::runtime_error("no C++ file in " + root.string());
  }
  std::sort(violations.begin(), violations.end());
  return violations;
}

}  // namespace systole
