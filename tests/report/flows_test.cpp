#include "report/flows.h"

#include <gmock/gmock.h>

namespace systole {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Two semaphores from matrix to vector (0: data, 1: space), and what each engine did.
struct HandmadeRun {
  Program program;
  RunTrace trace;

  HandmadeRun() {
    program.semaphores.assign(2, {.from = EngineKind::Matrix, .to = EngineKind::Vector});
  }

  void signals(std::vector<SemaphoreUse> uses, std::int64_t completed) {
    program.stream(EngineKind::Matrix).push_back({.signals = std::move(uses)});
    trace.engine(EngineKind::Matrix).instructions.push_back({.completed = CoreCycles(completed)});
  }
  /// A vector instruction that waited until `released`, or not at all.
  void waits(std::vector<SemaphoreUse> uses, std::int64_t from, std::int64_t released,
             Cause cause = Cause::WaitMatrix) {
    auto& engine = trace.engine(EngineKind::Vector);
    const auto index = static_cast<std::int64_t>(engine.instructions.size());
    program.stream(EngineKind::Vector).push_back({.waits = std::move(uses)});
    engine.instructions.push_back({});
    if (from < released) {
      engine.spans.push_back({.instruction = index,
                              .begin = CoreCycles(from),
                              .end = CoreCycles(released),
                              .cause = cause});
    }
    engine.spans.push_back({.instruction = index,
                            .begin = CoreCycles(released),
                            .end = CoreCycles(released + 1),
                            .cause = Cause::Busy,
                            .is_work = true});
  }
  [[nodiscard]] std::vector<Flow> flows() const { return stalling_flows(program, trace); }
};

Flow flow(std::int64_t from, std::int64_t to, std::int32_t semaphore) {
  return {.from = {.engine = EngineKind::Matrix, .index = from},
          .to = {.engine = EngineKind::Vector, .index = to},
          .semaphore = semaphore};
}

TEST(Flows, LeadFromTheSignalThatEndedAWait) {
  HandmadeRun run;
  run.signals({{.semaphore = 0}}, 10);
  run.signals({{.semaphore = 0}}, 20);
  run.waits({{.semaphore = 0}}, 0, 10);
  run.waits({{.semaphore = 0}}, 11, 20);
  EXPECT_THAT(run.flows(), ElementsAre(flow(0, 0, 0), flow(1, 1, 0)));
}

TEST(Flows, LeaveOutWaitsThatCostNothing) {
  HandmadeRun run;
  run.signals({{.semaphore = 0}}, 10);
  run.waits({{.semaphore = 0}}, 15, 15);
  EXPECT_THAT(run.flows(), IsEmpty());
}

TEST(Flows, OfSeveralTokensTheLastOneMissing) {
  HandmadeRun run;
  run.signals({{.semaphore = 0, .count = 2}}, 10);
  run.signals({{.semaphore = 0}}, 14);
  run.signals({{.semaphore = 0}}, 18);
  run.waits({{.semaphore = 0, .count = 3}}, 0, 14);
  EXPECT_THAT(run.flows(), ElementsAre(flow(1, 0, 0)));
}

TEST(Flows, OfSeveralSemaphoresTheOneThatWasLast) {
  HandmadeRun run;
  run.signals({{.semaphore = 0}}, 10);
  run.signals({{.semaphore = 1}}, 14);
  run.waits({{.semaphore = 0}, {.semaphore = 1}}, 12, 14, Cause::WaitSpace);
  EXPECT_THAT(run.flows(), ElementsAre(flow(1, 0, 1)));
}

TEST(Flows, OnlyForWaitsForSemaphores) {
  HandmadeRun run;
  run.signals({{.semaphore = 0}}, 10);
  run.waits({{.semaphore = 0}}, 8, 10, Cause::Issue);
  EXPECT_THAT(run.flows(), IsEmpty());
}

}  // namespace
}  // namespace systole
