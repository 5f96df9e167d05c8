#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "arch/chip_spec.h"
#include "arch/config/config_node.h"
#include "arch/config/text_file.h"
#include "tests/arch/message_of.h"
#include "tests/support/temporary_directory.h"

namespace systole {
namespace {

namespace fs = std::filesystem;

constexpr int kMutantsPerFile = 600;

/// splitmix64: the same numbers on every machine.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}

  std::size_t below(std::size_t limit) {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    mixed ^= mixed >> 31U;
    return static_cast<std::size_t>(mixed % limit);
  }

 private:
  std::uint64_t state_;
};

/// Replaces, inserts, removes or copies a few bytes of `text`; the bytes put in are mostly ones
/// that mean something in YAML.
std::string mutant(std::string text, Numbers& numbers) {
  static constexpr std::string_view kBytes = ":{}[],&*!#|>'\"%@`-? \n\t\r0123456789.eB\x80\xff";
  const std::size_t changes = 1 + numbers.below(4);
  for (std::size_t change = 0; change < changes; ++change) {
    const std::size_t at = numbers.below(text.size());
    const char byte = numbers.below(8) == 0 ? static_cast<char>(numbers.below(256))
                                            : kBytes[numbers.below(kBytes.size())];
    const std::size_t length = 1 + numbers.below(24);
    switch (numbers.below(5)) {
      case 0:
        text[at] = byte;
        break;
      case 1:
        text.insert(at, 1, byte);
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(numbers.below(text.size()), text.substr(at, length));
        break;
      default:
        text.insert(at, length, byte);
        break;
    }
    if (text.empty()) {
      text = "a";
    }
  }
  return text;
}

std::vector<std::string> yaml_files(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(fs::path(SYSTOLE_SOURCE_DIR) / folder)) {
    if (entry.path().extension() == ".yaml") {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// A message is one line that begins with the name of a file of `directory`.
void expect_proper(const std::string& message, const TemporaryDirectory& directory) {
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  if (message != "no error") {
    EXPECT_THAT(message, testing::StartsWith(directory.path().string()));
    EXPECT_THAT(message, testing::HasSubstr(": expected "));
  }
}

struct Outcome {
  int accepted = 0;
  int refused = 0;
};

/// Reads a chip many times with one of its two files mutated.
Outcome read_mutants(const std::string& mutated, const TemporaryDirectory& directory,
                     const std::string& chip) {
  const std::string original = read_text_file(mutated, 1U << 20);
  Numbers numbers(original.size());
  Outcome outcome;
  for (int index = 0; index < kMutantsPerFile; ++index) {
    const std::string text = mutant(original, numbers);
    directory.write(fs::path(mutated).parent_path().filename() / fs::path(mutated).filename(),
                    text);
    const std::string message = message_of([&] { (void)read_chip(chip); });
    SCOPED_TRACE(text);
    expect_proper(message, directory);
    ++(message == "no error" ? outcome.accepted : outcome.refused);
    if (testing::Test::HasFailure()) {
      break;
    }
  }
  return outcome;
}

/// The shipped configurations in a directory of the test's own.
void copy_configs(const TemporaryDirectory& directory) {
  for (const auto& folder : fs::directory_iterator(fs::path(SYSTOLE_SOURCE_DIR) / "configs")) {
    if (folder.is_directory()) {
      fs::copy(folder.path(), directory.path() / folder.path().filename());
    }
  }
}

TEST(ConfigFuzz, MutatedChipsAreReadOrRefused) {
  for (const std::string& file : yaml_files("configs/chips")) {
    const TemporaryDirectory directory;
    copy_configs(directory);
    const fs::path chip = directory.path() / "chips" / fs::path(file).filename();
    const Outcome outcome = read_mutants(file, directory, chip.string());
    // Changes of comments and descriptions are harmless; most others are not.
    EXPECT_GT(outcome.accepted, kMutantsPerFile / 50) << file;
    EXPECT_GT(outcome.refused, kMutantsPerFile / 4) << file;
  }
}

TEST(ConfigFuzz, MutatedTechnologiesInterfacesAndPricesAreReadOrRefused) {
  for (const char* name :
       {"technologies/28nm.yaml", "interfaces/ddr3_x64.yaml", "prices/actuary.yaml"}) {
    const TemporaryDirectory directory;
    copy_configs(directory);
    const fs::path file = fs::path(SYSTOLE_SOURCE_DIR) / "configs" / name;
    const fs::path chip = directory.path() / "chips" / "tpu_v1.yaml";
    const Outcome outcome = read_mutants(file.string(), directory, chip.string());
    EXPECT_GT(outcome.accepted, kMutantsPerFile / 50) << name;
    EXPECT_GT(outcome.refused, kMutantsPerFile / 4) << name;
  }
}

TEST(ConfigFuzz, MutatedDramStandardsAreReadOrRefused) {
  for (const std::string& file : yaml_files("configs/dram")) {
    const TemporaryDirectory directory;
    copy_configs(directory);
    const std::string standard = fs::path(file).stem().string();
    std::string chip = read_text_file(
        (fs::path(SYSTOLE_SOURCE_DIR) / "configs" / "chips" / "edge.yaml").string(), 1U << 20);
    chip.replace(chip.find("lpddr4_3200"), std::string_view("lpddr4_3200").size(), standard);
    const Outcome outcome = read_mutants(file, directory, directory.write("chips/edge.yaml", chip));
    EXPECT_GT(outcome.accepted, kMutantsPerFile / 50) << file;
    EXPECT_GT(outcome.refused, kMutantsPerFile / 4) << file;
  }
}

TEST(ConfigFuzz, RandomBytesAreReadOrRefused) {
  Numbers numbers(7);
  for (int index = 0; index < 5000; ++index) {
    std::string text(numbers.below(40), '\0');
    for (char& byte : text) {
      static constexpr std::string_view kBytes = ":{}[],&*!#|>'\"%@`-? \n\tab<~1";
      byte = kBytes[numbers.below(kBytes.size())];
    }
    const std::string message = message_of([&] { (void)ConfigNode::parse(text, "a.yaml"); });
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace systole
