#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include <tlm_utils/multi_passthrough_target_socket.h>

#include "arch/counters.h"
#include "arch/dram_spec.h"
#include "sim/dram/dram_system.h"
#include "sim/dram/dram_types.h"

namespace systole {

/// The chip's DRAM behind one TLM-2.0 approximately-timed target socket (base protocol).
///
/// An initiator sends BEGIN_REQ for a contiguous span of bytes (data length any positive number);
/// END_REQ comes when the memory has queued it (at once while it has room), BEGIN_RESP when the
/// last byte has been moved; the initiator answers TLM_COMPLETED to BEGIN_RESP. Spans of one
/// initiator are served in the order in which they were sent, spans of several as they arrive.
/// The payload's data pointer may be null: the span is then timed and moves no data.
/// Timing: docs/dram.md. Responses are at the exact DRAM time, not rounded to core cycles.
///
/// Also accepted: an initiator that answers BEGIN_RESP with TLM_ACCEPTED and sends END_RESP later
/// (the next response waits for it), annotated delays, blocking transport, debug transport
/// (storage without time). Bytes move in the order of the DRAM's commands; a read's bytes appear
/// at the payload's pointer with its response. Errors, answered at once with TLM_COMPLETED:
///   TLM_ADDRESS_ERROR_RESPONSE  the span leaves the capacity, or the storage if there is one
///   TLM_COMMAND_ERROR_RESPONSE  neither a read nor a write
///   TLM_BURST_ERROR_RESPONSE    no bytes, or a streaming width below the length
///   TLM_BYTE_ENABLE_ERROR_RESPONSE  byte enables
/// Needs a time resolution of 1 fs. Not modelled: direct memory interface, byte enables.
class DramMemory : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<DramMemory> socket{"socket"};

  /// `storage`: the bytes behind the addresses, or null in a run without data. `observer` sees
  /// every command; may stay empty. `queue_depth`: parts that a channel queues for each initiator.
  DramMemory(const sc_core::sc_module_name& name, const DramSpec& spec,
             std::vector<std::int8_t>* storage, const DramCommandObserver& observer = {},
             std::int64_t queue_depth = DramSystem::kQueueDepth);
  ~DramMemory() override;

  /// Of all runs chosen up to now; refreshes that would have happened until now are included.
  [[nodiscard]] DramCounters counters() const;

 private:
  struct Implementation;

  tlm::tlm_sync_enum nb_transport_fw(int initiator, tlm::tlm_generic_payload& payload,
                                     tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void b_transport(int initiator, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned int transport_dbg(int initiator, tlm::tlm_generic_payload& payload);

  std::unique_ptr<Implementation> implementation_;
};

}  // namespace systole
