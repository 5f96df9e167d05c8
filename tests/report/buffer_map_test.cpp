#include "report/buffer_map.h"

#include <gmock/gmock.h>

#include "tests/report/sample_result.h"

namespace systole {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// Two layers, of 0..400 and 400..1600 of 1600 cycles; 16 kB of addresses.
Result two_layers() {
  Result result = sample_result();
  result.graph.nodes.resize(2);
  result.counters.layers.resize(2);
  result.counters.elapsed = CoreCycles(1600);
  result.counters.layers[0].first_start = CoreCycles(0);
  result.counters.layers[0].last_end = CoreCycles(400);
  result.counters.layers[1].first_start = CoreCycles(400);
  result.counters.layers[1].last_end = CoreCycles(1600);
  result.graph.tensors[0].name = "x<1>";
  return result;
}

MemoryPlan two_blocks() {
  MemoryPlan plan;
  plan.buffer_bytes = 16'000;
  plan.blocks = {
      {.use = BlockUse::Resident,
       .tensor = 0,
       .address = 0,
       .bytes = 8'000,
       .life = {.first = 0, .last = 0}},
      {.use = BlockUse::Output,
       .tensor = 1,
       .layer = 1,
       .address = 8'000,
       .bytes = 4'000,
       .life = {.first = 1, .last = 1}},
      {.use = BlockUse::Constants,
       .layer = 1,
       .address = 12'000,
       .bytes = 4'000,
       .life = {.first = 0, .last = 1}},
  };
  return plan;
}

/// A column for 100 cycles, a row for 1000 bytes.
TEST(BufferMap, DrawsABlockWhereAndWhileItIs) {
  std::string expected;
  for (int upper = 16; upper >= 1; --upper) {
    const std::string label = upper == 16   ? "   16.00 kB "
                              : upper >= 10 ? "   " + std::to_string(upper) + ".00 kB "
                                            : "   " + std::to_string(upper) + ".000 kB ";
    expected += label + (upper > 12  ? "################\n"
                         : upper > 8 ? "....~~~~~~~~~~~~\n"
                                     : "aaaa............\n");
  }
  expected += "      cycle 0          1,600\n  a x<1>: 8.000 kB, cycles 0 to 400\n";
  EXPECT_EQ(buffer_map_text(two_layers(), two_blocks(), 28), expected);
}

TEST(BufferMap, IsAPictureToo) {
  const std::string svg = buffer_map_svg(two_layers(), two_blocks());
  EXPECT_THAT(svg,
              StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1120 470\""));
  EXPECT_THAT(svg, HasSubstr("<title>x&lt;1&gt;: 8.000 kB, cycles 0 to 400</title>"));
  EXPECT_THAT(svg, HasSubstr("x=\"80.00\""));
  EXPECT_THAT(svg, HasSubstr("width=\"250.00\""));  // 400 of 1600 cycles of 1000
}

}  // namespace
}  // namespace systole
