#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "reference/measured/device_network.h"

namespace systole::gpu {

/// NVIDIA's management library, loaded when the program runs: it comes with the driver, not with
/// CUDA. Reads only; changes no clock and no limit.
class Nvml {
 public:
  /// Of the device at this PCI bus id, as cudaDeviceGetPCIBusId() gives it.
  explicit Nvml(const std::string& bus_id);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  [[nodiscard]] bool is_present() const { return device_ != nullptr; }
  [[nodiscard]] std::string driver() const;                        ///< `580.95.05`, or empty
  [[nodiscard]] std::optional<std::int64_t> clock() const;         ///< multiprocessors, hertz
  [[nodiscard]] std::optional<std::int64_t> memory_clock() const;  ///< hertz
  [[nodiscard]] std::optional<double> joules() const;              ///< since the driver was loaded
  [[nodiscard]] std::optional<double> watts() const;               ///< now

 private:
  struct Functions;

  [[nodiscard]] std::optional<std::int64_t> clock_of(unsigned kind) const;

  void* library_ = nullptr;
  std::unique_ptr<Functions> functions_;
  void* device_ = nullptr;
};

/// Energy of the whole board: the driver's counter where there is one (Volta and later), otherwise
/// power sampled every 20 ms, its mean times the time.
class NvmlMeter : public EnergyMeter {
 public:
  explicit NvmlMeter(const Nvml& nvml);
  ~NvmlMeter() override;

  void start() override;
  [[nodiscard]] std::optional<double> stop() override;
  [[nodiscard]] std::string method() const override;

 private:
  void sample();

  const Nvml& nvml_;
  bool has_counter_;
  double before_ = 0;
  std::atomic<bool> running_ = false;
  double sampled_joules_ = 0;
  bool lost_ = false;
  std::thread sampler_;
};

}  // namespace systole::gpu
