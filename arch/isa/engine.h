#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/enum_names.h"

namespace systole {

/// What an engine of a core does. Each executes its own instruction stream in order; streams meet
/// only in semaphores and in weight FIFOs.
enum class EngineKind : std::uint8_t { Host, DmaIn, DmaOut, Weights, Matrix, Vector };
inline constexpr int kEngineKindCount = 6;

template <>
inline constexpr auto kEnumNames<EngineKind> = std::to_array<EnumName<EngineKind>>({
    {EngineKind::Host, "host"},
    {EngineKind::DmaIn, "dma_in"},
    {EngineKind::DmaOut, "dma_out"},
    {EngineKind::Weights, "weights"},
    {EngineKind::Matrix, "matrix"},
    {EngineKind::Vector, "vector"},
});

/// Whether a core has one such engine for each of its matrix units: the unit itself, and what
/// fetches its weights.
constexpr bool is_per_unit(EngineKind kind) {
  return kind == EngineKind::Weights || kind == EngineKind::Matrix;
}

/// One engine of a chip. A kind alone is that of the first core, and of its first matrix unit.
struct EngineId {
  std::uint16_t core = 0;
  EngineKind kind = EngineKind::Host;
  std::uint8_t unit = 0;  ///< of those engines that a core has several of

  constexpr EngineId() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a kind is the first engine of that kind
  constexpr EngineId(EngineKind of, std::uint8_t unit_of_core = 0, std::uint16_t core_of_chip = 0)
      : core(core_of_chip), kind(of), unit(unit_of_core) {}

  auto operator<=>(const EngineId&) const = default;
};
/// To compare an engine with a kind would forget the others of that kind.
bool operator==(EngineId, EngineKind) = delete;

/// `matrix`, `matrix1` of the second matrix unit, `core1.matrix1` of the second core.
[[nodiscard]] std::string name_of(EngineId engine);

inline constexpr int kMaxCores = 16;
inline constexpr int kMaxMatrixUnits = 8;  ///< of a core

/// Which engines a chip has: those of the first core in the order of `EngineKind`, each kind by
/// unit, then those of the next core. An engine's place in that order is the index of its stream.
struct EngineSet {
  std::int32_t cores = 1;
  std::int32_t matrix_units = 1;  ///< of each core

  [[nodiscard]] constexpr std::size_t per_core() const {
    return static_cast<std::size_t>(kEngineKindCount - 2) +
           2 * static_cast<std::size_t>(matrix_units);
  }
  [[nodiscard]] constexpr std::size_t size() const {
    return static_cast<std::size_t>(cores) * per_core();
  }
  [[nodiscard]] constexpr std::int32_t count_of(EngineKind kind) const {
    return is_per_unit(kind) ? matrix_units : 1;
  }
  [[nodiscard]] constexpr bool has(EngineId engine) const {
    return engine.core < cores && engine.unit < count_of(engine.kind);
  }
  [[nodiscard]] constexpr std::size_t index_of(EngineId engine) const {
    const auto kind = static_cast<std::size_t>(engine.kind);
    const auto more = static_cast<std::size_t>(matrix_units - 1);  // of either kind, in a core
    const std::size_t before = (engine.kind > EngineKind::Weights ? more : 0) +
                               (engine.kind > EngineKind::Matrix ? more : 0);
    return engine.core * per_core() + kind + before + engine.unit;
  }
  [[nodiscard]] constexpr EngineId at(std::size_t index) const {
    const auto core = static_cast<std::uint16_t>(index / per_core());
    std::size_t rest = index % per_core();
    for (const auto& [kind, name] : kEnumNames<EngineKind>) {
      const auto count = static_cast<std::size_t>(count_of(kind));
      if (rest < count) {
        return {kind, static_cast<std::uint8_t>(rest), core};
      }
      rest -= count;
    }
    return {};
  }
  /// The engine of that name, if the chip has it.
  [[nodiscard]] std::optional<EngineId> named(std::string_view name) const;

  class Iterator;
  [[nodiscard]] constexpr Iterator begin() const;
  [[nodiscard]] constexpr Iterator end() const;

  bool operator==(const EngineSet&) const = default;
};

class EngineSet::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = EngineId;
  using difference_type = std::ptrdiff_t;
  using pointer = const EngineId*;
  using reference = EngineId;

  constexpr Iterator(EngineSet engines, std::size_t index) : engines_(engines), index_(index) {}
  constexpr EngineId operator*() const { return engines_.at(index_); }
  constexpr Iterator& operator++() {
    ++index_;
    return *this;
  }
  constexpr bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  EngineSet engines_;
  std::size_t index_;
};

constexpr EngineSet::Iterator EngineSet::begin() const {
  return {*this, 0};
}
constexpr EngineSet::Iterator EngineSet::end() const {
  return {*this, size()};
}

/// A value for every engine of a chip.
template <class Value>
class PerEngine {
 public:
  PerEngine() : PerEngine(EngineSet()) {}
  explicit PerEngine(EngineSet engines, const Value& value = Value())
      : engines_(engines), values_(engines.size(), value) {}

  [[nodiscard]] const EngineSet& engines() const { return engines_; }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

  [[nodiscard]] Value& operator[](EngineId engine) { return values_[engines_.index_of(engine)]; }
  [[nodiscard]] const Value& operator[](EngineId engine) const {
    return values_[engines_.index_of(engine)];
  }
  /// By the index of the engine's stream.
  [[nodiscard]] Value& operator[](std::size_t index) { return values_[index]; }
  [[nodiscard]] const Value& operator[](std::size_t index) const { return values_[index]; }

  /// In the order of the engines.
  [[nodiscard]] auto begin() { return values_.begin(); }
  [[nodiscard]] auto end() { return values_.end(); }
  [[nodiscard]] auto begin() const { return values_.begin(); }
  [[nodiscard]] auto end() const { return values_.end(); }

  void fill(const Value& value) { std::fill(values_.begin(), values_.end(), value); }
  bool operator==(const PerEngine&) const = default;

 private:
  EngineSet engines_;
  std::vector<Value> values_;
};

}  // namespace systole
