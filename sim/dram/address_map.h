#pragma once

#include <cstdint>
#include <vector>

#include "arch/dram_spec.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// The bytes [begin, end) of one channel, channel-local addresses.
struct ChannelRange {
  ChannelIndex channel{};
  std::int64_t begin = 0;
  std::int64_t end = 0;

  bool operator==(const ChannelRange&) const = default;
};

struct BurstPlace {
  BankIndex bank{};
  RowIndex row{};
  std::int64_t column = 0;  ///< in bursts

  bool operator==(const BurstPlace&) const = default;
};

/// Where a system address is. Consecutive blocks of `interleave` bytes belong to consecutive
/// channels, so a contiguous span is contiguous inside every channel that it touches. The local
/// address of a channel is in the order of `DramMapping`, above the byte of the burst.
class DramAddressMap {
 public:
  explicit DramAddressMap(const DramSpec& spec);

  /// The channels' shares of [address, address + length), in order of channels, none empty.
  [[nodiscard]] std::vector<ChannelRange> split(std::int64_t address, Bytes length) const;
  /// A system address as a place between bytes of all channels: how many bytes of each are below.
  class Cut {
   public:
    [[nodiscard]] std::int64_t of(ChannelIndex channel) const {
      const auto index = static_cast<std::int64_t>(channel);
      return below_ + (index < whole_ ? interleave_ : index == whole_ ? rest_ : 0);
    }
    /// As many of each.
    [[nodiscard]] bool is_even() const { return whole_ == 0 && rest_ == 0; }

   private:
    friend class DramAddressMap;
    Cut(std::int64_t below, std::int64_t whole, std::int64_t rest, std::int64_t interleave)
        : below_(below), whole_(whole), rest_(rest), interleave_(interleave) {}

    std::int64_t below_;
    std::int64_t whole_;  ///< channels that have one interleave more
    std::int64_t rest_;   ///< of the channel after them
    std::int64_t interleave_;
  };
  [[nodiscard]] Cut cut(std::int64_t address) const {
    const std::int64_t rest = byte_of_block_.take(address);
    const std::int64_t whole = channel_.take(address);
    return {address * interleave_, whole, rest, interleave_};
  }
  /// Inverse of the interleave.
  [[nodiscard]] std::int64_t system_address(ChannelIndex channel, std::int64_t local) const;
  [[nodiscard]] BurstPlace place(std::int64_t burst) const;
  /// Of all of the channel: of its pseudo-channels and ranks, too.
  [[nodiscard]] std::int64_t bank_group(std::int64_t burst) const {
    return static_cast<std::int64_t>(place(burst).bank) / banks_per_group_;
  }
  /// How many bursts from `burst` on are in ascending columns of its row.
  [[nodiscard]] std::int64_t run_length(std::int64_t burst) const {
    return ways() > 1 ? 1 : bursts_per_row_ - column_.take(burst);
  }

  /// Banks that consecutive bursts go round, one burst each.
  [[nodiscard]] std::int64_t ways() const { return pseudo_channels_ * groups_below_; }
  /// How many bursts from `burst` on go round the same banks and rows.
  [[nodiscard]] std::int64_t rotation_length(std::int64_t burst) const {
    const std::int64_t bursts = bursts_per_row_ * ways();
    return bursts - burst % bursts;
  }

  /// The burst of a local address.
  [[nodiscard]] std::int64_t burst_of(std::int64_t local) const {
    static_cast<void>(byte_of_burst_.take(local));
    return local;
  }

  [[nodiscard]] std::int64_t burst_bytes() const { return burst_bytes_; }
  [[nodiscard]] std::int64_t bursts_per_row() const { return bursts_per_row_; }
  [[nodiscard]] std::int64_t interleave() const { return interleave_; }

 private:
  /// A part of a number: the remainder by `size`, the rest above it.
  struct Field {
    std::int64_t size = 1;
    int bits = 0;  ///< of a size that is a power of two, else -1

    explicit Field(std::int64_t count);
    [[nodiscard]] std::int64_t take(std::int64_t& number) const {
      const std::int64_t above = bits < 0 ? number / size : number >> bits;
      const std::int64_t field = number - above * size;
      number = above;
      return field;
    }
  };
  std::int64_t channels_;
  std::int64_t interleave_;
  std::int64_t burst_bytes_;
  std::int64_t bursts_per_row_;
  std::int64_t pseudo_channels_;
  std::int64_t banks_;  ///< of a pseudo-channel
  std::int64_t bank_groups_;
  std::int64_t banks_per_group_;
  std::int64_t groups_below_;  ///< bank groups that consecutive bursts go round

  Field byte_of_block_;
  Field channel_;
  Field byte_of_burst_;
  Field pseudo_channel_;  ///< of a burst, in this order
  Field group_below_;
  Field column_;
  Field group_above_;
  Field bank_of_group_;
  Field rank_;
};

}  // namespace systole
