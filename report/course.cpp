#include "report/course.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <nlohmann/json.hpp>

#include "arch/units/seconds.h"
#include "report/buffer_levels.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

Json buffer_json(const ChipSpec& chip, const RunRecord& record) {
  Json moments = Json::array();
  for (const BufferMoment& moment : buffer_moments(record.program, record.trace, kCourseSamples)) {
    Json owners = Json::array();
    for (const BufferOwner& owner : moment.owners) {
      owners.push_back({owner.layer, owner.bytes});
    }
    moments.push_back({moment.at.count(), moment.bytes, std::move(owners)});
  }
  return {{"capacity_bytes", chip.buffer.capacity.count()}, {"moments", std::move(moments)}};
}

Json dram_json(const DramTraffic& traffic) {
  const auto samples = static_cast<std::int64_t>(traffic.samples.size());
  const std::int64_t together = std::max(std::int64_t{1}, ceil_div(samples, kCourseSamples));
  std::vector<std::int64_t> read;
  std::vector<std::int64_t> write;
  for (std::int64_t index = 0; index < samples; ++index) {
    if (index % together == 0) {
      read.push_back(0);
      write.push_back(0);
    }
    read.back() += traffic.samples[static_cast<std::size_t>(index)].read_bytes;
    write.back() += traffic.samples[static_cast<std::size_t>(index)].write_bytes;
  }
  return {{"seconds", seconds_of(traffic.width * together)}, {"read", read}, {"write", write}};
}

/// Busy cycles of each interval of `width` cycles.
std::vector<std::int64_t> busy_by_interval(const EngineTrace& engine, CoreCycles elapsed,
                                           std::int64_t width) {
  std::vector<std::int64_t> busy(static_cast<std::size_t>(ceil_div(elapsed.count(), width)));
  for (const ChargedSpan& span : engine.spans) {
    if (span.cause != Cause::Busy) {
      continue;
    }
    const std::int64_t end = std::min(span.end, elapsed).count();
    for (std::int64_t at = span.begin.count(); at < end;) {
      const std::int64_t next = std::min(end, (at / width + 1) * width);
      busy[static_cast<std::size_t>(at / width)] += next - at;
      at = next;
    }
  }
  return busy;
}

Json engines_json(const RunRecord& record) {
  const CoreCycles elapsed = record.trace.elapsed;
  const std::int64_t width = std::max(std::int64_t{1}, ceil_div(elapsed.count(), kCourseSamples));
  Json by_engine = Json::object();
  for (const EngineId engine : record.program.engines()) {
    if (record.program.stream(engine).empty()) {
      continue;
    }
    Json shares = Json::array();
    for (const std::int64_t cycles :
         busy_by_interval(record.trace.engine(engine), elapsed, width)) {
      constexpr double kThousandths = 1e3;
      shares.push_back(
          std::round(static_cast<double>(cycles) * kThousandths / static_cast<double>(width)) /
          kThousandths);
    }
    by_engine[name_of(engine)] = std::move(shares);
  }
  return {{"cycles", width}, {"busy", std::move(by_engine)}};
}

}  // namespace

Json course_json(const ChipSpec& chip, const RunRecord& record) {
  return {{"cycles", record.trace.elapsed.count()},
          {"buffer", buffer_json(chip, record)},
          {"dram", dram_json(record.trace.dram)},
          {"engines", engines_json(record)}};
}

}  // namespace systole
