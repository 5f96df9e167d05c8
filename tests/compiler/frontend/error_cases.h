#pragma once

#include <string>

#include "compiler/frontend/read_network.h"

namespace systole {

/// A mistake in a network file and the one line that must tell it.
struct ErrorCase {
  std::string name;
  std::string text;
  std::string message;
};

/// A description with one input `x` of 8 x 8 x 4; `layers` begins in line 4.
inline std::string with_layers(const std::string& layers) {
  return "network: n\ninputs: [{name: x, rows: 8, cols: 8, channels: 4}]\nlayers:\n" + layers;
}

/// What reading `text` says, or nothing when it succeeds.
inline std::string error_of(const std::string& text) {
  try {
    static_cast<void>(parse_network(text, "n.yaml"));
  } catch (const WorkloadError& error) {
    return error.what();
  }
  return "";
}

}  // namespace systole
