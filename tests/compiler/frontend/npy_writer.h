#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace systole {

/// A folder of the running test's own, empty at first, removed at the end.
class TestFolder {
 public:
  TestFolder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = fmt::format("systole_{}_{}", test->test_suite_name(), test->name());
    for (char& character : name) {
      character = character == '/' ? '_' : character;
    }
    path_ = std::filesystem::path(testing::TempDir()) / name;
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  TestFolder(TestFolder&&) = delete;
  TestFolder& operator=(TestFolder&&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

  [[nodiscard]] std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return file(name);
  }

 private:
  std::filesystem::path path_;
};

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
inline std::string npy(const std::string& shape, const std::vector<std::int8_t>& values) {
  return npy_with_header(npy_header_text("|i1", shape), bytes_of_values(values));
}
inline std::string npy(const std::string& shape, const std::vector<std::int32_t>& values) {
  return npy_with_header(npy_header_text("<i4", shape), bytes_of_values(values));
}

}  // namespace systole
