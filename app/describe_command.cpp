#include "app/describe_command.h"

#include <array>
#include <filesystem>
#include <tuple>

#include <fmt/format.h>

#include "app/catalogue.h"
#include "app/device_files.h"
#include "arch/fpga/read_fpga_part.h"
#include "arch/read_dram.h"
#include "compiler/frontend/read_network.h"
#include "reference/devices/read_device.h"
#include "report/describe.h"
#include "report/description.h"
#include "report/format.h"

namespace systole {

namespace {

constexpr auto kDescribed = std::to_array<EntryKind>(
    {EntryKind::Chip, EntryKind::Network, EntryKind::Dram, EntryKind::Device, EntryKind::FpgaPart});

/// What kind of file the name means; a chip where nothing says otherwise.
EntryKind described_kind(const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(name, ignored)) {
    for (const EntryKind kind : kDescribed) {
      if (other_kind(EntryKind::Study, name) == with_article(kind)) {
        return kind;
      }
    }
    return EntryKind::Chip;
  }
  for (const EntryKind kind : kDescribed) {
    if (!file_of_entry(kind, name).empty()) {
      return kind;
    }
  }
  return EntryKind::Chip;
}

Description description_of_device(const reference::DeviceSpec& device) {
  Description made{.kind = std::string(name_of(device.kind)),
                   .name = device.name,
                   .description = device.description};
  const auto rate = [&](std::string key, std::string label, double value, std::string_view unit) {
    made.figures.push_back({std::move(key), std::move(label), value, nominal(value, unit)});
  };
  made.figures.push_back({"family", "family", device.family.name, device.family.name});
  made.figures.push_back({"calibrated", "calibrated", device.family.calibrated,
                          device.family.calibrated ? "by measurements of its family"
                                                   : "no: figures of another family"});
  made.figures.push_back({"units", "units", device.units, grouped(device.units)});
  rate("clock_hz", "clock", static_cast<double>(device.clock.count()), "Hz");
  for (const reference::MacRate& one : device.rates) {
    rate(fmt::format("peak_ops_{}", name_of(one.type)), fmt::format("peak, {}", name_of(one.type)),
         2 * device.peak_macs_per_second(one.type), "OPS");
  }
  rate("memory_bytes_per_second", "memory bandwidth", static_cast<double>(device.bandwidth.count()),
       "B/s");
  for (const auto& [key, label, size] : {std::tuple{"memory_bytes", "memory", device.memory},
                                         std::tuple{"cache_bytes", "last cache", device.cache}}) {
    made.figures.push_back({key, label, size.count(), binary_bytes(size.count())});
  }
  rate("tdp_watts", "TDP", device.tdp.count(), "W");
  rate("idle_watts", "idle", device.idle.count(), "W");
  if (device.price) {
    made.figures.push_back({"price_usd", "price", device.price->count(),
                            fmt::format("{:g} $", device.price->count())});
  }
  made.facts = device.facts;
  return made;
}

Description description_of_file(EntryKind kind, const std::string& file) {
  switch (kind) {
    case EntryKind::Network:
      return description_of(read_network(file, {.numbers = false}).graph);
    case EntryKind::Dram: {
      const DramStandardFile standard = read_dram_standard(file);
      return description_of(standard.standard, standard.facts);
    }
    case EntryKind::FpgaPart:
      return description_of(read_fpga_part(file));
    case EntryKind::Device:
    case EntryKind::Chip:
    case EntryKind::DramController:
    case EntryKind::Family:
    case EntryKind::Site:
    case EntryKind::Study:
      break;
  }
  return description_of_device(reference::read_device(file, families_folder()));
}

}  // namespace

FileRole described_file(const std::string& name) {
  const EntryKind kind = described_kind(name);
  const std::string words = with_article(kind);
  return {words.substr(words.find(' ') + 1), find_entry(kind, name)};
}

std::string run_describe(const Request& request, const TextOptions& options) {
  const EntryKind kind = described_kind(request.chip);
  const std::string file = find_entry(kind, request.chip);
  const auto json = [](const Description& description) {
    return description_json(description)
               .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
           '\n';
  };
  if (kind == EntryKind::Chip) {
    const ChipSpec chip =
        read_as(EntryKind::Chip, file, [&] { return chip_with(file, request.sets); });
    return request.format == Format::Json ? json(description_of(chip))
                                          : describe_chip(chip, options);
  }
  if (!request.sets.empty()) {
    throw UserError(fmt::format("systole: --set: expected a chip, got {}", with_article(kind)));
  }
  const Description description = description_of_file(kind, file);
  return request.format == Format::Json ? json(description)
                                        : description_text(description, options);
}

}  // namespace systole
