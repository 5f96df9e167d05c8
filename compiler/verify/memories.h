#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/chip_spec.h"
#include "compiler/verify/accesses.h"
#include "compiler/verify/fragments.h"
#include "compiler/verify/order.h"

namespace systole::verification {

/// Follows the contents of unified buffer, DRAM and host memory through a program's order. A read
/// must find bytes of the tensor it names, whole, from instructions that come before it; a write
/// must come after all that wrote or read the bytes it replaces.
class Memories {
 public:
  Memories(const ChipSpec& chip, const Program& program, const Order& order);

  /// Puts inputs into host memory, constants and weight tiles into DRAM.
  [[nodiscard]] std::optional<std::string> fill();
  /// Executes the accesses of one instruction; call in the order's sequence.
  [[nodiscard]] std::optional<std::string> execute(Place place, const Accesses& accesses);
  /// Every output tensor must be whole in host memory.
  [[nodiscard]] std::optional<std::string> check_outputs();

 private:
  [[nodiscard]] std::int64_t size_of(Space space) const;
  /// Each core has a buffer of its own; the other memories are the chip's.
  Fragments& fragments(Space space, std::uint16_t core = 0) {
    switch (space) {
      case Space::Buffer:
        return buffers_[core];
      case Space::Dram:
        return dram_;
      case Space::Host:
        break;
    }
    return host_;
  }

  /// The tile of weights that begins where `where` does in DRAM, if one does.
  [[nodiscard]] std::optional<std::int32_t> tile_at(const Rectangle& where);
  [[nodiscard]] std::optional<std::string> put(Space space, std::int64_t address,
                                               std::int64_t bytes, Label label);
  [[nodiscard]] std::optional<std::string> check_range(Place place, const Access& access) const;
  [[nodiscard]] std::optional<std::string> check_overlap(Place place,
                                                         const Accesses& accesses) const;
  [[nodiscard]] std::optional<std::string> read(Place place, const Access& access);
  [[nodiscard]] std::optional<std::string> write(Place place, const Access& access);
  /// The latest instruction up to `latest` that reads bytes of `fragment` under the new `access`
  /// and is not ordered before its `writer`. A fragment knows the last reader of any of its bytes
  /// only, so the instructions that the order leaves open are looked at one by one.
  [[nodiscard]] std::optional<Place> find_unordered_reader(Place latest, Place writer,
                                                           const Access& access,
                                                           const Fragment& fragment);
  /// Of an instruction that others may have been asked about a moment ago; null: a violation.
  [[nodiscard]] const Accesses* accesses_of(Place reader);
  /// Of tiles of layers that share weights, which are one in DRAM, the first.
  [[nodiscard]] std::int32_t first_of(std::int32_t tile) const {
    return first_of_[static_cast<std::size_t>(tile)];
  }
  /// What is wrong with the bytes under `access`, as `ADDRESS, which ...`; empty if nothing.
  [[nodiscard]] std::string find_wrong_bytes(const Access& access, std::uint16_t core = 0);
  [[nodiscard]] std::string phrase(Place place, std::string_view verb, const Access& access,
                                   std::int64_t address) const;

  const ChipSpec& chip_;
  const Program& program_;
  const Order& order_;
  std::vector<std::int32_t> first_of_;  ///< by tile
  std::vector<Fragments> buffers_;      ///< by core
  Fragments dram_;
  Fragments host_;
  struct Reader {
    Place place;
    Accesses accesses;
  };
  static constexpr std::size_t kReaders = 16;
  std::vector<Reader> readers_;  ///< whose accesses were derived last
  std::size_t reader_count_ = 0;
};

}  // namespace systole::verification
