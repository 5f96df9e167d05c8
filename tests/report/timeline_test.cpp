#include "report/timeline.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "arch/isa/recipes.h"
#include "tests/support/trace_events.h"

namespace systole {
namespace {

using nlohmann::json;
using testing::ElementsAre;

/// A run by hand on a chip of 700 MHz, whose period is 1,428,571 fs: dma_in brings 64 bytes in
/// cycles 2..11, with 3 cycles of memory behind 6 busy ones; the vector unit waits for it from
/// cycle 1 to 11 and works in 11..14.
struct HandmadeRun {
  ChipSpec chip;
  Program program;
  RunTrace trace;

  HandmadeRun() {
    chip.name = "small";
    chip.frequency = Hertz(700'000'000);
    program.network = "by hand";
    program.layers = {{.name = "in", .kind = "test"}, {.name = "relu", .kind = "test"}};
    program.semaphores = {{.from = EngineKind::DmaIn, .to = EngineKind::Vector}};
    program.stream(EngineKind::DmaIn)
        .push_back({.signals = {{.semaphore = 0}},
                    .operation = Transfer{.buffer = {.address = 8}, .row_bytes = 64}});
    program.stream(EngineKind::Vector)
        .push_back({.layer = 1,
                    .waits = {{.semaphore = 0}},
                    .operation = Rescale{.in = {.address = 8}, .rows = 1, .cols = 64}});
    trace.elapsed = CoreCycles(14);
    instruction(EngineKind::DmaIn, 0, 2, 11, 11);
    span(EngineKind::DmaIn, 0, Cause::Issue, 0, 2, false);
    span(EngineKind::DmaIn, 0, Cause::Busy, 2, 8, true);
    span(EngineKind::DmaIn, 0, Cause::Memory, 8, 11, true);
    instruction(EngineKind::Vector, 1, 11, 14, 14);
    span(EngineKind::Vector, 0, Cause::Issue, 0, 1, false);
    span(EngineKind::Vector, 0, Cause::WaitDma, 1, 11, false);
    span(EngineKind::Vector, 0, Cause::Busy, 11, 14, true);
    trace.dram = {.width = Femtoseconds(4'000'000),
                  .samples = {{}, {.read_bytes = 64, .write_bytes = 3}, {.read_bytes = 1}}};
  }

  void instruction(EngineKind engine, std::int64_t head, std::int64_t start, std::int64_t end,
                   std::int64_t completed) {
    trace.engine(engine).instructions.push_back({.head = CoreCycles(head),
                                                 .start = CoreCycles(start),
                                                 .end = CoreCycles(end),
                                                 .completed = CoreCycles(completed)});
  }
  void span(EngineKind engine, std::int64_t index, Cause cause, std::int64_t begin,
            std::int64_t end, bool is_work) {
    trace.engine(engine).spans.push_back({.instruction = index,
                                          .begin = CoreCycles(begin),
                                          .end = CoreCycles(end),
                                          .cause = cause,
                                          .is_work = is_work});
  }

  [[nodiscard]] std::string text() const {
    std::string all;
    write_timeline(chip, program, trace, [&](std::string_view piece) { all += piece; });
    return all;
  }
  [[nodiscard]] json events() const { return json::parse(text())["traceEvents"]; }
  /// Slices, parts and flows of a track, as `phase name`.
  [[nodiscard]] std::vector<std::string> track(EngineKind engine) const {
    std::vector<std::string> words;
    for (const json& event : events()) {
      if (event["tid"] == static_cast<int>(engine) + 1 && event["ph"] != "M") {
        words.push_back(event["ph"].get<std::string>() + " " + event.value("name", ""));
      }
    }
    return words;
  }
  [[nodiscard]] std::vector<json> counter(const std::string& name) const {
    std::vector<json> values;
    for (const json& event : events()) {
      if (event["ph"] == "C" && event["name"] == name) {
        values.push_back({event["ts"], event["args"]});
      }
    }
    return values;
  }
};

TEST(Timeline, IsWhatTheFormatAllows) {
  EXPECT_EQ(broken_trace_rules(json::parse(HandmadeRun().text())), "");
}

TEST(Timeline, SaysWhatItIsOf) {
  const json file = json::parse(HandmadeRun().text());
  EXPECT_EQ(file["otherData"], (json{{"schema", "systole.timeline/1"},
                                     {"chip", "small"},
                                     {"network", "by hand"},
                                     {"batch", 1},
                                     {"frequency_hz", 700'000'000},
                                     {"cycle_femtoseconds", 1'428'571},
                                     {"cycles", 14},
                                     {"detail", "full"}}));
  EXPECT_EQ(file["traceEvents"][0]["args"]["name"], "by hand on small, batch 1");
}

TEST(Timeline, HasATrackForEachEngineInTheirOrder) {
  std::vector<std::string> names;
  std::vector<int> places;
  for (const json& event : HandmadeRun().events()) {
    if (event["name"] == "thread_name") {
      names.push_back(event["args"]["name"]);
    } else if (event.value("name", "") == "thread_sort_index") {
      places.push_back(event["args"]["sort_index"]);
    }
    if (event["ph"] != "M") {
      break;
    }
  }
  EXPECT_THAT(names, ElementsAre("host", "dma_in", "dma_out", "weights", "matrix", "vector"));
  EXPECT_THAT(places, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Timeline, ShowsWaitsThenTheWorkWithItsParts) {
  EXPECT_THAT(
      HandmadeRun().track(EngineKind::DmaIn),
      ElementsAre("B issue", "E ", "B transfer in", "B memory", "E ", "s semaphore 0", "E "));
  EXPECT_THAT(
      HandmadeRun().track(EngineKind::Vector),
      ElementsAre("B issue", "E ", "B wait_dma", "E ", "B row_loop relu", "f semaphore 0", "E "));
}

TEST(Timeline, TimesAreExactToTheFemtosecond) {
  // Cycle 11 * 1,428,571 fs = 15,714,281 fs.
  EXPECT_THAT(HandmadeRun().text(),
              testing::HasSubstr("\"tid\":6,\"ts\":0.015714281,\"name\":\"row_loop relu\""));
  HandmadeRun run;
  run.chip.frequency = Hertz(500'000'000);
  EXPECT_THAT(run.text(), testing::HasSubstr("\"tid\":6,\"ts\":0.022,\"name\":\"row_loop relu\""));
}

TEST(Timeline, WorkCarriesOperandsAndCycles) {
  for (const json& event : HandmadeRun().events()) {
    if (event.value("name", "") == "row_loop relu") {
      EXPECT_EQ(event["cat"], "row_loop");
      EXPECT_EQ(event["args"]["index"], 0);
      EXPECT_EQ(event["args"]["layer"], 1);
      EXPECT_EQ(event["args"]["operands"], "@8");
      EXPECT_EQ(event["args"]["wait"], "0");
      EXPECT_EQ(event["args"]["head"], 1);
      EXPECT_EQ(event["args"]["start"], 11);
      EXPECT_EQ(event["args"]["end"], 14);
      EXPECT_EQ(event["args"]["completed"], 14);
      return;
    }
  }
  FAIL() << "no such slice";
}

TEST(Timeline, AnInstructionWithoutTimeOfItsOwnIsASliceOfNoLength) {
  HandmadeRun run;
  run.program.stream(EngineKind::DmaIn).push_back({.operation = Transfer{.row_bytes = 1}});
  run.instruction(EngineKind::DmaIn, 3, 4, 11, 11);
  EXPECT_EQ(broken_trace_rules(json::parse(run.text())), "");
  EXPECT_THAT(run.track(EngineKind::DmaIn),
              ElementsAre("B issue", "E ", "B transfer in", "B memory", "E ", "s semaphore 0", "E ",
                          "B transfer in", "E "));
}

TEST(Timeline, NamesAreEscaped) {
  HandmadeRun run;
  run.program.layers[1].name = "a \"b\"\n\xff\\";
  const json file = json::parse(run.text());
  EXPECT_EQ(broken_trace_rules(file), "");
  EXPECT_THAT(run.track(EngineKind::Vector),
              testing::Contains("B row_loop a \"b\"\n\xef\xbf\xbd\\"));
}

TEST(Timeline, CountsTheBytesThatSomebodyWillRead) {
  // Written at the end of cycle 11 * 1.428571 ns, read until cycle 14.
  EXPECT_THAT(HandmadeRun().counter("unified buffer"),
              ElementsAre(json{0, {{"bytes", 0}}}, json{0.015714281, {{"bytes", 64}}},
                          json{0.019999994, {{"bytes", 0}}}));
}

TEST(Timeline, CountsTilesOfTheFifo) {
  HandmadeRun run;
  run.trace.engine(EngineKind::Weights).fifo = {{.at = CoreCycles(3), .held = 1},
                                                {.at = CoreCycles(7), .held = 2, .arrived = 1},
                                                {.at = CoreCycles(9), .held = 1, .arrived = 0}};
  EXPECT_THAT(run.counter("weight FIFO: tiles held"),
              ElementsAre(json{0, {{"tiles", 0}}}, json{0.004285713, {{"tiles", 1}}},
                          json{0.009999997, {{"tiles", 2}}}, json{0.012857139, {{"tiles", 1}}}));
  EXPECT_THAT(run.counter("weight FIFO: tiles arrived"),
              ElementsAre(json{0, {{"tiles", 0}}}, json{0.009999997, {{"tiles", 1}}},
                          json{0.012857139, {{"tiles", 0}}}));
}

TEST(Timeline, ShowsBandwidthOfTheDram) {
  // 64 bytes in 4 ns are 16 GB/s, 3 bytes 0.75 GB/s, 1 byte 0.25 GB/s.
  EXPECT_THAT(HandmadeRun().counter("DRAM"),
              ElementsAre(json{0, {{"read GB/s", 0.0}, {"write GB/s", 0.0}}},
                          json{0.004, {{"read GB/s", 16.0}, {"write GB/s", 0.75}}},
                          json{0.008, {{"read GB/s", 0.25}, {"write GB/s", 0.0}}},
                          json{0.012, {{"read GB/s", 0.0}, {"write GB/s", 0.0}}}));
}

TEST(Timeline, LongRunsHaveABoundedNumberOfSamples) {
  HandmadeRun run;
  constexpr std::int64_t kCycles = 1'000'000;
  run.trace.elapsed = CoreCycles(kCycles);
  for (std::int64_t cycle = 0; cycle < kCycles; cycle += 2) {
    run.trace.engine(EngineKind::Weights)
        .fifo.push_back({.at = CoreCycles(cycle), .held = cycle / 2 % 4});
  }
  std::int64_t samples = 0;
  std::size_t largest_piece = 0;
  write_timeline(run.chip, run.program, run.trace, [&](std::string_view piece) {
    largest_piece = std::max(largest_piece, piece.size());
    for (std::size_t at = 0; (at = piece.find("tiles held", at)) != std::string_view::npos; ++at) {
      ++samples;
    }
  });
  EXPECT_LE(samples, kTimelineSamples + 2);
  EXPECT_LT(largest_piece, 70'000U);
}

TEST(Timeline, LongProgramsGetABriefOne) {
  HandmadeRun run;
  // Two instructions are there; the program is brought to one above the limit.
  const Transfer transfer{.buffer = {.address = 8}, .row_bytes = 64};
  const auto set_transfers = [&](std::int64_t count) {
    run.program.stream(EngineKind::Host) = Stream();
    for (std::int64_t index = 0; index < count; ++index) {
      run.program.stream(EngineKind::Host).push_back({.operation = transfer});
    }
  };
  set_transfers(kFullDetailInstructions - 1);
  run.trace.engine(EngineKind::Host).instructions.resize(kFullDetailInstructions - 1);
  const json file = json::parse(run.text());
  EXPECT_EQ(file["otherData"]["detail"], "brief");
  EXPECT_EQ(broken_trace_rules(file), "");
  EXPECT_THAT(run.track(EngineKind::DmaIn),
              ElementsAre("B issue", "E ", "B transfer in", "s semaphore 0", "E "));
  std::size_t hosts = 0;
  for (const json& event : file["traceEvents"]) {
    hosts += event["tid"] == 1 && event["ph"] == "B" ? 1U : 0U;
    if (event["tid"] == 2 && event.value("cat", "") == "transfer") {
      EXPECT_EQ(event["args"], (json{{"index", 0},
                                     {"signal", "0"},
                                     {"memory", 3},
                                     {"start", 2},
                                     {"end", 11},
                                     {"completed", 11}}));
    }
  }
  EXPECT_EQ(hosts, static_cast<std::size_t>(kFullDetailInstructions - 1));

  set_transfers(kFullDetailInstructions - 2);
  run.trace.engine(EngineKind::Host).instructions.pop_back();
  EXPECT_EQ(json::parse(run.text())["otherData"]["detail"], "full");
}

TEST(Timeline, OfNothingIsATimelineToo) {
  const HandmadeRun run;
  const Program program;
  std::string text;
  write_timeline(run.chip, program, RunTrace{}, [&](std::string_view piece) { text += piece; });
  EXPECT_EQ(broken_trace_rules(json::parse(text)), "");
}

}  // namespace
}  // namespace systole
