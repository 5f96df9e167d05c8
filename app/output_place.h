#pragma once

#include <cstdint>
#include <string>

namespace systole {

/// What stands behind the name of an output file.
struct OutputPlace {
  enum class Kind : std::uint8_t {
    File,        ///< a regular file or none yet: replaced as a whole
    InPlace,     ///< a device, a pipe, an open file of another process: written as it is
    Descriptor,  ///< an open file of this process: /dev/stdout, /dev/fd/N, /proc/self/fd/N
  };
  Kind kind = Kind::File;
  std::string target;    ///< behind symbolic links, those included that lead to nothing yet
  int descriptor = -1;   ///< of a Descriptor
  bool appends = false;  ///< InPlace: behind what it holds, as another process has it open
  int error = 0;         ///< errno where the links cannot be followed
};

[[nodiscard]] OutputPlace output_place(const std::string& file);

}  // namespace systole
