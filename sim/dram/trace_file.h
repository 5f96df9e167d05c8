#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/dram/burst_source.h"

namespace systole {

/// A request train in a file, one request a line: `0xADDRESS READ|WRITE CYCLE`, words separated by
/// blanks, cycles of the memory clock that do not descend. Empty lines and lines that begin with #
/// are skipped. A request is the one burst that holds its address. The file is read as it is
/// needed, in blocks. Throws UserError `FILE:LINE:COLUMN: request: expected ..., got ...`.
class TraceFile : public BurstSource {
 public:
  /// `capacity`: addresses lie below it.
  TraceFile(std::string file, std::int64_t capacity);
  std::optional<TimedBurst> next() override;

 private:
  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };
  struct Word {
    std::string_view text;
    std::size_t column = 1;
  };

  /// The next line without its end; false at the end of the file.
  bool read_line();
  [[nodiscard]] Word take_word(std::size_t& position) const;
  [[nodiscard]] std::int64_t address_of(const Word& word) const;
  [[nodiscard]] DramOperation operation_of(const Word& word) const;
  [[nodiscard]] DramCycles cycle_of(const Word& word) const;
  [[noreturn]] void fail(const Word& word, std::string_view expected) const;

  std::string name_;
  std::int64_t capacity_;
  std::unique_ptr<std::FILE, Close> file_;
  std::vector<char> block_;
  std::size_t begin_ = 0;  ///< of what is not yet read in `block_`
  std::size_t end_ = 0;
  std::string joined_;  ///< a line that two blocks share
  std::string_view line_;
  int line_number_ = 0;
  DramCycles cycle_{0};  ///< of the request before
};

}  // namespace systole
