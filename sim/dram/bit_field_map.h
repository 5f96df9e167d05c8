#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/dram_spec.h"
#include "sim/dram/dram_types.h"

namespace systole {

enum class AddressField : std::uint8_t {
  Row,
  Rank,
  Bank,
  BankGroup,
  Column,
  PseudoChannel,
  Channel
};
constexpr std::size_t kAddressFields = 7;

/// A part of an address: `bits` bits of a field, or (0) all that its other parts leave.
struct AddressPart {
  AddressField field = AddressField::Row;
  int bits = 0;

  bool operator==(const AddressPart&) const = default;
};

/// Most significant part first, above the bits of the byte in the burst.
using AddressOrder = std::vector<AddressPart>;

/// The order that a text names: `bgi` (row, rank, bank, column, bank group, channel), `lin` (row,
/// rank, bank, bank group, column, channel), pseudo-channels right above channels in both; or the
/// parts themselves, `row:rank:bank:column:bank_group:column.2:channel`, where `.N` takes N bits.
/// Nothing when the text is none of these or a field is missing or stands twice without a width.
[[nodiscard]] std::optional<AddressOrder> address_order(std::string_view text);

/// No field has more bits of its own than the standard gives it.
[[nodiscard]] bool fits(const DramStandard& standard, const AddressOrder& order);

/// Where a burst is, one number for each field.
using BurstFields = std::array<std::int64_t, kAddressFields>;

/// System address to channel, bank, row and column by a bit-field order. Addresses wrap at the
/// capacity of all channels.
class BitFieldMap {
 public:
  /// The widths of the fields follow from the standard. Throws nothing: `address_order` has
  /// checked the order; parts wider than their field are SYSTOLE_CHECKed.
  BitFieldMap(const DramStandard& standard, const AddressOrder& order);

  [[nodiscard]] BurstFields fields(std::int64_t address) const;
  [[nodiscard]] std::int64_t address(const BurstFields& fields) const;
  /// Index of the bank in its channel: pseudo-channel : rank : bank group : bank.
  [[nodiscard]] std::size_t bank(const BurstFields& fields) const;
  [[nodiscard]] std::int64_t capacity() const { return std::int64_t{1} << total_bits_; }
  [[nodiscard]] std::int64_t burst_bytes() const { return std::int64_t{1} << byte_bits_; }
  [[nodiscard]] std::int64_t size(AddressField field) const {
    return std::int64_t{1} << widths_[static_cast<std::size_t>(field)];
  }

 private:
  struct Piece {
    std::size_t field = 0;
    int address_shift = 0;
    int field_shift = 0;
    std::int64_t mask = 0;  ///< of the piece, unshifted
  };

  std::array<int, kAddressFields> widths_{};
  int byte_bits_ = 0;
  int total_bits_ = 0;
  std::vector<Piece> pieces_;  ///< least significant first
};

[[nodiscard]] inline std::int64_t field_of(const BurstFields& fields, AddressField field) {
  return fields[static_cast<std::size_t>(field)];
}

}  // namespace systole
