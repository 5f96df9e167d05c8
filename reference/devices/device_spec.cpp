#include "reference/devices/device_spec.h"

#include <algorithm>

#include "arch/diag/check.h"

namespace systole::reference {

std::int64_t DeviceSpec::macs_per_cycle(DataType type) const {
  const auto found = std::find_if(rates.begin(), rates.end(),
                                  [type](const MacRate& rate) { return rate.type == type; });
  return found == rates.end() ? 0 : found->macs_per_cycle;
}

double DeviceSpec::peak_macs_per_second(DataType type) const {
  return static_cast<double>(macs_per_cycle(type)) * static_cast<double>(units) *
         static_cast<double>(clock.count());
}

DataType DeviceSpec::preferred_type() const {
  SYSTOLE_CHECK(!rates.empty(), "{} multiplies nothing", name);
  if (supports(DataType::Int8)) {
    return DataType::Int8;
  }
  return std::max_element(
             rates.begin(), rates.end(),
             [](const MacRate& a, const MacRate& b) { return a.macs_per_cycle < b.macs_per_cycle; })
      ->type;
}

const SoftwareStack* DeviceSpec::stack(std::string_view wanted) const {
  const auto found =
      std::find_if(family.stacks.begin(), family.stacks.end(),
                   [wanted](const SoftwareStack& stack) { return stack.name == wanted; });
  return found == family.stacks.end() ? nullptr : &*found;
}

}  // namespace systole::reference
