#include "tests/support/trace_events.h"

#include <gtest/gtest.h>

namespace systole {
namespace {

using nlohmann::json;

json event(const std::string& phase, double time, json more = json::object()) {
  json result{{"ph", phase}, {"ts", time}, {"pid", 1}, {"tid", 2}, {"name", "a"}};
  result.update(more);
  return result;
}

json named(std::vector<json> events) {
  events.push_back(event("M", 0, {{"name", "thread_name"}, {"args", {{"name", "t"}}}}));
  events.push_back(event("M", 0, {{"name", "thread_sort_index"}, {"args", {{"sort_index", 1}}}}));
  return {{"traceEvents", events}};
}

std::string broken(const std::vector<json>& events) {
  return broken_trace_rules(named(events));
}

TEST(TraceEvents, GoodFilesBreakNothing) {
  EXPECT_EQ(broken({event("B", 1), event("B", 2), event("s", 2, {{"id", 1}}), event("E", 3),
                    event("E", 3), event("B", 3), event("f", 3, {{"id", 1}, {"bp", "e"}}),
                    event("E", 4), event("C", 1, {{"args", {{"x", 1}}}})}),
            "");
}

TEST(TraceEvents, MembersThatEveryEventHas) {
  for (const char* member : {"ph", "ts", "pid", "tid", "name"}) {
    json lacking = event("B", 1);
    lacking.erase(member);
    EXPECT_EQ(broken({lacking}), "event 0: lacks a member that every event has\n") << member;
  }
  EXPECT_EQ(broken({event("B", -1)}), "event 0: lacks a member that every event has\n");
  EXPECT_EQ(broken({event("Q", 1)}), "event 0: lacks a member that every event has\n");
  EXPECT_EQ(broken_trace_rules(json::array()), "no list of events\n");
}

TEST(TraceEvents, SlicesNest) {
  EXPECT_EQ(broken({event("E", 1)}),
            "event 0: ends a slice that was not begun\nevent 3: a slice stays open\n");
  EXPECT_EQ(broken({event("B", 1)}), "event 3: a slice stays open\n");
  EXPECT_EQ(broken({event("B", 2), event("E", 1)}), "event 1: goes back in time on its track\n");
}

TEST(TraceEvents, TracksHaveNames) {
  EXPECT_EQ(broken_trace_rules({{"traceEvents", {event("B", 1), event("E", 1)}}}),
            "event 2: a track without name\nevent 2: a track without place\n");
}

TEST(TraceEvents, CountersAreNumbersInOrder) {
  EXPECT_EQ(broken({event("C", 1, {{"args", {{"x", "1"}}}})}),
            "event 0: a counter that is no number\n");
  EXPECT_EQ(broken({event("C", 1)}), "event 0: a counter without values\n");
  EXPECT_EQ(broken({event("C", 2, {{"args", {{"x", 1}}}}), event("C", 1, {{"args", {{"x", 1}}}})}),
            "event 1: a counter that goes back in time\n");
}

TEST(TraceEvents, FlowsHaveTwoEnds) {
  EXPECT_EQ(broken({event("B", 1), event("s", 1, {{"id", 4}}), event("E", 1)}),
            "event 5: flow 4 has no start before its end\n");
  EXPECT_EQ(broken({event("B", 1), event("s", 1, {{"id", 4}}), event("f", 1, {{"id", 4}}),
                    event("E", 1)}),
            "event 2: the end of a flow that binds to the next slice\n");
}

}  // namespace
}  // namespace systole
