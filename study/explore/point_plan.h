#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "study/explore/bounds.h"
#include "study/provenance.h"
#include "study/space/study_spec.h"
#include "study/store.h"

namespace systole {

/// One run of a point: a network on its chip.
struct PlannedRun {
  std::string key;  ///< StoredRun::key
  std::size_t network = 0;
  NetworkChoice choice;
};

/// What has to be done for a point.
struct PointPlan {
  PointId point = 0;
  std::vector<ConfigOverride> chip;  ///< in place of the base chip's values
  std::vector<PlannedRun> runs;      ///< one a network
};

/// Turns points into runs and runs into figures. Keeps what points share: files, networks.
class Planner {
 public:
  /// `program`: what simulates, part of every key.
  Planner(const StudySpec& study, std::string program);

  /// Keys are 128-bit hashes of what a run depends on: every value of the chip's file with the
  /// point's in place, the files that these name (technology, DRAM standard, tables, ...), the
  /// network's file, batch, type, and the program. Names, descriptions and sources do not count.
  [[nodiscard]] PointPlan plan(PointId point);

  /// Throws UserError where there is no such chip.
  [[nodiscard]] ChipSpec chip_of(const PointPlan& plan) const;
  [[nodiscard]] std::shared_ptr<const Network> network_of(const ChipSpec& chip,
                                                          const PlannedRun& run);
  /// Bounds for each run. Throws UserError where the chip or the run is not possible.
  [[nodiscard]] std::vector<FigureBounds> bounds_of(const PointPlan& plan);

  /// A row for the store without its outcome.
  [[nodiscard]] StoredRun row_of(const PlannedRun& run) const;
  /// `{"matrix_unit.rows": "32", ...}`
  [[nodiscard]] std::string values_json(PointId point) const;

  /// Hash of what points of the study mean: base chip, axes, derived values, networks.
  [[nodiscard]] std::string space_hash() const;
  /// The same with the program: `studies.space` of the store.
  [[nodiscard]] std::string study_key() const;
  /// Hash of objectives, constraints and load: what skipped points were skipped for.
  [[nodiscard]] std::string goal_hash() const;

 private:
  [[nodiscard]] const std::string& named_files(const std::string& value);

  const StudySpec& study_;
  std::string program_;
  std::vector<std::string> folders_;          ///< where values may name files
  std::vector<std::string> network_content_;  ///< of each network
  std::map<std::string, std::string> named_;  ///< value -> hashes of the files that it names
  std::map<std::tuple<std::string, std::int64_t, int>, std::shared_ptr<const Network>> networks_;
};

}  // namespace systole
