#include "sim/dma/memory_master.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "sim/dram/request_train.h"

namespace systole {

/// A payload that returns to its owner's pool when nobody holds it any more.
class MemoryMaster::Payload : public tlm::tlm_generic_payload, public tlm::tlm_mm_interface {
 public:
  explicit Payload(std::vector<Payload*>& pool) : tlm_generic_payload(this), pool_(pool) {}

  void free(tlm_generic_payload* /*payload*/) override { pool_.push_back(this); }

  DmaRequest request;
  std::vector<std::int8_t> bytes;
  std::optional<CoreCycles> arrived;  // of the response
  RequestTrain train;

 private:
  std::vector<Payload*>& pool_;
};

MemoryMaster::MemoryMaster(const sc_core::sc_module_name& name, const CoreTime& time,
                           bool carries_data)
    : sc_module(name), time_(time), carries_data_(carries_data) {
  socket.register_nb_transport_bw(this, &MemoryMaster::nb_transport_bw);
}

MemoryMaster::~MemoryMaster() = default;

void MemoryMaster::send(tlm::tlm_command command, const DmaRequest& request,
                        const std::vector<std::int8_t>& bytes) {
  while (pending_request_ != nullptr) {
    request_ended_.wait();
  }
  time_.wait_until(time_.now());  // END_REQ comes at the memory's edges, requests go at the core's
  Payload& payload = make_payload(command, request, bytes);
  payload.clear_extension(&payload.train);
  begin(payload);
}

CoreCycles MemoryMaster::send_train(const DmaRequest& read, Bytes limit, std::int64_t window,
                                    CoreCycles hold) {
  SYSTOLE_CHECK(trains_, "a train of {} bytes to a memory that knows none", read.bytes);
  Payload& payload = make_payload(tlm::TLM_READ_COMMAND, read, {});
  payload.train.request = limit;
  payload.train.window = window;
  payload.train.clock = time_.clock();
  payload.train.hold = hold;
  payload.set_extension(&payload.train);
  begin(payload);
  while (pending_request_ != nullptr) {
    request_ended_.wait();
  }
  time_.wait_until(time_.now());
  return time_.edge_at_or_after(
      sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(payload.train.first.count())));
}

MemoryMaster::Payload& MemoryMaster::make_payload(tlm::tlm_command command,
                                                  const DmaRequest& request,
                                                  const std::vector<std::int8_t>& bytes) {
  Payload& payload = free_payload();
  payload.request = request;
  payload.arrived.reset();
  payload.bytes = bytes;
  if (carries_data_) {
    payload.bytes.resize(static_cast<std::size_t>(request.bytes));
  }
  payload.set_command(command);
  payload.set_address(static_cast<sc_dt::uint64>(request.far_address));
  payload.set_data_ptr(carries_data_ ? reinterpret_cast<unsigned char*>(payload.bytes.data())
                                     : nullptr);
  payload.set_data_length(static_cast<unsigned int>(request.bytes));
  payload.set_streaming_width(static_cast<unsigned int>(request.bytes));
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  return payload;
}

void MemoryMaster::begin(Payload& payload) {
  payload.acquire();
  in_flight_.push_back(&payload);
  pending_request_ = &payload;

  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  switch (socket->nb_transport_fw(payload, phase, delay)) {
    case tlm::TLM_ACCEPTED:
      return;
    case tlm::TLM_UPDATED:
      nb_transport_bw(payload, phase, delay);
      return;
    case tlm::TLM_COMPLETED:
      collect(payload, delay);
      return;
  }
}

MemoryResponse MemoryMaster::take_response() {
  MemoryResponse response = std::move(responses_.front());
  responses_.pop_front();
  return response;
}

tlm::tlm_sync_enum MemoryMaster::nb_transport_bw(tlm::tlm_generic_payload& payload,
                                                 tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == tlm::END_REQ) {
    request_ended();
    return tlm::TLM_ACCEPTED;
  }
  SYSTOLE_CHECK(phase == tlm::BEGIN_RESP, "the memory sent phase {}", phase.get_name());
  collect(payload, delay);
  return tlm::TLM_COMPLETED;
}

void MemoryMaster::request_ended() {
  pending_request_ = nullptr;
  request_ended_.notify();
}

void MemoryMaster::collect(tlm::tlm_generic_payload& transaction, const sc_core::sc_time& delay) {
  auto& payload = static_cast<Payload&>(transaction);  // every transaction of this socket is one
  if (!payload.is_response_ok()) {
    throw InternalError(fmt::format("the memory refused {} bytes at {}: {}", payload.request.bytes,
                                    payload.request.far_address, payload.get_response_string()));
  }
  if (pending_request_ == &payload) {
    request_ended();  // a response without END_REQ implies it
  }
  payload.arrived = time_.edge_at_or_after(sc_core::sc_time_stamp() + delay);
  while (!in_flight_.empty() && in_flight_.front()->arrived) {
    Payload& first = *in_flight_.front();
    in_flight_.pop_front();
    responses_.push_back(
        {.request = first.request,
         .arrived = *first.arrived,
         .bytes = first.is_read() ? std::move(first.bytes) : std::vector<std::int8_t>()});
    first.release();
    responded_.notify();
  }
}

MemoryMaster::Payload& MemoryMaster::free_payload() {
  if (free_payloads_.empty()) {
    payloads_.push_back(std::make_unique<Payload>(free_payloads_));
    return *payloads_.back();
  }
  Payload& payload = *free_payloads_.back();
  free_payloads_.pop_back();
  payload.reset();
  return payload;
}

}  // namespace systole
