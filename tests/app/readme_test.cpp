#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "tests/app/process.h"

namespace systole {
namespace {

constexpr const char* kReadme = SYSTOLE_SOURCE_DIR "/README.md";
constexpr const char* kBegin = "<!-- excerpt: written by a test -->\n";
constexpr const char* kEnd = "<!-- end of excerpt -->\n";

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

/// The report without its middle layers and its notes: the first screen of the README.
std::string excerpt_of(const std::string& report) {
  constexpr int kFirstLayers = 8;  // with the heading above the layers
  std::string text;
  int number = 0;
  int table = 0;  // counts the blank lines that separate the parts
  for (const std::string& line : lines_of(report)) {
    table += line.empty() ? 1 : 0;
    number = line.empty() ? 0 : number + 1;
    const bool layer = table == 2;  // behind the summary
    const bool last_layer = layer && (line.starts_with("conv5_3") || line.starts_with("fc "));
    if (layer && number == kFirstLayers + 1) {
      text += "...\n";
    }
    if (table != 3 && (!layer || number <= kFirstLayers || last_layer)) {
      text += line + '\n';
    }
  }
  return text;
}

TEST(Readme, ShowsTheReportAsItIs) {
  std::stringstream file;
  file << std::ifstream(kReadme, std::ios::binary).rdbuf();
  const std::string readme = file.str();
  const std::size_t begin = readme.find(kBegin);
  const std::size_t end = readme.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const ProcessResult result = run_systole({"run", "tpu_v1", "resnet50", "--check"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::string wanted = kBegin + ("```\n" + excerpt_of(result.out)) + "```\n";
  const char* const update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    std::ofstream(kReadme, std::ios::binary)
        << readme.substr(0, begin) << wanted << readme.substr(end);
    return;
  }
  EXPECT_EQ(readme.substr(begin, end - begin), wanted)
      << "If the change is meant: UPDATE_GOLDEN=1 ctest --test-dir build/dev -R "
         "Readme.ShowsTheReportAsItIs";
}

}  // namespace
}  // namespace systole
