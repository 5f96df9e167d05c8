#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace systole {

template <class T>
std::string bytes_of_values(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// A file with a header of the test's own: magic, version, length, header, data.
inline std::string npy_with_header(const std::string& header, const std::string& data,
                                   char version = 1) {
  std::string bytes = std::string("\x93NUMPY") + version + '\0';
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    bytes += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  }
  return bytes + header + data;
}

inline std::string npy_header_text(const std::string& type, const std::string& shape) {
  return fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}\n", type, shape);
}

inline std::string npy(const std::string& shape, const std::vector<float>& values) {
  return npy_with_header(npy_header_text("<f4", shape), bytes_of_values(values));
}
inline std::string npy(const std::string& shape, const std::vector<double>& values) {
  return npy_with_header(npy_header_text("<f8", shape), bytes_of_values(values));
}
inline std::string npy(const std::string& shape, const std::vector<std::int8_t>& values) {
  return npy_with_header(npy_header_text("|i1", shape), bytes_of_values(values));
}
inline std::string npy(const std::string& shape, const std::vector<std::int32_t>& values) {
  return npy_with_header(npy_header_text("<i4", shape), bytes_of_values(values));
}

inline std::string npy(const std::string& shape, const std::vector<std::int64_t>& values) {
  return npy_with_header(npy_header_text("<i8", shape), bytes_of_values(values));
}

}  // namespace systole
