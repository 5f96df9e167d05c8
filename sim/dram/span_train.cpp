#include "sim/dram/span_train.h"

#include <algorithm>
#include <bit>

#include "arch/diag/check.h"

namespace systole {

void TrainLoop::add(const DramTrain& train, DramCycles ready) {
  SYSTOLE_CHECK(train.length > Bytes(0) && train.request > Bytes(0) && train.window > 0,
                "a train of {} bytes in spans of {}, {} at a time", train.length.count(),
                train.request.count(), train.window);
  if (answers_.empty()) {
    window_ = train.window;
    answers_.resize(std::bit_ceil(static_cast<std::size_t>(window_)));
  }
  SYSTOLE_CHECK(window_ == train.window, "a window of {} spans, before of {}", train.window,
                window_);
  added_ += ceil_div(train.length.count(), train.request.count());
  trains_.push_back({train, ready, 0, added_, {}});
}

CoreCycles TrainLoop::cycle_of(const DramTrain& train, const SpanAnswer& answer) const {
  return std::max(train.clock.edge_at_or_after(memory_.time_of(answer.end)), answer.held);
}

DramCycles TrainLoop::arrival_after(const DramTrain& train, const SpanAnswer& answer) const {
  return memory_.edge_at_or_after(train.clock.time_of(cycle_of(train, answer)));
}

std::optional<TrainLoop::Span> TrainLoop::next(std::vector<TrainNews>& news) {
  if (sending_ == trains_.size() || next_ - first_ == window_) {
    return std::nullopt;
  }
  Train& sending = trains_[sending_];
  const DramTrain& train = sending.train;
  const SpanAnswer awaited = next_ < window_ ? SpanAnswer{} : answers_[place_of(next_ - window_)];
  const std::int64_t number = next_++;
  arrived_ = std::max({arrived_, sending.ready, arrival_after(train, awaited)});
  const std::int64_t length =
      std::min(train.request.count(), train.length.count() - sending.offset);
  const Span span{number, over_ + static_cast<std::int64_t>(sending_),
                  train.address + sending.offset, Bytes(length), arrived_};
  if (sending.offset == 0) {
    sending.first = awaited;
  }
  sending.offset += length;
  under_way_.push_back({kNotSent, DramCycles(0)});
  if (sending.offset == train.length.count()) {
    ++sending_;
    news.push_back({train.id, TrainNews::Kind::Sent, sending.first, awaited});
  }
  return span;
}

void TrainLoop::ended(std::int64_t number, std::int64_t channels, DramCycles at,
                      std::vector<TrainNews>& news) {
  UnderWay& span = under_way(number);
  span.channels -= channels;
  span.end = std::max(span.end, at);
  while (!under_way_.empty() && under_way_.front().channels == 0) {
    answered_.end = std::max(answered_.end, under_way_.front().end);
    answers_[place_of(first_)] = answered_;
    under_way_.pop_front();
    ++first_;
    if (first_ == trains_.front().end) {
      const DramTrain& train = trains_.front().train;
      news.push_back({train.id, TrainNews::Kind::Ended, {}, {.end = answered_.end}});
      if (train.hold > CoreCycles(0)) {
        answered_.held = cycle_of(train, answered_) + train.hold;
      }
      trains_.pop_front();
      ++over_;
      --sending_;
    }
  }
}

std::optional<TrainLoop::Awaited> TrainLoop::awaited_to_send() const {
  if (sending_ == trains_.size()) {
    return std::nullopt;
  }
  const Train& sending = trains_[sending_];
  const std::int64_t number = sending.end - window_;
  return Awaited{std::max<std::int64_t>(0, next_ - number),
                 sending.train.request * std::max<std::int64_t>(0, number - next_)};
}

}  // namespace systole
