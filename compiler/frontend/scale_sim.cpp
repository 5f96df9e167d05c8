#include "compiler/frontend/scale_sim.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "arch/config/files_read.h"
#include "arch/config/text_file.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "compiler/frontend/write_description.h"

namespace systole {

namespace {

constexpr std::int64_t kLargestCell = 65'536;

struct Cell {
  std::string text;
  int column = 1;  ///< of its first letter
};

struct Row {
  int line = 0;
  std::vector<Cell> cells;
};

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char letter) {
    return letter == ' ' || letter == '\t' || letter == '\r';
  };
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// Cells between commas; an empty last one, as SCALE-Sim's files have it, is none.
Row row_of(std::string_view line, int number) {
  Row row{.line = number, .cells = {}};
  std::size_t begin = 0;
  while (begin <= line.size()) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    const std::string_view cell = trimmed(line.substr(begin, end - begin));
    const std::size_t column =
        cell.empty() ? begin : static_cast<std::size_t>(cell.data() - line.data());
    row.cells.push_back({.text = std::string(cell), .column = static_cast<int>(column) + 1});
    begin = end + 1;
  }
  while (!row.cells.empty() && row.cells.back().text.empty()) {
    row.cells.pop_back();
  }
  return row;
}

std::vector<Row> rows_of(std::string_view text) {
  std::vector<Row> rows;
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    Row row = row_of(text.substr(0, end), ++number);
    if (!row.cells.empty()) {
      rows.push_back(std::move(row));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return rows;
}

class Topology {
 public:
  Topology(std::string_view text, const std::string& file) : file_(file), rows_(rows_of(text)) {}

  std::string description() {
    if (rows_.empty()) {
      throw WorkloadError({.file = file_}, "", "expected a topology of SCALE-Sim, got nothing");
    }
    const bool is_gemm = read_header();
    if (rows_.size() == 1) {
      fail(rows_.front(), 0, "layers", "expected at least one layer, got none");
    }
    for (std::size_t i = 1; i < rows_.size(); ++i) {
      is_gemm ? add_gemm(rows_[i]) : add_convolution(rows_[i]);
    }
    const std::string name = description_name(std::filesystem::path(file_).stem().string());
    return fmt::format("network: {}\n\ninputs:\n{}\nlayers:\n{}", name, inputs_, layers_);
  }

 private:
  static constexpr auto kConvolution =
      std::to_array<std::string_view>({"IFMAP Height", "IFMAP Width", "Filter Height",
                                       "Filter Width", "Channels", "Num Filter", "Strides"});
  static constexpr auto kGemm = std::to_array<std::string_view>({"M", "N", "K"});

  [[noreturn]] void fail(const Row& row, std::size_t cell, std::string_view path,
                         std::string_view message) const {
    const int column = cell < row.cells.size() ? row.cells[cell].column : 1;
    throw WorkloadError({.file = file_, .line = row.line, .column = column}, path, message);
  }

  /// True of the form of products.
  bool read_header() const {
    const Row& header = rows_.front();
    const auto lowered = [](std::string text) {
      std::transform(text.begin(), text.end(), text.begin(),
                     [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
      return text;
    };
    if (header.cells.size() >= 4 && lowered(header.cells[1].text) == "m") {
      return true;
    }
    if (header.cells.size() >= 8 && lowered(header.cells[1].text).starts_with("ifmap")) {
      return false;
    }
    fail(header, 0, "header",
         "expected the columns of a topology of SCALE-Sim (Layer name, IFMAP Height, ... or Layer, "
         "M, N, K), got others");
  }

  [[nodiscard]] std::int64_t number(const Row& row, std::size_t cell, std::string_view name,
                                    std::int64_t most = kLargestCell) const {
    const std::string text = cell < row.cells.size() ? row.cells[cell].text : std::string{};
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > most) {
      fail(row, cell, name,
           fmt::format("expected an integer in 1..{}, got {}", most, in_quotes(text)));
    }
    return value;
  }

  /// Behind the sizes stands how sparse weights are, if anything: `1:4` is one of four.
  void expect_dense(const Row& row, std::size_t columns) const {
    if (row.cells.size() > columns + 1) {
      fail(row, columns + 1, "columns",
           fmt::format("expected at most {} columns, got another one, {}", columns + 1,
                       in_quotes(row.cells[columns + 1].text)));
    }
    if (row.cells.size() > columns) {
      const std::string& sparsity = row.cells[columns].text;
      const std::size_t colon = std::min(sparsity.find(':'), sparsity.size());
      if (colon + 1 >= sparsity.size() || sparsity.substr(0, colon) != sparsity.substr(colon + 1)) {
        fail(row, columns, "Sparsity",
             fmt::format("expected dense weights, such as 1:1, got {}", in_quotes(sparsity)));
      }
    }
  }

  std::string layer_name(const Row& row) {
    const std::string base = description_name(row.cells.front().text);
    std::string name = base;
    for (int again = 2; !names_.insert(name).second; ++again) {
      name = fmt::format("{}_{}", base, again);
    }
    return name;
  }

  void add(const std::string& name, std::int64_t rows, std::int64_t cols, std::int64_t channels,
           const std::string& layer) {
    inputs_ += fmt::format("  - {{name: {}.input, rows: {}, cols: {}, channels: {}}}\n", name, rows,
                           cols, channels);
    layers_ +=
        fmt::format("  - {{name: {}, {}, bias: false, input: {}.input}}\n", name, layer, name);
  }

  void add_gemm(const Row& row) {
    expect_dense(row, kGemm.size() + 1);
    const std::int64_t m = number(row, 1, "M");
    const std::int64_t n = number(row, 2, "N");
    const std::int64_t k = number(row, 3, "K");
    add(layer_name(row), m, 1, k, fmt::format("op: conv2d, channels: {}, kernel: 1", n));
  }

  void add_convolution(const Row& row) {
    expect_dense(row, kConvolution.size() + 1);
    std::array<std::int64_t, kConvolution.size()> sizes{};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      sizes[i] = number(row, i + 1, kConvolution[i]);
    }
    const auto [height, width, filter_height, filter_width, channels, filters, stride] = sizes;
    if (filter_height > height || filter_width > width) {
      fail(row, 3, kConvolution[2],
           fmt::format("expected a filter within the input of {} x {}, got {} x {}", height, width,
                       filter_height, filter_width));
    }
    // What is missing below and on the right where outputs round up.
    const auto missing = [&, by = stride](std::int64_t size, std::int64_t filter) {
      return (by - (size - filter) % by) % by;
    };
    std::string layer = fmt::format("op: conv2d, channels: {}, kernel: [{}, {}], stride: {}",
                                    filters, filter_height, filter_width, stride);
    const std::int64_t below = missing(height, filter_height);
    const std::int64_t right = missing(width, filter_width);
    if (below > 0 || right > 0) {
      layer += fmt::format(", padding: [0, {}, 0, {}]", below, right);
    }
    add(layer_name(row), height, width, channels, layer);
  }

  std::string file_;
  std::vector<Row> rows_;
  std::set<std::string> names_;
  std::string inputs_;
  std::string layers_;
};

}  // namespace

std::string scale_sim_description(std::string_view text, const std::string& file) {
  return Topology(text, file).description();
}

std::string topology_text(const std::string& file) {
  constexpr std::size_t kMost = 16U << 20;
  note_file_read(file);
  try {
    std::string text = read_text_file(file, kMost);
    check_text(text);
    return text;
  } catch (const TextFault& fault) {
    throw WorkloadError({.file = file, .line = fault.line, .column = fault.column}, "",
                        fault.message);
  }
}

bool is_scale_sim_file(const std::string& file) {
  return file.ends_with(".csv");
}

}  // namespace systole
