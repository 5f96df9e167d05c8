#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arch/diag/error.h"
#include "arch/enum_names.h"

namespace systole {

/// A mistake in a .npy file; `what()` names the file. Whoever knows which line of a network file
/// asked for it catches it and puts that place in front.
class NpyError : public WorkloadError {
 public:
  using WorkloadError::WorkloadError;
};

enum class NpyType : std::uint8_t { Float32, Int8, Int32 };

/// Named as in the file's `descr`.
template <>
inline constexpr auto kEnumNames<NpyType> = std::to_array<EnumName<NpyType>>({
    {NpyType::Float32, "<f4"},
    {NpyType::Int8, "|i1"},
    {NpyType::Int32, "<i4"},
});

constexpr std::int64_t bytes_of(NpyType type) {
  return type == NpyType::Int8 ? 1 : 4;
}

struct NpyHeader {
  NpyType type = NpyType::Float32;
  std::vector<std::int64_t> shape;

  /// At most 2^40; the parser sees to it.
  [[nodiscard]] std::int64_t elements() const;
};

/// Parses the header's text, a Python dictionary: {'descr': '<f4', 'fortran_order': False,
/// 'shape': (3, 4), }. Throws WorkloadError naming `file`.
[[nodiscard]] NpyHeader parse_npy_header(std::string_view text, const std::string& file);

/// `(3, 4)`, as NumPy prints it.
[[nodiscard]] std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace systole
