#include "sim/dram/span_train.h"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/dram/dram_system.h"
#include "tests/sim/dram/dram_specs.h"
#include "tests/sim/dram/dram_traffic.h"

namespace systole::testing {
namespace {

TEST(TrainLoop, SendsASpanWhenTheOneAWindowBeforeWasAnswered) {
  // The memory's cycle takes 2 ns, the initiator's 3 ns.
  TrainLoop loop(InitiatorIndex{0}, Clock<DramCycles>(Femtoseconds(2'000'000)));
  std::vector<TrainNews> news;
  loop.add({.id = SpanId{7},
            .address = 1000,
            .length = Bytes(250),
            .request = Bytes(100),
            .window = 2,
            .clock = Clock<CoreCycles>(Femtoseconds(3'000'000))},
           DramCycles(5));
  for (std::int64_t number = 0; number < 2; ++number) {
    const auto span = loop.next(news);
    ASSERT_TRUE(span);
    EXPECT_EQ(span->number, number);
    EXPECT_EQ(span->address, 1000 + 100 * number);
    EXPECT_EQ(span->length, Bytes(100));
    EXPECT_EQ(span->arrival, DramCycles(5));
    loop.sent(number, 1);
  }
  EXPECT_FALSE(loop.next(news));
  ASSERT_TRUE(loop.awaited_to_send());
  EXPECT_EQ(loop.awaited_to_send()->beyond, 1);  // only the first has to be over
  EXPECT_EQ(loop.awaited_to_send()->unsent, Bytes(0));
  EXPECT_EQ(loop.oldest(), 0);
  EXPECT_EQ(loop.unsent_of_oldest(), Bytes(50));
  // The second span is over first; answers come in order.
  loop.ended(1, 1, DramCycles(20), news);
  EXPECT_FALSE(loop.next(news));
  loop.ended(0, 1, DramCycles(16), news);
  EXPECT_TRUE(news.empty());
  const auto last = loop.next(news);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->length, Bytes(50));
  // 32 ns: the initiator's edge at 33 ns, the memory's at 34.
  EXPECT_EQ(last->arrival, DramCycles(17));
  loop.sent(2, 1);
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0], (TrainNews{SpanId{7}, TrainNews::Kind::Sent, {}, {.end = DramCycles(16)}}));
  EXPECT_FALSE(loop.awaited_to_send());
  loop.ended(2, 1, DramCycles(18), news);
  ASSERT_EQ(news.size(), 2U);
  EXPECT_EQ(news[1], (TrainNews{SpanId{7}, TrainNews::Kind::Ended, {}, {.end = DramCycles(20)}}));
  EXPECT_TRUE(loop.is_idle());
}

TEST(TrainLoop, AnswersNoSpanWhileTheInitiatorIsBusyWithATrain) {
  TrainLoop loop(InitiatorIndex{0}, Clock<DramCycles>(Femtoseconds(2'000'000)));
  std::vector<TrainNews> news;
  DramTrain train{.id = SpanId{1},
                  .length = Bytes(100),
                  .request = Bytes(100),
                  .window = 1,
                  .clock = Clock<CoreCycles>(Femtoseconds(3'000'000)),
                  .hold = CoreCycles(10)};
  loop.add(train, DramCycles(0));
  train.id = SpanId{2};
  loop.add(train, DramCycles(0));
  train.id = SpanId{3};
  loop.add(train, DramCycles(0));
  for (std::int64_t number = 0; number < 2; ++number) {
    ASSERT_TRUE(loop.next(news));
    loop.sent(number, 1);
    loop.ended(number, 1, DramCycles(16), news);
  }
  // The first is over after 32 ns, which is cycle 11 of the initiator, that waits for nothing; the
  // second is answered in cycle 21 = 63 ns, and what comes behind it in cycle 31 = 93 ns.
  const auto third = loop.next(news);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->arrival, DramCycles(32));  // the answer to the second: 63 ns
  const SpanAnswer waited{.end = DramCycles(16), .held = CoreCycles(21)};
  EXPECT_EQ(news.back(), (TrainNews{SpanId{3}, TrainNews::Kind::Sent, waited, waited}));
  loop.sent(2, 1);
  loop.ended(2, 1, DramCycles(40), news);
  train.id = SpanId{4};
  loop.add(train, DramCycles(41));
  const auto fourth = loop.next(news);
  ASSERT_TRUE(fourth);
  EXPECT_EQ(fourth->arrival, DramCycles(47));  // cycle 31: 93 ns
}

/// A train that is ready `pause` cycles of its clock after the one before has been sent.
struct PlannedTrain {
  std::int64_t address = 0;
  std::int64_t length = 0;
  std::int64_t pause = 0;
  std::int64_t hold = 0;  ///< cycles of its clock
};

/// What a train was: when it waited no longer to send its first and last span, in cycles of its
/// clock, and its end, in memory cycles.
struct TrainTimes {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t end = 0;

  bool operator==(const TrainTimes&) const = default;
};

struct Mix {
  std::string name;
  DramStandard standard;
  std::int64_t channels = 16;
  std::int64_t loops = 2;      ///< initiators that send trains
  std::int64_t others = 1;     ///< initiators that do not
  std::int64_t requests = 60;  ///< of each of the others
  std::int64_t even = 8;       ///< of 10 requests and trains: as much of every channel
  std::int64_t writes = 2;     ///< of 10 requests of the others
  std::int64_t pause = 100;
  std::int64_t hold = 0;     ///< of half of the trains at most
  std::int64_t request = 1;  ///< stripes
  std::int64_t window = 16;
  DramControllerSpec controller{};
  DramMapping mapping = DramMapping::Linear;

  friend std::ostream& operator<<(std::ostream& out, const Mix& mix) { return out << mix.name; }
};

struct Seen {
  std::vector<std::int64_t> ends;               ///< of the others' requests
  std::vector<std::vector<TrainTimes>> trains;  ///< by loop
  std::vector<std::vector<DramCommand>> commands;
  DramCounters counters;
};

/// Sends the same by trains, or span by span as `DramTrain` describes.
class Driver {
 public:
  Driver(const Mix& mix, const DramSpec& spec, std::uint64_t seed, bool by_trains,
         DramSystem::Lockstep lockstep)
      : mix_(mix),
        spec_(spec),
        by_trains_(by_trains),
        memory_(spec.standard.timing.tCK),
        clock_(Femtoseconds(700'000 + static_cast<std::int64_t>(splitmix64(seed) % 900'000))),
        system_(
            spec, std::max(DramSystem::kQueueDepth, mix.window),
            [this](const DramCommand& command) {
              seen_.commands[static_cast<std::size_t>(command.channel)].push_back(command);
            },
            lockstep) {
    seen_.commands.resize(static_cast<std::size_t>(spec.channels));
    plan(seed);
  }

  Seen run() {
    while (unfinished_ > 0) {
      if (cycle_ > 0) {
        decide(cycle_ - 1);
      }
      next_ = INT64_MAX;
      waits_ = false;
      for (std::size_t loop = 0; loop < loops_.size(); ++loop) {
        if (by_trains_) {
          send_train(loop);
        } else {
          send_spans(loop);
        }
      }
      send_requests();
      const auto news = system_.next_news(waits_);
      const std::int64_t until = std::min(next_, news ? news->count() + 1 : INT64_MAX);
      cycle_ = by_trains_ ? std::max(cycle_ + 1, until) : cycle_ + 1;
    }
    seen_.counters = system_.counters();
    return seen_;
  }

 private:
  struct Loop {
    std::vector<PlannedTrain> plan;
    std::size_t train = 0;    ///< that is sent next, or being sent
    std::int64_t ready = 0;   ///< memory cycle in which its first span may arrive; -1: unknown
    std::int64_t offset = 0;  ///< bytes of it that were sent
    std::vector<std::size_t> spans;        ///< of each span sent: its train
    std::vector<std::int64_t> span_ends;   ///< of each span sent; 0: it is under way
    std::vector<SpanAnswer> answers;       ///< of those answered, in order
    std::int64_t held = 0;                 ///< no answer before this cycle of its clock
    std::vector<std::int64_t> last_spans;  ///< by train
  };

  void plan(std::uint64_t seed) {
    Random random(seed);
    const std::int64_t stripe = spec_.interleave.count() * spec_.channels;
    for (std::int64_t index = 0; index < mix_.loops; ++index) {
      Loop loop;
      std::int64_t next = random.below(64) * stripe;
      for (int train = 0; train < 40; ++train) {
        const bool even = random.below(10) < mix_.even;
        PlannedTrain planned{random.below(4) == 0 ? random.below(4096) * stripe : next,
                             stripe * (1 + random.below(20)), random.below(mix_.pause + 1)};
        if (!even) {
          planned.address += random.below(stripe);
          planned.length -= random.below(stripe);
        }
        if (mix_.hold > 0 && random.below(2) == 0) {
          planned.hold = random.below(mix_.hold);
        }
        next = planned.address + planned.length;
        loop.plan.push_back(planned);
      }
      loop.last_spans.resize(loop.plan.size(), -1);
      seen_.trains.emplace_back(loop.plan.size());
      unfinished_ += static_cast<std::int64_t>(loop.plan.size());
      loops_.push_back(std::move(loop));
    }
    for (std::int64_t other = 0; other < mix_.others; ++other) {
      std::int64_t time = 0;
      waiting_.emplace_back();
      for (std::int64_t index = 0; index < mix_.requests; ++index) {
        Request request;
        request.initiator = static_cast<std::int32_t>(mix_.loops + other);
        request.operation =
            random.below(10) < mix_.writes ? DramOperation::Write : DramOperation::Read;
        const bool even = random.below(10) < mix_.even;
        request.length = even ? stripe * (1 + random.below(3)) : 1 + random.below(2 * stripe);
        request.address = random.below(1 << 22);
        request.address -= even ? request.address % stripe : 0;
        time += random.below(4 * mix_.pause + 1);
        request.when = time;
        waiting_.back().push_back(requests_.size());
        requests_.push_back(request);
      }
    }
    at_.resize(waiting_.size());
    seen_.ends.resize(requests_.size());
    unfinished_ += static_cast<std::int64_t>(requests_.size());
  }

  /// Ids of spans sent one by one: above those of requests.
  static constexpr std::int64_t kLoopSpans = 1'000'000;

  void decide(std::int64_t until) {
    for (const FinishedSpan& over : system_.decide(DramCycles(until))) {
      const auto id = static_cast<std::int64_t>(over.span);
      if (id >= kLoopSpans) {
        Loop& loop = loops_[static_cast<std::size_t>(id / kLoopSpans - 1)];
        loop.span_ends[static_cast<std::size_t>(id % kLoopSpans)] = over.at.count();
        continue;
      }
      seen_.ends[static_cast<std::size_t>(id)] = over.at.count();
      --unfinished_;
    }
    hear();
    for (std::size_t index = 0; index < loops_.size(); ++index) {
      answer(loops_[index], index);
    }
  }

  /// By trains: what is said of them.
  void hear() {
    for (const TrainNews& news : system_.train_news()) {
      const auto id = static_cast<std::int64_t>(news.id);
      const auto index = static_cast<std::size_t>(id / kLoopSpans - 1);
      const auto train = static_cast<std::size_t>(id % kLoopSpans);
      TrainTimes& times = seen_.trains[index][train];
      if (news.kind == TrainNews::Kind::Ended) {
        times.end = news.last.end.count();
        --unfinished_;
        continue;
      }
      times.first = core_cycle_of(news.first);
      times.last = core_cycle_of(news.last);
      sent(loops_[index], times.last);
    }
    system_.train_news().clear();
  }

  /// Span by span: in order.
  void answer(Loop& loop, std::size_t index) {
    while (loop.answers.size() < loop.spans.size() && loop.span_ends[loop.answers.size()] > 0) {
      const std::size_t span = loop.answers.size();
      const DramCycles before = loop.answers.empty() ? DramCycles(0) : loop.answers.back().end;
      loop.answers.push_back({.end = std::max(before, DramCycles(loop.span_ends[span])),
                              .held = CoreCycles(loop.held)});
      const std::size_t train = loop.spans[span];
      if (loop.last_spans[train] == static_cast<std::int64_t>(span)) {
        seen_.trains[index][train].end = loop.answers.back().end.count();
        if (loop.plan[train].hold > 0) {
          loop.held = core_cycle_of(loop.answers.back()) + loop.plan[train].hold;
        }
        --unfinished_;
      }
    }
  }

  [[nodiscard]] std::int64_t core_cycle_of(const SpanAnswer& answer) const {
    const CoreCycles edge = clock_.edge_at_or_after(memory_.time_of(answer.end));
    return std::max(edge, answer.held).count();
  }
  [[nodiscard]] std::int64_t arrival_in(std::int64_t core_cycle) const {
    return memory_.edge_at_or_after(clock_.time_of(CoreCycles(core_cycle))).count();
  }

  /// The train went in cycle `last` of its clock, or as soon as it was ready.
  void sent(Loop& loop, std::int64_t last) {
    const std::int64_t core = std::max(last, ready_core_);
    ++loop.train;
    loop.offset = 0;
    if (loop.train < loop.plan.size()) {
      next_core_of(loop) = core + loop.plan[loop.train].pause;
      loop.ready = arrival_in(next_core_of(loop));
    }
  }

  std::int64_t& next_core_of(const Loop& loop) {
    next_cores_.resize(loops_.size());
    return next_cores_[static_cast<std::size_t>(&loop - loops_.data())];
  }

  void send_train(std::size_t index) {
    Loop& loop = loops_[index];
    while (loop.train < loop.plan.size() && loop.ready >= 0 && loop.ready <= cycle_) {
      const PlannedTrain& train = loop.plan[loop.train];
      ready_core_ = next_core_of(loop);
      const std::int64_t ready = loop.ready;
      loop.ready = -1;
      system_.submit(
          DramTrain{.id = static_cast<SpanId>(static_cast<std::int64_t>(index + 1) * kLoopSpans +
                                              static_cast<std::int64_t>(loop.train)),
                    .initiator = static_cast<InitiatorIndex>(index),
                    .address = train.address,
                    .length = Bytes(train.length),
                    .request = request(),
                    .window = mix_.window,
                    .clock = clock_,
                    .hold = CoreCycles(train.hold)},
          DramCycles(ready));
      hear();
      ready_core_ = 0;
    }
    if (loop.train < loop.plan.size() && loop.ready >= 0) {
      next_ = std::min(next_, loop.ready);
    }
  }

  void send_spans(std::size_t index) {
    Loop& loop = loops_[index];
    while (loop.train < loop.plan.size()) {
      const PlannedTrain& train = loop.plan[loop.train];
      const std::size_t span = loop.spans.size();
      const auto window = static_cast<std::size_t>(mix_.window);
      if (span >= window && loop.answers.size() <= span - window) {
        return;
      }
      const std::int64_t awaited = span >= window ? core_cycle_of(loop.answers[span - window]) : 0;
      if (std::max(loop.ready, arrival_in(awaited)) > cycle_) {
        return;
      }
      const std::int64_t length = std::min(request().count(), train.length - loop.offset);
      const DramSpan sending{static_cast<SpanId>(static_cast<std::int64_t>(index + 1) * kLoopSpans +
                                                 static_cast<std::int64_t>(span)),
                             static_cast<InitiatorIndex>(index), DramOperation::Read,
                             train.address + loop.offset, Bytes(length)};
      ASSERT_TRUE(system_.has_room(sending));
      TrainTimes& times = seen_.trains[index][loop.train];
      times.first = loop.offset == 0 ? awaited : times.first;
      loop.spans.push_back(loop.train);
      loop.span_ends.push_back(0);
      system_.submit(sending, DramCycles(cycle_));
      loop.offset += length;
      if (loop.offset == train.length) {
        times.last = awaited;
        loop.last_spans[loop.train] = static_cast<std::int64_t>(span);
        ready_core_ = next_core_of(loop);
        sent(loop, awaited);
        ready_core_ = 0;
      }
    }
  }

  [[nodiscard]] Bytes request() const { return spec_.interleave * (spec_.channels * mix_.request); }

  void send_requests() {
    for (std::size_t other = 0; other < waiting_.size(); ++other) {
      while (at_[other] < waiting_[other].size()) {
        const std::size_t index = waiting_[other][at_[other]];
        const Request& request = requests_[index];
        if (request.when > cycle_) {
          next_ = std::min(next_, request.when);
          break;
        }
        const DramSpan span{static_cast<SpanId>(index),
                            static_cast<InitiatorIndex>(request.initiator), request.operation,
                            request.address, Bytes(request.length)};
        if (!system_.has_room(span)) {
          waits_ = true;
          break;
        }
        system_.submit(span, DramCycles(cycle_));
        ++at_[other];
      }
    }
  }

  const Mix& mix_;
  DramSpec spec_;
  bool by_trains_;
  Clock<DramCycles> memory_;
  Clock<CoreCycles> clock_;
  Seen seen_;
  DramSystem system_;
  std::vector<Loop> loops_;
  std::vector<std::int64_t> next_cores_;
  std::vector<Request> requests_;
  std::vector<std::vector<std::size_t>> waiting_;  ///< by other
  std::vector<std::size_t> at_;
  std::int64_t unfinished_ = 0;
  std::int64_t cycle_ = 0;
  std::int64_t next_ = INT64_MAX;
  std::int64_t ready_core_ = 0;
  bool waits_ = false;
};

class TrainTraffic : public ::testing::TestWithParam<Mix> {};

TEST_P(TrainTraffic, EqualsItsSpansSentOneByOne) {
  const Mix& mix = GetParam();
  DramSpec spec = memory_of(mix.standard, mix.channels);
  spec.controller = mix.controller;
  spec.mapping = mix.mapping;
  for (std::uint64_t seed = 1; seed <= 4 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Seen one_by_one = Driver(mix, spec, seed, false, DramSystem::Lockstep::Together).run();
    for (const auto lockstep : {DramSystem::Lockstep::Together, DramSystem::Lockstep::Alone}) {
      const Seen by_trains = Driver(mix, spec, seed, true, lockstep).run();
      EXPECT_TRUE(by_trains.trains == one_by_one.trains);
      EXPECT_EQ(by_trains.ends, one_by_one.ends);
      EXPECT_TRUE(by_trains.commands == one_by_one.commands);
      EXPECT_EQ(by_trains.counters, one_by_one.counters);
    }
  }
}

std::vector<Mix> mixes() {
  const DramControllerSpec deep{.read_entries = 64, .write_entries = 64, .postponed_refreshes = 4};
  const DramControllerSpec timeout{.read_entries = 8,
                                   .write_entries = 6,
                                   .drain_above = 70,
                                   .drain_below = 40,
                                   .starvation_limit = DramCycles(400),
                                   .page_policy = PagePolicy::Timeout,
                                   .page_timeout = DramCycles(50),
                                   .refresh_blocks = RefreshBlocks::Refreshed,
                                   .postponed_refreshes = 2,
                                   .power_down = DramCycles(60)};
  return {
      {.name = "alone", .standard = ddr4_2400(), .loops = 1, .others = 0, .even = 10},
      {.name = "two_loops",
       .standard = ddr4_2400(),
       .others = 0,
       .even = 10,
       .pause = 10,
       .controller = deep},
      {.name = "busy_with_a_train",
       .standard = ddr4_2400(),
       .others = 0,
       .even = 10,
       .pause = 10,
       .hold = 200,
       .controller = deep},
      {.name = "busy_beside_others", .standard = ddr4_2400(), .even = 9, .hold = 2000, .window = 4},
      {.name = "busy_one_channel", .standard = ddr3_1600(), .channels = 1, .even = 5, .hold = 500},
      {.name = "reads_beside", .standard = ddr4_2400(), .even = 10, .writes = 0},
      {.name = "writes_beside", .standard = ddr3_1600(), .even = 10, .writes = 6, .pause = 30},
      {.name = "uneven", .standard = ddr4_2400(), .channels = 4, .controller = deep},
      {.name = "all_uneven", .standard = ddr3_1600(), .channels = 2, .even = 0},
      {.name = "one_channel", .standard = ddr4_2400(), .channels = 1, .loops = 3, .even = 3},
      {.name = "long_requests",
       .standard = ddr4_2400(),
       .channels = 2,
       .even = 9,
       .request = 3,
       .window = 4},
      {.name = "one_at_a_time", .standard = ddr4_2400(), .even = 9, .window = 1},
      {.name = "timeout_and_power_down",
       .standard = two_ranks_with_groups(),
       .channels = 8,
       .even = 9,
       .pause = 400,
       .controller = timeout},
      {.name = "all_under_way",  // but for a few
       .standard = ddr4_2400(),
       .loops = 3,
       .even = 9,
       .writes = 4,
       .pause = 20,
       .window = 64,
       .controller = deep},
      {.name = "all_under_way_uneven",
       .standard = ddr3_1600(),
       .channels = 8,
       .even = 5,
       .writes = 6,
       .pause = 300,
       .hold = 50,
       .window = 128},
      {.name = "rotating_banks",
       .standard = ddr4_2400(),
       .channels = 8,
       .even = 9,
       .controller = deep,
       .mapping = DramMapping::BankGroupInterleaved},
  };
}

INSTANTIATE_TEST_SUITE_P(Dram, TrainTraffic, ::testing::ValuesIn(mixes()),
                         [](const auto& mix) { return mix.param.name; });

}  // namespace
}  // namespace systole::testing
