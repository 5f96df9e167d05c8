#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "arch/units/clock.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// Reads of consecutive addresses that an initiator sends one after the other, as soon as it may:
/// each in the cycle of its own clock in which the one `window` before it has been answered, those
/// of its earlier trains counted. Answers come in the order of the spans, in the first cycle of the
/// initiator at or after the span's end, but none for `hold` of its cycles behind the answer to the
/// train's last span: the initiator is busy with what it has then.
struct DramTrain {
  SpanId id{};
  InitiatorIndex initiator{};
  std::int64_t address = 0;
  Bytes length{0};
  Bytes request{0};         ///< of each span but the last, which may be shorter
  std::int64_t window = 1;  ///< the same of all trains of an initiator
  Clock<CoreCycles> clock;  ///< of the initiator
  CoreCycles hold{0};
};

/// When a span is answered: at the first edge of the initiator at or after its end, not before
/// cycle `held` of its.
struct SpanAnswer {
  DramCycles end{0};
  CoreCycles held{0};

  bool operator==(const SpanAnswer&) const = default;
};

/// What became known of a train.
struct TrainNews {
  enum class Kind : std::uint8_t { Sent, Ended };
  SpanId id{};
  Kind kind = Kind::Sent;
  /// Sent: the answers that the first and the last span waited for, 0 where they waited for none.
  /// Ended: `last` is when all spans are over.
  SpanAnswer first;
  SpanAnswer last;

  bool operator==(const TrainNews&) const = default;
};

/// The trains of one initiator: which span goes when, from what is known of the ends of others.
class TrainLoop {
 public:
  struct Span {
    std::int64_t number = 0;  ///< of all of the initiator
    std::int64_t train = 0;   ///< number of its train
    std::int64_t address = 0;
    Bytes length{0};
    DramCycles arrival{0};
  };

  TrainLoop(InitiatorIndex initiator, Clock<DramCycles> memory)
      : initiator_(initiator), memory_(memory) {}

  [[nodiscard]] InitiatorIndex initiator() const { return initiator_; }

  /// The initiator is ready to send the first span, which would arrive in cycle `ready`.
  void add(const DramTrain& train, DramCycles ready);
  /// The next span, if it is known when it arrives: each once.
  std::optional<Span> next(std::vector<TrainNews>& news);
  /// A span of `next` asks something of so many channels.
  void sent(std::int64_t number, std::int64_t channels) { under_way(number).channels = channels; }
  /// So many channels have done their part.
  void ended(std::int64_t number, std::int64_t channels, DramCycles at,
             std::vector<TrainNews>& news);

  [[nodiscard]] bool is_idle() const { return trains_.empty(); }
  /// Number of the oldest train that is not over; requires one.
  [[nodiscard]] std::int64_t oldest() const { return over_; }

  /// What has to be over before there is news: all spans that have been sent but the last `beyond`,
  /// and `unsent` bytes more.
  struct Awaited {
    std::int64_t beyond = 0;
    Bytes unsent{0};
  };
  /// Before the train that is being sent has been sent; nothing where all are.
  [[nodiscard]] std::optional<Awaited> awaited_to_send() const;
  /// Bytes of the oldest train that have not been sent; requires one.
  [[nodiscard]] Bytes unsent_of_oldest() const {
    return trains_.front().train.length - Bytes(trains_.front().offset);
  }

 private:
  struct Train {
    DramTrain train;
    DramCycles ready{0};
    std::int64_t offset = 0;  ///< bytes sent
    std::int64_t end = 0;     ///< number after that of the last span
    SpanAnswer first;
  };
  static constexpr std::int64_t kNotSent = -1;
  struct UnderWay {
    std::int64_t channels = 0;  ///< that have not done their part
    DramCycles end{0};
  };
  [[nodiscard]] UnderWay& under_way(std::int64_t number) {
    return under_way_[static_cast<std::size_t>(number - first_)];
  }
  [[nodiscard]] std::size_t place_of(std::int64_t number) const {
    return static_cast<std::size_t>(number) & (answers_.size() - 1);
  }
  [[nodiscard]] CoreCycles cycle_of(const DramTrain& train, const SpanAnswer& answer) const;
  [[nodiscard]] DramCycles arrival_after(const DramTrain& train, const SpanAnswer& answer) const;

  InitiatorIndex initiator_;
  Clock<DramCycles> memory_;
  std::deque<Train> trains_;  ///< not over, in order
  std::size_t sending_ = 0;   ///< of them: the first of which not all spans have been sent
  std::int64_t added_ = 0;    ///< spans of all trains
  std::int64_t first_ = 0;    ///< number of the oldest span under way
  std::int64_t next_ = 0;     ///< number of the next
  std::deque<UnderWay> under_way_;
  std::int64_t window_ = 0;
  /// To the last spans that were over, by number modulo the size: a power of two, not below the
  /// window.
  std::vector<SpanAnswer> answers_;
  std::int64_t over_ = 0;  ///< trains
  SpanAnswer answered_;
  DramCycles arrived_{0};  ///< the last span
};

}  // namespace systole
