#include "tests/sim/support/fake_memory.h"

#include <algorithm>
#include <cstring>

namespace systole::testing {

FakeMemory::FakeMemory(const sc_core::sc_module_name& name, const FakeMemoryRule& rule,
                       std::vector<std::int8_t>* storage)
    : sc_module(name), rule_(rule), storage_(storage) {
  socket.register_nb_transport_fw(this, &FakeMemory::nb_transport_fw);
  SC_HAS_PROCESS(FakeMemory);
  SC_METHOD(respond);
  sensitive << responses_.get_event();
  dont_initialize();
}

tlm::tlm_sync_enum FakeMemory::nb_transport_fw(int initiator, tlm::tlm_generic_payload& payload,
                                               tlm::tlm_phase& phase, sc_core::sc_time& /*delay*/) {
  if (rule_.refuses) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return tlm::TLM_COMPLETED;
  }
  const Femtoseconds now(static_cast<std::int64_t>(sc_core::sc_time_stamp().value()));
  const auto bytes = static_cast<std::int64_t>(payload.get_data_length());
  arrivals_.push_back({.time = now,
                       .address = static_cast<std::int64_t>(payload.get_address()),
                       .bytes = bytes,
                       .is_write = payload.is_write()});
  if (rule_.is_ideal) {
    move_bytes(payload);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return tlm::TLM_COMPLETED;
  }
  last_response_ = std::max(last_response_, now + rule_.latency) + rule_.per_byte * bytes;
  payload.acquire();
  pending_.push_back({.payload = &payload, .initiator = initiator});
  responses_.notify(payload, sc_core::sc_time::from_value(
                                 static_cast<sc_dt::uint64>((last_response_ - now).count())));
  if (rule_.accepts_late) {
    return tlm::TLM_ACCEPTED;
  }
  phase = tlm::END_REQ;
  return tlm::TLM_UPDATED;
}

void FakeMemory::respond() {
  while (tlm::tlm_generic_payload* payload = responses_.get_next_transaction()) {
    const Pending pending = pending_[answered_++];
    move_bytes(*payload);
    payload->set_response_status(tlm::TLM_OK_RESPONSE);
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    socket[pending.initiator]->nb_transport_bw(*payload, phase, delay);
    payload->release();
  }
}

void FakeMemory::move_bytes(tlm::tlm_generic_payload& payload) const {
  if (storage_ == nullptr || payload.get_data_ptr() == nullptr) {
    return;
  }
  auto* stored = storage_->data() + payload.get_address();
  if (payload.is_read()) {
    std::memcpy(payload.get_data_ptr(), stored, payload.get_data_length());
  } else {
    std::memcpy(stored, payload.get_data_ptr(), payload.get_data_length());
  }
}

}  // namespace systole::testing
