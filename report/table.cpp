#include "report/table.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "report/format.h"

namespace systole {

namespace {

constexpr std::size_t kMinFirstWidth = 8;

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::Plain:
      return "";
    case Style::Heading:
      return "\x1b[1m";
    case Style::Faint:
      return "\x1b[2m";
    case Style::Good:
      return "\x1b[32m";
    case Style::Bad:
      return "\x1b[1;31m";
  }
  return "";
}

std::size_t total_width(const std::vector<std::size_t>& widths, std::size_t gap) {
  return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
}

}  // namespace

std::string styled(std::string_view text, Style style, bool colour) {
  const std::string_view escape = escape_of(style);
  return colour && !escape.empty() ? fmt::format("{}{}\x1b[0m", escape, text) : std::string(text);
}

void Table::add(std::vector<std::string> cells, Style style) {
  SYSTOLE_CHECK(cells.size() == columns_.size(), "{} cells in {} columns", cells.size(),
                columns_.size());
  rows_.push_back({std::move(cells), style});
}

std::string Table::print(std::size_t max_width, bool colour) const {
  std::vector<std::size_t> width = widths();
  std::size_t gap = 2;
  if (total_width(width, gap) > max_width) {
    gap = 1;
  }
  const std::size_t others = total_width(width, gap) - width.front();
  for (std::size_t taken = others;
       taken + std::min(width.front(), kMinFirstWidth) > max_width && width.size() > 2;) {
    taken -= width.back() + gap;
    width.pop_back();
  }
  const std::size_t total = total_width(width, gap);
  if (total > max_width) {
    const std::size_t excess = total - max_width;
    const std::size_t rest = width.front() > excess ? width.front() - excess : 0;
    width.front() = std::max(rest, kMinFirstWidth);
  }
  std::vector<std::string> headers;
  for (const Column& column : columns_) {
    headers.push_back(column.header);
  }
  std::string text = styled(line(headers, width, gap), Style::Heading, colour) + '\n';
  for (const Row& row : rows_) {
    text += styled(line(row.cells, width, gap), row.style, colour) + '\n';
  }
  return text + left_out(width.size());
}

std::string Table::left_out(std::size_t shown) const {
  std::vector<std::string> names;
  for (std::size_t index = shown; index < columns_.size(); ++index) {
    if (!columns_[index].header.empty()) {
      names.push_back(columns_[index].header);
    }
  }
  return names.empty() ? "" : fmt::format("(no room for: {})\n", fmt::join(names, ", "));
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t index = 0; index < columns_.size(); ++index) {
    std::size_t width = display_width(columns_[index].header);
    for (const Row& row : rows_) {
      width = std::max(width, display_width(row.cells[index]));
    }
    widths.push_back(width);
  }
  return widths;
}

std::string Table::line(const std::vector<std::string>& cells,
                        const std::vector<std::size_t>& widths, std::size_t gap) const {
  std::string text;
  for (std::size_t index = 0; index < widths.size(); ++index) {
    const std::string cell = shortened(cells[index], widths[index]);
    const std::string padding(widths[index] - display_width(cell), ' ');
    if (index > 0) {
      text.append(gap, ' ');
    }
    text += columns_[index].align == Column::Align::Left ? cell + padding : padding + cell;
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace systole
