#include "compiler/mapping/core_split.h"

#include <algorithm>

#include "compiler/allocation/segment.h"

namespace systole {

namespace {

bool has_batch(const Graph& graph, const GraphTensor& tensor) {
  return tensor.type.extents.size() > 1 && tensor.type.extents.front() == graph.batch;
}

}  // namespace

bool can_be_split(const Graph& graph) {
  return std::all_of(graph.tensors.begin(), graph.tensors.end(), [&](const GraphTensor& tensor) {
    return tensor.role == GraphTensorRole::Parameter || has_batch(graph, tensor);
  });
}

std::vector<Slice> images_of_cores(std::int64_t cores, const Graph& graph) {
  std::vector<Slice> shares;
  std::int64_t first = 0;
  const bool by_image = std::all_of(graph.nodes.begin(), graph.nodes.end(), goes_by_image);
  const std::int64_t sharers = by_image && can_be_split(graph) ? cores : 1;
  for (std::int64_t core = 0; core < cores; ++core) {
    const std::int64_t images =
        core < sharers ? graph.batch / sharers + (core < graph.batch % sharers ? 1 : 0) : 0;
    shares.push_back({.first = first, .size = images});
    first += images;
  }
  return shares;
}

Graph with_batch(Graph graph, std::int64_t images) {
  for (GraphTensor& tensor : graph.tensors) {
    if (tensor.role != GraphTensorRole::Parameter && has_batch(graph, tensor)) {
      tensor.type.extents.front() = images;
    }
  }
  graph.batch = images;
  return graph;
}

}  // namespace systole
