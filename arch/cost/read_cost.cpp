#include "arch/cost/read_cost.h"

#include <fmt/format.h>

#include "arch/config/near_name.h"
#include "arch/config/text_file.h"
#include "arch/named_file.h"
#include "arch/technology/technology.h"

namespace systole {

namespace {

constexpr RealRange kMoney{.min = 0.0, .max = 1e9};

Usd money(const ConfigNode& node, std::string_view key) {
  return Usd(node.measure(key, kUsdUnits, kMoney));
}

template <class Items, class Name>
std::vector<std::string_view> names_of(const Items& items, const Name& name) {
  std::vector<std::string_view> names;
  for (const auto& item : items) {
    names.push_back(name(item));
  }
  return names;
}

[[noreturn]] void fail_name(const ConfigNode& node, std::string_view key,
                            const std::vector<std::string_view>& names, std::string_view got) {
  node.fail(key, fmt::format("expected {}, got {}{}", one_of(names), in_quotes(got),
                             suggestion(got, names)));
}

MemoryPrice memory_of(const ConfigNode& node, const Prices& prices) {
  const std::string name = node.text("memory");
  const MemoryPrice* price = prices.memory_named(name);
  if (price == nullptr) {
    fail_name(node, "memory",
              names_of(prices.memory,
                       [](const MemoryPrice& item) -> std::string_view { return item.name; }),
              name);
  }
  return *price;
}

}  // namespace

std::optional<CostSpec> read_cost(const ConfigNode& chip,
                                  const std::optional<std::string>& technology,
                                  const std::vector<std::string>& directories) {
  if (!chip.has("cost")) {
    return std::nullopt;
  }
  const ConfigNode node = chip.map("cost");
  if (!technology) {
    chip.fail("technology", "expected a technology for cost, got nothing");
  }
  CostSpec spec;
  spec.prices = read_prices(named_file(node, "prices", "a set of prices", directories));
  if (spec.prices.node(*technology) == nullptr) {
    const auto names = names_of(spec.prices.nodes, [](const NodePrices& item) -> std::string_view {
      return item.technology;
    });
    node.fail("prices",
              fmt::format("expected prices of the chip's technology {} among their nodes "
                          "({}), got {}",
                          in_quotes(*technology), one_of(names), in_quotes(spec.prices.name)));
  }
  if (node.has("die")) {
    spec.die =
        SquareMillimetres(node.measure("die", kAreaUnits, {.min = 0.1, .max = kReticle.count()}));
  }
  spec.memory = memory_of(node, spec.prices);
  spec.memory_stacks = node.integer("memory_stacks", {.min = 0, .max = 12});
  spec.board = money(node, "board");
  spec.server_share = money(node, "server_share");
  spec.host_power = Watts(node.measure("host_power", kWattUnits, {.min = 0.0, .max = 1e5}));
  spec.frontend_engineer_years = node.real("frontend_engineer_years", {.min = 0.0, .max = 1e5});
  spec.backend_engineer_months = node.real("backend_engineer_months", {.min = 0.0, .max = 1e6});
  spec.custom_share = node.real("custom_share", {.min = 0.0, .max = 1.0});
  spec.volume = node.integer("volume", {.min = 1, .max = 1'000'000'000});
  if (node.has("rent")) {
    spec.rent = UsdPerHour(node.measure("rent", kUsdPerHourUnits, {.min = 0.0, .max = 1e5}));
  }
  node.finish();
  return spec;
}

}  // namespace systole
