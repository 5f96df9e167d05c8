#pragma once

#include <string>
#include <vector>

#include "arch/cost/inputs.h"
#include "arch/fact.h"

namespace systole {

/// What a process costs.
struct NodePrices {
  std::string technology;  ///< name of the technology: `28nm`
  Usd wafer{0};
  double defects_per_cm2 = 0;
  double density_mtr_mm2 = 0;
  Usd design_of_300mm2{0};
  Usd mask_set{0};
  Usd ip_licences{0};
  double backend_usd_per_gate = 0;
};

struct MemoryPrice {
  std::string name;  ///< `ddr4`
  double usd_per_gb = 0;
};

/// Factors on an input for the sensitivity of an answer.
struct PriceRange {
  double low = 1;
  double high = 1;
};

struct PriceRanges {
  PriceRange wafer, defects, memory, board, server, electricity, power, years, utilisation, volume,
      nre;
};

/// One consistent set of prices: configs/prices/NAME.yaml.
struct Prices {
  std::string name;
  std::string date;
  WaferInputs wafer;    ///< without its price
  YieldInputs process;  ///< without its defects
  std::vector<NodePrices> nodes;
  BottomUpInputs engineering;  ///< what does not depend on node or chip
  PackageInputs package;
  InterposerInputs interposer;
  SquareMillimetres memory_stack{0};
  std::vector<MemoryPrice> memory;
  SiteInputs site;    ///< without powers
  double margin = 0;  ///< of the price of a chip that others sell, 0..1
  PriceRanges ranges;
  std::vector<Fact> facts;

  /// Null where the name is not among them.
  [[nodiscard]] const NodePrices* node(std::string_view technology) const;
  [[nodiscard]] const MemoryPrice* memory_named(std::string_view name) const;
};

/// Throws ConfigError.
[[nodiscard]] Prices read_prices(const std::string& file);

}  // namespace systole
