#pragma once

#include <optional>
#include <vector>

#include "arch/cost/cost_spec.h"
#include "silicon/cost/die.h"
#include "silicon/cost/nre.h"
#include "silicon/cost/ownership.h"
#include "silicon/cost/sensitivity.h"
#include "silicon/cost/unit_cost.h"

namespace systole {

/// What a run and the chip model say about the device whose cost is asked for.
struct CostSubject {
  std::string_view technology;  ///< one of the price file's nodes
  SquareMillimetres die{0};     ///< of the area model
  double memory_gb = 0;         ///< 1e9 bytes
  double inferences_per_second = 0;
  Watts busy{0};  ///< average of the run
  Watts idle{0};
  Watts tdp{0};
};

/// One way to have the hardware.
struct Way {
  HourlyCost hourly;
  std::optional<Usd> per_inference;  ///< empty where nothing is computed
};

/// Obtained: modelled.
struct CostReport {
  SquareMillimetres die_area{0};
  DieCost die;
  UnitCost unit;
  Usd nre_top_down{0};
  BottomUpNre nre_bottom_up;
  Usd price{0};  ///< of a chip that others sell: unit cost / (1 - margin)
  std::int64_t volume = 0;
  double utilisation = 0;
  Way own;                  ///< bought at `price`
  std::optional<Way> rent;  ///< where the chip is offered; given back while there is no work
  Way build;                ///< made: unit cost and the NRE from above, over `volume`
  /// Devices from which building beats buying at `price`, with the NRE from above and from below.
  std::optional<double> break_even_volume;
  std::optional<double> break_even_volume_bottom_up;
  /// Devices from which building beats renting; hours of work from which owning beats renting.
  std::optional<double> break_even_volume_rent;
  std::optional<double> break_even_hours_rent;
  /// Of the dollars an inference of `build`; empty where nothing is computed.
  std::vector<Swing> sensitivity;
};

/// Requires a technology among the prices, and a die that fits a wafer.
[[nodiscard]] CostReport cost_report(const CostSpec& spec, const CostSubject& subject);

}  // namespace systole
