#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/graph/file_order.h"
#include "compiler/graph/graph.h"
#include "reference/run_tensor.h"
#include "reference/tensor_error.h"

namespace systole {

/// Largest error that passes, as a share of a tensor's largest number, unless the user says so.
inline constexpr double kDefaultTolerance = 0.05;

/// A tensor beside what the user's file says of it.
struct ComparedTensor {
  std::string tensor;
  std::string file;  ///< its name in the directory
  Shape shape;
  TensorError error;
  /// Of a vector: the share of images of which the file's largest number is the largest here too.
  std::optional<double> top1;
  bool passed = false;  ///< error.relative() <= tolerance
};

struct UserComparison {
  std::string directory;
  double tolerance = kDefaultTolerance;
  std::vector<ComparedTensor> tensors;  ///< in the graph's order
  std::vector<std::string> ignored;     ///< .npy files that no tensor is called as; sorted

  [[nodiscard]] bool passed() const;
};

/// The user's own numbers of a network's tensors: files NAME.npy, or else NAME.float32.npy, of a
/// directory, each of the images of the batch or more, NHWC, or (images, channels) of a vector.
/// Floats are real numbers; integers are the stored ones of an int8 tensor (uint8: these plus 128),
/// and uint16 the patterns of a bf16 one. Slashes in names are dots in those of files; a tensor
/// with an order of its own has files of exactly that shape.
class UserNumbers {
 public:
  /// Checks every file whole. Throws UserError `systole: --compare: ...` where the
  /// directory holds no file of a tensor, and NpyError where one is wrong.
  UserNumbers(std::string directory, const Graph& graph, FileOrders orders = {});

  /// Names of the tensors that there are files of.
  [[nodiscard]] std::vector<std::string> names() const;
  /// `tensors` has those of names().
  [[nodiscard]] UserComparison compare(const std::vector<RunTensor>& tensors,
                                       double tolerance) const;

 private:
  struct File {
    std::string tensor;
    std::string name;
  };
  [[nodiscard]] std::vector<double> reals_of(const File& file, const RunTensor& tensor) const;

  std::string directory_;
  std::vector<File> files_;  ///< in the graph's order
  std::vector<std::string> ignored_;
  FileOrders orders_;
};

}  // namespace systole
