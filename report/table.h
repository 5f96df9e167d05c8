#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace systole {

enum class Style : std::uint8_t { Plain, Heading, Faint, Good, Bad };

/// `text` in a terminal's colours, or as it is where `colour` is false.
[[nodiscard]] std::string styled(std::string_view text, Style style, bool colour);

struct Column {
  enum class Align : std::uint8_t { Left, Right };
  std::string header;
  Align align = Align::Right;
};

/// Aligned columns, as wide as their widest cell. The first column is the one that gives way:
/// its cells are shortened until a line fits `max_width` (but never below 8 columns). Where that is
/// not enough the last columns are left out, and a line below says which; two always stay.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns; cells must be printable.
  void add(std::vector<std::string> cells, Style style = Style::Plain);

  /// Header and rows, each line ending in a newline and without trailing blanks.
  [[nodiscard]] std::string print(std::size_t max_width, bool colour) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    Style style = Style::Plain;
  };

  [[nodiscard]] std::vector<std::size_t> widths() const;
  [[nodiscard]] std::string line(const std::vector<std::string>& cells,
                                 const std::vector<std::size_t>& widths, std::size_t gap) const;
  [[nodiscard]] std::string left_out(std::size_t shown) const;

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace systole
