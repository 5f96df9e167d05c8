#include "sim/dram/bit_field_map.h"

#include <algorithm>
#include <functional>

#include "arch/diag/check.h"
#include "arch/enum_names.h"
#include "sim/dram/bits.h"

namespace systole {

template <>
inline constexpr auto kEnumNames<AddressField> =
    std::to_array<EnumName<AddressField>>({{AddressField::Row, "row"},
                                           {AddressField::Rank, "rank"},
                                           {AddressField::Bank, "bank"},
                                           {AddressField::BankGroup, "bank_group"},
                                           {AddressField::Column, "column"},
                                           {AddressField::PseudoChannel, "pseudo_channel"},
                                           {AddressField::Channel, "channel"}});

namespace {

constexpr std::string_view kBankGroupInterleaved =
    "row:rank:bank:column:bank_group:pseudo_channel:channel";
constexpr std::string_view kLinear = "row:rank:bank:bank_group:column:pseudo_channel:channel";

std::optional<AddressPart> part_of(std::string_view text) {
  AddressPart part;
  const std::size_t dot = text.find('.');
  const std::optional<AddressField> field = value_named<AddressField>(text.substr(0, dot));
  if (!field) {
    return std::nullopt;
  }
  part.field = *field;
  if (dot != std::string_view::npos) {
    const std::string_view digits = text.substr(dot + 1);
    if (digits.size() != 1 || digits.front() < '1' || digits.front() > '9') {
      return std::nullopt;
    }
    part.bits = digits.front() - '0';
  }
  return part;
}

using FieldBits = std::array<int, kAddressFields>;

FieldBits widths_of(const DramStandard& standard) {
  const DramOrganization& shape = standard.organization;
  return {bits_of(shape.rows),        bits_of(shape.ranks),          bits_of(shape.banks_per_group),
          bits_of(shape.bank_groups), bits_of(shape.bursts_per_row), bits_of(shape.pseudo_channels),
          bits_of(standard.channels)};
}

/// The bits that parts with a width take.
FieldBits fixed_bits(const AddressOrder& order) {
  FieldBits fixed{};
  for (const AddressPart& part : order) {
    fixed[static_cast<std::size_t>(part.field)] += part.bits;
  }
  return fixed;
}

}  // namespace

std::optional<AddressOrder> address_order(std::string_view text) {
  if (text == "bgi") {
    text = kBankGroupInterleaved;
  } else if (text == "lin") {
    text = kLinear;
  }
  AddressOrder order;
  std::array<int, kAddressFields> rests{};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(':'), text.size());
    const std::optional<AddressPart> part = part_of(text.substr(0, end));
    if (!part) {
      return std::nullopt;
    }
    rests[static_cast<std::size_t>(part->field)] += part->bits == 0 ? 1 : 0;
    order.push_back(*part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  for (const int rest : rests) {
    if (rest != 1) {
      return std::nullopt;
    }
  }
  return order;
}

bool fits(const DramStandard& standard, const AddressOrder& order) {
  const FieldBits widths = widths_of(standard);
  const FieldBits fixed = fixed_bits(order);
  return std::equal(fixed.begin(), fixed.end(), widths.begin(), std::less_equal<>());
}

BitFieldMap::BitFieldMap(const DramStandard& standard, const AddressOrder& order)
    : widths_(widths_of(standard)),
      byte_bits_(bits_of(standard.organization.burst_bytes().count())) {
  SYSTOLE_CHECK(fits(standard, order), "an order of addresses with more bits than {} has",
                standard.name);
  const FieldBits fixed = fixed_bits(order);
  std::array<int, kAddressFields> placed{};
  total_bits_ = byte_bits_;
  const AddressOrder least_first(order.rbegin(), order.rend());
  for (const AddressPart& part : least_first) {
    const auto field = static_cast<std::size_t>(part.field);
    const int width = part.bits > 0 ? part.bits : widths_[field] - fixed[field];
    if (width > 0) {
      pieces_.push_back({field, total_bits_, placed[field], (std::int64_t{1} << width) - 1});
    }
    placed[field] += width;
    total_bits_ += width;
  }
}

BurstFields BitFieldMap::fields(std::int64_t address) const {
  BurstFields fields{};
  for (const Piece& piece : pieces_) {
    fields[piece.field] |= (address >> piece.address_shift & piece.mask) << piece.field_shift;
  }
  return fields;
}

std::int64_t BitFieldMap::address(const BurstFields& fields) const {
  std::int64_t address = 0;
  for (const Piece& piece : pieces_) {
    address |= (fields[piece.field] >> piece.field_shift & piece.mask) << piece.address_shift;
  }
  return address;
}

std::size_t BitFieldMap::bank(const BurstFields& fields) const {
  std::int64_t index = field_of(fields, AddressField::PseudoChannel);
  for (const AddressField field :
       {AddressField::Rank, AddressField::BankGroup, AddressField::Bank}) {
    index = index * size(field) + field_of(fields, field);
  }
  return static_cast<std::size_t>(index);
}

}  // namespace systole
