#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/config/config_override.h"
#include "arch/config/measure_text.h"
#include "arch/diag/error.h"
#include "arch/enum_names.h"
#include "arch/fact.h"
#include "arch/units/units.h"

namespace systole {

struct YamlItem;

/// Inclusive limits of a value, in its base unit.
struct Range {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

struct RealRange {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

/// A map, list or value of a YAML file that knows its place and path and which of its keys were
/// asked for. Every reader throws ConfigError (WorkloadError for files opened as workloads) with
/// `file:line:column: path: expected ..., got ...`. Copies share one state.
///
/// A value may be written plainly (`clock: 700 MHz`) or with where it comes from
/// (`clock: {value: 700 MHz, source: j17, status: found}`); `source` is a key of the file's
/// top-level `sources` map. Either way it is recorded in `facts()`.
class ConfigNode {
 public:
  enum class Kind : std::uint8_t { Config, Workload };

  /// Parses a file or text. Rejects repeated keys, anchors with cycles, several documents.
  static ConfigNode open(const std::string& file, Kind kind = Kind::Config);
  static ConfigNode parse(const std::string& text, const std::string& file,
                          Kind kind = Kind::Config);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] bool is_map() const;
  [[nodiscard]] bool is_list() const;
  [[nodiscard]] bool is_scalar() const;

  // --- children: required unless the name says otherwise; asking marks the key as used ---
  [[nodiscard]] ConfigNode map(std::string_view key) const;
  [[nodiscard]] std::optional<ConfigNode> optional_map(std::string_view key) const;
  /// Elements of a list; an absent optional list is empty.
  [[nodiscard]] std::vector<ConfigNode> list(std::string_view key) const;
  [[nodiscard]] std::vector<ConfigNode> optional_list(std::string_view key) const;
  /// The child whatever its kind.
  [[nodiscard]] ConfigNode child(std::string_view key) const;
  /// Keys of this map in file order (for maps whose keys are the user's own names).
  [[nodiscard]] std::vector<std::string> keys() const;
  /// Elements of this list.
  [[nodiscard]] std::vector<ConfigNode> elements() const;

  // --- values of this map by key ---
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> optional_text(std::string_view key) const;
  /// Decimal digits only, optional leading '-', no leading zeros, no sign tricks, no exponent.
  [[nodiscard]] std::int64_t integer(std::string_view key, Range range = {}) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view key,
                                                             Range range = {}) const;
  [[nodiscard]] double real(std::string_view key, RealRange range = {}) const;
  [[nodiscard]] std::optional<double> optional_real(std::string_view key,
                                                    RealRange range = {}) const;
  [[nodiscard]] bool boolean(std::string_view key) const;  // true, false
  [[nodiscard]] std::optional<bool> optional_boolean(std::string_view key) const;
  [[nodiscard]] Bytes bytes(std::string_view key,
                            Range range = {}) const;  // B KiB MiB GiB kB MB GB
  [[nodiscard]] Hertz frequency(std::string_view key, Range range = {}) const;  // Hz kHz MHz GHz
  [[nodiscard]] BytesPerSecond bandwidth(std::string_view key,
                                         Range range = {}) const;  // MB/s GiB/s
  [[nodiscard]] Femtoseconds duration(std::string_view key,
                                      Range range = {}) const;                    // fs ps ns us ms
  [[nodiscard]] CoreCycles cycles(std::string_view key, Range range = {}) const;  // `3 cycles`
  [[nodiscard]] DramCycles dram_cycles(std::string_view key, Range range = {}) const;
  [[nodiscard]] Microvolts voltage(std::string_view key, Range range = {}) const;    // uV mV V
  [[nodiscard]] Microamperes current(std::string_view key, Range range = {}) const;  // uA mA A
  [[nodiscard]] Femtojoules energy(std::string_view key, Range range = {}) const;    // fJ pJ nJ

  /// A figure with one of the units of `kind`, in its base unit (arch/config/measure_text.h).
  [[nodiscard]] double measure(std::string_view key, const MeasureUnits& kind,
                               RealRange range = {}) const;

  template <class E>
  [[nodiscard]] E choice(std::string_view key) const {
    return *value_named<E>(choose(key, names_of<E>()));
  }

  // --- values of this node itself (elements of lists) ---
  [[nodiscard]] std::string as_text() const;
  [[nodiscard]] std::int64_t as_integer(Range range = {}) const;
  [[nodiscard]] double as_real(RealRange range = {}) const;
  [[nodiscard]] bool as_boolean() const;
  template <class E>
  [[nodiscard]] E as_choice() const {
    return *value_named<E>(as_one_of(names_of<E>()));
  }

  /// A value that was computed from this one: at its place, and messages say what it came from.
  [[nodiscard]] ConfigNode computed(std::string text) const;

  /// Throws when a key of this map was never asked for, naming the nearest known key.
  void finish() const;

  /// Throws at this node's place: `message` should read "expected ..., got ...".
  [[noreturn]] void fail(std::string_view message) const;
  /// The same at a key of this map.
  [[noreturn]] void fail(std::string_view key, std::string_view message) const;

  // --- the whole file, whichever node is asked ---
  /// The file as it was written, with these values in place of its own and nothing read yet; maps
  /// that a path needs and the file lacks appear. Throws where a path leads through a value.
  [[nodiscard]] ConfigNode with(const std::vector<ConfigOverride>& values) const;
  /// Throws at the override's place when its path names nothing that the readers of this file asked
  /// for, or its text is not what they asked for. Rules between two keys are not checked.
  void check(const ConfigOverride& value) const;
  /// Every value as `path=text`, a line each in order of paths, without name, description and
  /// sources: equal for files that say the same.
  [[nodiscard]] std::string content() const;
  /// The text at a path from the file's top, however it is written there.
  [[nodiscard]] std::optional<std::string> value_at(const std::string& path) const;

  /// The tree that readers left their marks on, for schemas (config_schema.h).
  [[nodiscard]] YamlItem& document_root() const;

  [[nodiscard]] SourceLocation location() const;
  [[nodiscard]] const std::string& path() const;
  /// Every value read so far from this file, in file order of reading.
  [[nodiscard]] const std::vector<Fact>& facts() const;

  struct State;  // implementation
 private:
  explicit ConfigNode(std::shared_ptr<State> state) : state_(std::move(state)) {}
  [[nodiscard]] std::string choose(std::string_view key,
                                   const std::vector<std::string_view>& names) const;
  [[nodiscard]] std::string as_one_of(const std::vector<std::string_view>& names) const;
  template <class E>
  [[nodiscard]] static std::vector<std::string_view> names_of() {
    std::vector<std::string_view> names;
    names.reserve(kEnumNames<E>.size());
    for (const auto& entry : kEnumNames<E>) {
      names.push_back(entry.second);
    }
    return names;
  }

  std::shared_ptr<State> state_;
};

}  // namespace systole
