#pragma once

#include <string>

#include "arch/diag/error.h"

namespace systole {

/// The line that a user would see, or `no error`. Other exceptions pass through.
template <class Function>
std::string message_of(const Function& function) {
  try {
    function();
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace systole
