#include "reference/gpu/nvml.h"

#include <array>
#include <chrono>

#include <dlfcn.h>

namespace systole::gpu {

namespace {

constexpr int kSuccess = 0;
constexpr unsigned kMultiprocessorClock = 1;
constexpr unsigned kMemoryClock = 2;
constexpr std::int64_t kMegahertz = 1'000'000;
constexpr double kMilli = 1e3;

template <class Function>
bool load(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace

/// NVML's interface as it is called here; a device is an opaque pointer, a status an int.
struct Nvml::Functions {
  int (*initialise)() = nullptr;
  int (*shut_down)() = nullptr;
  int (*device_by_bus_id)(const char*, void**) = nullptr;
  int (*driver_version)(char*, unsigned) = nullptr;
  int (*clock)(void*, unsigned, unsigned*) = nullptr;
  int (*power)(void*, unsigned*) = nullptr;
  int (*energy)(void*, unsigned long long*) = nullptr;
};

Nvml::Nvml(const std::string& bus_id) : functions_(std::make_unique<Functions>()) {
  library_ = ::dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library_ == nullptr) {
    return;
  }
  const bool whole =
      load(library_, "nvmlInit_v2", functions_->initialise) &&
      load(library_, "nvmlShutdown", functions_->shut_down) &&
      load(library_, "nvmlDeviceGetHandleByPciBusId_v2", functions_->device_by_bus_id) &&
      load(library_, "nvmlSystemGetDriverVersion", functions_->driver_version) &&
      load(library_, "nvmlDeviceGetClockInfo", functions_->clock) &&
      load(library_, "nvmlDeviceGetPowerUsage", functions_->power);
  load(library_, "nvmlDeviceGetTotalEnergyConsumption", functions_->energy);
  if (!whole || functions_->initialise() != kSuccess) {
    return;
  }
  if (functions_->device_by_bus_id(bus_id.c_str(), &device_) != kSuccess) {
    device_ = nullptr;
    functions_->shut_down();
  }
}

Nvml::~Nvml() {
  if (device_ != nullptr) {
    functions_->shut_down();
  }
  if (library_ != nullptr) {
    ::dlclose(library_);
  }
}

std::string Nvml::driver() const {
  std::array<char, 96> text{};
  const bool known =
      is_present() && functions_->driver_version(text.data(), text.size() - 1) == kSuccess;
  return known ? std::string(text.data()) : std::string();
}

std::optional<std::int64_t> Nvml::clock() const {
  return clock_of(kMultiprocessorClock);
}

std::optional<std::int64_t> Nvml::memory_clock() const {
  return clock_of(kMemoryClock);
}

std::optional<double> Nvml::joules() const {
  unsigned long long millijoules = 0;
  const bool known = is_present() && functions_->energy != nullptr &&
                     functions_->energy(device_, &millijoules) == kSuccess;
  return known ? std::optional(static_cast<double>(millijoules) / kMilli) : std::nullopt;
}

std::optional<double> Nvml::watts() const {
  unsigned milliwatts = 0;
  const bool known = is_present() && functions_->power(device_, &milliwatts) == kSuccess;
  return known ? std::optional(static_cast<double>(milliwatts) / kMilli) : std::nullopt;
}

std::optional<std::int64_t> Nvml::clock_of(unsigned kind) const {
  unsigned megahertz = 0;
  const bool known = is_present() && functions_->clock(device_, kind, &megahertz) == kSuccess;
  return known && megahertz > 0 ? std::optional(megahertz * kMegahertz) : std::nullopt;
}

NvmlMeter::NvmlMeter(const Nvml& nvml) : nvml_(nvml), has_counter_(nvml.joules().has_value()) {}

NvmlMeter::~NvmlMeter() {
  (void)stop();
}

void NvmlMeter::start() {
  if (has_counter_) {
    before_ = nvml_.joules().value_or(-1);
    return;
  }
  sampled_joules_ = 0;
  lost_ = false;
  running_ = true;
  sampler_ = std::thread([this] { sample(); });
}

std::optional<double> NvmlMeter::stop() {
  if (has_counter_) {
    const std::optional<double> now = nvml_.joules();
    return now && before_ >= 0 ? std::optional(*now - before_) : std::nullopt;
  }
  running_ = false;
  if (sampler_.joinable()) {
    sampler_.join();
  }
  return lost_ ? std::nullopt : std::optional(sampled_joules_);
}

std::string NvmlMeter::method() const {
  return has_counter_ ? "NVML energy counter of the board" : "NVML board power, sampled";
}

void NvmlMeter::sample() {
  constexpr std::chrono::milliseconds kPeriod(20);
  auto before = std::chrono::steady_clock::now();
  while (running_) {
    std::this_thread::sleep_for(kPeriod);
    const auto now = std::chrono::steady_clock::now();
    const std::optional<double> watts = nvml_.watts();
    lost_ = lost_ || !watts;
    sampled_joules_ += watts.value_or(0) * std::chrono::duration<double>(now - before).count();
    before = now;
  }
}

}  // namespace systole::gpu
