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
[[noreturn]] void fail_npy(const std::string& file, std::string_view message);

enum class NpyType : std::uint8_t {
  Float16,
  Float32,
  Float64,
  Int8,
  Uint8,
  Bool,
  Int16,
  Uint16,
  Int32,
  Int64
};

/// Named as in the file's `descr`.
template <>
inline constexpr auto kEnumNames<NpyType> = std::to_array<EnumName<NpyType>>({
    {NpyType::Float16, "<f2"},
    {NpyType::Float32, "<f4"},
    {NpyType::Float64, "<f8"},
    {NpyType::Int8, "|i1"},
    {NpyType::Uint8, "|u1"},
    {NpyType::Bool, "|b1"},
    {NpyType::Int16, "<i2"},
    {NpyType::Uint16, "<u2"},
    {NpyType::Int32, "<i4"},
    {NpyType::Int64, "<i8"},
});

constexpr std::int64_t bytes_of(NpyType type) {
  switch (type) {
    case NpyType::Int8:
    case NpyType::Uint8:
    case NpyType::Bool:
      return 1;
    case NpyType::Float16:
    case NpyType::Int16:
    case NpyType::Uint16:
      return 2;
    case NpyType::Float32:
    case NpyType::Int32:
      return 4;
    case NpyType::Float64:
    case NpyType::Int64:
      return 8;
  }
  return 0;
}

constexpr bool is_float(NpyType type) {
  return type == NpyType::Float16 || type == NpyType::Float32 || type == NpyType::Float64;
}

struct NpyHeader {
  NpyType type = NpyType::Float32;
  std::vector<std::int64_t> shape;
  bool fortran_order = false;  ///< the first axis is the contiguous one

  /// At most 2^40; the parser sees to it.
  [[nodiscard]] std::int64_t elements() const;
};

/// Parses the header's text, a Python dictionary: {'descr': '<f4', 'fortran_order': False,
/// 'shape': (3, 4), }. Throws WorkloadError naming `file`.
[[nodiscard]] NpyHeader parse_npy_header(std::string_view text, const std::string& file);

/// `(3, 4)`, as NumPy prints it.
[[nodiscard]] std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace systole
