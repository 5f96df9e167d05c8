#include "compiler/frontend/npy_header.h"

#include <optional>

#include <fmt/format.h>

#include "arch/config/text_file.h"
#include "arch/diag/error.h"

namespace systole {

namespace {

constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;
constexpr std::size_t kMaxAxes = 8;
constexpr std::size_t kMaxQuoted = 40;

/// `<f2, <f4, ... or <i8`
std::string known_types() {
  std::string names;
  for (const auto& [type, name] : kEnumNames<NpyType>) {
    const bool last = type == kEnumNames<NpyType>.back().first;
    names += fmt::format("{}{}", names.empty() ? "" : (last ? " or " : ", "), name);
  }
  return names;
}

/// Reads the subset of Python literals that NumPy writes.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  NpyHeader parse() {
    expect("{");
    while (!accept("}")) {
      entry();
      if (!accept(",")) {
        expect("}");
        break;
      }
    }
    skip_blanks();
    if (!text_.empty()) {
      fail("the end of the header");
    }
    return result();
  }

 private:
  void entry() {
    const std::string key = quoted();
    expect(":");
    if (key == "descr" && !type_) {
      type_ = quoted();
    } else if (key == "fortran_order" && !fortran_order_) {
      fortran_order_ = boolean();
    } else if (key == "shape" && !shape_) {
      shape_ = tuple();
    } else {
      throw NpyError(
          SourceLocation{.file = file_}, "",
          fmt::format("expected descr, fortran_order and shape once each, got {}", in_quotes(key)));
    }
  }

  NpyHeader result() const {
    const SourceLocation place{.file = file_};
    if (!type_ || !fortran_order_ || !shape_) {
      throw NpyError(place, "", "expected descr, fortran_order and shape once each, got fewer");
    }
    const auto type = value_named<NpyType>(*type_);
    if (!type) {
      throw NpyError(place, "",
                     fmt::format("expected {}, got {}", known_types(), printable(*type_)));
    }
    return {.type = *type, .shape = *shape_, .fortran_order = *fortran_order_};
  }

  std::string quoted() {
    expect("'");
    const std::size_t length = text_.find('\'');
    if (length == std::string_view::npos || length > kMaxQuoted) {
      fail("a short quoted text");
    }
    std::string value(text_.substr(0, length));
    text_.remove_prefix(length + 1);
    return value;
  }

  bool boolean() {
    if (accept("True")) {
      return true;
    }
    expect("False");
    return false;
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> shape;
    std::int64_t elements = 1;
    expect("(");
    while (!accept(")")) {
      shape.push_back(size());
      // No axis is 0 when it counts, so the product of the axes never overflows.
      elements *= std::max<std::int64_t>(shape.back(), 1);
      if (elements > kMaxElements || shape.size() > kMaxAxes) {
        fail("at most 8 axes and 2^40 elements");
      }
      if (!accept(",")) {
        expect(")");
        break;
      }
    }
    return shape;
  }

  std::int64_t size() {
    skip_blanks();
    std::int64_t value = 0;
    bool any = false;
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
      value = value * 10 + (text_.front() - '0');
      if (value > (std::int64_t{1} << 22)) {
        fail("axes of at most 2^22 elements");
      }
      any = true;
      text_.remove_prefix(1);
    }
    if (!any) {
      fail("a size");
    }
    return value;
  }

  void skip_blanks() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\n')) {
      text_.remove_prefix(1);
    }
  }

  bool accept(std::string_view token) {
    skip_blanks();
    if (text_.substr(0, token.size()) != token) {
      return false;
    }
    text_.remove_prefix(token.size());
    return true;
  }

  void expect(std::string_view token) {
    if (!accept(token)) {
      fail(fmt::format("'{}'", token));
    }
  }

  [[noreturn]] void fail(std::string_view expected) const {
    throw NpyError(SourceLocation{.file = file_}, "",
                   fmt::format("expected {} in the .npy header, got {}", expected, here()));
  }

  /// What stands at the cursor, in short.
  std::string here() const {
    if (text_.empty()) {
      return "its end";
    }
    constexpr std::size_t kShown = 12;
    return in_quotes(text_.substr(0, kShown));
  }

  std::string_view text_;
  const std::string& file_;
  std::optional<std::string> type_;
  std::optional<bool> fortran_order_;
  std::optional<std::vector<std::int64_t>> shape_;
};

}  // namespace

void fail_npy(const std::string& file, std::string_view message) {
  throw NpyError(SourceLocation{.file = file}, "", message);
}

std::int64_t NpyHeader::elements() const {
  std::int64_t product = 1;
  for (const std::int64_t size : shape) {
    product *= size;
  }
  return product;
}

NpyHeader parse_npy_header(std::string_view text, const std::string& file) {
  return HeaderParser(text, file).parse();
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

}  // namespace systole
