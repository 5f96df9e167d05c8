#include "sim/dram/dram_memory.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <systemc>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include "arch/diag/error.h"
#include "tests/sim/dram/dram_specs.h"

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

  /// DDR3-1600: nRCD = nCL = 11, nCWL 8, nBL 4, tCK 1.25 ns.
  static std::uint64_t cycles(std::int64_t count) {
    return static_cast<std::uint64_t>(count) * 1'250'000U;
  }
  static void run_for(std::uint64_t femtoseconds) {
    sc_core::sc_start(sc_time::from_value(femtoseconds));
  }
  static DramSpec spec(std::int64_t channels = 1) {
    return memory_of(without_refresh(ddr3_1600()), channels);
  }
};

constexpr auto kRead = tlm::TLM_READ_COMMAND;
constexpr auto kWrite = tlm::TLM_WRITE_COMMAND;

TEST_F(DramMemoryTest, LoneReadOfAClosedBankRespondsAfterActivateLatencyAndBurst) {
  DramMemory memory("memory", spec(), nullptr);
  Initiator initiator("initiator");
  initiator.socket.bind(memory.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  auto& payload = initiator.make(kRead, 0, 64);
  EXPECT_EQ(initiator.begin(payload), tlm::TLM_UPDATED);
  run_for(cycles(100));
  ASSERT_EQ(initiator.responses.size(), 1U);
  // nRCD 11 + nCL 11 + nBL 4, to the femtosecond.
  EXPECT_EQ(initiator.responses[0].second, cycles(26));
  EXPECT_EQ(payload.get_response_status(), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(memory.counters().reads, 1);
}

TEST_F(DramMemoryTest, RequestBetweenEdgesArrivesAtTheNextEdge) {
  DramMemory memory("memory", spec(), nullptr);
  Initiator initiator("initiator");
  initiator.socket.bind(memory.socket);
  run_for(cycles(10) + 1);
  initiator.begin(initiator.make(kRead, 0, 64));
  run_for(cycles(100));
  ASSERT_EQ(initiator.responses.size(), 1U);
  EXPECT_EQ(initiator.responses[0].second, cycles(11 + 26));
}

TEST_F(DramMemoryTest, AnnotatedDelayPostponesTheArrival) {
  DramMemory memory("memory", spec(), nullptr);
  Initiator initiator("initiator");
  initiator.socket.bind(memory.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  auto& payload = initiator.make(kRead, 0, 64);
  EXPECT_EQ(initiator.begin(payload, sc_time::from_value(cycles(20))), tlm::TLM_ACCEPTED);
  run_for(cycles(100));
  ASSERT_EQ(initiator.end_requests.size(), 1U);
  EXPECT_EQ(initiator.end_requests[0].second, cycles(20));
  ASSERT_EQ(initiator.responses.size(), 1U);
  EXPECT_EQ(initiator.responses[0].second, cycles(20 + 26));
}

TEST_F(DramMemoryTest, FullQueueHoldsTheRequestUntilARunIsChosen) {
  DramMemory memory("memory", spec(), nullptr);
  Initiator initiator("initiator");
  Initiator other("other");
  initiator.socket.bind(memory.socket);
  other.socket.bind(memory.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  for (std::uint64_t index = 0; index < 32; ++index) {
    EXPECT_EQ(initiator.begin(initiator.make(kRead, index * 64, 64)), tlm::TLM_UPDATED);
  }
  auto& last = initiator.make(kRead, 32 * 64, 64);
  EXPECT_EQ(initiator.begin(last), tlm::TLM_ACCEPTED);
  EXPECT_EQ(other.begin(other.make(kRead, 0, 64)), tlm::TLM_UPDATED);
  run_for(cycles(1000));
  ASSERT_EQ(initiator.end_requests.size(), 33U);
  EXPECT_EQ(initiator.end_requests[32], std::make_pair(&last, std::uint64_t{1}));
  ASSERT_EQ(initiator.responses.size(), 33U);
  // 34 bursts of one row, the other initiator's second.
  EXPECT_EQ(initiator.responses[32].second, cycles(22 + 34 * 4));
  EXPECT_EQ(other.responses.at(0).second, cycles(22 + 2 * 4));
}

TEST_F(DramMemoryTest, OrderOfCallsAtOneInstantDoesNotMatter) {
  DramMemory memory_a("memory_a", spec(), nullptr);
  DramMemory memory_b("memory_b", spec(), nullptr);
  Initiator a0("a0");
  Initiator a1("a1");
  Initiator b0("b0");
  Initiator b1("b1");
  a0.socket.bind(memory_a.socket);
  a1.socket.bind(memory_a.socket);
  b0.socket.bind(memory_b.socket);
  b1.socket.bind(memory_b.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  a0.begin(a0.make(kRead, 0, 640));
  a1.begin(a1.make(kRead, 65536, 640));
  b1.begin(b1.make(kRead, 65536, 640));
  b0.begin(b0.make(kRead, 0, 640));
  run_for(cycles(1000));
  EXPECT_EQ(a0.responses.at(0).second, b0.responses.at(0).second);
  EXPECT_EQ(a1.responses.at(0).second, b1.responses.at(0).second);
  EXPECT_LT(a0.responses.at(0).second, a1.responses.at(0).second);
}

TEST_F(DramMemoryTest, ResponsesOfAnInitiatorWaitForTheEndOfTheOneBefore) {
  DramMemory memory("memory", spec(), nullptr);
  Initiator initiator("initiator");
  initiator.socket.bind(memory.socket);
  initiator.completes_responses = false;
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  auto& first = initiator.make(kRead, 0, 64);
  auto& second = initiator.make(kRead, 64, 64);
  initiator.begin(first);
  initiator.begin(second);
  run_for(cycles(200));
  ASSERT_EQ(initiator.responses.size(), 1U);
  initiator.end_response(first);
  ASSERT_EQ(initiator.responses.size(), 2U);
  EXPECT_EQ(initiator.responses[1].first, &second);
  EXPECT_EQ(initiator.responses[1].second, sc_core::sc_time_stamp().value());
  initiator.end_response(second);
  EXPECT_THROW(initiator.end_response(second), InternalError);
}

TEST_F(DramMemoryTest, BytesGoThroughStorageAndAppearWithTheResponse) {
  std::vector<std::int8_t> storage(4096, 0);
  storage[99] = 77;
  DramMemory memory("memory", spec(2), &storage);
  Initiator initiator("initiator");
  initiator.socket.bind(memory.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  // From the middle of a block of channel 0 over two blocks of channel 1 into channel 0 again.
  std::vector<std::int8_t> written(900);
  for (std::size_t index = 0; index < written.size(); ++index) {
    written[index] = static_cast<std::int8_t>(index * 7 + 1);
  }
  std::vector<std::int8_t> read(900, 0);
  initiator.begin(initiator.make(kWrite, 100, 900, written.data()));
  // A read of the same bytes right behind the write, of the byte before, and one without data.
  initiator.begin(initiator.make(kRead, 100, 900, read.data()));
  std::int8_t before = 0;
  initiator.begin(initiator.make(kRead, 99, 1, &before));
  initiator.begin(initiator.make(kRead, 0, 64));
  initiator.begin(initiator.make(kWrite, 0, 64));
  run_for(cycles(30));
  EXPECT_EQ(read, std::vector<std::int8_t>(900, 0));
  run_for(cycles(1000));
  EXPECT_EQ(initiator.responses.size(), 5U);
  EXPECT_EQ(read, written);
  EXPECT_EQ(before, 77);
  EXPECT_EQ(std::vector<std::int8_t>(storage.begin() + 100, storage.begin() + 1000), written);
  EXPECT_EQ(std::count(storage.begin(), storage.begin() + 99, 0), 99);
  EXPECT_EQ(std::count(storage.begin() + 1000, storage.end(), 0), 4096 - 1000);
}

TEST_F(DramMemoryTest, DataDoesNotChangeTheTiming) {
  std::vector<std::int8_t> storage(1 << 20, 3);
  const DramSpec memory_spec = memory_of(ddr3_1600(), 2);
  DramMemory with("with", memory_spec, &storage);
  DramMemory without("without", memory_spec, nullptr);
  Initiator carries("carries");
  Initiator times("times");
  carries.socket.bind(with.socket);
  times.socket.bind(without.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  std::vector<std::int8_t> data(200000);
  for (std::uint64_t index = 0; index < 20; ++index) {
    const auto command = index % 3 == 2 ? kWrite : kRead;
    carries.begin(carries.make(command, index * 7777, 100000, data.data()));
    times.begin(times.make(command, index * 7777, 100000));
  }
  run_for(cycles(1'000'000));
  ASSERT_EQ(carries.responses.size(), 20U);
  ASSERT_EQ(times.responses.size(), 20U);
  for (std::size_t index = 0; index < 20; ++index) {
    EXPECT_EQ(carries.responses[index].second, times.responses[index].second);
  }
  EXPECT_EQ(with.counters(), without.counters());
  // 1e6 cycles / nREFI 6240 = 160 of each channel, most of them idle.
  EXPECT_EQ(with.counters().refreshes, 2 * 160);
}

TEST_F(DramMemoryTest, BadRequestsAreAnsweredAtOnceWithTheirError) {
  std::vector<std::int8_t> storage(1000);
  DramMemory memory("memory", spec(), &storage);
  DramMemory plain("plain", spec(), nullptr);
  Initiator initiator("initiator");
  Initiator untold("untold");
  initiator.socket.bind(memory.socket);
  untold.socket.bind(plain.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  const auto status_of = [](Initiator& from, tlm::tlm_generic_payload& payload) {
    EXPECT_EQ(from.begin(payload), tlm::TLM_COMPLETED);
    return payload.get_response_status();
  };
  EXPECT_EQ(status_of(initiator, initiator.make(kRead, 937, 64)), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(status_of(initiator, initiator.make(kRead, ~std::uint64_t{0}, 64)),
            tlm::TLM_ADDRESS_ERROR_RESPONSE);
  // 8 banks of 65536 rows of 8 KiB.
  EXPECT_EQ(status_of(untold, untold.make(kWrite, (std::uint64_t{1} << 32) - 63, 64)),
            tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(untold.begin(untold.make(kWrite, (std::uint64_t{1} << 32) - 64, 64)), tlm::TLM_UPDATED);
  EXPECT_EQ(status_of(initiator, initiator.make(tlm::TLM_IGNORE_COMMAND, 0, 64)),
            tlm::TLM_COMMAND_ERROR_RESPONSE);
  EXPECT_EQ(status_of(initiator, initiator.make(kRead, 0, 0)), tlm::TLM_BURST_ERROR_RESPONSE);
  auto& streaming = initiator.make(kRead, 0, 64);
  streaming.set_streaming_width(32);
  EXPECT_EQ(status_of(initiator, streaming), tlm::TLM_BURST_ERROR_RESPONSE);
  unsigned char enable = TLM_BYTE_ENABLED;
  auto& enabled = initiator.make(kRead, 0, 64);
  enabled.set_byte_enable_ptr(&enable);
  EXPECT_EQ(status_of(initiator, enabled), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  run_for(cycles(100));
  EXPECT_EQ(memory.counters(), DramCounters{});
}

TEST_F(DramMemoryTest, PhaseThatAnInitiatorMustNotSendIsOurBug) {
  DramMemory memory("memory", spec(), nullptr);
  Initiator initiator("initiator");
  initiator.socket.bind(memory.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  auto& payload = initiator.make(kRead, 0, 64);
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  sc_time delay;
  try {
    initiator.socket->nb_transport_fw(payload, phase, delay);
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("initiator 0 sent phase BEGIN_RESP"));
  }
  try {
    initiator.end_response(payload);
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(),
                ::testing::HasSubstr("initiator 0 ended a response that was not sent"));
  }
}

/// A loosely-timed master, as a virtual platform brings it.
class BlockingMaster : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(BlockingMaster);
  tlm_utils::simple_initiator_socket<BlockingMaster> socket{"socket"};
  std::vector<std::uint64_t> ends;
  std::vector<std::int8_t> data = std::vector<std::int8_t>(64, 5);
  tlm::tlm_response_status last = tlm::TLM_INCOMPLETE_RESPONSE;

  explicit BlockingMaster(const sc_core::sc_module_name& name) : sc_core::sc_module(name) {
    SC_THREAD(run);
  }

 private:
  void run() {
    access(kWrite, 0, 0);
    access(kRead, 0, 10);
    access(kRead, 1U << 30U, 0);
  }

  void access(tlm::tlm_command command, std::uint64_t address, std::int64_t delay_cycles) {
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(data.data()));
    payload.set_data_length(64);
    payload.set_streaming_width(64);
    sc_time delay(static_cast<double>(delay_cycles) * 1.25, sc_core::SC_NS);
    socket->b_transport(payload, delay);
    EXPECT_EQ(delay, sc_core::SC_ZERO_TIME);
    last = payload.get_response_status();
    ends.push_back(sc_core::sc_time_stamp().value());
  }
};

TEST_F(DramMemoryTest, BlockingTransportTakesTheSameTime) {
  std::vector<std::int8_t> storage(128, 0);
  DramMemory memory("memory", spec(), &storage);
  BlockingMaster master("master");
  master.socket.bind(memory.socket);
  run_for(cycles(1000));
  // WR at nRCD 11, end + nCWL 8 + nBL 4 = 23. Read of the open row 10 cycles later, at 33, then
  // at least WR 11 + 8 + 4 + nWTR 6 = 29: RD 33, + nCL 11 + nBL 4. The third is refused.
  EXPECT_EQ(master.ends, (std::vector<std::uint64_t>{cycles(23), cycles(48), cycles(48)}));
  EXPECT_EQ(master.last, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(std::count(storage.begin(), storage.end(), 5), 64);
}

TEST_F(DramMemoryTest, DebugTransportTakesNoTime) {
  std::vector<std::int8_t> storage(128, 9);
  DramMemory memory("memory", spec(), &storage);
  DramMemory plain("plain", spec(), nullptr);
  Initiator initiator("initiator");
  Initiator untold("untold");
  initiator.socket.bind(memory.socket);
  untold.socket.bind(plain.socket);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  std::vector<std::int8_t> data(64, 1);
  EXPECT_EQ(initiator.socket->transport_dbg(initiator.make(kWrite, 0, 64, data.data())), 64U);
  EXPECT_EQ(storage[63], 1);
  EXPECT_EQ(initiator.socket->transport_dbg(initiator.make(kRead, 64, 64, data.data())), 64U);
  EXPECT_EQ(data[0], 9);
  EXPECT_EQ(initiator.socket->transport_dbg(initiator.make(kRead, 65, 64, data.data())), 0U);
  EXPECT_EQ(untold.socket->transport_dbg(untold.make(kRead, 0, 64, data.data())), 0U);
  EXPECT_EQ(memory.counters(), DramCounters{});
}

TEST(DramMemoryResolution, PicosecondsAreTooCoarse) {
  sc_core::sc_set_time_resolution(1, sc_core::SC_PS);
  try {
    const DramMemory memory("memory", memory_of(ddr3_2133(), 2), nullptr);
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(),
                ::testing::HasSubstr("the DRAM needs a time resolution of 1 fs, got 1 ps"));
  }
}

}  // namespace
}  // namespace systole::testing
