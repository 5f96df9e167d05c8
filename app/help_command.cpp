#include "app/help_command.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <sstream>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "app/catalogue.h"
#include "app/command_line.h"
#include "app/manual.h"
#include "arch/config/near_name.h"
#include "arch/config/text_file.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostLines = 40;

/// Texts of docs/*.md by name; the first directory that has a page counts.
std::map<std::string, std::string> pages() {
  constexpr std::size_t kMost = std::size_t{16} << 20;
  std::map<std::string, std::string> found;
  for (const std::string& directory : data_directories()) {
    std::error_code error;
    for (fs::directory_iterator file(fs::path(directory) / "docs", error), end;
         !error && file != end; file.increment(error)) {
      if (file->path().extension() == ".md" && file->path().stem() != "README") {
        try {
          found.emplace(file->path().stem().string(), read_text_file(file->path().string(), kMost));
        } catch (const TextFault&) {  // another program is writing it
        }
      }
    }
  }
  return found;
}

std::string title_of(const std::string& page) {
  const std::size_t begin = page.starts_with("# ") ? 2 : 0;
  return page.substr(begin, page.find('\n') - begin);
}

std::string listed(const std::map<std::string, std::string>& pages) {
  std::string text = "Pages, for 'systole help PAGE':\n";
  for (const auto& [name, page] : pages) {
    text += fmt::format("  {:<14}{}\n", name, title_of(page));
  }
  return text + fmt::format(
                    "\nCommands, for 'systole help COMMAND':\n  {}\n\n'systole help WORD' "
                    "says where the pages write of it.\n",
                    fmt::join(command_names(), ", "));
}

std::string help_of_command(const std::string& command) {
  const char* const words[] = {"systole", command.c_str(), "--help"};
  return std::get<Answer>(parse_command_line(3, words)).text;
}

struct Found {
  std::string page;
  std::string heading;  ///< that the line stands under
  std::string line;
};

bool holds(const std::string& text, const std::string& word) {
  const auto lower = [](unsigned char letter) { return std::tolower(letter); };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), [&](char a, char b) {
           return lower(static_cast<unsigned char>(a)) == lower(static_cast<unsigned char>(b));
         }) != text.end();
}

/// Headings first, then lines, each in the order of pages.
std::vector<Found> lines_with(const std::map<std::string, std::string>& pages,
                              const std::string& word) {
  std::vector<Found> headings;
  std::vector<Found> lines;
  for (const auto& [name, page] : pages) {
    std::istringstream text(page);
    std::string heading = title_of(page);
    for (std::string line; std::getline(text, line);) {
      const bool is_heading = line.starts_with('#');
      if (is_heading) {
        heading = line.substr(std::min(line.find_first_not_of("# "), line.size()));
      }
      if (holds(line, word)) {
        (is_heading ? headings : lines).push_back({name, heading, line});
      }
    }
  }
  headings.insert(headings.end(), lines.begin(), lines.end());
  return headings;
}

std::string lines_text(const std::vector<Found>& found) {
  std::string text;
  std::string place;
  for (std::size_t index = 0; index < std::min(kMostLines, found.size()); ++index) {
    const Found& one = found[index];
    const std::string here = fmt::format("{}: {}", one.page, one.heading);
    if (here != place) {
      text += fmt::format("{}{}\n", text.empty() ? "" : "\n", here);
      place = here;
    }
    text += fmt::format("  {}\n", one.line);
  }
  if (found.size() > kMostLines) {
    text += fmt::format("\nand {} lines more\n", found.size() - kMostLines);
  }
  return text + "\n'systole help PAGE' prints a page.\n";
}

}  // namespace

std::string help_on(const std::string& topic) {
  const std::vector<std::string> commands = command_names();
  if (topic == "man") {
    return of_command_table(man_page);
  }
  if (topic == "bash") {
    return of_command_table(bash_completion);
  }
  if (topic == "zsh") {
    return of_command_table(zsh_completion);
  }
  if (std::find(commands.begin(), commands.end(), topic) != commands.end()) {
    return help_of_command(topic);
  }
  const std::map<std::string, std::string> all = pages();
  if (topic.empty()) {
    return listed(all);
  }
  if (const auto page = all.find(topic); page != all.end()) {
    return page->second;
  }
  const std::vector<Found> found = lines_with(all, topic);
  if (found.empty()) {
    std::vector<std::string_view> known(commands.begin(), commands.end());
    for (const auto& [name, page] : all) {
      known.push_back(name);
    }
    throw UserError(fmt::format("systole: no page has {}{}; see 'systole help'", in_quotes(topic),
                                suggestion(topic, known)));
  }
  return lines_text(found);
}

}  // namespace systole
