#include "sim/dram/request_pattern.h"

namespace systole {
namespace {

constexpr std::int64_t kBlock = 4096;
constexpr std::int64_t kTileWidth = 512;
constexpr std::int64_t kTilePitch = 8192;
constexpr std::int64_t kEveryThird = 3;

DramOperation write_if(bool writes) {
  return writes ? DramOperation::Write : DramOperation::Read;
}

std::int64_t random_burst(const BitFieldMap& map, std::int64_t index) {
  const auto bursts = static_cast<std::uint64_t>(map.capacity() / map.burst_bytes());
  return static_cast<std::int64_t>(random_number(index) % bursts) * map.burst_bytes();
}

AddressedBurst copied_block(const BitFieldMap& map, std::int64_t index) {
  const std::int64_t bursts = kBlock / map.burst_bytes();
  const std::int64_t block = index / (2 * bursts);
  const std::int64_t rest = index % (2 * bursts);
  const bool writes = rest >= bursts;
  return {(writes ? map.capacity() / 2 : 0) + block * kBlock + rest % bursts * map.burst_bytes(),
          write_if(writes)};
}

std::int64_t strided(const BitFieldMap& map, std::int64_t index, bool rotates) {
  // A pseudo-channel is a channel to these patterns.
  const std::int64_t channels = map.size(AddressField::Channel);
  const std::int64_t pseudo_channels = map.size(AddressField::PseudoChannel);
  BurstFields fields{};
  const auto set = [&](AddressField field, std::int64_t value) {
    fields[static_cast<std::size_t>(field)] = value % map.size(field);
  };
  set(AddressField::Channel, index);
  set(AddressField::PseudoChannel, index / channels);
  std::int64_t row = index / (channels * pseudo_channels);
  if (rotates) {
    set(AddressField::BankGroup, row);
    row /= map.size(AddressField::BankGroup);
    set(AddressField::Bank, row);
    row /= map.size(AddressField::Bank);
  }
  set(AddressField::Row, row);
  return map.address(fields);
}

}  // namespace

std::uint64_t random_number(std::int64_t index) {
  constexpr std::uint64_t kSeed = 0x5EED;
  std::uint64_t z = kSeed + (static_cast<std::uint64_t>(index) + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

AddressedBurst burst_of(RequestPattern pattern, const BitFieldMap& map, std::int64_t index) {
  const std::int64_t bytes = map.burst_bytes();
  const std::int64_t wrap = map.capacity() - 1;
  const bool third = index % kEveryThird == 2;
  switch (pattern) {
    case RequestPattern::SeqRd:
      return {index * bytes & wrap, DramOperation::Read};
    case RequestPattern::SeqWr:
      return {index * bytes & wrap, DramOperation::Write};
    case RequestPattern::Mix21Seq:
      return {index * bytes & wrap, write_if(third)};
    case RequestPattern::Copy: {
      const bool writes = index % 2 == 1;
      return {((writes ? map.capacity() / 2 : 0) + index / 2 * bytes) & wrap, write_if(writes)};
    }
    case RequestPattern::Copy4k: {
      AddressedBurst burst = copied_block(map, index);
      burst.address &= wrap;
      return burst;
    }
    case RequestPattern::Tile2d: {
      const std::int64_t bursts = kTileWidth / bytes;
      return {(index / bursts * kTilePitch + index % bursts * bytes) & wrap, DramOperation::Read};
    }
    case RequestPattern::StrideSamebank:
      return {strided(map, index, false), DramOperation::Read};
    case RequestPattern::StrideBankrot:
      return {strided(map, index, true), DramOperation::Read};
    case RequestPattern::RandRd:
      return {random_burst(map, index), DramOperation::Read};
    case RequestPattern::RandWr:
      return {random_burst(map, index), DramOperation::Write};
    case RequestPattern::Mix21Rand:
      return {random_burst(map, index), write_if(third)};
  }
  return {};
}

}  // namespace systole
