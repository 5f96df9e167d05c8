#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>

namespace systole {

/// Compares `actual` with tests/golden/NAME, byte by byte. With UPDATE_GOLDEN=1 in the environment
/// it rewrites the file instead and passes.
inline testing::AssertionResult matches_golden(const std::string& name, const std::string& actual) {
  const std::filesystem::path file =
      std::filesystem::path(SYSTOLE_SOURCE_DIR) / "tests/golden" / name;
  const char* const update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << actual;
    return testing::AssertionSuccess();
  }
  std::stringstream expected;
  expected << std::ifstream(file, std::ios::binary).rdbuf();
  if (expected.str() == actual) {
    return testing::AssertionSuccess();
  }
  std::istringstream want(expected.str());
  std::istringstream have(actual);
  std::string want_line;
  std::string have_line;
  int line = 0;
  do {
    ++line;
    want_line = std::getline(want, want_line) ? want_line : "(end of file)";
    have_line = std::getline(have, have_line) ? have_line : "(end of file)";
  } while (want_line == have_line && want && have);
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  return testing::AssertionFailure()
         << "tests/golden/" << name << ":" << line << " differs\n  golden: " << want_line
         << "\n  now:    " << have_line << "\nIf the change is meant, rewrite the file and review "
         << "the difference:\n  UPDATE_GOLDEN=1 ctest --test-dir build/dev -R '"
         << test->test_suite_name() << "'";
}

}  // namespace systole
