#include "sim/dram/trace_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include "arch/config/files_read.h"
#include "arch/config/text_file.h"
#include "arch/diag/error.h"

namespace systole {
namespace {

constexpr std::size_t kReadBlock = 1 << 16;
constexpr std::size_t kLongestLine = 1 << 12;
constexpr std::string_view kBlanks = " \t\r";

}  // namespace

TraceFile::TraceFile(std::string file, std::int64_t capacity)
    : name_(std::move(file)), capacity_(capacity), block_(kReadBlock) {
  std::error_code error;
  if (std::filesystem::is_directory(name_, error)) {
    throw UserError(fmt::format("{}: expected a file, got a directory", printable_path(name_)));
  }
  errno = 0;
  file_.reset(gzopen(name_.c_str(), "rb"));
  if (!file_) {
    throw UserError(fmt::format("{}: cannot be read: {}", printable_path(name_),
                                std::generic_category().message(errno)));
  }
  note_file_read(name_);
}

void TraceFile::Close::operator()(gzFile_s* file) const {
  (void)gzclose(file);
}

void TraceFile::read_block() {
  const int read = gzread(file_.get(), block_.data(), static_cast<unsigned>(block_.size()));
  int error = Z_OK;
  (void)gzerror(file_.get(), &error);
  if (read < 0 || error != Z_OK) {
    const std::string reason = error == Z_ERRNO       ? std::generic_category().message(errno)
                               : error == Z_BUF_ERROR ? "the compressed file ends too early"
                                                      : "the compressed file is damaged";
    throw UserError(fmt::format("{}: cannot be read: {}", name_, reason));
  }
  begin_ = 0;
  end_ = static_cast<std::size_t>(read);
}

bool TraceFile::read_line() {
  joined_.clear();
  ++line_number_;
  for (;;) {
    const std::string_view rest(block_.data() + begin_, end_ - begin_);
    const std::size_t length = rest.find('\n');
    if (length != std::string_view::npos) {
      begin_ += length + 1;
      if (joined_.empty()) {
        line_ = rest.substr(0, length);
      } else {
        joined_ += rest.substr(0, length);
        line_ = joined_;
      }
      return true;
    }
    joined_ += rest;
    if (joined_.size() > kLongestLine) {
      fail({std::string_view(joined_).substr(0, 16), 1},
           fmt::format("a line of at most {} characters", kLongestLine));
    }
    read_block();
    if (end_ == 0) {
      line_ = joined_;
      return !joined_.empty();
    }
  }
}

TraceFile::Word TraceFile::take_word(std::size_t& position) const {
  position = std::min(line_.find_first_not_of(kBlanks, position), line_.size());
  const std::size_t begin = position;
  position = std::min(line_.find_first_of(kBlanks, position), line_.size());
  return {line_.substr(begin, position - begin), begin + 1};
}

std::optional<TimedBurst> TraceFile::next() {
  while (read_line()) {
    std::size_t position = 0;
    const Word first = take_word(position);
    if (first.text.empty() || first.text.front() == '#') {
      continue;
    }
    const Word second = take_word(position);
    const bool leads = operation_named(first.text).has_value();
    TimedBurst timed;
    timed.burst.address = address_of(leads ? second : first);
    const std::optional<DramOperation> operation =
        operation_named(leads ? first.text : second.text);
    if (!operation) {
      fail(second, "READ or WRITE (R or W, LD or ST, P_MEM_RD or P_MEM_WR)");
    }
    timed.burst.operation = *operation;
    if (const Word cycle = take_word(position); !cycle.text.empty()) {
      cycle_ = cycle_of(cycle);
    }
    timed.cycle = cycle_;
    const Word rest = take_word(position);
    if (!rest.text.empty()) {
      fail(rest, "the end of the line");
    }
    return timed;
  }
  return std::nullopt;
}

std::int64_t TraceFile::address_of(const Word& word) const {
  constexpr int kHexadecimal = 16;
  const bool prefixed = word.text.starts_with("0x") || word.text.starts_with("0X");
  const std::string_view digits = prefixed ? word.text.substr(2) : std::string_view();
  std::uint64_t value = 0;
  const char* const last = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), last, value, kHexadecimal);
  if (digits.empty() || stopped != last || error == std::errc::invalid_argument) {
    fail(word, "an address 0x...");
  }
  if (error != std::errc{} || value >= static_cast<std::uint64_t>(capacity_)) {
    fail(word, fmt::format("an address below the capacity, {:#x}", capacity_));
  }
  return static_cast<std::int64_t>(value);
}

std::optional<DramOperation> TraceFile::operation_named(std::string_view name) {
  constexpr std::array<std::string_view, 4> kReads{"READ", "R", "LD", "P_MEM_RD"};
  constexpr std::array<std::string_view, 4> kWrites{"WRITE", "W", "ST", "P_MEM_WR"};
  const auto is_name = [name](std::string_view known) {
    return std::equal(name.begin(), name.end(), known.begin(), known.end(), [](char a, char b) {
      return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
    });
  };
  if (std::any_of(kReads.begin(), kReads.end(), is_name)) {
    return DramOperation::Read;
  }
  if (std::any_of(kWrites.begin(), kWrites.end(), is_name)) {
    return DramOperation::Write;
  }
  return std::nullopt;
}

DramCycles TraceFile::cycle_of(const Word& word) const {
  constexpr std::int64_t kLatest = std::int64_t{1} << 40;
  std::int64_t value = 0;
  const char* const last = word.text.data() + word.text.size();
  const auto [stopped, error] = std::from_chars(word.text.data(), last, value);
  if (word.text.empty() || stopped != last || error != std::errc{} || value < 0 ||
      value > kLatest) {
    fail(word, fmt::format("a cycle in 0..{}", kLatest));
  }
  if (DramCycles(value) < cycle_) {
    fail(word, fmt::format("a cycle not before that of the request above, {}", cycle_.count()));
  }
  return DramCycles(value);
}

void TraceFile::fail(const Word& word, std::string_view expected) const {
  throw UserError({name_, line_number_, static_cast<int>(word.column)}, "request",
                  fmt::format("expected {}, got {}", expected,
                              word.text.empty() ? "the end of the line" : in_quotes(word.text)));
}

}  // namespace systole
