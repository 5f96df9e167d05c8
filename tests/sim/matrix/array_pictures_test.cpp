// The pictures of docs/array.md, drawn from the PE level itself.

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "arch/dataflow.h"
#include "sim/matrix/pe_array.h"

namespace systole::testing {
namespace {

constexpr std::size_t kSide = 3;
constexpr std::size_t kCellWidth = 12;
constexpr std::size_t kCyclesPerBand = 3;

/// A 3 x 3 matrix whose elements are called x00 .. x22.
struct Matrix {
  char name = 'x';
  std::uint32_t values[kSide][kSide]{};
};

std::string element(char name, std::size_t i, std::size_t j) {
  return fmt::format("{}{}{}", name, i, j);
}

/// One fold of three steps, its operands by name.
struct PicturedFold {
  Matrix left;   // [step][row]
  Matrix other;  // the tile, [row][col], or what comes from the top, [step][col]
  Matrix sums;   // [step][col] or, output stationary, [row][col]
};

class Picture {
 public:
  explicit Picture(Dataflow dataflow)
      : is_stationary_(rule_of(dataflow).loads()), array_(spec(dataflow)) {}

  /// Operands of a fold. Indices in the names are those of A[m][k], W[k][n] and C[m][n].
  void add_fold(Dataflow dataflow, char left, char other, char sums) {
    PicturedFold fold{.left = {.name = left}, .other = {.name = other}, .sums = {.name = sums}};
    const bool left_by_column = dataflow != Dataflow::WeightStationary;  // W[k][n], A[m][k]
    const bool other_by_column = dataflow == Dataflow::InputStationary;  // A[m][k]
    for (std::size_t i = 0; i < kSide; ++i) {
      for (std::size_t j = 0; j < kSide; ++j) {
        fold.left.values[i][j] =
            fresh_value(left_by_column ? element(left, j, i) : element(left, i, j));
        fold.other.values[i][j] =
            fresh_value(other_by_column ? element(other, j, i) : element(other, i, j));
      }
    }
    for (std::size_t i = 0; i < kSide; ++i) {
      for (std::size_t j = 0; j < kSide; ++j) {
        std::uint32_t sum = 0;
        for (std::size_t k = 0; k < kSide; ++k) {
          sum += is_stationary_ ? fold.left.values[i][k] * fold.other.values[k][j]
                                : fold.left.values[k][i] * fold.other.values[k][j];
        }
        const bool by_column = dataflow == Dataflow::InputStationary;  // steps are n, columns m
        EXPECT_TRUE(
            names_.emplace(sum, by_column ? element(sums, j, i) : element(sums, i, j)).second);
      }
    }
    folds_.push_back(fold);
  }

  std::string draw() {
    std::vector<std::vector<std::string>> cycles;
    for (std::size_t completed = 0; completed < folds_.size();) {
      completed += array_.visible().completes ? 1U : 0U;
      cycles.push_back(draw_cycle(cycles.size()));
    }
    std::string text;
    for (std::size_t first = 0; first < cycles.size(); first += kCyclesPerBand) {
      text += first == 0 ? "" : "\n";
      for (std::size_t line = 0; line < cycles[first].size(); ++line) {
        std::string all;
        for (std::size_t c = first; c < std::min(first + kCyclesPerBand, cycles.size()); ++c) {
          all += fmt::format("{:<{}}", cycles[c][line], kSide * kCellWidth + 1);
        }
        text += all.substr(0, all.find_last_not_of(' ') + 1) + "\n";
      }
    }
    return text;
  }

 private:
  static MatrixUnitSpec spec(Dataflow dataflow) {
    MatrixUnitSpec spec;
    spec.rows = kSide;
    spec.cols = kSide;
    spec.dataflow = dataflow;
    return spec;
  }

  std::uint32_t fresh_value(const std::string& name) {
    next_ += 7 + next_ / 3;  // apart enough for all sums to differ
    names_.emplace(next_, name);
    return next_;
  }

  std::string name_of(std::uint32_t value) const {
    const auto found = names_.find(value);
    return found == names_.end() ? "???" : found->second;
  }

  /// Lines of a cycle: what enters, a line per row of PEs, what shows at the bottom.
  std::vector<std::string> draw_cycle(std::size_t cycle) {
    std::string outputs[kSide][kSide];
    for (std::size_t r = 0; r < kSide; ++r) {
      for (std::size_t c = 0; c < kSide; ++c) {
        const OutputView output = array_.output(r, c);
        if (output.held || output.moving) {
          outputs[r][c] =
              output.held ? "[" + name_of(output.value) + "]" : "(" + name_of(output.value) + ")";
        }
      }
    }
    std::string bottom[kSide];
    for (const ColumnResult& result : array_.visible().results) {
      bottom[result.column] = name_of(result.value);
    }
    std::vector<std::string> lines{fmt::format("cycle {}: {}", cycle, pass_cycle())};
    for (std::size_t r = 0; r < kSide; ++r) {
      std::string line;
      for (std::size_t c = 0; c < kSide; ++c) {
        const PeView pe = array_.pe(r, c);
        std::string cell = pe.multiplies ? name_of(pe.left) + name_of(pe.other) : "";
        cell += pe.keeps ? "+" + name_of(pe.kept) : "";
        cell += outputs[r][c];
        line += fmt::format("{:<{}}", cell.empty() ? "." : cell, kCellWidth);
      }
      lines.push_back(line);
    }
    std::string shown;
    for (const std::string& value : bottom) {
      shown += fmt::format("{:<{}}", value.empty() ? "" : "=" + value, kCellWidth);
    }
    lines.push_back(shown);
    return lines;
  }

  /// Says what entered.
  std::string pass_cycle() {
    const bool has_row = is_stationary_ && load_ < folds_.size();
    const bool has_phase = stream_ < folds_.size();
    Phase phase;
    if (has_phase) {
      const PicturedFold& fold = folds_[stream_];
      phase.flags = {.first = step_ == 0,
                     .last = step_ + 1 == kSide,
                     .takes_shadow = is_stationary_ && step_ == 0,
                     .clears = !is_stationary_ && step_ == 0,
                     .drains = !is_stationary_ && step_ + 1 == kSide};
      phase.left = fold.left.values[step_];
      if (!is_stationary_) {
        phase.top = fold.other.values[step_];
      }
    }
    const ArrayIntake taken =
        array_.cycle(has_row ? std::span<const std::uint32_t>(folds_[load_].other.values[row_])
                             : std::span<const std::uint32_t>(),
                     has_phase ? &phase : nullptr);
    std::string text;
    if (taken.row) {
      text += fmt::format("{} row {}", folds_[load_].other.name, row_);
      load_ += ++row_ == kSide ? 1U : 0U;
      row_ %= kSide;
    }
    if (taken.phase) {
      text +=
          fmt::format("{}{} step {}", text.empty() ? "" : ", ", folds_[stream_].left.name, step_);
      stream_ += ++step_ == kSide ? 1U : 0U;
      step_ %= kSide;
    }
    return text;
  }

  bool is_stationary_;
  PeArray array_;
  std::vector<PicturedFold> folds_;
  std::map<std::uint32_t, std::string> names_;
  std::uint32_t next_ = 0;
  std::size_t load_ = 0;
  std::size_t row_ = 0;
  std::size_t stream_ = 0;
  std::size_t step_ = 0;
};

/// The block of docs/array.md that follows the line `<!-- NAME -->`.
class PictureInDocs {
 public:
  explicit PictureInDocs(const std::string& name) {
    std::stringstream all;
    all << std::ifstream(file_, std::ios::binary).rdbuf();
    text_ = all.str();
    const std::string mark = "<!-- " + name + " -->\n```\n";
    begin_ = text_.find(mark);
    if (begin_ != std::string::npos) {
      begin_ += mark.size();
      end_ = text_.find("```\n", begin_);
    }
  }
  [[nodiscard]] bool exists() const { return end_ != std::string::npos; }
  [[nodiscard]] std::string text() const { return text_.substr(begin_, end_ - begin_); }
  void replace(const std::string& picture) const {
    std::ofstream(file_, std::ios::binary)
        << text_.substr(0, begin_) << picture << text_.substr(end_);
  }

 private:
  std::string file_ = SYSTOLE_SOURCE_DIR "/docs/array.md";
  std::string text_;
  std::size_t begin_ = std::string::npos;
  std::size_t end_ = std::string::npos;
};

void expect_in_docs(const std::string& name, const std::string& picture) {
  const PictureInDocs docs(name);
  ASSERT_TRUE(docs.exists()) << "docs/array.md has no block after <!-- " << name << " -->";
  const char* const update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    docs.replace(picture);
    return;
  }
  EXPECT_EQ(docs.text(), picture) << "rewrite docs/array.md: UPDATE_GOLDEN=1";
}

TEST(ArrayPictures, WeightStationaryIsDrawnAsItIs) {
  Picture picture(Dataflow::WeightStationary);
  picture.add_fold(Dataflow::WeightStationary, 'a', 'w', 'c');
  picture.add_fold(Dataflow::WeightStationary, 'b', 'v', 'd');
  expect_in_docs("weight stationary", picture.draw());
}

TEST(ArrayPictures, InputStationaryIsDrawnAsItIs) {
  Picture picture(Dataflow::InputStationary);
  picture.add_fold(Dataflow::InputStationary, 'w', 'a', 'c');
  expect_in_docs("input stationary", picture.draw());
}

TEST(ArrayPictures, OutputStationaryIsDrawnAsItIs) {
  Picture picture(Dataflow::OutputStationary);
  picture.add_fold(Dataflow::OutputStationary, 'a', 'w', 'c');
  picture.add_fold(Dataflow::OutputStationary, 'b', 'v', 'd');
  expect_in_docs("output stationary", picture.draw());
}

}  // namespace
}  // namespace systole::testing
