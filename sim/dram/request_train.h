#pragma once

#include <cstdint>
#include <tlm>

#include "arch/units/clock.h"
#include "arch/units/units.h"

namespace systole {

/// Makes of a read the train of requests that its initiator would cut it into (span_train.h): of
/// `request` bytes each but the last, `window` under way at a time, those of its earlier trains
/// counted, each sent at the edge of `clock` at which there is room. END_REQ says that the last has
/// been sent, BEGIN_RESP that all are over. A memory that does not know the extension sees one long
/// request: only DramMemory may be sent one. An initiator sends trains alone or none.
struct RequestTrain : tlm::tlm_extension<RequestTrain> {
  Bytes request{0};
  std::int64_t window = 1;
  Clock<CoreCycles> clock{Femtoseconds(1)};
  CoreCycles hold{0};     ///< of `clock`, behind its end: the initiator takes no other answer
  Femtoseconds first{0};  ///< set before END_REQ: the first was sent at the edge at or after this

  [[nodiscard]] tlm::tlm_extension_base* clone() const override { return new RequestTrain(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const RequestTrain&>(other);
  }
  /// It belongs to whoever made it.
  void free() override {}
};

}  // namespace systole
