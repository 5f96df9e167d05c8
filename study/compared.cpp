#include "study/compared.h"

#include <algorithm>

#include "arch/units/operations.h"
#include "arch/units/seconds.h"

namespace systole {

namespace {}  // namespace

double ComparedDevice::seconds() const {
  return static_cast<double>(time.count()) / kFemtosecondsInASecond;
}

double ComparedDevice::inferences_per_second() const {
  return static_cast<double>(batch) * kFemtosecondsInASecond / static_cast<double>(time.count());
}

double ComparedDevice::tops() const {
  return kOperationsPerMac * static_cast<double>(macs) / seconds() / kTera;
}

std::optional<Joules> ComparedDevice::energy_per_inference() const {
  return power ? std::optional(Joules(power->count() * seconds() / static_cast<double>(batch)))
               : std::nullopt;
}

std::optional<double> ComparedDevice::tops_per_watt() const {
  return power ? std::optional(tops() / power->count()) : std::nullopt;
}

UseFigures ComparedDevice::full_use() const {
  return {.utilisation = utilisation,
          .power = power,
          .energy_per_inference = energy_per_inference(),
          .own_per_million = own_per_million,
          .rent_per_million = rent_per_million};
}

UseFigures Comparison::use_of(const ComparedDevice& row) const {
  if (!arrival_rate) {
    return row.full_use();
  }
  return row.stream ? row.stream->use : UseFigures{};
}

const ComparedDevice* Comparison::baseline_of(std::int64_t batch) const {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const ComparedDevice& row) {
    return row.name == baseline && row.batch == batch && row.error.empty();
  });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace systole
