#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "sim/dram/address_map.h"
#include "sim/dram/burst_feed.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// The parts of one operation that wait in front of a channel, in one queue for every initiator.
///
/// Order: the next run (bursts up to the end of the row, or of what the address map puts into one
/// bank) is of the oldest part of the next initiator after the one served last, in the order of
/// their numbers, that has a part which has arrived. It is chosen in the cycle in which the last
/// burst of the run before was accepted, or later when a part arrives. Bursts carry the number of
/// their part as id.
class PartFeed : public BurstFeed {
 public:
  PartFeed(const DramAddressMap& map, DramOperation operation) : map_(map) { only_ = operation; }
  PartFeed(const PartFeed&) = default;

  /// Parts of one initiator come in order of arrival.
  void enqueue(const DramPart& part, std::int64_t number);
  /// Parts of the initiator of which a burst has not been accepted.
  [[nodiscard]] std::size_t queued(InitiatorIndex initiator) const;
  /// Bursts of the initiator that have not been accepted.
  [[nodiscard]] std::int64_t queued_bursts(InitiatorIndex initiator) const;
  /// Bursts of a part that have not been accepted can be counted by this: numbers of parts whose
  /// bursts were accepted since last asked, with their count, in order. The caller clears it.
  struct Accepted {
    std::int64_t number = 0;
    std::int64_t bursts = 0;
  };
  [[nodiscard]] std::vector<Accepted>& accepted() { return accepted_; }

  /// Adds what waits and who comes next, in differences from `now`, parts by the names of their
  /// numbers.
  void describe(DramCycles now, const std::vector<std::int64_t>& names,
                std::vector<std::int64_t>& state) const;
  /// No part has a burst that was not accepted.
  [[nodiscard]] bool is_drained() const { return parts_ == 0; }

  [[nodiscard]] Rotation rotation() const override;
  void take_rotating(std::int64_t bursts, DramCycles last) override;

 private:
  struct Waiting {
    DramPart part;
    std::int64_t number = 0;
  };

  void taken(std::int64_t bursts, DramCycles last) override;
  void choose(DramCycles now) override;
  void find_first_arrival();

  DramAddressMap map_;
  struct Queue {
    std::deque<Waiting> parts;  ///< the oldest shrinks by bursts
    std::int64_t bursts = 0;
  };
  std::vector<Queue> queues_;  ///< by initiator
  std::size_t serving_ = 0;    ///< whose run is offered
  std::size_t turn_ = 0;       ///< who is asked first
  std::size_t parts_ = 0;
  std::vector<Accepted> accepted_;
};

}  // namespace systole
