#include "compiler/allocation/segment.h"

#include <algorithm>
#include <variant>

#include "compiler/graph/kept_work.h"
#include "compiler/mapping/core_split.h"

namespace systole {

Segment segment_of(const std::vector<Segment>& segments, std::int32_t layer) {
  const auto found = std::find_if(segments.begin(), segments.end(),
                                  [&](const Segment& segment) { return segment.covers(layer); });
  return found == segments.end() ? Segment{.first = layer, .end = layer + 1} : *found;
}

Lifetime in_whole_segments(const std::vector<Segment>& segments, Lifetime life) {
  return {.first = segment_of(segments, life.first).first,
          .last = segment_of(segments, life.last).end - 1};
}

std::vector<std::int64_t> parts_of_batch(const Graph& graph) {
  std::vector<std::int64_t> parts;
  if (!graph.states.empty() || !can_be_split(graph)) {
    return parts;
  }
  for (std::int64_t count = 2; count <= graph.batch; ++count) {
    if (graph.batch % count == 0) {
      parts.push_back(count);
    }
  }
  return parts;
}

bool goes_by_image(const Node& node) {
  const auto kept = kept_work(node);
  const Work& work = *kept;
  if (const auto* matmul = std::get_if<MatmulWork>(&work)) {
    return matmul->a.images_axis == MatrixAxis::Image &&
           matmul->b.images_axis == MatrixAxis::Image && matmul->c.images_axis == MatrixAxis::Image;
  }
  return true;
}

const Graph& PartGraphs::of(std::int64_t parts) {
  if (parts == 1) {
    return whole_;
  }
  const auto found = graphs_.find(parts);
  return found != graphs_.end()
             ? found->second
             : graphs_.emplace(parts, with_batch(whole_, whole_.batch / parts)).first->second;
}

}  // namespace systole
