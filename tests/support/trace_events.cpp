#include "tests/support/trace_events.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace systole {

namespace {

using nlohmann::json;
using Track = std::pair<std::int64_t, std::int64_t>;  // process, thread

class Rules {
 public:
  [[nodiscard]] std::string broken(const json& file) {
    if (!file.is_object() || !file.contains("traceEvents") || !file["traceEvents"].is_array()) {
      return "no list of events\n";
    }
    for (const json& event : file["traceEvents"]) {
      if (has_members(event)) {
        check(event);
      }
      ++index_;
    }
    check_end();
    return lines_;
  }

 private:
  struct Flow {
    double start = -1;
    double end = -1;
    int starts = 0;
    int ends = 0;
  };

  void complain(std::string_view message) {
    lines_ += fmt::format("event {}: {}\n", index_, message);
  }
  void require(bool rule, std::string_view message) {
    if (!rule) {
      complain(message);
    }
  }

  bool has_members(const json& event) {
    const bool good =
        event.is_object() && event.contains("ph") && event["ph"].is_string() &&
        std::string_view("BECMsf").find(event["ph"].get<std::string>()) != std::string_view::npos &&
        event["ph"].get<std::string>().size() == 1 && event.contains("ts") &&
        event["ts"].is_number() && event["ts"].get<double>() >= 0 && event.contains("pid") &&
        event["pid"].is_number_integer() && event.contains("tid") &&
        event["tid"].is_number_integer() &&
        (event["ph"] == "E" || (event.contains("name") && event["name"].is_string()));
    require(good, "lacks a member that every event has");
    return good;
  }

  void check(const json& event) {
    const Track track{event["pid"].get<std::int64_t>(), event["tid"].get<std::int64_t>()};
    const double time = event["ts"].get<double>();
    switch (event["ph"].get<std::string>().front()) {
      case 'B':
        check_time(track, time);
        ++open_[track];
        break;
      case 'E':
        check_time(track, time);
        require(open_[track] > 0, "ends a slice that was not begun");
        --open_[track];
        break;
      case 'C':
        check_counter(event, track.first, time);
        break;
      case 'M':
        check_metadata(event, track);
        break;
      default:
        check_flow(event, track, time);
    }
  }

  void check_time(const Track& track, double time) {
    require(time >= last_[track], "goes back in time on its track");
    last_[track] = time;
  }

  void check_counter(const json& event, std::int64_t process, double time) {
    const json args = event.value("args", json::object());
    require(args.is_object() && !args.empty(), "a counter without values");
    for (const auto& [key, value] : args.items()) {
      require(value.is_number(), "a counter that is no number");
    }
    double& last = counters_[{process, event["name"].get<std::string>()}];
    require(time >= last, "a counter that goes back in time");
    last = time;
  }

  void check_metadata(const json& event, const Track& track) {
    const auto name = event["name"].get<std::string>();
    const json args = event.value("args", json::object());
    if (name == "thread_name" || name == "process_name") {
      require(args.contains("name") && args["name"].is_string(), "a name that is no text");
    } else if (name == "thread_sort_index") {
      require(args.contains("sort_index") && args["sort_index"].is_number_integer(),
              "a place that is no integer");
    } else {
      complain("metadata that we do not know");
    }
    require(metadata_.emplace(track, name).second, "metadata given twice");
  }

  void check_flow(const json& event, const Track& track, double time) {
    require(event.contains("id"), "a flow without id");
    require(open_[track] > 0, "a flow outside of slices");
    check_time(track, time);
    Flow& flow = flows_[event.value("id", std::int64_t{-1})];
    if (event["ph"] == "s") {
      flow.start = time;
      ++flow.starts;
    } else {
      require(event.value("bp", "") == "e", "the end of a flow that binds to the next slice");
      flow.end = time;
      ++flow.ends;
    }
  }

  void check_end() {
    for (const auto& [track, count] : open_) {
      require(count == 0, "a slice stays open");
      require(metadata_.contains({track, "thread_name"}), "a track without name");
      require(metadata_.contains({track, "thread_sort_index"}), "a track without place");
    }
    for (const auto& [id, flow] : flows_) {
      require(flow.starts == 1 && flow.ends == 1 && flow.start <= flow.end,
              fmt::format("flow {} has no start before its end", id));
    }
  }

  std::size_t index_ = 0;
  std::map<Track, std::int64_t> open_;
  std::map<Track, double> last_;
  std::map<std::pair<std::int64_t, std::string>, double> counters_;
  std::set<std::pair<Track, std::string>> metadata_;
  std::map<std::int64_t, Flow> flows_;
  std::string lines_;
};

}  // namespace

std::string broken_trace_rules(const json& file) {
  return Rules().broken(file);
}

}  // namespace systole
