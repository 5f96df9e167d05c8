#include "compiler/allocation/alike_layers.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"

namespace systole {
namespace {

using testing::ElementsAre;

std::vector<std::int32_t> firsts_of(const std::string& layers) {
  const Graph graph =
      parse_network(
          "network: n\nbatch: 2\ninputs: [{name: x, rows: 8, cols: 8, channels: 16}]\n"
          "layers: [" +
              layers + "]\n",
          "n.yaml")
          .graph;
  AlikeLayers alike(graph);
  std::vector<std::int32_t> firsts;
  for (std::int32_t layer = 0; layer < static_cast<std::int32_t>(graph.nodes.size()); ++layer) {
    firsts.push_back(alike.first_of(layer));
  }
  return firsts;
}

TEST(AlikeLayers, HaveTheSameWorkOnTheSameTypes) {
  EXPECT_THAT(firsts_of("{name: a, op: conv2d, channels: 16, kernel: 3, padding: 1}, "
                        "{name: b, op: conv2d, channels: 16, kernel: 3, padding: 1}, "
                        "{name: c, op: conv2d, channels: 16, kernel: 1}, "
                        "{name: d, op: conv2d, channels: 16, kernel: 3, padding: 1}, "
                        "{name: e, op: conv2d, channels: 16, kernel: 1}"),
              ElementsAre(0, 0, 2, 0, 2));
}

TEST(AlikeLayers, DifferInGroupsBiasesActivationsAndPads) {
  EXPECT_THAT(
      firsts_of("{name: a, op: conv2d, channels: 16, kernel: 3, padding: 1}, "
                "{name: b, op: conv2d, channels: 16, kernel: 3, padding: 1, groups: 16}, "
                "{name: c, op: conv2d, channels: 16, kernel: 3, padding: 1, bias: false}, "
                "{name: d, op: conv2d, channels: 16, kernel: 3, padding: 1, activation: sigmoid}, "
                "{name: e, op: conv2d, channels: 16, kernel: 3, padding: same, stride: 1}, "
                "{name: f, op: conv2d, channels: 16, kernel: 3, padding: 1, groups: 16}"),
      ElementsAre(0, 1, 2, 3, 0, 1));
}

}  // namespace
}  // namespace systole
