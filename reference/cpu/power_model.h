#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "reference/cpu/cpu_identity.h"
#include "reference/measured_run.h"

namespace systole::cpu {

/// A processor whose power is published: what stands in where no counter can be read.
struct CpuPower {
  std::string name;
  std::string vendor;
  int family = 0;
  int first_model = 0;  ///< models of one generation are numbered in a range
  int last_model = 0;
  std::int64_t cores = 0;
  double watts = 0;  ///< design power of the package
  FactStatus status = FactStatus::Assumed;
};

/// configs/cpus/design_power.yaml. Throws ConfigError.
[[nodiscard]] std::vector<CpuPower> read_cpu_power(const std::string& file);
[[nodiscard]] std::vector<CpuPower> parse_cpu_power(const std::string& text,
                                                    const std::string& file);

/// Power = design power x threads / cores, at most all of it; energy = power x median time of a
/// pass. The first processor of `known` whose generation this one is of: a virtual machine rarely
/// says more. Nothing where none fits.
/// Not modelled: clocks above or below those of the design power, memory, the idle rest of the
/// package, board and power supply.
[[nodiscard]] std::optional<MeasuredEnergy> modelled_energy(const std::vector<CpuPower>& known,
                                                            const CpuIdentity& cpu,
                                                            std::int64_t threads, double seconds);

}  // namespace systole::cpu
