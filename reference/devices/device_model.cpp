#include "reference/devices/device_model.h"

#include <algorithm>
#include <cmath>

#include "arch/diag/check.h"
#include "reference/devices/operation_time.h"

namespace systole::reference {

namespace {

constexpr double kFemtosecondsPerSecond = 1e15;
constexpr double kJoulesPerFemtojoule = 1e-15;
constexpr std::int64_t kClockSteps = 1000;
constexpr std::int64_t kSlowestStep = 100;

Femtoseconds rounded(double seconds) {
  return Femtoseconds(
      static_cast<std::int64_t>(std::floor(seconds * kFemtosecondsPerSecond + 0.5)));
}

double seconds_of(Femtoseconds time) {
  return static_cast<double>(time.count()) / kFemtosecondsPerSecond;
}

/// Work of one operation, which the clock does not change.
struct Work {
  std::string name;
  double cycles = 0;
  double memory_seconds = 0;
  double bytes = 0;
};

/// A copy of the network on its share of the device.
struct Copies {
  std::int64_t count = 1;
  std::int64_t batch = 1;  ///< of one copy
  std::vector<Work> work;
  std::int64_t macs = 0;
};

Copies prepare(const DeviceSpec& device, const std::vector<DeviceOperation>& operations,
               DataType type, std::int64_t count, std::int64_t batch) {
  const DeviceFamily& family = device.family;
  const auto parts = static_cast<double>(count);
  const DeviceShare share{
      .units = device.units / count,
      .bytes_per_second =
          static_cast<double>(device.bandwidth.count()) * family.memory_efficiency / parts,
      .kept_bytes = static_cast<double>(device.cache.count()) * family.cache_share / parts,
      .weights_kept = count > 1};
  Copies copies{.count = count, .batch = batch, .work = {}, .macs = 0};
  for (const DeviceOperation& operation : operations) {
    const double bytes = memory_bytes(share, operation, type, batch);
    copies.work.push_back({.name = operation.name,
                           .cycles = unit_cycles(device, share, operation, type, batch),
                           .memory_seconds = bytes / share.bytes_per_second,
                           .bytes = bytes});
    copies.macs += operation.macs() * batch;
  }
  return copies;
}

Femtojoules mac_energy(const DeviceFamily& family, DataType type) {
  const auto found =
      std::find_if(family.energy_per_mac.begin(), family.energy_per_mac.end(),
                   [type](const EnergyPerMac& energy) { return energy.type == type; });
  SYSTOLE_CHECK(found != family.energy_per_mac.end(), "{} has no energy of a {} MAC", family.name,
                name_of(type));
  return found->energy;
}

class Pass {
 public:
  Pass(const DeviceSpec& device, const Copies& copies, const SoftwareStack& stack, DataType type)
      : device_(device), copies_(copies), stack_(stack), type_(type) {}

  [[nodiscard]] DeviceRun at(std::int64_t step) const {
    DeviceRun run{.type = type_, .copies = copies_.count};
    run.clock = Hertz(device_.clock.count() / kClockSteps * step);
    run.throttled = step < kClockSteps;
    run.macs = copies_.macs * copies_.count;
    const auto clock = static_cast<double>(run.clock.count());
    double working = 0;
    double bytes = 0;
    // Copies on single units do not wait for each other between operations.
    run.time = copies_.count > 1 ? Femtoseconds(0) : stack_.call;
    for (const Work& work : copies_.work) {
      const double units = work.cycles / clock;
      const double busy = std::max(units, work.memory_seconds);
      const Femtoseconds device_time = rounded(busy + device_.family.cycles_per_operation / clock) +
                                       (copies_.count > 1 ? Femtoseconds(0) : stack_.launch);
      const Femtoseconds time = std::max(stack_.host_launch, device_time);
      run.operations.push_back(
          {.name = work.name, .time = time, .memory_bound = work.memory_seconds > units});
      run.time += time;
      working += busy;
      bytes += work.bytes;
    }
    add_power(run, working, bytes, static_cast<double>(step) / static_cast<double>(kClockSteps));
    return run;
  }

 private:
  void add_power(DeviceRun& run, double working, double bytes, double clock_share) const {
    const DeviceFamily& family = device_.family;
    const double seconds = seconds_of(run.time);
    const double voltage = family.voltage_floor + (1 - family.voltage_floor) * clock_share;
    const auto parts = static_cast<double>(copies_.count);
    const double active = family.active_share * (device_.busy - device_.idle).count() * voltage *
                          voltage * clock_share * working / seconds;
    const double multiply = static_cast<double>(mac_energy(family, type_).count()) *
                            kJoulesPerFemtojoule * static_cast<double>(run.macs) * voltage *
                            voltage / seconds;
    const double memory = static_cast<double>(family.energy_per_byte.count()) *
                          kJoulesPerFemtojoule * bytes * parts / seconds;
    run.power = device_.idle + Watts(active + multiply + memory);
  }

  const DeviceSpec& device_;
  const Copies& copies_;
  const SoftwareStack& stack_;
  DataType type_;
};

/// Power grows with the clock, so the steps within the limit are the lowest ones.
DeviceRun within(const Pass& pass, Watts limit) {
  DeviceRun best = pass.at(kClockSteps);
  if (best.power <= limit) {
    return best;
  }
  std::int64_t fits = kSlowestStep;
  std::int64_t exceeds = kClockSteps;
  while (exceeds - fits > 1) {
    const std::int64_t step = (fits + exceeds) / 2;
    (pass.at(step).power <= limit ? fits : exceeds) = step;
  }
  best = pass.at(fits);
  best.power = std::min(best.power, limit);
  return best;
}

/// Fixed engines take their part of the batch.
void add_companion(const DeviceSpec& device, DeviceRun& run) {
  if (run.type != DataType::Int8 || device.companion_macs_per_second == 0) {
    return;
  }
  const double units = device.peak_macs_per_second(DataType::Int8);
  const double share = units / (units + static_cast<double>(device.companion_macs_per_second));
  run.time = rounded(seconds_of(run.time) * share);
}

void finish(const DeviceSpec& device, DeviceRun& run, std::int64_t batch, std::int64_t macs) {
  run.batch = batch;
  run.macs = macs;  // without those of inputs that fill up the last copies
  const double seconds = seconds_of(run.time);
  run.utilisation =
      static_cast<double>(run.macs) / (device.peak_macs_per_second(run.type) * seconds);
  run.energy = Joules(run.power.count() * seconds);
}

const SoftwareStack& stack_of(const DeviceSpec& device, const std::string& name) {
  const SoftwareStack* stack = name.empty() ? &device.family.stacks.front() : device.stack(name);
  SYSTOLE_CHECK(stack != nullptr, "{} has no software stack '{}'", device.name, name);
  return *stack;
}

}  // namespace

double DeviceRun::inferences_per_second() const {
  return static_cast<double>(batch) / seconds_of(time);
}

DeviceRun model_device(const DeviceSpec& device, const std::vector<DeviceOperation>& operations,
                       const DeviceRunOptions& options) {
  SYSTOLE_CHECK(options.batch > 0 && !operations.empty(), "batch {} of {} operations",
                options.batch, operations.size());
  const SoftwareStack& stack = stack_of(device, options.stack);
  const Watts limit = options.power_limit > Watts(0) ? options.power_limit : device.busy;
  const Copies whole = prepare(device, operations, options.type, 1, options.batch);
  DeviceRun run = within(Pass(device, whole, stack, options.type), limit);
  const std::int64_t count = std::min(device.units, options.batch);
  if (device.family.independent_units && count > 1) {
    const Copies copies =
        prepare(device, operations, options.type, count, ceil_div(options.batch, count));
    DeviceRun apart = within(Pass(device, copies, stack, options.type), limit);
    if (apart.time < run.time) {
      run = std::move(apart);
    }
  }
  if (options.companion) {
    add_companion(device, run);
  }
  finish(device, run, options.batch, whole.macs);
  return run;
}

DeviceRun model_device(const DeviceSpec& device, const Graph& graph, DeviceRunOptions options) {
  options.batch = graph.batch;
  const bool fused = stack_of(device, options.stack).fused;
  return model_device(device, device_operations(graph, fused), options);
}

}  // namespace systole::reference
