#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace systole {

/// A file that a result was made from.
struct SourceFile {
  std::string file;  ///< `configs/chips/edge.yaml` where it ships, else as it was found
  bool shipped = false;
  /// It was asked for by a name under which another one ships.
  bool replaces_shipped = false;
  std::string hash;  ///< of its bytes, as content_hash has it; empty for what was no file

  bool operator==(const SourceFile&) const = default;
};

/// What made a result: enough to make it again, or to see that it cannot be the same.
struct Provenance {
  std::string version;
  std::uint64_t seed = 0;
  SourceFile chip;
  SourceFile network;

  bool operator==(const Provenance&) const = default;
};

/// XXH3 of 128 bits, 32 hexadecimal digits, as `xxh128sum` prints it.
[[nodiscard]] std::string content_hash(std::string_view bytes);

}  // namespace systole
