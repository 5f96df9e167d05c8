#include "reference/cpu/power_model.h"

#include <algorithm>

#include <fmt/format.h>

#include "arch/config/config_node.h"

namespace systole::cpu {

namespace {

FactStatus status_of(const ConfigNode& node, std::string_view key) {
  const std::string path = fmt::format("{}.{}", node.path(), key);
  const auto& facts = node.facts();
  const auto fact = std::find_if(facts.begin(), facts.end(),
                                 [&](const Fact& candidate) { return candidate.path == path; });
  return fact == facts.end() ? FactStatus::Assumed : fact->status;
}

CpuPower read_processor(const ConfigNode& node) {
  constexpr int kMostModel = 4095;
  constexpr int kMostFamily = 270;
  CpuPower power;
  power.name = node.text("name");
  power.vendor = node.text("vendor");
  power.family = static_cast<int>(node.integer("family", {.min = 0, .max = kMostFamily}));
  power.first_model = static_cast<int>(node.integer("first_model", {.min = 0, .max = kMostModel}));
  power.last_model =
      static_cast<int>(node.integer("last_model", {.min = power.first_model, .max = kMostModel}));
  power.cores = node.integer("cores", {.min = 1, .max = 4096});
  power.watts = node.real("design_watts", {.min = 1, .max = 10'000});
  power.status = status_of(node, "design_watts");
  node.finish();
  return power;
}

std::vector<CpuPower> read_document(const ConfigNode& root) {
  std::vector<CpuPower> known;
  for (const ConfigNode& node : root.list("processors")) {
    known.push_back(read_processor(node));
  }
  root.finish();
  return known;
}

}  // namespace

std::vector<CpuPower> read_cpu_power(const std::string& file) {
  return read_document(ConfigNode::open(file));
}

std::vector<CpuPower> parse_cpu_power(const std::string& text, const std::string& file) {
  return read_document(ConfigNode::parse(text, file));
}

std::optional<MeasuredEnergy> modelled_energy(const std::vector<CpuPower>& known,
                                              const CpuIdentity& cpu, std::int64_t threads,
                                              double seconds) {
  const auto fits = [&](const CpuPower& power) {
    return power.vendor == cpu.vendor && power.family == cpu.family &&
           power.first_model <= cpu.model && cpu.model <= power.last_model;
  };
  const auto power = std::find_if(known.begin(), known.end(), fits);
  if (power == known.end()) {
    return std::nullopt;
  }
  const std::int64_t busy = std::min(threads, power->cores);
  const double watts = power->watts * static_cast<double>(busy) / static_cast<double>(power->cores);
  return MeasuredEnergy{
      .joules = watts * seconds,
      .watts = watts,
      .obtained = Obtained::Modelled,
      .method = fmt::format("{} of {} cores of the {} W of a {} ({})", busy, power->cores,
                            power->watts, power->name, name_of(power->status))};
}

}  // namespace systole::cpu
