#include "reference/gpu/gpu_network.h"

#include <cmath>
#include <cstdint>
#include <string>

#include <gmock/gmock.h>

#include "compiler/frontend/read_network.h"
#include "reference/kernels/real_value.h"
#include "reference/measured/compare_numbers.h"
#include "tests/reference/every_operator.h"
#include "tests/reference/gpu/host_backend.h"

namespace systole::gpu {
namespace {

template <class T>
class GpuTypes : public testing::Test {};
using Types = testing::Types<std::int8_t, Bf16, Fp16, float>;

class TypeNames {
 public:
  template <class T>
  static std::string GetName(int /*index*/) {
    return std::string(name_of(kTypeOf<T>));
  }
};
TYPED_TEST_SUITE(GpuTypes, Types, TypeNames);

TYPED_TEST(GpuTypes, ComputesEveryOperatorWithinTheBound) {
  const Network network =
      parse_network(kEveryOperator, "every_operator.yaml", {.type = kTypeOf<TypeParam>});
  HostBackend backend;
  GpuNetwork<HostBackend, TypeParam> device(backend, network.graph, *network.data);
  const MeasuredNumerics numerics =
      compare_numbers(network.graph, *network.data, kTypeOf<TypeParam>, device);
  EXPECT_GT(numerics.elements, 5000);
  EXPECT_EQ(numerics.outside, 0) << numerics.first_outside;
  if (kTypeOf<TypeParam> == DataType::Int8) {
    EXPECT_EQ(numerics.bound, "equal bit for bit");
    EXPECT_EQ(numerics.different, 0);
  }
}

TYPED_TEST(GpuTypes, RunsTheWholePassInOrder) {
  const Network network =
      parse_network(kEveryOperator, "every_operator.yaml", {.type = kTypeOf<TypeParam>});
  HostBackend backend;
  GpuNetwork<HostBackend, TypeParam> at_once(backend, network.graph, *network.data);
  EXPECT_EQ(at_once.time_pass(), 1);
  HostBackend other;
  GpuNetwork<HostBackend, TypeParam> by_layer(other, network.graph, *network.data);
  EXPECT_EQ(by_layer.time_layers().size(), network.graph.nodes.size());
  for (const GraphTensorId output : network.graph.outputs) {
    EXPECT_EQ(at_once.read(output), by_layer.read(output));
  }
}

TYPED_TEST(GpuTypes, NamesWhatRuns) {
  const Network network =
      parse_network(kEveryOperator, "every_operator.yaml", {.type = kTypeOf<TypeParam>});
  HostBackend backend;
  const GpuNetwork<HostBackend, TypeParam> device(backend, network.graph, *network.data);
  for (std::size_t i = 0; i < network.graph.nodes.size(); ++i) {
    const std::string kernel = device.kernel(static_cast<NodeId>(i));
    const std::string& name = network.graph.nodes[i].name;
    if (name == "stem") {
      EXPECT_THAT(kernel, testing::StartsWith("im2col + host"));
    } else if (name == "depthwise") {
      EXPECT_EQ(kernel, "grouped convolution");
    } else {
      EXPECT_EQ(kernel.empty(), name == "flat") << name;
    }
  }
}

TEST(GpuElementTypes, RoundAsTheReferenceDoes) {
  for (std::int64_t i = -200'000; i < 200'000; ++i) {
    // through all magnitudes of fp16, subnormals included, and between its values
    const float value = static_cast<float>(
        std::ldexp(static_cast<double>(i % 4999), static_cast<int>(i % 41) - 33));
    EXPECT_EQ(to_float(FromFloat<Bf16>::convert(value)), reference::held_as(DataType::Bf16, value))
        << value;
    if (std::fabs(value) < 65'504) {
      EXPECT_EQ(to_float(FromFloat<Fp16>::convert(value)),
                reference::held_as(DataType::Fp16, value))
          << value;
    }
  }
  EXPECT_TRUE(std::isinf(to_float(FromFloat<Fp16>::convert(70'000))));
  EXPECT_EQ(to_float(FromFloat<Fp16>::convert(65'519)), 65'504);
  EXPECT_TRUE(std::isnan(to_float(FromFloat<Fp16>::convert(std::nanf("")))));
  EXPECT_TRUE(std::isnan(to_float(FromFloat<Bf16>::convert(std::nanf("")))));
}

TEST(GpuIntegerRule, RoundsHalvesAwayFromZeroAtTheExtremes) {
  EXPECT_EQ(rounded_shift(-6 * 1'610'612'736LL, 31), -5);  // -4.5, as in docs/numerics.md
  EXPECT_EQ(rounded_shift(5, 1), 3);
  EXPECT_EQ(rounded_shift(-5, 1), -3);
  EXPECT_EQ(rounded_shift(-5, 0), -5);
  EXPECT_EQ(rounded_shift(std::int64_t{1} << 62, 62), 1);
  EXPECT_EQ(rounded_shift(std::int64_t{1} << 61, 62), 1);
  EXPECT_EQ(rounded_shift((std::int64_t{1} << 61) - 1, 62), 0);
  EXPECT_EQ(rounded_ratio(Wide{7} << 62, Wide{2} << 62), 4);
  EXPECT_EQ(rounded_ratio(-(Wide{7} << 62), Wide{2} << 62), -4);
  EXPECT_EQ(rounded_ratio(Wide{2} << 62, Wide{3} << 62), 1);
}

}  // namespace
}  // namespace systole::gpu
