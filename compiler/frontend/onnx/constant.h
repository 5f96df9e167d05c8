#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "compiler/frontend/onnx/element_type.h"

namespace systole {

using OnnxShape = std::vector<std::int64_t>;

/// Elements of a shape; every axis is at least 0 and the product at most 2^40 (checked by readers).
[[nodiscard]] std::int64_t elements_of(const OnnxShape& shape);
/// `[1, 3, 224, 224]`.
[[nodiscard]] std::string text_of(const OnnxShape& shape);

/// A tensor whose numbers stand in the file, beside it, or follow from such. Copies share them.
/// Deferred ones are made when somebody asks for them, and not kept: who wants time alone reads no
/// weights.
class OnnxConstant {
 public:
  using Make = std::function<std::string()>;

  OnnxConstant() = default;
  /// Packed little-endian elements; as many bytes as the shape needs.
  OnnxConstant(OnnxType type, OnnxShape shape, std::string bytes);
  static OnnxConstant deferred(OnnxType type, OnnxShape shape, Make make);
  /// Bytes of a file that is long enough; whoever asks for them gets a WorkloadError if it is not
  /// any more.
  static OnnxConstant external(OnnxType type, OnnxShape shape, std::string file,
                               std::uint64_t offset);
  static OnnxConstant of_floats(OnnxShape shape, const std::vector<float>& values);
  static OnnxConstant of_integers(OnnxType type, OnnxShape shape,
                                  const std::vector<std::int64_t>& values);

  [[nodiscard]] OnnxType type() const { return type_; }
  [[nodiscard]] const OnnxShape& shape() const { return shape_; }
  [[nodiscard]] std::int64_t elements() const { return elements_of(shape_); }
  [[nodiscard]] bool is_deferred() const { return make_ != nullptr; }

  /// The same numbers as another shape of as many elements.
  [[nodiscard]] OnnxConstant reshaped(OnnxShape shape) const;

  /// Of a floating or integral type, rounded to binary32.
  [[nodiscard]] std::vector<float> floats() const;
  /// Of an integral type; of a floating one rounded towards zero.
  [[nodiscard]] std::vector<std::int64_t> integers() const;
  [[nodiscard]] std::string bytes() const;

 private:
  OnnxType type_ = OnnxType::Undefined;
  OnnxShape shape_;
  std::shared_ptr<const std::string> bytes_;
  std::shared_ptr<const Make> make_;
};

}  // namespace systole
