#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "compiler/allocation/lifetimes.h"
#include "compiler/graph/graph.h"

namespace systole {

/// Neighbouring layers that run in equal parts of the batch: all of them for the first images, then
/// all of them for the next. What they hand to one another is a part in size, and may stay in the
/// unified buffer where the whole batch would not; their weights are loaded part by part.
struct Segment {
  std::int32_t first = 0;
  std::int32_t end = 0;  ///< behind the last
  std::int64_t parts = 1;
  /// Parts that are worked on at a time, each in memory of its own: while one waits the engines
  /// have something to do for another (schedule/interleave.h).
  std::int64_t in_flight = 1;

  [[nodiscard]] bool covers(std::int32_t layer) const { return first <= layer && layer < end; }
  /// Whether nobody but these layers needs the tensor: it is a part in size.
  [[nodiscard]] bool holds(const Lifetime& life) const {
    return first <= life.first && life.last < end;
  }
  bool operator==(const Segment&) const = default;
};

/// The segment of a layer: one of `segments` (ascending, apart), or the layer by itself.
[[nodiscard]] Segment segment_of(const std::vector<Segment>& segments, std::int32_t layer);

/// How long something is needed in memory: what one part needs, all of the segment's parts need.
[[nodiscard]] Lifetime in_whole_segments(const std::vector<Segment>& segments, Lifetime life);

/// The numbers of equal parts, above one, in which a network can run: divisors of its batch, where
/// every tensor has the batch as its first axis and nothing lives longer than the run.
[[nodiscard]] std::vector<std::int64_t> parts_of_batch(const Graph& graph);

/// Whether the node computes each image from the same image of its inputs alone.
[[nodiscard]] bool goes_by_image(const Node& node);

/// The same network for a part of its batch, made when it is first asked for.
class PartGraphs {
 public:
  explicit PartGraphs(const Graph& whole) : whole_(whole) {}

  [[nodiscard]] const Graph& of(std::int64_t parts);

 private:
  const Graph& whole_;
  std::map<std::int64_t, Graph> graphs_;
};

}  // namespace systole
