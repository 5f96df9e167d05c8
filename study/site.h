#pragma once

#include <array>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "silicon/cost/ownership.h"
#include "study/compared.h"

namespace systole {

/// Where devices are run: configs/sites/NAME.yaml.
struct Site {
  std::string name;
  std::string description;
  SiteInputs inputs;  ///< without the powers, which are the device's
  std::array<HostShare, kEnumNames<ComparedKind>.size()> host;
  std::vector<Fact> facts;

  [[nodiscard]] const HostShare& host_of(ComparedKind kind) const {
    return host[static_cast<std::size_t>(kind)];
  }
  /// `50 % busy, 3 years, PUE 1.1, 0.08 USD/kWh`; of a stream `all hours` instead.
  [[nodiscard]] std::string summary(bool stream = false) const;
};

/// Throws ConfigError.
[[nodiscard]] Site read_site(const std::string& file);

/// Fills own_per_million and rent_per_million of a row that has what they need, else says in
/// `notes` what is missing. Owning: silicon/cost/ownership.h with the site's figures, at the row's
/// power, with its own share of a server where it states one. Renting: the hours of a year are
/// billed as the site's utilisation says work is done in them: a rented machine is given back.
void add_dollars(ComparedDevice& row, const Site& site);

/// The same of a stream of `rate` requests a second at all hours of the year, in which the device
/// works for the stream's share and idles otherwise: the site's own utilisation does not count, and
/// a rented machine is kept. Needs the stream's busy share and power.
void add_stream_dollars(StreamFigures& stream, double rate, const ComparedDevice& row,
                        const Site& site);

}  // namespace systole
