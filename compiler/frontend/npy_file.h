#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/frontend/npy_header.h"

namespace systole {

/// Whether files may say inf, as masks do.
enum class Infinities : std::uint8_t { Refused, Taken };

/// One array of NumPy's .npy format, versions 1 and 2 (NumPy Enhancement Proposal 1), little
/// endian, of floats or integers (NpyType). The file is checked whole, its length included, when it
/// is opened, so later reads allocate no more than a few times what the file holds. Every mistake
/// is a WorkloadError that names the file. Not supported: big endian, other types, object arrays.
class NpyFile {
 public:
  explicit NpyFile(std::string file);

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] NpyType type() const { return header_.type; }
  [[nodiscard]] const std::vector<std::int64_t>& shape() const { return header_.shape; }

  /// Throws unless the type is one of `types`.
  void expect_type(const std::vector<NpyType>& types) const;
  void expect_shape(const std::vector<std::int64_t>& shape) const;

  // The elements in C order, whatever that of the file; floats must be finite, or not NaN.
  /// Of a floating type, rounded to binary32, within whose range they must lie.
  [[nodiscard]] std::vector<float> floats(Infinities infinities = Infinities::Refused) const;
  [[nodiscard]] std::vector<std::int8_t> int8s() const;
  /// Of <i4, or of <i8 within its range.
  [[nodiscard]] std::vector<std::int32_t> int32s() const;
  /// Of any type; exact up to 2^53.
  [[nodiscard]] std::vector<double> numbers(Infinities infinities = Infinities::Refused) const;

 private:
  template <class T>
  [[nodiscard]] std::vector<T> elements() const;
  template <class T>
  [[nodiscard]] std::vector<double> widened() const;

  std::string file_;
  NpyHeader header_;
  std::int64_t data_offset_ = 0;
};

}  // namespace systole
