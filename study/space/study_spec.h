#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "arch/config/config_node.h"
#include "arch/enum_names.h"
#include "study/space/design_space.h"

namespace systole {

struct StudyNetwork {
  std::string name;  ///< as the study calls it
  std::string file;
  double weight = 1;
  std::int64_t batch = 0;  ///< 0: the network's own
};

/// A figure of a run under its key in the JSON report. The key may begin with a network's name and
/// a colon in the study; then it is that network's figure alone.
struct FigureName {
  std::string key;
  std::optional<std::size_t> network;
};

/// What a study wants less of, or more. Of several networks an objective is the mean, weighted as
/// the networks are.
struct Objective {
  std::string name;  ///< as the study has it
  FigureName figure;
  bool maximise = false;
};

/// A formula over figures that has to hold, for each network.
struct Constraint {
  Formula formula;
  std::vector<FigureName> figures;  ///< of the formula's names
  SourceLocation where;
};

enum class SamplerKind : std::uint8_t { Grid, Random, LatinHypercube, Nsga2, Maco };

template <>
inline constexpr auto kEnumNames<SamplerKind> = std::to_array<EnumName<SamplerKind>>({
    {SamplerKind::Grid, "grid"},
    {SamplerKind::Random, "random"},
    {SamplerKind::LatinHypercube, "latin_hypercube"},
    {SamplerKind::Nsga2, "nsga2"},
    {SamplerKind::Maco, "maco"},
});

struct SamplerSpec {
  SamplerKind kind = SamplerKind::Grid;
  std::int64_t points = 0;  ///< at most; 0: all (of a grid)
  std::int64_t population = 40;
  std::uint64_t seed = 1;
};

/// What one run may take.
struct RunLimits {
  std::int64_t memory_bytes = std::int64_t{8} << 30;
  std::int64_t seconds = 600;
};

/// A study as its file has it, checked; docs/studies.md has every key.
struct StudySpec {
  std::string name;
  std::string description;
  std::string file;
  std::string text;  ///< of the file
  std::string chip_file;
  std::vector<std::string> dram_directories;
  DesignSpace space;
  std::vector<StudyNetwork> networks;
  std::vector<Objective> objectives;
  std::vector<Constraint> constraints;
  SamplerSpec sampler;
  RunLimits limits;
  std::optional<double> arrival_rate;  ///< requests a second, for `load` figures

  std::map<std::string, std::string> units;  ///< of every figure that a run may have, by key

  /// The chip's file, as it was written.
  std::optional<ConfigNode> chip;
};

/// Where names in a study are looked up. Each function throws UserError for a name that it does
/// not know; the message is told at the place of the name.
struct StudyPlaces {
  std::function<std::string(const std::string&)> chip_file;
  std::function<std::string(const std::string&)> network_file;
  std::vector<std::string> dram_directories;
};

/// Names of figures that studies may use for long keys: `latency` is `total.seconds`.
struct FigureAlias {
  std::string_view name;
  std::string_view key;
};
inline constexpr auto kFigureAliases = std::to_array<FigureAlias>({
    {"latency", "total.seconds"},
    {"throughput", "total.inferences_per_second"},
    {"energy", "energy.joules_per_inference"},
    {"power", "energy.average_watts"},
    {"area", "area.die_mm2"},
    {"unit_cost", "cost.unit_usd.total"},
    {"usd_per_million", "cost.own.usd_per_million"},
    {"p99", "load.p99_seconds"},
});

/// Reads and checks a study: every path names something of the chip (the nearest is suggested),
/// every value is one that the chip's reader takes, every formula uses names that there are, every
/// figure is one that a report has. Throws UserError.
[[nodiscard]] StudySpec read_study(const std::string& file, const StudyPlaces& places);
[[nodiscard]] StudySpec read_study(const ConfigNode& node, const StudyPlaces& places);

/// Paths of a space that belong to the network, not to the chip.
inline constexpr std::string_view kBatchPath = "network.batch";
inline constexpr std::string_view kTypePath = "network.type";

}  // namespace systole
