#include "reference/user_numbers.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/config/text_file.h"
#include "arch/diag/check.h"
#include "arch/isa/float_format.h"
#include "compiler/frontend/npy_file.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".npy";
constexpr std::string_view kFloatSuffix = ".float32.npy";

[[noreturn]] void fail(const std::string& message) {
  throw UserError(fmt::format("systole: --compare: {}", message));
}

std::set<std::string> npy_files(const std::string& directory) {
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  if (error) {
    fail(fmt::format("expected a directory that can be read, got {}", in_quotes(directory)));
  }
  std::set<std::string> names;
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kSuffix)) {
      names.insert(name);
    }
  }
  return names;
}

bool is_vector(const Shape& shape) {
  return shape.rows == 1 && shape.cols == 1;
}

/// Whether the axes hold the tensor's elements in its order, of the batch's images at least.
bool fits(const std::vector<std::int64_t>& axes, const Shape& shape) {
  using Axes = std::vector<std::int64_t>;
  if (axes.empty() || axes.front() < shape.batch) {
    return false;
  }
  const Axes image(axes.begin() + 1, axes.end());
  if (image == Axes{shape.rows, shape.cols, shape.channels}) {
    return true;
  }
  return is_vector(shape) && (image == Axes{shape.channels} || image == Axes{shape.channels, 1, 1});
}

void check_shape(const NpyFile& file, const Shape& shape, const FileOrder* order) {
  const std::vector<std::int64_t>& axes = file.shape();
  if (order != nullptr) {
    file.expect_shape(order->shape);
    return;
  }
  if (fits(axes, shape)) {
    return;
  }
  const std::string expected =
      is_vector(shape) ? fmt::format("{}", shape.channels)
                       : fmt::format("{}, {}, {}", shape.rows, shape.cols, shape.channels);
  const bool channels_first = axes.size() == 4 && axes[1] == shape.channels &&
                              axes[2] == shape.rows && axes[3] == shape.cols;
  throw NpyError(
      SourceLocation{.file = file.file()}, "",
      fmt::format("expected shape (at least {}, {}){}, got {}{}", shape.batch, expected,
                  is_vector(shape) ? "" : ", channels last", shape_text(axes),
                  channels_first
                      ? ", channels first: numpy.transpose(x, (0, 2, 3, 1)) puts them last"
                      : ""));
}

/// Share of images whose largest number in the file is the largest of the run's too. Of equal
/// numbers of the run any will do: int8 has many.
double top1_agreement(const std::vector<double>& wanted, const std::vector<double>& actual,
                      std::int64_t channels) {
  std::int64_t agreed = 0;
  const auto images = static_cast<std::int64_t>(actual.size()) / channels;
  for (std::int64_t image = 0; image < images; ++image) {
    const auto first = wanted.begin() + image * channels;
    const auto choice = std::max_element(first, first + channels) - wanted.begin();
    const auto row = actual.begin() + image * channels;
    const double largest = *std::max_element(row, row + channels);
    agreed += actual[static_cast<std::size_t>(choice)] == largest ? 1 : 0;
  }
  return static_cast<double>(agreed) / static_cast<double>(images);
}

}  // namespace

bool UserComparison::passed() const {
  return !tensors.empty() && std::all_of(tensors.begin(), tensors.end(),
                                         [](const ComparedTensor& t) { return t.passed; });
}

UserNumbers::UserNumbers(std::string directory, const Graph& graph, FileOrders orders)
    : directory_(std::move(directory)), orders_(std::move(orders)) {
  std::set<std::string> found = npy_files(directory_);
  for (const GraphTensor& tensor : graph.tensors) {
    if (tensor.role == GraphTensorRole::Parameter) {
      continue;
    }
    const std::string stem = file_stem(tensor.name);
    const std::string floats = stem + std::string(kFloatSuffix);
    std::string name = stem + std::string(kSuffix);
    const bool has_stored = found.count(name) > 0;
    if (!has_stored) {
      name = floats;
    }
    if (found.count(name) == 0) {
      continue;
    }
    const NpyFile file((fs::path(directory_) / name).string());
    check_shape(file, tensor.shape(), find_order(orders_, tensor.name));
    static_cast<void>(file.numbers());  // before the work, not after it
    files_.push_back({.tensor = tensor.name, .name = name});
  }
  for (const File& file : files_) {
    found.erase(file.name);
    found.erase(file_stem(file.tensor) + std::string(kFloatSuffix));
  }
  ignored_.assign(found.begin(), found.end());
  if (files_.empty()) {
    const std::string example = file_stem(graph.tensor(graph.outputs.front()).name);
    fail(fmt::format(
        "expected files called as tensors of the network, such as {}.npy, in {}, got "
        "{}",
        example, in_quotes(directory_), ignored_.empty() ? "none" : in_quotes(ignored_.front())));
  }
}

std::vector<std::string> UserNumbers::names() const {
  std::vector<std::string> names;
  names.reserve(files_.size());
  for (const File& file : files_) {
    names.push_back(file.tensor);
  }
  return names;
}

std::vector<double> UserNumbers::reals_of(const File& file, const RunTensor& tensor) const {
  const NpyFile array((fs::path(directory_) / file.name).string());
  std::vector<double> values = array.numbers();
  values.resize(static_cast<std::size_t>(tensor.shape.elements()));
  if (const FileOrder* order = find_order(orders_, tensor.name)) {
    values = to_memory(*order, values);
  }
  if (is_float(array.type())) {
    return values;
  }
  if (!is_float(tensor.type)) {
    constexpr int kUnsignedOffset = 128;
    const int offset = array.type() == NpyType::Uint8 ? kUnsignedOffset : 0;
    for (double& value : values) {
      value = tensor.quantization.scale * (value - offset - tensor.quantization.zero_point);
    }
  } else if (array.type() == NpyType::Uint16) {
    for (double& value : values) {
      value = decoded(float_format(tensor.type), static_cast<std::uint32_t>(value));
    }
  }
  return values;
}

UserComparison UserNumbers::compare(const std::vector<RunTensor>& tensors, double tolerance) const {
  UserComparison comparison{
      .directory = directory_, .tolerance = tolerance, .tensors = {}, .ignored = ignored_};
  for (const File& file : files_) {
    const auto tensor = std::find_if(tensors.begin(), tensors.end(),
                                     [&](const RunTensor& t) { return t.name == file.tensor; });
    SYSTOLE_CHECK(tensor != tensors.end(), "the run kept no tensor {}", file.tensor);
    const std::vector<double> wanted = reals_of(file, *tensor);
    const std::vector<double> actual = tensor->reals();
    ErrorSum sum;
    for (std::size_t i = 0; i < actual.size(); ++i) {
      sum.add(wanted[i], actual[i]);
    }
    ComparedTensor compared{.tensor = file.tensor,
                            .file = file.name,
                            .shape = tensor->shape,
                            .error = sum.result(),
                            .top1 = {}};
    if (is_vector(tensor->shape) && tensor->shape.channels > 1) {
      compared.top1 = top1_agreement(wanted, actual, tensor->shape.channels);
    }
    compared.passed = compared.error.relative() <= tolerance;
    comparison.tensors.push_back(std::move(compared));
  }
  return comparison;
}

}  // namespace systole
