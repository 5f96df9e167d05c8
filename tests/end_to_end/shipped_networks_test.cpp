#include <array>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/compilation.h"
#include "compiler/compile.h"
#include "compiler/frontend/read_network.h"
#include "compiler/network_type.h"
#include "report/json.h"
#include "study/evaluate.h"
#include "study/mapping_search.h"
#include "tests/end_to_end/support/laws.h"
#include "tests/support/forked.h"

namespace systole {
namespace {

struct Subject {
  std::string chip;
  std::string network;
  std::int64_t batch;
  std::optional<DataType> type{};  ///< the chip's first choice where there is none
};

void PrintTo(const Subject& subject, std::ostream* stream) {
  *stream << subject.network << " on " << subject.chip << ", batch " << subject.batch;
}

class ShippedNetworks : public testing::TestWithParam<Subject> {
 protected:
  [[nodiscard]] static ChipSpec chip() {
    return read_chip(fmt::format("{}/configs/chips/{}.yaml", SYSTOLE_SOURCE_DIR, GetParam().chip));
  }
  [[nodiscard]] static Network network() {
    return read_network(fmt::format("{}/workloads/{}.yaml", SYSTOLE_SOURCE_DIR, GetParam().network),
                        {.batch = GetParam().batch,
                         .type = GetParam().type.value_or(default_network_type(chip()))});
  }
};

TEST_P(ShippedNetworks, KeepTheLaws) {
  const ForkedResult child = run_forked([] {
    const ChipSpec spec = chip();
    const Network read = network();
    const Program program = compile(spec, read.graph);
    return broken_laws(evaluate_program(spec, read, program), program);
  });
  EXPECT_EQ(child.exit_code, 0) << child.error;
  EXPECT_EQ(child.output, "");
}

/// For latency and DRAM the model alone chooses, and only what it sees better by a thirty-second;
/// for energy a few are simulated.
TEST_P(ShippedNetworks, AreNoWorseWithAnObjectiveThanByTheRules) {
  const ChipSpec spec = chip();
  const Network read = network();
  // Five simulations of half a second each: of small arrays the small networks stand for all.
  const bool takes_long = spec.matrix.rows < 64 &&
                          (GetParam().network == "resnet50" || GetParam().network == "alexnet");
  for (const auto& [objective, name] : kEnumNames<MappingObjective>) {
    const bool by_energy =
        objective == MappingObjective::Energy || objective == MappingObjective::Edp;
    if (by_energy && (!spec.silicon || takes_long)) {
      continue;
    }
    const SearchedMappings searched =
        search_mappings(spec, read, {.objective = objective, .also = {}, .on_stage = {}});
    const TriedMapping& best = searched.tried[searched.best];
    if (searched.best == 0) {
      continue;  // the compiler's own
    }
    const auto figure = [&](const Mapping* mapping) {
      const ForkedResult child = run_forked([&, of = objective] {
        const Compilation compiled = compile_mapped(spec, read.graph, {.mapping = mapping});
        const Result result = evaluate_program(spec, read, compiled.program);
        const DramCounters& dram = result.counters.dram;
        const TriedMapping tried{.how = "",
                                 .cycles = result.counters.elapsed,
                                 .dram_bytes = dram.read_bytes + dram.write_bytes,
                                 .joules = result.energy
                                               ? std::optional(result.energy->total.total().count())
                                               : std::nullopt};
        return fmt::format("{}", objective_of(tried, of));
      });
      EXPECT_EQ(child.exit_code, 0) << child.error;
      return child.exit_code == 0 ? std::stod(child.output) : 0.0;
    };
    EXPECT_LE(figure(&best.mapping), figure(nullptr)) << name << ": " << best.how;
  }
}

TEST_P(ShippedNetworks, TakeTheSameCyclesWithAndWithoutData) {
  const auto counters = [](bool check) {
    const ForkedResult child = run_forked([check] {
      Result result = evaluate(chip(), network(), {.check = check});
      if (result.check && !result.check->passed()) {
        return fmt::format("{} mismatches", result.check->mismatches);
      }
      result.check.reset();
      return json_report(result);
    });
    EXPECT_EQ(child.exit_code, 0) << child.error;
    return child.output;
  };
  const std::string timed = counters(false);
  EXPECT_FALSE(timed.empty());
  EXPECT_EQ(counters(true), timed);
}

INSTANTIATE_TEST_SUITE_P(
    Shipped, ShippedNetworks,
    testing::Values(Subject{"tpu_v1", "resnet50", 1}, Subject{"tpu_v1", "resnet50", 3},
                    Subject{"tpu_v1", "mlp0", 200}, Subject{"tpu_v1", "alexnet", 1},
                    Subject{"edge", "resnet50", 1}, Subject{"edge", "mlp0", 5},
                    Subject{"edge", "alexnet", 2}, Subject{"edge", "mobilenet_v1", 1},
                    Subject{"edge_is", "resnet50", 1}, Subject{"edge_is", "mlp0", 5},
                    Subject{"edge_is", "alexnet", 2}, Subject{"edge_is", "mobilenet_v1", 1},
                    Subject{"edge_os", "resnet50", 1}, Subject{"edge_os", "mlp0", 5},
                    Subject{"edge_os", "alexnet", 2}, Subject{"edge_os", "mobilenet_v1", 1},
                    Subject{"tpu_v2", "resnet50", 2}, Subject{"tpu_v2", "mlp0", 20},
                    Subject{"tpu_v3", "mobilenet_v1", 1}, Subject{"tpu_v3", "alexnet", 2},
                    Subject{"tpu_v4", "resnet50", 2}, Subject{"tpu_v4", "mlp0", 20},
                    Subject{"tpu_v4", "resnet50", 1, DataType::Int8},
                    Subject{"tpu_v5e", "resnet50", 1}, Subject{"tpu_v5e", "alexnet", 2},
                    Subject{"asic_inference", "alexnet", 1},
                    Subject{"asic_inference", "resnet50", 1, DataType::Bf16}),
    [](const auto& subject) {
      const auto& type = subject.param.type;
      return fmt::format("{}_{}_batch_{}{}{}", subject.param.chip, subject.param.network,
                         subject.param.batch, type ? "_" : "", type ? name_of(*type) : "");
    });

/// What a network's inputs and outputs cost behind a link, and in device memory.
TEST(InputsAndOutputs, InDeviceMemoryCrossNoHostLink) {
  const auto run = [](IoMemory io) {
    const ForkedResult child = run_forked([io] {
      ChipSpec chip = read_chip(SYSTOLE_SOURCE_DIR "/configs/chips/tpu_v1.yaml");
      chip.io = io;
      const Network network =
          read_network(SYSTOLE_SOURCE_DIR "/workloads/mlp0.yaml", {.batch = 200});
      const Result result = evaluate(chip, network, {.check = true});
      const ActionCounters& actions = result.counters.actions;
      return fmt::format("{} {} {} {} {}", result.check->mismatches, actions.host_in_bytes,
                         actions.host_out_bytes, result.counters.dram.read_bytes,
                         result.counters.dram.write_bytes);
    });
    EXPECT_EQ(child.exit_code, 0) << child.error;
    std::array<std::int64_t, 5> numbers{};
    std::istringstream text(child.output);
    for (std::int64_t& number : numbers) {
      text >> number;
    }
    return numbers;
  };
  const auto host = run(IoMemory::Host);
  const auto device = run(IoMemory::Device);
  EXPECT_EQ(host[0], 0);
  EXPECT_EQ(device[0], 0);
  EXPECT_GT(host[1], 0);
  EXPECT_GT(host[2], 0);
  EXPECT_EQ(device[1], 0);
  EXPECT_EQ(device[2], 0);
  EXPECT_EQ(device[3], host[3] + host[1]);  // 200 x 2000 bytes are whole bursts
  EXPECT_EQ(device[4], host[4] + host[2]);
}

}  // namespace
}  // namespace systole
