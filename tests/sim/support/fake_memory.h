#pragma once

#include <array>
#include <cstdint>
#include <systemc>
#include <vector>

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/peq_with_get.h>

#include "arch/units/units.h"

namespace systole::testing {

/// How a FakeMemory behaves. Request j of all initiators, in the order of arrival, is answered at
///   response(j) = max(response(j-1), arrival(j) + latency) + bytes(j) * per_byte.
struct FakeMemoryRule {
  Femtoseconds latency{20'000'000};  // 20 cycles of 1 GHz
  Femtoseconds per_byte{250'000};    // 4 bytes per cycle of 1 GHz
  bool refuses = false;              // answers every request with an address error
  bool accepts_late = false;         // END_REQ only with the response
  bool is_ideal = false;             // answers in the call, whatever latency and per_byte are
};

/// A TLM-2.0 target with a rule that a test can add up by hand.
class FakeMemory : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<FakeMemory> socket{"socket"};

  FakeMemory(const sc_core::sc_module_name& name, const FakeMemoryRule& rule,
             std::vector<std::int8_t>* storage);

  struct Arrival {
    Femtoseconds time{0};
    std::int64_t address = 0;
    std::int64_t bytes = 0;
    bool is_write = false;
  };
  [[nodiscard]] const std::vector<Arrival>& arrivals() const { return arrivals_; }

 private:
  struct Pending {
    tlm::tlm_generic_payload* payload = nullptr;
    int initiator = 0;
  };
  tlm::tlm_sync_enum nb_transport_fw(int initiator, tlm::tlm_generic_payload& payload,
                                     tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void respond();  // process
  void move_bytes(tlm::tlm_generic_payload& payload) const;

  FakeMemoryRule rule_;
  std::vector<std::int8_t>* storage_;
  std::vector<Arrival> arrivals_;
  std::vector<Pending> pending_;
  std::size_t answered_ = 0;
  Femtoseconds last_response_{0};
  tlm_utils::peq_with_get<tlm::tlm_generic_payload> responses_{"responses"};
};

}  // namespace systole::testing
