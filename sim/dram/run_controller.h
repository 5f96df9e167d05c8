#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "sim/dram/address_map.h"
#include "sim/dram/channel_controller.h"
#include "sim/dram/dram_channel.h"

namespace systole {

/// Serves the queued parts in runs: the bursts of the oldest part of an initiator up to the end of
/// the row. One decision per run, never one per burst.
///
/// Order: each initiator has a queue of `queue_depth` parts; a choice takes one run of the oldest
/// part of the next initiator, round robin, among those whose part has arrived. Runs get their
/// column commands in the order of choice.
/// Look-ahead: with c the last column command of the run chosen before, a choice is made no
/// earlier than c + max(nCCD_S, nBL) - (nRP + nRCD), no earlier than the choice before, and no
/// earlier than an arrival. So PRE and ACT of a run hide behind the data of the run before it, and
/// a newcomer waits for little that is already decided. The commands of a run are not earlier
/// than its choice. A part leaves its queue when its last run is chosen.
/// Not modelled: reordering for row hits, grouping of reads and writes.
class RunController : public ChannelController {
 public:
  RunController(const DramAddressMap& map, const DramTiming& timing, std::int64_t queue_depth,
                ChannelIndex channel, DramChannel devices);

  [[nodiscard]] bool has_room(InitiatorIndex initiator) const override;
  void enqueue(const DramPart& part) override;
  [[nodiscard]] std::optional<DramCycles> next_choice() const override;
  void choose(DramCycles now, std::vector<FinishedPart>& finished) override;
  [[nodiscard]] DramCounters counters(DramCycles now) const override;

 private:
  /// The queue whose turn it is at `now`.
  [[nodiscard]] std::size_t next_queue(DramCycles now) const;

  DramAddressMap map_;
  DramCycles column_gap_;  ///< max(nCCD_S, nBL)
  DramCycles look_ahead_;  ///< nRP + nRCD
  std::size_t queue_depth_;
  ChannelIndex channel_;
  DramChannel devices_;
  std::vector<std::deque<DramPart>> queues_;  ///< by initiator; the oldest part shrinks by runs
  std::size_t turn_ = 0;                      ///< who is asked first
  DramCycles not_before_{0};                  ///< earliest next choice
  Bytes read_bytes_{0};
  Bytes write_bytes_{0};
};

}  // namespace systole
