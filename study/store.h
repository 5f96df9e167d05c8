#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arch/enum_names.h"

namespace systole {

/// How the run of a network on a chip ended.
enum class RunEnd : std::uint8_t { Done, Infeasible, Time, Memory, Crash, Error };

template <>
inline constexpr auto kEnumNames<RunEnd> = std::to_array<EnumName<RunEnd>>({
    {RunEnd::Done, "done"},
    {RunEnd::Infeasible, "infeasible"},  ///< the network cannot run on the chip, or there is no
                                         ///< such chip
    {RunEnd::Time, "time"},
    {RunEnd::Memory, "memory"},
    {RunEnd::Crash, "crash"},
    {RunEnd::Error, "error"},  ///< a mistake of ours, caught
});

/// Figures by key, as a run has them.
using FigureMap = std::map<std::string, double, std::less<>>;

/// One run, as the store keeps it: a row of `runs`.
struct StoredRun {
  std::string key;  ///< hash of chip, network and program version, 32 hexadecimal digits
  std::string chip;
  std::string network;
  std::int64_t batch = 0;
  std::string type;
  RunEnd end = RunEnd::Done;
  std::string reason;  ///< where it did not end well, in one line
  FigureMap figures;   ///< where it did
};

/// One point of a study: a row of `points`.
struct StoredPoint {
  std::int64_t point = 0;
  std::string values;             ///< JSON object: axis -> value
  std::vector<std::string> runs;  ///< keys, in the order of the study's networks; none: skipped
  std::string skipped;            ///< why it was not run: a bound that says so
  std::string goal;               ///< hash of what was wanted then, for skipped points
};

/// Results of studies in one SQLite file (WAL), for this program and any other: docs/studies.md
/// describes its tables. Several processes may use one file. A row is there or not, whatever kills
/// the process; what is written twice is equal.
///
/// Every function throws UserError in one line where the file cannot be used:
/// `FILE: expected a study store, got ...`, `FILE: cannot write: disk I/O error`.
class StudyStore {
 public:
  enum class Mode : std::uint8_t { Read, Write };

  /// Opens the file; in Write mode creates it and brings an older schema up to date.
  StudyStore(const std::string& file, Mode mode);
  ~StudyStore();
  StudyStore(StudyStore&&) noexcept;
  StudyStore& operator=(StudyStore&&) noexcept;

  [[nodiscard]] std::optional<StoredRun> run(const std::string& key) const;
  [[nodiscard]] bool has_run(const std::string& key) const;
  void put(const StoredRun& run);
  void put(const std::vector<StoredRun>& runs);  ///< all or none

  /// The number under which the store knows a study; `space` is the hash of its points' meaning.
  [[nodiscard]] std::optional<std::int64_t> study(const std::string& space) const;
  /// The latest whose `space` begins so.
  [[nodiscard]] std::optional<std::int64_t> latest_study(const std::string& beginning) const;
  std::int64_t add_study(const std::string& space, const std::string& name,
                         const std::string& text);
  void put(std::int64_t study, const std::vector<StoredPoint>& points);     ///< all or none
  [[nodiscard]] std::vector<StoredPoint> points(std::int64_t study) const;  ///< by number

  /// Adds what another store has and this one lacks. As often as one likes.
  void merge(const std::string& file);

  /// Every run, in order of keys.
  [[nodiscard]] std::vector<StoredRun> runs() const;

  static constexpr int kSchema = 2;

 private:
  struct Database;
  std::unique_ptr<Database> database_;
};

}  // namespace systole
