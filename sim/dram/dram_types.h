#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "arch/dram_spec.h"
#include "arch/units/units.h"

namespace systole {

constexpr DramCycles kNever{INT64_MAX};

enum class ChannelIndex : std::int32_t {};
/// A bank of one channel: pseudo-channel : rank : bank group : bank.
enum class BankIndex : std::int32_t {};
enum class RowIndex : std::int64_t {};
constexpr RowIndex kNoRow{-1};
/// Who sent a span: the position of its socket in the order of binding.
enum class InitiatorIndex : std::int32_t {};
/// Names a span between submission and the end of its last part.
enum class SpanId : std::int64_t {};

enum class DramOperation : std::uint8_t { Read, Write };

constexpr DramOperation other_operation(DramOperation operation) {
  return operation == DramOperation::Read ? DramOperation::Write : DramOperation::Read;
}

/// A span that is none of a train.
constexpr std::int32_t kNoTrain = -1;

/// What one span asks of one channel: consecutive bursts of the channel.
struct DramPart {
  std::int64_t span = 0;  ///< of a train: number of the loop's span, else whatever who asks likes
  InitiatorIndex initiator{};
  DramOperation operation = DramOperation::Read;
  std::int64_t first_burst = 0;  ///< channel-local address divided by the size of a burst
  std::int64_t bursts = 0;
  Bytes bytes{0};                ///< asked for; the rest of a partial burst is moved for nothing
  DramCycles arrival{0};         ///< no command of the part is earlier
  std::int32_t loop = kNoTrain;  ///< of a span of a train: whose
  std::int64_t train = 0;        ///< and which of the loop's
};

/// The last burst of a span has been moved at (the end of) cycle `at`, counted as an edge.
struct FinishedSpan {
  SpanId span{};
  DramCycles at{0};

  bool operator==(const FinishedSpan&) const = default;
};

enum class DramCommandKind : std::uint8_t {
  Precharge,
  Activate,
  Read,
  Write,
  Refresh,       ///< of all banks of a rank
  PrechargeAll,  ///< of a rank
  RefreshBank,
  PowerDown,  ///< of a rank; no slot of a command bus
  PowerUp,
};
constexpr std::size_t kDramCommandKinds = 9;

constexpr DramCommandKind column_of(DramOperation operation) {
  return operation == DramOperation::Read ? DramCommandKind::Read : DramCommandKind::Write;
}

/// One command on a channel's command bus. What is of a rank names its first bank.
struct DramCommand {
  DramCommandKind kind = DramCommandKind::Precharge;
  DramCycles at{0};
  ChannelIndex channel{};
  BankIndex bank{};
  RowIndex row{};  ///< Activate, Read, Write; Precharge: the row wanted, -1 for none

  bool operator==(const DramCommand&) const = default;
};

constexpr bool is_of_rank(DramCommandKind kind) {
  return kind == DramCommandKind::Refresh || kind == DramCommandKind::PrechargeAll ||
         kind == DramCommandKind::PowerDown || kind == DramCommandKind::PowerUp;
}

/// Sees every command, in order of time, but for a PowerUp: it is shown when it is decided, which
/// is before its cycle where the power-down was shorter than nCKE.
using DramCommandObserver = std::function<void(const DramCommand&)>;

}  // namespace systole
