#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference/measured/device_network.h"

namespace systole::cpu {

/// Energy counters of Intel's RAPL, which AMD has too, as Linux offers them below
/// /sys/class/powercap: every package's `intel-rapl:N`, whole packages with whatever else runs on
/// them, memory outside. A counter that starts again from 0 between start() and stop() is allowed
/// for once. Usually absent in virtual machines, and readable by root alone.
class Rapl : public EnergyMeter {
 public:
  static constexpr const char* kRoot = "/sys/class/powercap";

  /// Finds the packages whose counters can be read.
  explicit Rapl(const std::string& root = kRoot);

  [[nodiscard]] bool is_present() const { return !packages_.empty(); }
  void start() override;
  [[nodiscard]] std::optional<double> stop() override;
  [[nodiscard]] std::string method() const override;

 private:
  struct Package {
    std::string name;        ///< package-0
    std::string counter;     ///< file of microjoules
    std::int64_t range = 0;  ///< microjoules after which the counter starts again
    std::int64_t before = 0;
  };

  std::vector<Package> packages_;
};

}  // namespace systole::cpu
