#include "sim/memory/buffer_ports.h"

namespace systole {

void BufferPorts::begin(PortUser user, std::int64_t accesses) {
  arbiter_.add(user, accesses, time_.now());
  open_[static_cast<std::size_t>(user)] = accesses > 0;
  if (waiting_ > 0) {
    stream_added_.notify(sc_core::SC_ZERO_TIME);
  }
}

void BufferPorts::wait_for(PortUser user) {
  arbiter_.advance(time_.now());
  ++waiting_;
  while (arbiter_.is_active(user)) {
    sc_core::wait(time_.delay_until(arbiter_.finish_of(user)), stream_added_);
    arbiter_.advance(time_.now());
  }
  --waiting_;
  open_[static_cast<std::size_t>(user)] = false;
}

}  // namespace systole
