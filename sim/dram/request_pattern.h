#pragma once

#include <array>
#include <cstdint>

#include "arch/enum_names.h"
#include "sim/dram/bit_field_map.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// One burst by its system address.
struct AddressedBurst {
  std::int64_t address = 0;
  DramOperation operation = DramOperation::Read;
};

/// Request trains with a name. B bytes a burst, request i = 0, 1, ...; addresses modulo the
/// capacity; r(i) is splitmix64 of seed 0x5EED.
enum class RequestPattern : std::uint8_t {
  SeqRd,           ///< read i*B
  SeqWr,           ///< write i*B
  Mix21Seq,        ///< i*B, a write when i mod 3 = 2
  Copy,            ///< even: read i/2*B; odd: write capacity/2 + i/2*B
  Copy4k,          ///< 4 KiB read, then 4 KiB written half the capacity above
  Tile2d,          ///< reads 512 bytes of every 8 KiB
  StrideSamebank,  ///< channel by channel the next row of bank 0: every read conflicts
  StrideBankrot,   ///< channel by channel the next bank group, bank, row: every read activates
  RandRd,          ///< read of burst r(i)
  RandWr,          ///< write of burst r(i)
  Mix21Rand,       ///< burst r(i), a write when i mod 3 = 2
};
template <>
inline constexpr auto kEnumNames<RequestPattern> = std::to_array<EnumName<RequestPattern>>({
    {RequestPattern::SeqRd, "seq_rd"},
    {RequestPattern::SeqWr, "seq_wr"},
    {RequestPattern::Mix21Seq, "mix21_seq"},
    {RequestPattern::Copy, "copy"},
    {RequestPattern::Copy4k, "copy4k"},
    {RequestPattern::Tile2d, "tile2d"},
    {RequestPattern::StrideSamebank, "stride_samebank"},
    {RequestPattern::StrideBankrot, "stride_bankrot"},
    {RequestPattern::RandRd, "rand_rd"},
    {RequestPattern::RandWr, "rand_wr"},
    {RequestPattern::Mix21Rand, "mix21_rand"},
});

/// Number `index` of the 64-bit generator splitmix64 (Steele, Lea, Flood, OOPSLA 2014) with the
/// seed 0x5EED.
[[nodiscard]] std::uint64_t random_number(std::int64_t index);

[[nodiscard]] AddressedBurst burst_of(RequestPattern pattern, const BitFieldMap& map,
                                      std::int64_t index);

}  // namespace systole
