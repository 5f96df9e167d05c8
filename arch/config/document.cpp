#include "arch/config/document.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <system_error>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

namespace systole {

namespace {

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{16} << 20;
constexpr int kMaxDepth = 64;

SourceLocation at(const std::string& file, const YAML::Mark& mark) {
  return mark.is_null()
             ? SourceLocation{.file = file}
             : SourceLocation{.file = file, .line = mark.line + 1, .column = mark.column + 1};
}

/// Sees the events of the parser before any node is built: refuses what nodes would hide (aliases,
/// tags) or what building them would not survive (depth).
class Gatekeeper final : public YAML::EventHandler {
 public:
  Gatekeeper(const std::string& file, ConfigNode::Kind kind) : file_(file), kind_(kind) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      refuse(mark, "expected one YAML document, got a second one");
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { check(mark, "", anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    refuse(mark, "expected plain values, got a YAML alias");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& /*value*/) override {
    check(mark, tag, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    check(mark, tag, anchor);
    descend(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    check(mark, tag, anchor);
    descend(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  [[noreturn]] void refuse(const YAML::Mark& mark, std::string_view message) const {
    raise_user_error(kind_, at(file_, mark), "", message);
  }
  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    if (anchor != YAML::NullAnchor) {
      refuse(mark, "expected plain values, got a YAML anchor");
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      refuse(mark, fmt::format("expected plain values, got the YAML tag '{}'", tag));
    }
  }
  void descend(const YAML::Mark& mark) {
    if (++depth_ > kMaxDepth) {
      refuse(mark, fmt::format("expected at most {} levels of nesting, got more", kMaxDepth));
    }
  }

  const std::string& file_;
  ConfigNode::Kind kind_;
  int documents_ = 0;
  int depth_ = 0;
};

void check_keys(const YAML::Node& node, const std::string& file, ConfigNode::Kind kind) {
  if (node.IsSequence()) {
    for (const auto& element : node) {
      check_keys(element, file, kind);
    }
  }
  if (!node.IsMap()) {
    return;
  }
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar() || entry.first.Scalar().empty()) {
      raise_user_error(kind, at(file, entry.first.Mark()), "",
                       "expected a name as key, got something else");
    }
    if (!seen.insert(entry.first.Scalar()).second) {
      raise_user_error(kind, at(file, entry.first.Mark()), "",
                       fmt::format("expected each key once, got '{}' again", entry.first.Scalar()));
    }
    check_keys(entry.second, file, kind);
  }
}

void check_characters(const std::string& text, const std::string& file, ConfigNode::Kind kind) {
  int line = 1;
  int column = 1;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f) {
      raise_user_error(kind, {.file = file, .line = line, .column = column}, "",
                       fmt::format("expected text, got the byte 0x{:02x}", byte));
    }
    ++column;
    if (c == '\n') {
      ++line;
      column = 1;
    }
  }
}

}  // namespace

void raise_user_error(ConfigNode::Kind kind, const SourceLocation& where, std::string_view path,
                      std::string_view message) {
  switch (kind) {
    case ConfigNode::Kind::Config:
      throw ConfigError(where, path, message);
    case ConfigNode::Kind::Workload:
      throw WorkloadError(where, path, message);
  }
  throw UserError(where, path, message);
}

std::string read_text_file(const std::string& file, ConfigNode::Kind kind) {
  const auto refuse = [&](std::string_view got) {
    raise_user_error(kind, {.file = file}, "",
                     fmt::format("expected a readable file, got {}", got));
  };
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) {
    refuse("none");
  }
  if (std::filesystem::is_directory(status)) {
    refuse("a directory");
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    refuse(std::generic_category().message(errno));
  }
  std::string text;
  std::array<char, 65536> block{};
  while (stream.read(block.data(), block.size()) || stream.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMaxFileBytes) {
      refuse("more than 16 MiB");
    }
  }
  if (stream.bad()) {
    refuse("a read error");
  }
  return text;
}

YAML::Node parse_document(const std::string& text, const std::string& file, ConfigNode::Kind kind) {
  check_characters(text, file, kind);
  try {
    {
      std::istringstream stream(text);
      YAML::Parser parser(stream);
      Gatekeeper gatekeeper(file, kind);
      while (parser.HandleNextDocument(gatekeeper)) {
      }
    }
    YAML::Node document = YAML::Load(text);
    if (!document.IsMap()) {
      raise_user_error(
          kind, {.file = file, .line = 1, .column = 1}, "",
          fmt::format("expected a map of keys, got {}", document.IsSequence() ? "a list"
                                                        : document.IsScalar() ? "a value"
                                                                              : "nothing"));
    }
    check_keys(document, file, kind);
    return document;
  } catch (const YAML::Exception& error) {
    raise_user_error(kind, at(file, error.mark), "",
                     fmt::format("expected YAML, got {}", error.msg));
  }
}

}  // namespace systole
