#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "arch/counters.h"
#include "arch/dram_spec.h"

namespace systole {

class DramSystem;

/// The chip's DRAM behind one TLM-2.0 approximately-timed target socket (base protocol).
///
/// An initiator sends BEGIN_REQ for a contiguous span of bytes (data length any positive number);
/// END_REQ comes when the memory has queued it (at once while it has room), BEGIN_RESP when the
/// last byte has been moved; the initiator answers TLM_COMPLETED to BEGIN_RESP. Spans of one
/// initiator are served in the order in which they were sent, spans of several as they arrive.
/// The payload's data pointer may be null: the span is then timed and moves no data.
/// Timing: docs/dram.md. Responses are at the exact DRAM time, not rounded to core cycles.
class DramMemory : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<DramMemory> socket{"socket"};

  /// `storage`: the bytes behind the addresses, or null in a run without data.
  DramMemory(const sc_core::sc_module_name& name, const DramSpec& spec,
             std::vector<std::int8_t>* storage);
  ~DramMemory() override;

  /// Counts up to now; refreshes that would have happened until now are included.
  [[nodiscard]] DramCounters counters() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace systole
