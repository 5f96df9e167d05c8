#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/prove/prove_case.h"
#include "tests/support_array/array_port.h"

namespace systole::testing {

/// Carries a case out on every kind of array there is and compares with the closed rules and with
/// scalar arithmetic: load, start, end and completion of each fold, all results bit for bit.
class Prover {
 public:
  Prover();

  /// What differs first, several lines with the case in full and how to run it again; empty when
  /// nothing does. Runs the case a second time with operands that come late, on arrays alone.
  [[nodiscard]] std::optional<std::string> difference(
      std::uint64_t number, std::span<const ArrayLimits> limits = kRtlLimits);

  /// The arrays that are compared, for people.
  [[nodiscard]] std::string arrays() const;

 private:
  struct NamedPort {
    std::string name;
    std::unique_ptr<ArrayPort> port;
    std::int64_t max_rows;
    std::int64_t max_cols;
  };

  [[nodiscard]] std::optional<std::string> difference_in(const ProveCase& prove_case);

  std::vector<NamedPort> ports_;
};

}  // namespace systole::testing
