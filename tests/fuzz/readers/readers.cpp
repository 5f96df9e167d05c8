#include "tests/fuzz/readers/readers.h"

#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

namespace systole {

std::string file_of(std::string_view bytes, std::string_view ending) {
  std::string file = fmt::format("/dev/shm/systole_reader_{}{}", getpid(), ending);
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

}  // namespace systole
