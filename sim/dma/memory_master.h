#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <systemc>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>

#include "sim/core/core_time.h"
#include "sim/core/wakeup.h"
#include "sim/dma/request_splitter.h"

namespace systole {

/// A response of the memory, in the order of the requests.
struct MemoryResponse {
  DmaRequest request;
  CoreCycles arrived{0};           // response time, rounded up to a core cycle
  std::vector<std::int8_t> bytes;  // what was read; empty in a run without data
};

/// The TLM-2.0 side of a DMA engine: sends requests as an approximately-timed initiator (base
/// protocol) and collects the responses. A memory of several channels may answer out of order; the
/// responses are handed on in the order of the requests.
class MemoryMaster : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<MemoryMaster> socket{"socket"};

  MemoryMaster(const sc_core::sc_module_name& name, const CoreTime& time, bool carries_data);
  ~MemoryMaster() override;

  /// From now on `send_train` may be called: the memory is a DramMemory.
  void allow_trains() { trains_ = true; }
  [[nodiscard]] bool sends_trains() const { return trains_; }
  /// Sends a read as requests of at most `limit` bytes, `window` under way at a time, as if by
  /// `send`: suspends the calling thread until the last has been sent. Returns when the first was.
  /// There is one response; for `hold` cycles behind it the caller takes no other.
  CoreCycles send_train(const DmaRequest& read, Bytes limit, std::int64_t window, CoreCycles hold);
  /// Sends a read, or a write of `bytes` (empty in a run without data); suspends the calling thread
  /// while the memory has not taken the request before. Throws InternalError when it refuses.
  void send(tlm::tlm_command command, const DmaRequest& request,
            const std::vector<std::int8_t>& bytes);

  [[nodiscard]] bool has_response() const { return !responses_.empty(); }
  [[nodiscard]] MemoryResponse take_response();
  /// Notified when a response was sent; it counts from its `arrived` cycle on.
  [[nodiscard]] Wakeup& responded() { return responded_; }

 private:
  class Payload;

  Payload& make_payload(tlm::tlm_command command, const DmaRequest& request,
                        const std::vector<std::int8_t>& bytes);
  void begin(Payload& payload);
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay);
  Payload& free_payload();
  void request_ended();
  void collect(tlm::tlm_generic_payload& transaction, const sc_core::sc_time& delay);

  CoreTime time_;
  bool carries_data_;
  bool trains_ = false;
  std::vector<std::unique_ptr<Payload>> payloads_;
  std::vector<Payload*> free_payloads_;
  std::deque<Payload*> in_flight_;
  const Payload* pending_request_ = nullptr;  // BEGIN_REQ sent, END_REQ not yet seen
  std::deque<MemoryResponse> responses_;
  Wakeup request_ended_;
  Wakeup responded_;
};

}  // namespace systole
