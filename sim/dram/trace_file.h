#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/dram/burst_source.h"

struct gzFile_s;  // zlib's

namespace systole {

/// A request train in a file, one request a line: `0xADDRESS OPERATION [CYCLE]` or `OPERATION
/// 0xADDRESS [CYCLE]`, words separated by blanks. OPERATION, in letters of either case: READ, R, LD
/// or P_MEM_RD; WRITE, W, ST or P_MEM_WR. CYCLE, of the memory clock, does not descend; without one
/// a request comes with the one above it. Empty lines and lines that begin with # are skipped. A
/// request is the one burst that holds its address. The file may be compressed by gzip; it is read
/// as it is needed, in blocks. Throws UserError `FILE:LINE:COLUMN: request: expected ..., got ...`.
class TraceFile : public BurstSource {
 public:
  /// `capacity`: addresses lie below it.
  TraceFile(std::string file, std::int64_t capacity);
  std::optional<TimedBurst> next() override;

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  struct Word {
    std::string_view text;
    std::size_t column = 1;
  };

  /// The next line without its end; false at the end of the file.
  bool read_line();
  void read_block();
  [[nodiscard]] Word take_word(std::size_t& position) const;
  [[nodiscard]] std::int64_t address_of(const Word& word) const;
  [[nodiscard]] static std::optional<DramOperation> operation_named(std::string_view name);
  [[nodiscard]] DramCycles cycle_of(const Word& word) const;
  [[noreturn]] void fail(const Word& word, std::string_view expected) const;

  std::string name_;
  std::int64_t capacity_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::vector<char> block_;
  std::size_t begin_ = 0;  ///< of what is not yet read in `block_`
  std::size_t end_ = 0;
  std::string joined_;  ///< a line that two blocks share
  std::string_view line_;
  int line_number_ = 0;
  DramCycles cycle_{0};  ///< of the request before
};

}  // namespace systole
