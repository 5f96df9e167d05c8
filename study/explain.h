#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/enum_names.h"
#include "compiler/compilation.h"
#include "compiler/frontend/read_network.h"
#include "compiler/mapping/layer_candidates.h"
#include "study/result.h"

namespace systole {

/// Where a loop of a layer moves on: what lies there changes with each turn.
enum class NestLevel : std::uint8_t { Dram, Buffer, Accumulators, Array, Vector };

template <>
inline constexpr auto kEnumNames<NestLevel> = std::to_array<EnumName<NestLevel>>({
    {NestLevel::Dram, "dram"},
    {NestLevel::Buffer, "unified_buffer"},
    {NestLevel::Accumulators, "accumulators"},
    {NestLevel::Array, "array"},
    {NestLevel::Vector, "vector_unit"},
});

/// A loop of a layer: `count` turns, each over `size` of the `total` of its axis, the last perhaps
/// over fewer.
struct NestLoop {
  NestLevel level = NestLevel::Dram;
  std::string axis;  ///< part, band, group, n, chunk, k, fold, position, vector
  std::string unit;  ///< of size and total: images, rows, channels, positions, ...
  std::int64_t count = 1;
  std::int64_t size = 0;
  std::int64_t total = 0;
};

/// An operand of a layer and where it is.
struct NestOperand {
  std::string name;
  bool is_output = false;
  bool is_added = false;  ///< by a fused layer, to the sums on their way
  Home home = Home::None;
};

/// What a layer moved at a level, and what no mapping moves less than.
struct LevelTraffic {
  std::string level;  ///< dram_read, dram_write, host, weight_fifo, buffer_reads, ...
  std::string unit;
  std::int64_t moved = 0;
  std::optional<std::int64_t> least;
};

/// How a layer is mapped on the first core, what it cost, and what else there was.
struct LayerExplanation {
  std::int64_t parts = 1;      ///< of the batch, in each of which it runs
  LayerCandidate chosen;       ///< of a part
  std::vector<NestLoop> nest;  ///< outermost first; empty for a view
  std::vector<NestOperand> operands;
  std::int64_t room = 0;  ///< bytes of the unified buffer that its bands may take
  std::vector<LevelTraffic> traffic;
  std::vector<LayerCandidate> others;     ///< that fit, cheapest first
  std::vector<LayerCandidate> residency;  ///< with an operand elsewhere
  bool fused = false;  ///< the layer before computes it; else an empty nest is a view's
};

/// The same network on a chip with more of something, evaluated.
struct HardwareChange {
  std::string what;               ///< `twice the rows`
  std::vector<std::string> sets;  ///< as `--set` takes them
  CoreCycles cycles{0};
  CoreCycles bound_cycles{0};
  std::int64_t dram_bytes = 0;
  std::optional<double> joules;
  std::string error;  ///< why there is no such chip; empty where there is
};

struct Explanation {
  Result result;
  Compilation compiled;
  std::vector<LayerExplanation> layers;
  std::vector<HardwareChange> changes;

  /// What the cost model expected of the whole, all layers one after another.
  [[nodiscard]] CoreCycles estimated() const;
};

/// The changes worth a look, without figures.
[[nodiscard]] std::vector<HardwareChange> hardware_changes(const ChipSpec& chip);

struct ExplainOptions {
  const Mapping* mapping = nullptr;  ///< null: as the compiler chooses, as on changed chips
  /// The chip with these `PATH=VALUE`; throws UserError where there is none. Empty: no changes are
  /// evaluated.
  std::function<ChipSpec(const std::vector<std::string>& sets)> changed;
  std::size_t parallel = 1;  ///< changes at a time, each in a process of its own
  std::function<void(std::string_view)> on_stage;
};

/// Compiles and simulates the network on the chip, and on each changed one. Call it once per
/// process. Throws as `evaluate` does.
[[nodiscard]] Explanation explain(const ChipSpec& chip, const Network& network,
                                  const ExplainOptions& options = {});

}  // namespace systole
