#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "study/space/study_spec.h"
#include "tests/support/temporary_directory.h"

namespace systole {

/// A network that simulates in milliseconds.
inline constexpr std::string_view kSmallNetwork =
    "network: small\n"
    "description: two dense layers\n"
    "batch: 4\n"
    "inputs:\n"
    "  - name: features\n"
    "    features: 96\n"
    "layers:\n"
    "  - names: [fc1, fc2]\n"
    "    op: dense\n"
    "    features: 160\n"
    "    activation: relu\n";

/// One whose time is that of its products: bounds are near.
inline constexpr std::string_view kHeavyNetwork =
    "network: heavy\n"
    "description: two dense layers\n"
    "batch: 64\n"
    "inputs:\n"
    "  - name: features\n"
    "    features: 512\n"
    "layers:\n"
    "  - names: [fc1, fc2]\n"
    "    op: dense\n"
    "    features: 512\n"
    "    activation: relu\n";

/// 4 x 3 x 2 points of the edge chip, of which 20 are allowed.
inline constexpr std::string_view kSmallStudy =
    "name: small\n"
    "description: a study of a test\n"
    "chip: edge\n"
    "axes:\n"
    "  matrix_unit.rows: {from: 8, to: 64, factor: 2}\n"
    "  clock: {from: 200 MHz, to: 600 MHz, step: 200 MHz}\n"
    "  unified_buffer.capacity: [64 KiB, 1 MiB]\n"
    "derive:\n"
    "  matrix_unit.columns: matrix_unit.rows\n"
    "conditions:\n"
    "  - matrix_unit.rows < 64 || clock < 500 MHz\n"
    "networks:\n"
    "  small: {file: small.yaml}\n"
    "objectives:\n"
    "  - minimise: latency\n"
    "  - minimise: energy\n"
    "  - minimise: area\n";

/// A folder with the network and the study.
class StudyFolder {
 public:
  explicit StudyFolder(std::string_view study = kSmallStudy,
                       std::string_view network = kSmallNetwork) {
    static_cast<void>(directory_.write("small.yaml", network));
    file_ = directory_.write("study.yaml", study);
  }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] std::string store(const std::string& name = "a.sqlite") const {
    return (directory_.path() / name).string();
  }
  [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }

 private:
  TemporaryDirectory directory_;
  std::string file_;
};

/// Where the names of shipped chips and networks are.
inline StudyPlaces shipped_places() {
  const std::string root = SYSTOLE_SOURCE_DIR;
  const auto file = [root](const std::string& folder, const std::string& name) {
    std::string path = root + folder + name + ".yaml";
    if (!std::filesystem::exists(path)) {
      throw UserError("systole: no file '" + name + "'");
    }
    return path;
  };
  return {.chip_file = [file](const std::string& name) { return file("/configs/chips/", name); },
          .network_file = [file](const std::string& name) { return file("/workloads/", name); },
          .dram_directories = {root + "/configs/dram"}};
}

inline StudySpec read_shipped_places(const std::string& file) {
  return read_study(file, shipped_places());
}

/// kSmallStudy with its one `from` replaced.
inline std::string small_study_with(std::string_view from, std::string_view to) {
  std::string text(kSmallStudy);
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace systole
