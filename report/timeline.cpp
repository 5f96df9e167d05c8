#include "report/timeline.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arch/isa/program_fields.h"
#include "arch/units/wide.h"
#include "report/buffer_levels.h"
#include "report/flows.h"
#include "report/instruction_args.h"
#include "report/levels.h"

namespace systole {

namespace {

constexpr std::size_t kFlushedAt = 1 << 16;
/// The one process of the trace; its counters belong to no engine's track.
constexpr int kProcess = 1;
constexpr int kCounterTrack = 0;

/// In quotes, with everything escaped that JSON wants so; malformed UTF-8 becomes U+FFFD.
std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Microseconds without trailing zeros: `4735.713865`.
std::string microseconds(Femtoseconds time) {
  constexpr std::int64_t kFemtosecondsPerMicrosecond = 1'000'000'000;
  const std::int64_t whole = time.count() / kFemtosecondsPerMicrosecond;
  const std::int64_t rest = time.count() % kFemtosecondsPerMicrosecond;
  if (rest == 0) {
    return fmt::format("{}", whole);
  }
  std::string text = fmt::format("{}.{:09}", whole, rest);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::int64_t instructions_of(const Program& program) {
  std::size_t sum = 0;
  for (const auto& stream : program.streams) {
    sum += stream.size();
  }
  return static_cast<std::int64_t>(sum);
}

/// The events of a file: one line each.
class EventWriter {
 public:
  explicit EventWriter(const TextSink& sink) : sink_(sink) {}

  /// `head` opens the object of the file, up to its list of events.
  void begin(std::string_view head) { text_ = head; }
  void end() {
    text_.append("\n]}\n");
    sink_(text_);
    text_.clear();
  }

  /// `rest`: more members, each behind a comma.
  void event(char phase, int track, std::string_view time, std::string_view rest) {
    fmt::format_to(std::back_inserter(text_), R"({}{{"ph":"{}","pid":{},"tid":{},"ts":{}{}}})",
                   is_first_ ? "\n" : ",\n", phase, kProcess, track, time, rest);
    is_first_ = false;
    if (text_.size() >= kFlushedAt) {
      sink_(text_);
      text_.clear();
    }
  }

 private:
  const TextSink& sink_;
  std::string text_;
  bool is_first_ = true;
};

using FlowEnds = std::multimap<InstructionPlace, std::size_t>;  // to the flow's number

class Timeline {
 public:
  Timeline(const ChipSpec& chip, const Program& program, const RunTrace& trace,
           const TextSink& sink)
      : chip_(chip),
        clock_(chip.clock()),
        program_(program),
        trace_(trace),
        is_brief_(instructions_of(program) > kFullDetailInstructions),
        flows_(stalling_flows(program, trace)),
        writer_(sink) {
    for (std::size_t id = 0; id < flows_.size(); ++id) {
      flows_from_.emplace(flows_[id].from, id);
      flows_to_.emplace(flows_[id].to, id);
    }
    for (const ProgramLayer& layer : program.layers) {
      const std::string name = json_text(layer.name);
      layer_names_.push_back(name.substr(1, name.size() - 2));
    }
  }

  void write() {
    begin();
    for (const EngineId engine : program_.engines()) {
      engine_track(engine);
    }
    for (std::uint16_t core = 0; core < program_.engines().cores; ++core) {
      const std::string of = core == 0 ? "" : fmt::format(" of core{}", core);
      level_counter("unified buffer" + of, "bytes", buffer_levels(program_, trace_, core));
    }
    fifo_counters();
    dram_counter();
    writer_.end();
  }

 private:
  [[nodiscard]] int track_of(EngineId engine) const {
    return static_cast<int>(program_.engines().index_of(engine)) + 1;
  }

  void begin() {
    writer_.begin(fmt::format(
        R"({{"displayTimeUnit":"ns","otherData":{{"schema":"systole.timeline/1","chip":{},)"
        R"("network":{},"batch":{},"frequency_hz":{},"cycle_femtoseconds":{},"cycles":{},)"
        R"("detail":"{}"}},"traceEvents":[)",
        json_text(chip_.name), json_text(program_.network), program_.batch, chip_.frequency.count(),
        clock_.period().count(), trace_.elapsed.count(), is_brief_ ? "brief" : "full"));
    metadata(
        kCounterTrack, "process_name",
        fmt::format(R"("name":{})", json_text(fmt::format("{} on {}, batch {}", program_.network,
                                                          chip_.name, program_.batch))));
    for (const EngineId engine : program_.engines()) {
      metadata(track_of(engine), "thread_name", fmt::format(R"("name":"{}")", name_of(engine)));
      metadata(track_of(engine), "thread_sort_index",
               fmt::format(R"("sort_index":{})", track_of(engine)));
    }
  }

  void metadata(int track, std::string_view what, std::string_view args) {
    writer_.event('M', track, "0", fmt::format(R"(,"name":"{}","args":{{{}}})", what, args));
  }

  [[nodiscard]] std::string time_of(CoreCycles cycle) const {
    return microseconds(clock_.time_of(cycle));
  }

  /// The spans of an engine, cut into slices: each wait one, each instruction's work one.
  void engine_track(EngineId engine) {
    const auto& spans = trace_.engine(engine).spans;
    const std::size_t instructions = program_.stream(engine).size();
    CoreCycles cursor{0};
    auto span = spans.begin();
    for (std::size_t index = 0; index < instructions; ++index) {
      const InstructionPlace place{.engine = engine, .index = static_cast<std::int64_t>(index)};
      const auto next = std::find_if(span, spans.end(), [&](const ChargedSpan& one) {
        return one.instruction != place.index;
      });
      for (; span != next && !span->is_work; ++span) {
        wait_slice(place, *span);
        cursor = span->end;
      }
      work_slice(place, {span, next}, cursor);
      if (span != next) {
        cursor = std::prev(next)->end;
      }
      span = next;
    }
  }

  void wait_slice(const InstructionPlace& place, const ChargedSpan& span) {
    writer_.event('B', track_of(place.engine), time_of(span.begin),
                  fmt::format(R"(,"name":"{}","cat":"wait","args":{{"index":{}}})",
                              name_of(span.cause), place.index));
    end_slice(place, span.end);
  }

  void end_slice(const InstructionPlace& place, CoreCycles end) {
    writer_.event('E', track_of(place.engine), time_of(end), "");
  }

  /// What no span inside the slice covers is busy. Without spans the slice has no length: the
  /// engine's time up to its end was charged to the instruction before.
  void work_slice(const InstructionPlace& place, std::span<const ChargedSpan> spans,
                  CoreCycles cursor) {
    const CoreCycles begin = spans.empty() ? cursor : spans.front().begin;
    const CoreCycles end = spans.empty() ? cursor : spans.back().end;
    begin_work(place, spans, begin);
    flow_events('f', R"(,"bp":"e")", flows_to_, place, begin);
    for (const ChargedSpan& span : spans) {
      if (span.cause != Cause::Busy && !is_brief_) {
        writer_.event('B', track_of(place.engine), time_of(span.begin),
                      fmt::format(R"(,"name":"{}","cat":"part")", name_of(span.cause)));
        end_slice(place, span.end);
      }
    }
    flow_events('s', "", flows_from_, place, end);
    end_slice(place, end);
  }

  void begin_work(const InstructionPlace& place, std::span<const ChargedSpan> spans,
                  CoreCycles begin) {
    const auto index = static_cast<std::size_t>(place.index);
    const Instruction instruction = program_.stream(place.engine)[index].whole();
    const InstructionTrace& when = trace_.engine(place.engine).instructions[index];
    const std::string_view operation = name_of(instruction.operation);
    args_ = fmt::format(R"("index":{})", place.index);
    if (is_brief_) {
      append_semaphore_args(args_, instruction);
      append_parts(spans);
    } else {
      append_args(args_, instruction);
      add_arg("head", when.head);
    }
    add_arg("start", when.start);
    add_arg("end", when.end);
    add_arg("completed", when.completed);
    writer_.event(
        'B', track_of(place.engine), time_of(begin),
        fmt::format(R"(,"name":"{} {}","cat":"{}","args":{{{}}})", operation,
                    layer_names_[static_cast<std::size_t>(instruction.layer)], operation, args_));
  }

  void add_arg(std::string_view name, CoreCycles cycles) {
    fmt::format_to(std::back_inserter(args_), R"(,"{}":{})", name, cycles.count());
  }

  /// Cycles by cause, as far as they are not busy.
  void append_parts(std::span<const ChargedSpan> spans) {
    EngineCounters parts;
    for (const ChargedSpan& span : spans) {
      parts[span.cause] += span.end - span.begin;
    }
    for (const auto& [cause, name] : kEnumNames<Cause>) {
      if (cause != Cause::Busy && parts[cause] > CoreCycles(0)) {
        add_arg(name, parts[cause]);
      }
    }
  }

  void flow_events(char phase, std::string_view binding, const FlowEnds& ends,
                   const InstructionPlace& place, CoreCycles at) {
    const auto [first, last] = ends.equal_range(place);
    for (auto end = first; end != last; ++end) {
      writer_.event(phase, track_of(place.engine), time_of(at),
                    fmt::format(R"(,"name":"semaphore {}","cat":"semaphore","id":{}{})",
                                flows_[end->second].semaphore, end->second + 1, binding));
    }
  }

  void counter(std::string_view name, std::string_view time, std::string_view values) {
    writer_.event('C', kCounterTrack, time,
                  fmt::format(R"(,"name":"{}","args":{{{}}})", name, values));
  }

  void level_counter(std::string_view name, std::string_view unit, const Levels& levels) {
    counter(name, "0", fmt::format(R"("{}":0)", unit));
    for (const Level& level : peaks(levels, trace_.elapsed, kTimelineSamples)) {
      counter(name, time_of(level.at), fmt::format(R"("{}":{})", unit, level.level));
    }
  }

  void fifo_counters() {
    for (const EngineId engine : program_.engines()) {
      if (engine.kind == EngineKind::Weights) {
        fifo_counters(engine);
      }
    }
  }

  void fifo_counters(EngineId engine) {
    Levels held;
    Levels arrived;
    for (const FifoLevel& level : trace_.engine(engine).fifo) {
      held.push_back({.at = level.at, .level = level.held});
      arrived.push_back({.at = level.at, .level = level.arrived});
    }
    const std::string unit =
        engine == EngineId(EngineKind::Weights) ? "" : fmt::format(" of {}", name_of(engine));
    level_counter(fmt::format("weight FIFO{}: tiles held", unit), "tiles", held);
    level_counter(fmt::format("weight FIFO{}: tiles arrived", unit), "tiles", arrived);
  }

  void dram_counter() {
    const DramTraffic& dram = trace_.dram;
    const auto show = [&](std::size_t index, const DramTraffic::Sample& sample) {
      const Femtoseconds begin = dram.width * static_cast<std::int64_t>(index);
      counter(
          "DRAM", microseconds(begin),
          fmt::format(R"("read GB/s":{},"write GB/s":{})", gigabytes_per_second(sample.read_bytes),
                      gigabytes_per_second(sample.write_bytes)));
    };
    if (dram.samples.empty()) {
      counter("DRAM", "0", R"("read GB/s":0,"write GB/s":0)");
      return;
    }
    show(0, dram.samples[0]);
    for (std::size_t index = 1; index < dram.samples.size(); ++index) {
      if (dram.samples[index] != dram.samples[index - 1]) {
        show(index, dram.samples[index]);
      }
    }
    show(dram.samples.size(), {});
  }

  /// With three decimals, rounded down.
  [[nodiscard]] std::string gigabytes_per_second(std::int64_t bytes) const {
    constexpr std::int64_t kFemtosecondsPerMicrosecond = 1'000'000'000;
    // A thousandth of a GB/s is a byte per microsecond.
    const auto thousandths = static_cast<std::int64_t>(
        static_cast<Wide>(bytes) * kFemtosecondsPerMicrosecond / trace_.dram.width.count());
    return fmt::format("{}.{:03}", thousandths / 1000, thousandths % 1000);
  }

  const ChipSpec& chip_;
  Clock<CoreCycles> clock_;
  const Program& program_;
  const RunTrace& trace_;
  bool is_brief_;
  std::vector<Flow> flows_;
  FlowEnds flows_from_;
  FlowEnds flows_to_;
  std::vector<std::string> layer_names_;  // as JSON, without quotes
  EventWriter writer_;
  std::string args_;
};

}  // namespace

void write_timeline(const ChipSpec& chip, const Program& program, const RunTrace& trace,
                    const TextSink& sink) {
  Timeline(chip, program, trace, sink).write();
}

}  // namespace systole
