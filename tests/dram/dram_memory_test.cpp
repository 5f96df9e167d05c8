#include "sim/dram/dram_memory.h"

#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include "arch/diag/error.h"
#include "tests/dram/dram_specs.h"

namespace systole::testing {
namespace {

using sc_core::sc_time;

/// Sends what a test tells it to, notes when which phase came.
class Initiator : public sc_core::sc_module, public tlm::tlm_mm_interface {
 public:
  tlm_utils::simple_initiator_socket<Initiator> socket{"socket"};
  bool completes_responses = true;
  std::vector<std::pair<tlm::tlm_generic_payload*, std::uint64_t>> end_requests;
  std::vector<std::pair<tlm::tlm_generic_payload*, std::uint64_t>> responses;

  explicit Initiator(const sc_core::sc_module_name& name) : sc_core::sc_module(name) {
    socket.register_nb_transport_bw(this, &Initiator::nb_transport_bw);
  }

  tlm::tlm_generic_payload& make(tlm::tlm_command command, std::uint64_t address, unsigned length,
                                 std::int8_t* data = nullptr) {
    payloads_.push_back(std::make_unique<tlm::tlm_generic_payload>(this));
    tlm::tlm_generic_payload& payload = *payloads_.back();
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_length(length);
    payload.set_streaming_width(length);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(data));
    payload.acquire();
    return payload;
  }

  tlm::tlm_sync_enum begin(tlm::tlm_generic_payload& payload, sc_time delay = sc_time()) {
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    const tlm::tlm_sync_enum result = socket->nb_transport_fw(payload, phase, delay);
    if (result == tlm::TLM_UPDATED) {
      EXPECT_EQ(phase, tlm::END_REQ);
      end_requests.emplace_back(&payload, sc_core::sc_time_stamp().value());
    }
    return result;
  }

  void end_response(tlm::tlm_generic_payload& payload) {
    tlm::tlm_phase phase = tlm::END_RESP;
    sc_time delay;
    EXPECT_EQ(socket->nb_transport_fw(payload, phase, delay), tlm::TLM_COMPLETED);
  }

  void free(tlm::tlm_generic_payload* payload) override { payload->reset(); }

 private:
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_time& /*delay*/) {
    auto& seen = phase == tlm::END_REQ ? end_requests : responses;
    seen.emplace_back(&payload, sc_core::sc_time_stamp().value());
    const bool ends = phase == tlm::BEGIN_RESP && completes_responses;
    return ends ? tlm::TLM_COMPLETED : tlm::TLM_ACCEPTED;
  }

  std::vector<std::unique_ptr<tlm::tlm_generic_payload>> payloads_;
};

class DramMemoryTest : public ::testing::Test {
 protected:
  DramMemoryTest() { sc_core::sc_set_time_resolution(1, sc_core::SC_FS); }

  static std::uint64_t cycles(const DramStandard& standard, std::int64_t count) {
    return static_cast<std::uint64_t>((standard.timing.tCK * count).count());
  }
};

TEST_F(DramMemoryTest, LoneReadOfAClosedBankRespondsAfterActivateLatencyAndBurst) {
  const DramStandard standard = ddr3_1600();
  DramMemory memory("memory", memory_of(standard, 1), nullptr);
  Initiator initiator("initiator");
  initiator.socket.bind(memory.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  auto& payload = initiator.make(tlm::TLM_READ_COMMAND, 0, 64);
  EXPECT_EQ(initiator.begin(payload), tlm::TLM_UPDATED);
  sc_core::sc_start(sc_time::from_value(cycles(standard, 100)));
  ASSERT_EQ(initiator.responses.size(), 1U);
  // nRCD 11 + nCL 11 + nBL 4, to the femtosecond.
  EXPECT_EQ(initiator.responses[0].second, cycles(standard, 26));
  EXPECT_EQ(payload.get_response_status(), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(memory.counters().reads, 1);
}

}  // namespace
}  // namespace systole::testing
