#pragma once

#include <systemc>

#include "arch/chip_spec.h"
#include "sim/core/core_time.h"
#include "sim/memory/port_arbiter.h"

namespace systole {

/// The unified buffer's ports as the engines' processes see them (rule: PortArbiter).
class BufferPorts {
 public:
  BufferPorts(const UnifiedBufferSpec& spec, const CoreTime& time)
      : arbiter_(spec.ports), port_width_(spec.port_width), time_(time) {}

  /// Accesses that move `bytes` contiguous bytes.
  [[nodiscard]] std::int64_t accesses(std::int64_t bytes) const {
    return ceil_div(bytes, port_width_.count());
  }
  /// Begins a stream now.
  void begin(PortUser user, std::int64_t accesses);
  /// Suspends the calling thread until the user's stream has finished; several threads may wait.
  void wait_for(PortUser user);

  /// Whether the user has begun a stream that it has not seen to its end, as waveforms show it. (A
  /// stream that ends before the user waits for it is open until then.)
  [[nodiscard]] const bool& is_open(PortUser user) const {
    return open_[static_cast<std::size_t>(user)];
  }

 private:
  PortArbiter arbiter_;
  Bytes port_width_;
  CoreTime time_;
  int waiting_ = 0;
  std::array<bool, kPortUserCount> open_{};
  sc_core::sc_event stream_added_;  // later ends for those who wait
};

}  // namespace systole
