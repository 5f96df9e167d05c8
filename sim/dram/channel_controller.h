#pragma once

#include <optional>
#include <vector>

#include "arch/counters.h"
#include "arch/units/units.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// Decides the order in which the parts queued at one channel are served. This is the seam for a
/// deeper controller (out-of-order row hits, write draining, per-bank refresh, conflicts on the
/// command bus): implement it and build it in `DramSystem`; address map, splitting of spans,
/// back-pressure, data and the TLM socket stay as they are.
///
/// The caller enqueues everything that arrived up to a cycle before it calls `choose` with that
/// cycle, and calls `choose` at `next_choice`, which an `enqueue` may bring forward.
class ChannelController {
 public:
  ChannelController() = default;
  ChannelController(const ChannelController&) = delete;
  ChannelController& operator=(const ChannelController&) = delete;
  virtual ~ChannelController() = default;

  [[nodiscard]] virtual bool has_room(InitiatorIndex initiator) const = 0;
  /// Requires `has_room`. Parts of one initiator come in order of arrival.
  virtual void enqueue(const DramPart& part) = 0;
  /// The cycle at which `choose` has something to decide; none while nothing is queued.
  [[nodiscard]] virtual std::optional<DramCycles> next_choice() const = 0;
  /// Decides once at cycle `now` and adds the parts whose end is now known, in the order in which
  /// their bytes move. Their ends lie after `now`.
  virtual void choose(DramCycles now, std::vector<FinishedPart>& finished) = 0;
  /// Of everything chosen so far, and of the refreshes due until `now`.
  [[nodiscard]] virtual DramCounters counters(DramCycles now) const = 0;
};

}  // namespace systole
