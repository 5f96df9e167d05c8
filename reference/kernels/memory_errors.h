#pragma once

#include <new>

#include <dnnl.hpp>

namespace systole::reference {

/// Runs `work`; oneDNN's error of a machine without memory for it becomes everybody's,
/// std::bad_alloc.
template <class Work>
auto with_memory_errors(Work work) {
  try {
    return work();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) {
      throw std::bad_alloc();
    }
    throw;
  }
}

}  // namespace systole::reference
