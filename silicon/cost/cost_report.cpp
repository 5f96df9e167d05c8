#include "silicon/cost/cost_report.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "arch/diag/check.h"

namespace systole {

namespace {

/// One point of the calculation: every input that a range is known for as a factor on its value.
struct Factors {
  double wafer = 1;
  double defects = 1;
  double memory = 1;
  double board = 1;
  double server = 1;
  double electricity = 1;
  double power = 1;
  double years = 1;
  double utilisation = 1;
  double volume = 1;
  double nre = 1;
};

/// One uncertain input: its name in reports, its factor, its range.
struct Knob {
  std::string_view name;
  double Factors::*factor;
  PriceRange PriceRanges::*range;
};

constexpr auto kKnobs = std::to_array<Knob>({
    {"wafer price", &Factors::wafer, &PriceRanges::wafer},
    {"defects", &Factors::defects, &PriceRanges::defects},
    {"memory price", &Factors::memory, &PriceRanges::memory},
    {"board", &Factors::board, &PriceRanges::board},
    {"server share", &Factors::server, &PriceRanges::server},
    {"electricity", &Factors::electricity, &PriceRanges::electricity},
    {"power", &Factors::power, &PriceRanges::power},
    {"years of use", &Factors::years, &PriceRanges::years},
    {"utilisation", &Factors::utilisation, &PriceRanges::utilisation},
    {"volume", &Factors::volume, &PriceRanges::volume},
    {"design cost", &Factors::nre, &PriceRanges::nre},
});

class CostModel {
 public:
  CostModel(const CostSpec& spec, const CostSubject& subject)
      : spec_(spec),
        prices_(spec.prices),
        subject_(subject),
        node_(spec.prices.node(subject.technology)),
        area_(spec.die.value_or(subject.die)) {
    SYSTOLE_CHECK(node_ != nullptr, "no prices of {}", subject.technology);
  }

  [[nodiscard]] SquareMillimetres area() const { return area_; }

  [[nodiscard]] DieCost die(const Factors& factors) const {
    WaferInputs wafer = prices_.wafer;
    wafer.price = node_->wafer * factors.wafer;
    YieldInputs process = prices_.process;
    process.defects_per_cm2 = node_->defects_per_cm2 * factors.defects;
    return die_cost(wafer, process, area_);
  }

  [[nodiscard]] UnitCost unit(const Factors& factors) const {
    const DieCost good = die(factors);
    const auto stacks = static_cast<double>(spec_.memory_stacks);
    UnitCost unit = spec_.memory_stacks == 0
                        ? packaged_die(good, area_, prices_.package)
                        : packaged_die(good, area_, prices_.package, prices_.interposer,
                                       prices_.memory_stack * stacks);
    unit.memory = Usd(subject_.memory_gb * spec_.memory.usd_per_gb * factors.memory);
    unit.board = spec_.board * factors.board;
    return unit;
  }

  [[nodiscard]] Usd top_down() const { return top_down_nre(node_->design_of_300mm2, area_); }

  [[nodiscard]] BottomUpNre bottom_up() const {
    BottomUpInputs inputs = prices_.engineering;
    inputs.mask_set = node_->mask_set;
    inputs.ip_licences = node_->ip_licences;
    inputs.backend_usd_per_gate = node_->backend_usd_per_gate;
    inputs.mega_transistors_per_mm2 = node_->density_mtr_mm2;
    inputs.custom_share = spec_.custom_share;
    inputs.frontend_engineer_years = spec_.frontend_engineer_years;
    inputs.backend_engineer_months = spec_.backend_engineer_months;
    return bottom_up_nre(inputs, area_);
  }

  [[nodiscard]] SiteInputs site(const Factors& factors) const {
    SiteInputs site = prices_.site;
    site.busy_power = subject_.busy * factors.power;
    site.idle_power = subject_.idle * factors.power;
    site.host_power = spec_.host_power;
    site.provisioned_power = subject_.tdp + spec_.host_power;
    site.electricity = site.electricity * factors.electricity;
    site.device_years *= factors.years;
    site.utilisation = std::min(1.0, site.utilisation * factors.utilisation);
    return site;
  }

  [[nodiscard]] BuildInputs build_inputs(const Factors& factors, Usd nre) const {
    return {.nre = nre * factors.nre,
            .unit_cost = unit(factors).total(),
            .server_share = spec_.server_share * factors.server,
            .site = site(factors)};
  }

  [[nodiscard]] Way way(const HourlyCost& hourly, double utilisation) const {
    return {.hourly = hourly,
            .per_inference =
                usd_per_inference(hourly.total(), subject_.inferences_per_second, utilisation)};
  }

  [[nodiscard]] std::int64_t volume(const Factors& factors) const {
    const double volume = static_cast<double>(spec_.volume) * factors.volume;
    return std::max<std::int64_t>(1, std::llround(volume));
  }

  [[nodiscard]] Way build_way(const Factors& factors) const {
    const BuildInputs inputs = build_inputs(factors, top_down());
    return way(build(inputs, volume(factors)), inputs.site.utilisation);
  }

  [[nodiscard]] std::vector<Swing> swings() const {
    std::vector<UncertainInput> inputs;
    for (const Knob& knob : kKnobs) {
      const PriceRange range = prices_.ranges.*knob.range;
      inputs.push_back({std::string(knob.name), range.low, range.high});
    }
    return sensitivity(inputs, [this](std::size_t index, double value) {
      Factors factors;
      factors.*kKnobs[index].factor = value;
      return build_way(factors).per_inference->count();
    });
  }

 private:
  const CostSpec& spec_;
  const Prices& prices_;
  const CostSubject& subject_;
  const NodePrices* node_;
  SquareMillimetres area_;
};

}  // namespace

CostReport cost_report(const CostSpec& spec, const CostSubject& subject) {
  const CostModel model(spec, subject);
  const Factors as_given;
  CostReport report;
  report.die_area = model.area();
  report.die = model.die(as_given);
  report.unit = model.unit(as_given);
  report.nre_top_down = model.top_down();
  report.nre_bottom_up = model.bottom_up();
  report.price = report.unit.total() / (1.0 - spec.prices.margin);
  report.volume = spec.volume;
  const SiteInputs site = model.site(as_given);
  report.utilisation = site.utilisation;
  const OwnInputs owned{
      .device_price = report.price, .server_share = spec.server_share, .site = site};
  report.own = model.way(own(owned), site.utilisation);
  report.build = model.build_way(as_given);

  const double rate = subject.inferences_per_second;
  const BuildInputs above = model.build_inputs(as_given, report.nre_top_down);
  const BuildInputs below = model.build_inputs(as_given, report.nre_bottom_up.total());
  if (spec.rent) {
    const RentInputs rented{.price = *spec.rent, .devices = 1, .billed_share = site.utilisation};
    report.rent = model.way(rent(rented), site.utilisation);
    report.break_even_hours_rent = own_break_even_hours(owned, rented);
  }
  if (report.own.per_inference) {
    report.break_even_volume = build_break_even(above, rate, *report.own.per_inference);
    report.break_even_volume_bottom_up = build_break_even(below, rate, *report.own.per_inference);
    report.sensitivity = model.swings();
  }
  if (report.rent && report.rent->per_inference) {
    report.break_even_volume_rent = build_break_even(above, rate, *report.rent->per_inference);
  }
  return report;
}

}  // namespace systole
