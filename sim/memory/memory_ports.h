#pragma once

#include <array>
#include <limits>
#include <systemc>

#include "arch/enum_names.h"
#include "sim/core/core_time.h"
#include "sim/memory/bank_arbiter.h"

namespace systole {

/// Who streams through the unified buffer; at most one stream of each at a time.
enum class BufferUser : std::uint8_t {
  Host,
  DmaIn,
  DmaOut,
  Matrix,        ///< activations that stream through the array
  MatrixLoad,    ///< activations on their way into the PEs (input stationary)
  Tile,          ///< of the right operand of a product, on its way to the FIFO
  VectorFirst,   ///< parameters, then the first operand
  VectorSecond,  ///< second operand of Add
  VectorResult,
};

template <>
inline constexpr auto kEnumNames<BufferUser> = std::to_array<EnumName<BufferUser>>({
    {BufferUser::Host, "host"},
    {BufferUser::DmaIn, "dma_in"},
    {BufferUser::DmaOut, "dma_out"},
    {BufferUser::Matrix, "matrix"},
    {BufferUser::MatrixLoad, "matrix_load"},
    {BufferUser::Tile, "tile"},
    {BufferUser::VectorFirst, "vector_first"},
    {BufferUser::VectorSecond, "vector_second"},
    {BufferUser::VectorResult, "vector_result"},
});

/// The same for the accumulators.
enum class AccumulatorUser : std::uint8_t {
  MatrixWrite,
  MatrixRead,  ///< what a fold adds to
  Vector,
};

template <>
inline constexpr auto kEnumNames<AccumulatorUser> = std::to_array<EnumName<AccumulatorUser>>({
    {AccumulatorUser::MatrixWrite, "matrix_write"},
    {AccumulatorUser::MatrixRead, "matrix_read"},
    {AccumulatorUser::Vector, "vector"},
});

/// Whether each matrix unit of a core has the role for itself.
constexpr bool is_of_unit(BufferUser role) {
  return role == BufferUser::Matrix || role == BufferUser::MatrixLoad || role == BufferUser::Tile;
}
/// None has: each unit has accumulators of its own.
constexpr bool is_of_unit(AccumulatorUser /*role*/) {
  return false;
}

/// Who streams; of a role that each matrix unit has, that of one unit.
template <class Role>
struct PortUser {
  constexpr PortUser(Role who, std::uint8_t of_unit = 0) : role(who), unit(of_unit) {}

  Role role;
  std::uint8_t unit;
};

/// Banks and ports of an on-chip memory as the engines' processes see them (rule: BankArbiter).
/// Users are asked in the order of their roles, those of a role in the order of their units.
template <class Role>
class MemoryPorts {
 public:
  using User = PortUser<Role>;

  /// A row of banks interleaved by `width` units (bytes of the unified buffer, accumulator
  /// entries), of a core with so many matrix units.
  MemoryPorts(std::int64_t ports, std::int64_t banks, std::int64_t width, const CoreTime& time,
              std::int64_t units = 1)
      : units_(static_cast<std::size_t>(units)),
        arbiter_(ports, banks, users_before(kEnumNames<Role>.size(), units_)),
        width_(width),
        time_(time) {}
  /// Ports without end: every access is served in the cycle in which its stream begins. Leaves an
  /// engine alone with its own rules (tests/prove); no chip has such a memory.
  [[nodiscard]] static MemoryPorts ideal(const CoreTime& time) { return MemoryPorts(time); }

  /// Accesses that move `units` neighbours.
  [[nodiscard]] std::int64_t accesses(std::int64_t units) const { return ceil_div(units, width_); }
  /// A stream from `address` on.
  [[nodiscard]] AccessStream stream(std::int64_t address, std::int64_t accesses,
                                    CoreCycles phases = CoreCycles(0)) const {
    return {.first_bank = address / width_, .accesses = accesses, .phases = phases.count()};
  }

  /// Begins a stream now.
  void begin(User user, AccessStream stream) {
    stream.accesses = is_ideal_ ? 0 : stream.accesses;
    arbiter_.add(index_of(user), stream, time_.now());
    open_[index_of(user)] = stream.accesses > 0;
    if (waiting_ > 0) {
      stream_added_.notify(sc_core::SC_ZERO_TIME);
    }
  }

  /// Suspends the calling thread until the consumer of the user's stream has ended; returns that
  /// cycle, which has passed already when it ended before the call. Several threads may wait.
  CoreCycles wait_for(User user) {
    const std::size_t index = index_of(user);
    arbiter_.advance(time_.now());
    ++waiting_;
    while (arbiter_.is_active(index)) {
      sc_core::wait(time_.delay_until(arbiter_.finish_of(index)), stream_added_);
      arbiter_.advance(time_.now());
    }
    --waiting_;
    open_[index] = false;
    const CoreCycles end = arbiter_.end_of(index);
    time_.wait_until(end);
    return end;
  }

  /// Whether the user has begun a stream that it has not seen to its end, as waveforms show it. (A
  /// stream that ends before the user waits for it is open until then.)
  [[nodiscard]] const bool& is_open(User user) const { return open_[index_of(user)]; }
  /// Accesses of the user's latest stream that have been served in the cycles before the present.
  [[nodiscard]] std::int64_t served(User user) {
    if (is_ideal_) {
      return std::numeric_limits<std::int64_t>::max();
    }
    arbiter_.advance(time_.now());
    return arbiter_.served(index_of(user));
  }

 private:
  explicit MemoryPorts(const CoreTime& time)
      : arbiter_(1, 1), width_(1), is_ideal_(true), time_(time) {}

  /// Users of all roles before the `end`-th.
  [[nodiscard]] static std::size_t users_before(std::size_t end, std::size_t units) {
    std::size_t users = 0;
    for (std::size_t role = 0; role < end; ++role) {
      users += is_of_unit(static_cast<Role>(role)) ? units : 1;
    }
    return users;
  }
  [[nodiscard]] std::size_t index_of(User user) const {
    return users_before(static_cast<std::size_t>(user.role), units_) + user.unit;
  }

  std::size_t units_ = 1;
  BankArbiter arbiter_;
  std::int64_t width_;
  bool is_ideal_ = false;
  const CoreTime& time_;
  std::array<bool, BankArbiter::kMaxUsers> open_{};
  int waiting_ = 0;
  sc_core::sc_event stream_added_;  // later ends for those who wait
};

using BufferPorts = MemoryPorts<BufferUser>;
using AccumulatorPorts = MemoryPorts<AccumulatorUser>;

}  // namespace systole
