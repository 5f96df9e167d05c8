#include "arch/fpga/fit_chip.h"

#include <fmt/format.h>

#include "arch/config/cross_check.h"
#include "arch/config/quantity_text.h"
#include "arch/fpga/fpga_fit.h"

namespace systole {

namespace {

std::string shown(Hertz frequency) {
  return print_quantity(frequency.count(), kFrequencyUnits);
}

void check_kinds(const ConfigNode& pace, const ChipSpec& chip, const FpgaPart& part) {
  for (const auto& [kind, name] : kEnumNames<MacKind>) {
    if (chip.matrix.supports(kind) && !can_multiply(part, kind)) {
      pace.fail(name, fmt::format("expected operands that the {} of {} multiplies, got {}",
                                  part.multipliers.name, part.name, name));
    }
  }
}

/// `a`, `a and b`, `a, b and c`
std::string listed(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string_view separator = i == 0 ? "" : i + 1 == items.size() ? " and " : ", ";
    text += fmt::format("{}{}", separator, items[i]);
  }
  return text;
}

void check_budget(const ConfigNode& chip_file, const FpgaFit& fit) {
  std::vector<std::string> limits;
  std::vector<std::string> amounts;
  for (const ResourceUse& use : fit.uses) {
    if (use.used > use.available) {
      limits.push_back(fmt::format("{} {}", use.available, use.resource));
      amounts.push_back(fmt::format("{}", use.used));
    }
  }
  if (!limits.empty()) {
    chip_file.fail("fpga", fmt::format("expected at most the {} of {}, got {}", listed(limits),
                                       fit.part, listed(amounts)));
  }
}

}  // namespace

FpgaFit fitted(const ConfigNode& chip_file, const ChipSpec& chip, const FpgaPart& part) {
  if (chip.frequency > part.clock_limit) {
    fail_against({chip_file, "clock", shown(chip.frequency)},
                 fmt::format("at most the {} of", shown(part.clock_limit)),
                 {chip_file, "fpga", part.name});
  }
  check_kinds(chip_file.map("matrix_unit").map("pace"), chip, part);
  FpgaFit fit{.part = part.name, .uses = resources_of(chip, part)};
  check_budget(chip_file, fit);
  return fit;
}

}  // namespace systole
