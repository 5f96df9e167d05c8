#include "arch/config/yaml_tree.h"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "arch/config/text_file.h"

namespace systole {

namespace {

constexpr std::size_t kMaxDepth = 64;

/// Offset behind the quoted text that begins at `at`, or npos where no quote ends it.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at++];
  while (at < text.size()) {
    if (text[at] == quote) {
      const bool is_doubled =
          quote == '\'' && at + 1 < text.size() && text[at + 1] == quote;  // an escaped quote
      if (!is_doubled) {
        return at + 1;
      }
      ++at;
    } else if (quote == '"' && text[at] == '\\') {
      ++at;
    }
    ++at;
  }
  return std::string_view::npos;
}

/// Looks for brackets only, as yaml-cpp would read them: it reads all of a file's before it tells
/// of the first. Block scalars are not known here, so the limit is far above what the tree allows.
class Brackets {
 public:
  explicit Brackets(std::string_view text) : text_(text) {}

  /// Throws TextFault where too many are open at a time.
  void check() {
    while (at_ < text_.size()) {
      step();
    }
  }

 private:
  static constexpr std::size_t kMost = 1000;

  void step() {
    switch (text_[at_]) {
      case '\n':
        starts_value_ = true;
        break;
      case ' ':
      case '\t':
      case '\r':
        break;
      case '#':
        skip_comment();
        break;
      case '[':
      case '{':
        open();
        break;
      case ']':
      case '}':
        depth_ -= depth_ > 0 ? 1 : 0;
        starts_value_ = false;
        break;
      case ',':
      case ':':
      case '-':
      case '?':
        starts_value_ = depth_ > 0 || is_blank(at_ + 1);
        break;
      case '"':
      case '\'':
        skip_quoted();
        break;
      default:
        starts_value_ = false;
    }
    ++at_;
  }

  [[nodiscard]] bool is_blank(std::size_t at) const {
    return at >= text_.size() || std::string_view(" \t\r\n").find(text_[at]) != std::string::npos;
  }

  void skip_comment() {
    if (at_ > 0 && !is_blank(at_ - 1)) {
      starts_value_ = false;
      return;
    }
    at_ = std::min(text_.find('\n', at_), text_.size()) - 1;
  }

  void skip_quoted() {
    if (starts_value_) {
      at_ = std::min(end_of_quoted(text_, at_), text_.size()) - 1;
    }
    starts_value_ = false;
  }

  void open() {
    if (!starts_value_ && depth_ == 0) {
      return;  // within a plain text
    }
    starts_value_ = true;
    if (++depth_ > kMost) {
      const std::string_view before = text_.substr(0, at_);
      const std::size_t line_start = before.rfind('\n') + 1;
      throw TextFault{
          .line = static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          .column = static_cast<int>(at_ - line_start) + 1,
          .path = {},
          .message = fmt::format("expected at most {} levels of nesting, got more", kMaxDepth)};
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool starts_value_ = true;  ///< a bracket or quote here is one, not part of a text
};

/// The place of a tab where YAML wants spaces, at or above the line where yaml-cpp lost its way.
std::optional<TextFault> tab_before(std::string_view text, int last_line) {
  int line = 1;
  for (std::size_t begin = 0; begin < text.size() && line <= last_line; ++line) {
    const std::size_t first = std::min(text.find_first_not_of(' ', begin), text.size());
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::size_t other = std::min(text.find_first_not_of(" \t\r", begin), text.size());
    if (first < end && text[first] == '\t' && other < end && text[other] != '#') {
      return TextFault{.line = line,
                       .column = static_cast<int>(first - begin) + 1,
                       .path = {},
                       .message = "expected spaces in front of a key, got a tab"};
    }
    begin = end + 1;
  }
  return std::nullopt;
}

/// Builds the tree from yaml-cpp's parse events, which still tell a repeated key and an alias from
/// their results; yaml-cpp's own nodes do not.
class TreeBuilder : public YAML::EventHandler {
 public:
  /// `text`: what is parsed, for what the events do not tell.
  explicit TreeBuilder(std::string_view text) : text_(text) {
    line_starts_.push_back(0);
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1)) {
      line_starts_.push_back(at + 1);
    }
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      fail(mark, "expected one YAML document, got a second");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (expects_key()) {
      fail(mark, "expected a key, got nothing");
    }
    add(YamlItem::Kind::Null, mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    fail(mark, "expected the value itself, got an alias; aliases are not supported");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    require_end_of_quoted(mark);
    refuse_control_characters(mark, value);
    if (expects_key()) {
      take_key(mark, value);
    } else {
      add(YamlItem::Kind::Scalar, mark).text = value;
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlItem::Kind::List, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlItem::Kind::Map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] YamlItem take_root() { return std::move(root_); }

 private:
  /// A map or list that is still open. Its item stays where it is: a vector of children grows only
  /// between two children.
  struct Level {
    YamlItem* item = nullptr;
    bool has_key = false;
    std::string key;
    YAML::Mark key_mark;
    std::map<std::string, int, std::less<>> lines;  ///< of the keys so far
  };

  [[nodiscard]] bool expects_key() const {
    return !levels_.empty() && levels_.back().item->kind == YamlItem::Kind::Map &&
           !levels_.back().has_key;
  }

  [[nodiscard]] std::string path() const {
    std::string path;
    for (const Level& level : levels_) {
      if (level.item->kind == YamlItem::Kind::List) {
        const std::size_t open_child = &level == &levels_.back() ? 0 : 1;
        path = path_of_element(path, level.item->children.size() - open_child);
      } else if (level.has_key) {
        path = path_of_key(path, level.key);
      }
    }
    return path;
  }

  [[noreturn]] void fail(const YAML::Mark& mark, std::string message) const {
    throw TextFault{.line = mark.line + 1,
                    .column = mark.column + 1,
                    .path = path(),
                    .message = std::move(message)};
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor != YAML::NullAnchor) {
      fail(mark, "expected a value, got an anchor; anchors are not supported");
    }
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!") {
      fail(mark, fmt::format("expected a value without a tag, got {}", in_quotes(tag)));
    }
  }

  /// yaml-cpp takes the rest of the file as the text of a quote that is never closed.
  void require_end_of_quoted(const YAML::Mark& mark) const {
    std::size_t at = line_starts_.at(static_cast<std::size_t>(mark.line)) +
                     static_cast<std::size_t>(mark.column);
    at = std::min(text_.find_first_not_of("! \t", at), text_.size());  // behind a lone tag `!`
    const bool is_quoted = at < text_.size() && (text_[at] == '\'' || text_[at] == '"');
    if (is_quoted && end_of_quoted(text_, at) == std::string_view::npos) {
      fail(mark, "expected a closing quote, got the end of the file");
    }
  }

  /// Escapes such as `"\u0000"` bring in what check_text() refuses in the file itself.
  void refuse_control_characters(const YAML::Mark& mark, const std::string& value) const {
    const bool has_control = std::any_of(value.begin(), value.end(), [](char character) {
      const auto byte = static_cast<unsigned char>(character);
      return (byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7F;
    });
    if (has_control) {
      fail(mark, fmt::format("expected text without control characters, got {}", in_quotes(value)));
    }
  }

  void take_key(const YAML::Mark& mark, const std::string& key) {
    if (key.empty()) {
      fail(mark, "expected a key, got nothing");
    }
    if (key == "<<") {
      fail(mark, "expected a key, got '<<'; merge keys are not supported");
    }
    Level& level = levels_.back();
    const auto [first, is_new] = level.lines.emplace(key, mark.line + 1);
    level.has_key = true;
    level.key = key;
    level.key_mark = mark;
    if (!is_new) {
      fail(mark, fmt::format("expected each key once, got {} again (first on line {})",
                             in_quotes(key), first->second));
    }
  }

  YamlItem& add(YamlItem::Kind kind, const YAML::Mark& mark) {
    YamlItem item;
    item.kind = kind;
    item.line = mark.line + 1;
    item.column = mark.column + 1;
    if (levels_.empty()) {
      root_ = std::move(item);
      return root_;
    }
    Level& level = levels_.back();
    if (level.item->kind == YamlItem::Kind::Map) {
      item.key = level.key;
      item.key_line = level.key_mark.line + 1;
      item.key_column = level.key_mark.column + 1;
      level.has_key = false;
      if (kind == YamlItem::Kind::Null) {  // yaml-cpp marks what follows the missing value
        item.line = item.key_line;
        item.column = item.key_column;
      }
    }
    return level.item->children.emplace_back(std::move(item));
  }

  void open(YamlItem::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (expects_key()) {
      fail(mark,
           fmt::format("expected a key, got a {}", kind == YamlItem::Kind::Map ? "map" : "list"));
    }
    if (levels_.size() == kMaxDepth) {
      fail(mark, fmt::format("expected at most {} levels of nesting, got more", kMaxDepth));
    }
    YamlItem& item = add(kind, mark);
    if (!levels_.empty() && levels_.back().item->kind == YamlItem::Kind::Map) {
      levels_.back().has_key = true;  // until close(): paths of what is inside need it
    }
    levels_.emplace_back().item = &item;
  }

  void close() {
    levels_.pop_back();
    if (!levels_.empty()) {
      levels_.back().has_key = false;
    }
  }

  std::string_view text_;
  std::vector<std::size_t> line_starts_;
  YamlItem root_;
  std::vector<Level> levels_;
  int documents_ = 0;
};

}  // namespace

YamlItem* YamlItem::find(std::string_view wanted) {
  for (YamlItem& child : children) {
    if (child.key == wanted) {
      return &child;
    }
  }
  return nullptr;
}

std::string path_of_key(const std::string& parent, std::string_view key) {
  return parent.empty() ? printable(key) : fmt::format("{}.{}", parent, printable(key));
}

std::string path_of_element(const std::string& parent, std::size_t index) {
  return fmt::format("{}[{}]", parent, index);
}

YamlItem parse_yaml(const std::string& text) {
  check_text(text);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const std::string body =
      text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
  Brackets(body).check();
  std::istringstream stream(body);
  TreeBuilder builder(body);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    if (const auto tab = tab_before(body, placed ? error.mark.line + 1 : 0)) {
      throw *tab;
    }
    throw TextFault{.line = placed ? error.mark.line + 1 : 0,
                    .column = placed ? error.mark.column + 1 : 0,
                    .path = {},
                    .message = fmt::format("expected well-formed YAML, got: {}", error.msg)};
  }
  return builder.take_root();
}

}  // namespace systole
