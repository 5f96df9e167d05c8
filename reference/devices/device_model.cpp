#include "reference/devices/device_model.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "arch/units/seconds.h"
#include "reference/devices/operation_time.h"

namespace systole::reference {

namespace {

constexpr double kJoulesPerFemtojoule = 1e-15;
constexpr std::int64_t kClockSteps = 1000;
constexpr std::int64_t kSlowestStep = 100;

Femtoseconds rounded(double seconds) {
  return Femtoseconds(
      static_cast<std::int64_t>(std::floor(seconds * kFemtosecondsInASecond + 0.5)));
}

void check_length(double seconds) {
  if (seconds > kLongestPass) {
    throw WorkloadError(fmt::format(
        "expected a batch that takes at most {:g} s, got one that takes longer", kLongestPass));
  }
}

/// Work of one operation, which the clock does not change.
struct Work {
  std::string name;
  double cycles = 0;
  double memory_seconds = 0;
  double bytes = 0;
};

/// Copies of the network side by side, each on its share of the device.
struct Copies {
  std::int64_t count = 1;
  std::int64_t units = 1;  ///< of one copy
  std::int64_t batch = 1;  ///< of one copy
  std::vector<Work> work;
  double busy_share = 1;  ///< of all units, while one copy works; the last copies may end early
};

double kept_cache_bytes(const DeviceSpec& device) {
  return static_cast<double>(device.cache.count()) * device.family.cache_share;
}

/// Which weights stay in the cache.
class WeightsInCache {
 public:
  WeightsInCache(const DeviceSpec& device, const std::vector<DeviceOperation>& operations,
                 DataType type)
      : kept_(device.family.kept_weights), type_(type), room_(kept_cache_bytes(device)) {
    double bytes = 0;
    for (const DeviceOperation& operation : operations) {
      bytes += bytes_of_weights(operation);
    }
    whole_ = bytes <= room_;
  }

  /// Of the next operation, in order.
  bool keep(const DeviceOperation& operation) {
    switch (kept_) {
      case KeptWeights::Never:
        return false;
      case KeptWeights::Whole:
        return whole_;
      case KeptWeights::Partly:
        if (bytes_of_weights(operation) > room_) {
          return false;
        }
        room_ -= bytes_of_weights(operation);
        return true;
    }
    return false;
  }

 private:
  [[nodiscard]] double bytes_of_weights(const DeviceOperation& operation) const {
    return static_cast<double>(operation.weights * bytes_of(type_));
  }

  KeptWeights kept_;
  DataType type_;
  double room_;
  bool whole_ = false;
};

/// `batch` inputs on copies of `units` units each, as many copies as there are units and inputs
/// for.
Copies prepare(const DeviceSpec& device, const std::vector<DeviceOperation>& operations,
               const DeviceRunOptions& options, std::int64_t units) {
  const DeviceFamily& family = device.family;
  const DataType type = options.type;
  const std::int64_t count = std::min(device.units / units, options.batch);
  const std::int64_t batch = ceil_div(options.batch, count);
  const auto parts = static_cast<double>(count);
  DeviceShare share{.units = units,
                    .bytes_per_second = static_cast<double>(device.bandwidth.count()) *
                                        family.memory_efficiency / parts,
                    .kept_bytes = kept_cache_bytes(device) / parts};
  Copies copies{.count = count, .units = units, .batch = batch, .work = {}};
  copies.busy_share = static_cast<double>(units) * static_cast<double>(options.batch) /
                      (static_cast<double>(device.units) * static_cast<double>(batch));
  WeightsInCache weights(device, operations, type);
  for (const DeviceOperation& operation : operations) {
    share.weights_kept = weights.keep(operation);
    const double from_cache =
        share.weights_kept ? static_cast<double>(operation.weights * bytes_of(type)) : 0.0;
    const double bytes = memory_bytes(share, operation, type, batch);
    copies.work.push_back({.name = operation.name,
                           .cycles = std::max(unit_cycles(device, share, operation, type, batch),
                                              from_cache / (family.shared_cache_bytes_per_cycle *
                                                            static_cast<double>(units))),
                           .memory_seconds = bytes / share.bytes_per_second,
                           .bytes = bytes});
  }
  return copies;
}

/// Of a tree over that many units.
std::int64_t levels(std::int64_t units) {
  return static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(units - 1)));
}

/// What the units of one copy wait between two operations.
Femtoseconds launch_of(const DeviceSpec& device, const SoftwareStack& stack, std::int64_t units) {
  if (!device.family.independent_units || units == device.units) {
    return stack.launch;
  }
  return Femtoseconds(stack.launch.count() / levels(device.units) * levels(units));
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
  Pass(const DeviceSpec& device, const Copies& copies, const SoftwareStack& stack, DataType type,
       std::int64_t macs)
      : device_(device),
        copies_(copies),
        stack_(stack),
        type_(type),
        macs_(macs),
        launch_(launch_of(device, stack, copies.units)) {}

  [[nodiscard]] DeviceRun at(std::int64_t step) const {
    DeviceRun run{.type = type_, .copies = copies_.count};
    run.clock = Hertz(device_.clock.count() / kClockSteps * step);
    run.throttled = step < kClockSteps;
    run.macs = macs_;
    const auto clock = static_cast<double>(run.clock.count());
    double working = 0;
    double bytes = 0;
    run.time = stack_.call;
    double before = seconds_of(stack_.call);
    for (const Work& work : copies_.work) {
      const double units = work.cycles / clock;
      const double busy = std::max(units, work.memory_seconds);
      before += busy + seconds_of(launch_) + seconds_of(stack_.host_launch);
      check_length(before);
      const Femtoseconds device_time =
          rounded(busy + device_.family.cycles_per_operation / clock) + launch_;
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
                          voltage * clock_share * copies_.busy_share * working / seconds;
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
  std::int64_t macs_;  // of the batch
  Femtoseconds launch_;
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

void finish(const DeviceSpec& device, DeviceRun& run, std::int64_t batch) {
  run.batch = batch;
  const double seconds = seconds_of(run.time);
  run.utilisation =
      static_cast<double>(run.macs) / (device.peak_macs_per_second(run.type) * seconds);
  run.energy = Joules(run.power.count() * seconds);
}

/// `times` passes more.
void append(const DeviceSpec& device, DeviceRun& run, const DeviceRun& next, std::int64_t times) {
  const auto count = static_cast<double>(times);
  check_length(seconds_of(run.time) + seconds_of(next.time) * count);
  run.energy = run.energy + next.energy * count;
  run.time += next.time * times;
  run.macs += next.macs * times;
  const double seconds = seconds_of(run.time);
  run.power = Watts(run.energy.count() / seconds);
  run.utilisation =
      static_cast<double>(run.macs) / (device.peak_macs_per_second(run.type) * seconds);
  run.batch += next.batch * times;
}

const SoftwareStack& stack_of(const DeviceSpec& device, const std::string& name) {
  const SoftwareStack* stack = name.empty() ? &device.family.stacks.front() : device.stack(name);
  SYSTOLE_CHECK(stack != nullptr, "{} has no software stack '{}'", device.name, name);
  return *stack;
}

DeviceRun one_pass(const DeviceSpec& device, const std::vector<DeviceOperation>& operations,
                   const DeviceRunOptions& options) {
  SYSTOLE_CHECK(options.batch > 0 && !operations.empty(), "batch {} of {} operations",
                options.batch, operations.size());
  const SoftwareStack& stack = stack_of(device, options.stack);
  const Watts limit = options.power_limit > Watts(0) ? options.power_limit : device.busy;
  std::int64_t macs = 0;
  for (const DeviceOperation& operation : operations) {
    macs += operation.macs() * options.batch;
  }
  const auto on_units = [&](std::int64_t units) {
    const Copies copies = prepare(device, operations, options, units);
    return within(Pass(device, copies, stack, options.type, macs), limit);
  };
  DeviceRun run = on_units(device.units);
  if (device.family.independent_units) {
    for (std::int64_t units = 1; units < device.units; units *= 2) {
      DeviceRun apart = on_units(units);
      if (apart.time < run.time) {
        run = std::move(apart);
      }
    }
  }
  if (options.companion) {
    add_companion(device, run);
  }
  finish(device, run, options.batch);
  return run;
}

/// At most `most` inputs a pass, one pass behind the other.
DeviceRun in_passes(const DeviceSpec& device, const std::vector<DeviceOperation>& operations,
                    DeviceRunOptions options, std::int64_t most) {
  const std::int64_t passes = options.batch / most;
  const std::int64_t rest = options.batch % most;
  options.batch = most;
  const DeviceRun full = one_pass(device, operations, options);
  DeviceRun run = full;
  append(device, run, full, passes - 1);
  if (rest > 0) {
    options.batch = rest;
    append(device, run, one_pass(device, operations, options), 1);
  }
  return run;
}

}  // namespace

double DeviceRun::inferences_per_second() const {
  return static_cast<double>(batch) / seconds_of(time);
}

DeviceRun model_device(const DeviceSpec& device, const std::vector<DeviceOperation>& operations,
                       const DeviceRunOptions& options) {
  if (const std::int64_t most = device.family.inputs_at_once; most > 0 && options.batch > most) {
    return in_passes(device, operations, options, most);
  }
  return one_pass(device, operations, options);
}

DeviceRun model_device(const DeviceSpec& device, const Graph& graph, DeviceRunOptions options) {
  options.batch = graph.batch;
  const bool fused = stack_of(device, options.stack).fused;
  return model_device(device, device_operations(graph, fused), options);
}

}  // namespace systole::reference
