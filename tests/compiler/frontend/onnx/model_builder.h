#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace systole {

/// Writes small ONNX models for tests.
class ModelBuilder {
 public:
  using Shape = std::vector<std::int64_t>;
  using Attribute =
      std::pair<std::string,
                std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>>>;

  explicit ModelBuilder(std::int64_t opset = 13);
  ModelBuilder(const ModelBuilder&) = delete;
  ModelBuilder& operator=(const ModelBuilder&) = delete;
  ModelBuilder(ModelBuilder&&) = delete;
  ModelBuilder& operator=(ModelBuilder&&) = delete;
  ~ModelBuilder();

  /// An axis of -1 is open; `names` call such axes.
  ModelBuilder& input(const std::string& name, const Shape& shape,
                      const std::vector<std::string>& names = {}, int type = 1);
  ModelBuilder& output(const std::string& name);
  ModelBuilder& floats(const std::string& name, const Shape& shape,
                       const std::vector<float>& values);
  ModelBuilder& integers(const std::string& name, const Shape& shape,
                         const std::vector<std::int64_t>& values);
  /// Of int8 (3), uint8 (2) or int32 (6).
  ModelBuilder& stored(const std::string& name, const Shape& shape, int type,
                       const std::vector<std::int64_t>& values);
  /// Numbers in a file beside the model.
  ModelBuilder& external(const std::string& name, const Shape& shape, const std::string& location,
                         const std::string& offset, const std::string& length);
  /// `name` may be empty.
  ModelBuilder& node(const std::string& op, const std::vector<std::string>& inputs,
                     const std::vector<std::string>& outputs,
                     const std::vector<Attribute>& attributes = {}, const std::string& name = {},
                     const std::string& domain = {});

  /// A node with graphs of its own, such as branches, as attributes.
  ModelBuilder& bodies(const std::string& op, const std::vector<std::string>& inputs,
                       const std::vector<std::string>& outputs,
                       const std::vector<std::pair<std::string, const ModelBuilder*>>& graphs,
                       const std::string& name, const std::vector<Attribute>& attributes = {});

  [[nodiscard]] std::string bytes() const;
  void write(const std::string& file) const;

 private:
  struct Model;
  std::unique_ptr<Model> model_;
};

}  // namespace systole
