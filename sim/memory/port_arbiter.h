#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"
#include "arch/units/units.h"

namespace systole {

/// Who streams through the unified buffer's ports; at most one stream of each at a time.
enum class PortUser : std::uint8_t {
  Host,
  DmaIn,
  DmaOut,
  Matrix,
  VectorFirst,   ///< parameters, then the first operand
  VectorSecond,  ///< second operand of Add
  VectorResult,
};
inline constexpr int kPortUserCount = 7;

template <>
inline constexpr auto kEnumNames<PortUser> = std::to_array<EnumName<PortUser>>({
    {PortUser::Host, "host"},
    {PortUser::DmaIn, "dma_in"},
    {PortUser::DmaOut, "dma_out"},
    {PortUser::Matrix, "matrix"},
    {PortUser::VectorFirst, "vector_first"},
    {PortUser::VectorSecond, "vector_second"},
    {PortUser::VectorResult, "vector_result"},
});

/// Shares the ports of the unified buffer among access streams, exactly and without an event per
/// cycle.
///
/// Timing: every stream with accesses left wants one access in each cycle. With at most as many
/// streams as ports all are served. With more, `ports` of them are served, in the order of
/// PortUser from the one whose turn it is, and the turn passes to the stream after the last one
/// served. A stream whose last access was served in cycle c is finished at c + 1.
/// In a span of cycles in which n > p streams stay active, the access numbered g = 0, 1, ... goes
/// to the stream g mod n places after the turn, in cycle g / p: hence closed forms for whole spans.
/// Sequential streams over banks interleaved by the port width follow each other from bank to bank
/// and collide at most at their first access; chips have banks >= ports.
/// Not modelled: that first collision, conflicts of strided rows in one bank.
class PortArbiter {
 public:
  explicit PortArbiter(std::int64_t ports);

  /// Begins a stream at `cycle`, not before any cycle given earlier; its user has none active.
  void add(PortUser user, std::int64_t accesses, CoreCycles cycle);
  /// Serves all cycles before `cycle`.
  void advance(CoreCycles cycle);
  /// Whether accesses of the user's stream are left at the cycle reached.
  [[nodiscard]] bool is_active(PortUser user) const { return left(user) > 0; }
  /// When the user's active stream would finish if none were added.
  [[nodiscard]] CoreCycles finish_of(PortUser user) const;

 private:
  [[nodiscard]] std::int64_t left(PortUser user) const {
    return left_[static_cast<std::size_t>(user)];
  }
  struct Turns {  // the active streams, in the order in which they are served
    std::array<std::size_t, kPortUserCount> users{};
    std::int64_t count = 0;
  };
  [[nodiscard]] Turns turns() const;
  [[nodiscard]] std::int64_t cycles_to_first_finish(const Turns& order) const;
  void serve(const Turns& order, std::int64_t cycles);

  std::int64_t ports_;
  std::array<std::int64_t, kPortUserCount> left_{};  // accesses
  std::size_t turn_ = 0;
  CoreCycles reached_{0};
};

}  // namespace systole
