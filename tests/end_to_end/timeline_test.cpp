#include "report/timeline.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "compiler/network_type.h"
#include "report/buffer_levels.h"
#include "report/json.h"
#include "study/evaluate.h"
#include "tests/end_to_end/support/random_case.h"
#include "tests/support/forked.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/trace_events.h"
#include "tests/support/vcd.h"

namespace systole {
namespace {

using nlohmann::json;

/// What a reader of a timeline can add up, per engine and in cycles.
struct Sums {
  std::map<std::string, std::int64_t> causes;  ///< slices of waits and of parts of the work
  std::int64_t work = 0;                       ///< slices of instructions, parts included
  std::vector<std::int64_t> instructions;      ///< their indices, as they come
};

class Reader {
 public:
  Reader(const Result& result, const Program& program, const json& file)
      : result_(result), program_(program), brief_(file["otherData"]["detail"] == "brief") {
    lines_ = broken_trace_rules(file);
    for (const json& event : file["traceEvents"]) {
      read(event);
    }
  }

  /// One line for everything that is not as the counters have it.
  [[nodiscard]] std::string complaints() {
    const EngineSet& engines = program_.engines();
    for (const EngineId engine : engines) {
      check_engine(engine, name_of(engine));
    }
    for (std::int32_t core = 0; core < engines.cores; ++core) {
      const std::string of = core == 0 ? "" : fmt::format(" of core{}", core);
      equal("bytes in the buffer at the end" + of, std::llround(last_["unified buffer" + of]), 0);
    }
    return lines_;
  }

 private:
  struct Open {
    std::int64_t begin = 0;
    std::string name;
    std::string category;
  };

  void read(const json& event) {
    const std::string phase = event["ph"];
    auto& open = open_[event["tid"]];
    if (phase == "B") {
      open.push_back({cycle(event["ts"]), event["name"], event["cat"]});
      if (event.contains("args") && event["args"].contains("completed")) {
        sums_[event["tid"]].instructions.push_back(event["args"]["index"]);
        if (brief_) {
          add_parts(sums_[event["tid"]], event["args"]);
        }
      }
    } else if (phase == "E") {
      close(event);
    } else if (phase == "C") {
      count(event["name"], event["args"]);
    }
  }

  /// In brief timelines, which have no operands of those names.
  static void add_parts(Sums& sums, const json& args) {
    for (const auto& [cause, name] : kEnumNames<Cause>) {
      const std::int64_t cycles = args.value(std::string(name), std::int64_t{0});
      sums.causes[std::string(name)] += cycles;
      sums.work -= cycles;
    }
  }

  void close(const json& event) {
    auto& open = open_[event["tid"]];
    const std::int64_t cycles = cycle(event["ts"]) - open.back().begin;
    Sums& sums = sums_[event["tid"]];
    if (open.back().category == "wait" || open.back().category == "part") {
      sums.causes[open.back().name] += cycles;
    } else {
      sums.work += cycles;
    }
    if (open.back().category == "part") {
      sums.work -= cycles;
    }
    open.pop_back();
  }

  void count(const std::string& name, const json& values) {
    const auto at_most = [&](double value, double limit) {
      if (value > limit) {
        lines_ += fmt::format("{}: {} of {}\n", name, value, limit);
      }
    };
    double sum = 0;
    for (const auto& [key, value] : values.items()) {
      sum += value.get<double>();
    }
    last_[name] = sum;
    const ChipSpec& chip = result_.chip;
    if (name.starts_with("unified buffer")) {
      at_most(sum, static_cast<double>(chip.buffer.capacity.count()));
    } else if (name == "DRAM") {
      at_most(sum, static_cast<double>(chip.dram.peak_bandwidth().count() + 1) / 1e9);
    } else {
      at_most(sum, static_cast<double>(chip.weight_fifo.tiles));
    }
  }

  /// Times are exact: a whole number of periods.
  std::int64_t cycle(double microseconds) {
    const std::int64_t time = std::llround(microseconds * 1e9);
    const std::int64_t period = result_.chip.clock().period().count();
    equal("femtoseconds beyond an edge", time % period, 0);
    return time / period;
  }

  void check_engine(EngineId engine, const std::string& name) {
    Sums& sums = sums_[static_cast<int>(program_.engines().index_of(engine)) + 1];
    const EngineCounters& counters = result_.counters.engine(engine);
    for (const auto& [cause, cause_name] : kEnumNames<Cause>) {
      if (cause != Cause::Idle && cause != Cause::Busy) {
        equal(name + " " + std::string(cause_name), sums.causes[std::string(cause_name)],
              counters[cause].count());
      }
    }
    equal(name + " busy", sums.work, counters[Cause::Busy].count());
    std::vector<std::int64_t> all(program_.stream(engine).size());
    for (std::size_t index = 0; index < all.size(); ++index) {
      all[index] = static_cast<std::int64_t>(index);
    }
    if (sums.instructions != all) {
      lines_ += name + ": not every instruction once, in order\n";
    }
  }

  void equal(const std::string& what, std::int64_t actual, std::int64_t expected) {
    if (actual != expected) {
      lines_ += fmt::format("{}: {} instead of {}\n", what, actual, expected);
    }
  }

  const Result& result_;
  const Program& program_;
  bool brief_;
  std::map<int, std::vector<Open>> open_;
  std::map<int, Sums> sums_;
  std::map<std::string, double> last_;
  std::string lines_;
};

std::string timeline_of(const ChipSpec& chip, const RunRecord& record) {
  std::string text;
  write_timeline(chip, record.program, record.trace,
                 [&](std::string_view piece) { text += piece; });
  return text;
}

/// What the reader of a timeline finds wrong, and what the recorder counts otherwise.
std::string complaints_about(const ChipSpec& chip, const Result& result, const RunRecord& record) {
  std::string lines =
      Reader(result, record.program, json::parse(timeline_of(chip, record))).complaints();
  DramTraffic::Sample sum;
  for (const DramTraffic::Sample& sample : record.trace.dram.samples) {
    sum.read_bytes += sample.read_bytes;
    sum.write_bytes += sample.write_bytes;
  }
  const DramCounters& dram = result.counters.dram;
  const std::int64_t burst = chip.dram.standard.organization.burst_bytes().count();
  if (sum != DramTraffic::Sample{dram.reads * burst, dram.writes * burst}) {
    lines += fmt::format("DRAM: {} and {} bytes\n", sum.read_bytes, sum.write_bytes);
  }
  return lines;
}

/// Where the waveform's level of the buffer is not the timeline's. In neither is there an entry
/// without a change.
std::string levels_that_differ(const ChipSpec& chip, const RunRecord& record,
                               const std::string& waveform) {
  std::stringstream text;
  text << std::ifstream(waveform, std::ios::binary).rdbuf();
  const Vcd vcd = parse_vcd(text.str());
  Levels shown;
  for (const Vcd::Change& change : vcd.variables.at("core.buffer.bytes").changes) {
    if (change.at > 0 || change.value > 0) {  // it begins with 0
      shown.push_back({.at = chip.clock().edge_at_or_after(Femtoseconds(change.at)),
                       .level = static_cast<std::int64_t>(change.value)});
    }
  }
  const Levels expected = buffer_levels(record.program, record.trace);
  return shown == expected
             ? ""
             : fmt::format("buffer: {} levels shown, {} expected\n", shown.size(), expected.size());
}

class TimelineOfRandomNetworks : public testing::TestWithParam<std::uint64_t> {};

TEST_P(TimelineOfRandomNetworks, AddsUpToTheCountersAndChangesNone) {
  constexpr std::uint64_t kCasesPerTest = 10;
  for (std::uint64_t i = 0; i < kCasesPerTest; ++i) {
    const RandomCase random = random_case(GetParam() * kCasesPerTest + i);
    const auto evaluate_case = [&](RunRecord* record, const std::string& waveform) {
      const Program program = compile(random.chip, random.graph);
      const Network network{.graph = random.graph, .data = random.data};
      return evaluate_program(random.chip, network, program,
                              {.record = record, .waveform = waveform});
    };
    const auto guarded = [](const auto& work) {
      return run_forked([&]() -> std::string {
        try {
          return work();
        } catch (const WorkloadError& error) {
          return "does not fit";
        }
      });
    };
    const ForkedResult plain = guarded([&] { return json_report(evaluate_case(nullptr, "")); });
    const ForkedResult recorded = guarded([&] {
      RunRecord record;
      const TemporaryDirectory directory;
      const std::string waveform = (directory.path() / "run.vcd").string();
      const Result result = evaluate_case(&record, waveform);
      const std::string lines = complaints_about(random.chip, result, record) +
                                levels_that_differ(random.chip, record, waveform);
      return lines.empty() ? json_report(result) : lines;
    });
    ASSERT_EQ(recorded.error, "");
    EXPECT_EQ(recorded.output, plain.output) << "case " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Sweep, TimelineOfRandomNetworks, testing::Range<std::uint64_t>(40, 46));

std::vector<std::string> shipped_chips() {
  std::vector<std::string> chips;
  for (const auto& file :
       std::filesystem::directory_iterator(SYSTOLE_SOURCE_DIR "/configs/chips")) {
    chips.push_back(file.path().stem().string());
  }
  std::sort(chips.begin(), chips.end());
  return chips;
}

class TimelineOfResnet50 : public testing::TestWithParam<std::string> {};

TEST_P(TimelineOfResnet50, StaysBelowFiftyMegabytes) {
  const ForkedResult child = run_forked([] {
    const std::string root = SYSTOLE_SOURCE_DIR;
    const ChipSpec chip = read_chip(root + "/configs/chips/" + GetParam() + ".yaml");
    const Network network = read_network(root + "/workloads/resnet50.yaml",
                                         {.batch = 1, .type = default_network_type(chip)});
    RunRecord record;
    static_cast<void>(evaluate(chip, network, {.record = &record}));
    std::size_t bytes = 0;
    write_timeline(chip, record.program, record.trace,
                   [&](std::string_view piece) { bytes += piece.size(); });
    return std::to_string(bytes);
  });
  ASSERT_EQ(child.error, "");
  EXPECT_LT(std::stoll(child.output), 50'000'000);
}

TEST(TimelineOfResnet50OnTpuV1, AddsUpToTheCounters) {
  const std::string root = SYSTOLE_SOURCE_DIR;
  const ChipSpec chip = read_chip(root + "/configs/chips/tpu_v1.yaml");
  const Network network = read_network(root + "/workloads/resnet50.yaml", {.batch = 1});
  RunRecord record;
  const Result result = evaluate(chip, network, {.record = &record});
  EXPECT_EQ(complaints_about(chip, result, record), "");
}

INSTANTIATE_TEST_SUITE_P(Shipped, TimelineOfResnet50, testing::ValuesIn(shipped_chips()));

}  // namespace
}  // namespace systole
