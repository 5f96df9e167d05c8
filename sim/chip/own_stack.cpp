#include "sim/chip/own_stack.h"

#if defined(__SANITIZE_ADDRESS__)
#include <cstddef>

#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace systole {

void announce_own_stack() {
#if defined(__SANITIZE_ADDRESS__)
  pthread_attr_t attributes;
  void* bottom = nullptr;
  std::size_t size = 0;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &bottom, &size);
  pthread_attr_destroy(&attributes);
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, bottom, size);
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
}

}  // namespace systole
