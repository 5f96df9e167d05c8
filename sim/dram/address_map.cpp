#include "sim/dram/address_map.h"

#include <algorithm>
#include <bit>

#include "arch/diag/check.h"

namespace systole {

DramAddressMap::Field::Field(std::int64_t count)
    : size(count),
      bits(std::has_single_bit(static_cast<std::uint64_t>(count))
               ? std::countr_zero(static_cast<std::uint64_t>(count))
               : -1) {}

DramAddressMap::DramAddressMap(const DramSpec& spec)
    : channels_(spec.channels),
      interleave_(spec.interleave.count()),
      burst_bytes_(spec.standard.organization.burst_bytes().count()),
      bursts_per_row_(spec.standard.organization.bursts_per_row),
      pseudo_channels_(spec.standard.organization.pseudo_channels),
      banks_(spec.standard.organization.banks() / pseudo_channels_),
      bank_groups_(spec.standard.organization.bank_groups),
      banks_per_group_(spec.standard.organization.banks_per_group),
      groups_below_(spec.mapping == DramMapping::BankGroupInterleaved ? bank_groups_ : 1),
      byte_of_block_(interleave_),
      channel_(channels_),
      byte_of_burst_(burst_bytes_),
      pseudo_channel_(pseudo_channels_),
      group_below_(groups_below_),
      column_(bursts_per_row_),
      group_above_(bank_groups_ / groups_below_),
      bank_of_group_(banks_per_group_),
      rank_(banks_ / (bank_groups_ * banks_per_group_)) {
  SYSTOLE_CHECK(channels_ > 0, "a DRAM needs a channel, got {}", channels_);
  SYSTOLE_CHECK(interleave_ > 0 && interleave_ % burst_bytes_ == 0,
                "the interleave of {} bytes is not a multiple of the burst of {} bytes",
                interleave_, burst_bytes_);
  const Bytes available = spec.standard.organization.capacity() * channels_;
  SYSTOLE_CHECK(spec.capacity > Bytes(0) && spec.capacity <= available,
                "a capacity of {} bytes does not fit the {} bytes of the channels",
                spec.capacity.count(), available.count());
}

std::vector<ChannelRange> DramAddressMap::split(std::int64_t address, Bytes length) const {
  std::vector<ChannelRange> ranges;
  const Cut begin = cut(address);
  const Cut end = cut(address + length.count());
  for (std::int64_t index = 0; index < channels_; ++index) {
    const auto channel = static_cast<ChannelIndex>(index);
    if (begin.of(channel) < end.of(channel)) {
      ranges.push_back({channel, begin.of(channel), end.of(channel)});
    }
  }
  return ranges;
}

std::int64_t DramAddressMap::system_address(ChannelIndex channel, std::int64_t local) const {
  const std::int64_t block = local / interleave_ * channels_ + static_cast<std::int64_t>(channel);
  return block * interleave_ + local % interleave_;
}

BurstPlace DramAddressMap::place(std::int64_t burst) const {
  const std::int64_t pseudo_channel = pseudo_channel_.take(burst);
  const std::int64_t group_below = group_below_.take(burst);
  const std::int64_t column = column_.take(burst);
  const std::int64_t group = group_below + group_above_.take(burst);
  const std::int64_t bank = bank_of_group_.take(burst);
  const std::int64_t rank = rank_.take(burst);
  return {static_cast<BankIndex>(pseudo_channel * banks_ +
                                 (rank * bank_groups_ + group) * banks_per_group_ + bank),
          static_cast<RowIndex>(burst), column};
}

}  // namespace systole
