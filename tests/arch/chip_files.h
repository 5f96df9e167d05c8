#pragma once

#include <string>
#include <string_view>

#include "tests/support/temporary_directory.h"

namespace systole {

/// A chip and a DRAM standard whose figures all differ, so that a test notices one in the place of
/// another.
extern const std::string_view kChipText;
extern const std::string_view kDramText;  ///< the standard `small`

/// `text` with its one `from` replaced. The line numbers of what follows stay where `to` has as
/// many lines.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);

/// Configuration files in a directory of the test's own, laid out as `configs/` is.
class ChipFiles {
 public:
  [[nodiscard]] std::string write_chip(std::string_view text) const {
    return directory_.write("chips/chip.yaml", text);
  }
  [[nodiscard]] std::string write_dram(std::string_view text) const {
    return directory_.write("dram/small.yaml", text);
  }
  [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }

 private:
  TemporaryDirectory directory_;
};

}  // namespace systole
