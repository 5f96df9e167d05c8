#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/enum_names.h"
#include "arch/isa/program.h"
#include "compiler/verify/rectangle.h"
#include "compiler/verify/wording.h"

namespace systole::verification {

enum class Space : std::uint8_t { Buffer, Dram, Host };

}  // namespace systole::verification

template <>
inline constexpr auto systole::kEnumNames<systole::verification::Space> =
    std::to_array<systole::EnumName<systole::verification::Space>>({
        {systole::verification::Space::Buffer, "unified buffer"},
        {systole::verification::Space::Dram, "DRAM"},
        {systole::verification::Space::Host, "host memory"},
    });

namespace systole::verification {

/// Bytes that an instruction reads or writes: the byte at address a is byte a + delta of `label`.
struct Access {
  std::string_view operand;  ///< its name in the instruction
  Space space = Space::Buffer;
  Rectangle where;
  Label label;
  std::int64_t delta = 0;
};

/// The operand's name of rows that a row loop loads.
inline constexpr std::string_view kLoadedRows = "load";

using AccessList = std::vector<Access>;

struct Accesses {
  AccessList reads;
  AccessList writes;
};

/// Of the scales behind the elements of a tile.
[[nodiscard]] std::int64_t bytes_of_scales(const LoadTile& load);

/// What the instruction reads and writes in the memories, from its own fields alone. Accumulators
/// and the weight FIFO are not memories here. Reads of a window are rounded up to whole input rows
/// where the outputs span whole output rows, otherwise they are the bounding box of the kernel
/// positions; never smaller than what is read. Requires fields that `check_fields` has accepted.
/// Returns a violation where the window asks for a row that lies before the buffer's first.
[[nodiscard]] std::optional<std::string> derive_accesses(const Program& program, Place place,
                                                         Accesses& accesses);

}  // namespace systole::verification
