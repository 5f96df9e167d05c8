#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/config/files_read.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "compiler/frontend/onnx/model.h"

// The generated header keeps to its own rules.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define ONNX_API  // as the library that Debian ships was built
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx-ml.pb.h>
#pragma GCC diagnostic pop

namespace systole {

void fail_model(const std::string& file, std::string_view path, std::string_view message) {
  throw WorkloadError({.file = file}, path, message);
}

namespace {

namespace fs = std::filesystem;
namespace pb = onnx;

/// What protobuf can hold in one message.
constexpr std::int64_t kMaxFile = (std::int64_t{1} << 31) - 1;
constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;
/// Bodies of If, Loop and Scan within one another.
constexpr int kMaxDepth = 32;

/// A file's bytes, mapped: what a parser does not look at is not read.
class MappedFile {
 public:
  explicit MappedFile(const std::string& file) : descriptor_(::open(file.c_str(), O_RDONLY)) {
    struct ::stat about {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &about) != 0) {
      const std::error_code error(errno, std::generic_category());
      close();
      fail_model(file, "",
                 fmt::format("expected a file that can be read, got {}", error.message()));
    }
    size_ = about.st_size;
    if (!S_ISREG(about.st_mode) || size_ <= 0 || size_ > kMaxFile) {
      close();
      fail_model(file, "",
                 S_ISREG(about.st_mode)
                     ? fmt::format("expected an ONNX model of 1..{} bytes, got {}", kMaxFile, size_)
                     : std::string("expected an ONNX model in a regular file, got something else"));
    }
    data_ =
        ::mmap(nullptr, static_cast<std::size_t>(size_), PROT_READ, MAP_PRIVATE, descriptor_, 0);
    if (data_ == MAP_FAILED) {
      const std::error_code error(errno, std::generic_category());
      close();
      fail_model(file, "",
                 fmt::format("expected a file that can be read, got {}", error.message()));
    }
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  MappedFile(MappedFile&&) = delete;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile() {
    ::munmap(data_, static_cast<std::size_t>(size_));
    close();
  }

  [[nodiscard]] std::string_view bytes() const {
    return {static_cast<const char*>(data_), static_cast<std::size_t>(size_)};
  }

 private:
  void close() const {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }

  int descriptor_;
  std::int64_t size_ = 0;
  void* data_ = MAP_FAILED;
};

/// Walks over the fields of the outermost message, their contents unread, so that a file that is
/// no model or is cut short ends here and at once.
void check_outline(std::string_view bytes, const std::string& file) {
  constexpr std::uint32_t kGraphField = 7;
  constexpr std::uint32_t kLastField = 100;  // of models: 25 so far
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(static_cast<int>(bytes.size()));
  bool has_graph = false;
  while (stream.CurrentPosition() < static_cast<int>(bytes.size())) {
    const std::uint32_t tag = stream.ReadTag();
    const std::uint32_t field = tag >> 3U;
    std::uint64_t number = 0;
    bool good = field > 0 && field <= kLastField;
    switch (tag & 7U) {
      case 0:
        good = good && stream.ReadVarint64(&number);
        break;
      case 2: {
        std::uint32_t length = 0;
        good = good && stream.ReadVarint32(&length) && length <= bytes.size() &&
               stream.Skip(static_cast<int>(length));
        has_graph = has_graph || field == kGraphField;
        break;
      }
      default:
        good = false;  // models have no such fields
    }
    if (!good) {
      fail_model(file, "",
                 "expected an ONNX model (a ModelProto of protobuf), got something else or a "
                 "file that was cut short");
    }
  }
  if (!has_graph) {
    fail_model(file, "", "expected an ONNX model with a graph, got none");
  }
}

OnnxType type_named(int value) {
  const auto type = static_cast<OnnxType>(value);
  const bool known =
      value > 0 && std::any_of(kEnumNames<OnnxType>.begin(), kEnumNames<OnnxType>.end(),
                               [&](const auto& each) { return each.first == type; });
  return known ? type : OnnxType::Undefined;
}

template <class Stored, class Values>
std::string packed(const Values& values) {
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(values.size()) * sizeof(Stored));
  for (const auto value : values) {
    const auto stored = static_cast<Stored>(value);
    bytes.append(reinterpret_cast<const char*>(&stored), sizeof stored);
  }
  return bytes;
}

class Reader {
 public:
  explicit Reader(std::string file)
      : file_(std::move(file)), folder_(fs::path(file_).parent_path().string()) {}

  [[nodiscard]] OnnxModel read(pb::ModelProto& model) {
    OnnxModel read{.file = file_,
                   .producer = model.producer_name(),
                   .opsets = {},
                   .functions = model.functions_size(),
                   .graph = {}};
    for (const pb::OperatorSetIdProto& set : model.opset_import()) {
      read.opsets[domain_of(set.domain())] = set.version();
    }
    read.graph = graph_of(*model.mutable_graph(), 0);
    return read;
  }

 private:
  static std::string domain_of(const std::string& domain) {
    return domain == "ai.onnx" ? std::string{} : domain;
  }

  OnnxGraph graph_of(pb::GraphProto& graph, int depth) {
    if (depth > kMaxDepth) {
      fail_model(file_, "",
                 fmt::format("expected graphs within at most {} others, got more", kMaxDepth));
    }
    OnnxGraph read{.name = graph.name(), .sparse_initializers = graph.sparse_initializer_size()};
    for (pb::TensorProto& tensor : *graph.mutable_initializer()) {
      std::string name = tensor.name();
      OnnxConstant constant = constant_of(tensor, name);
      read.initializers.emplace_back(std::move(name), std::move(constant));
    }
    for (const pb::ValueInfoProto& input : graph.input()) {
      read.inputs.push_back(value_info_of(input));
    }
    for (const pb::ValueInfoProto& output : graph.output()) {
      read.outputs.push_back(value_info_of(output));
    }
    for (pb::NodeProto& node : *graph.mutable_node()) {
      read.nodes.push_back(node_of(node, depth));
    }
    return read;
  }

  OnnxNode node_of(pb::NodeProto& node, int depth) {
    OnnxNode read{.name = node.name(),
                  .op = node.op_type(),
                  .domain = domain_of(node.domain()),
                  .inputs = {node.input().begin(), node.input().end()},
                  .outputs = {node.output().begin(), node.output().end()},
                  .attributes = {}};
    for (pb::AttributeProto& attribute : *node.mutable_attribute()) {
      std::string name = attribute.name();
      read.attributes.insert_or_assign(std::move(name), attribute_of(attribute, node, depth));
    }
    return read;
  }

  OnnxAttribute attribute_of(pb::AttributeProto& from, const pb::NodeProto& node, int depth) {
    using Kind = OnnxAttribute::Kind;
    OnnxAttribute read;
    switch (kind_of(from)) {
      case pb::AttributeProto::FLOAT:
        read.kind = Kind::Float;
        read.number = from.f();
        break;
      case pb::AttributeProto::INT:
        read.kind = Kind::Int;
        read.integer = from.i();
        break;
      case pb::AttributeProto::STRING:
        read.kind = Kind::String;
        read.text = from.s();
        break;
      case pb::AttributeProto::TENSOR:
        read.kind = Kind::Tensor;
        read.tensor =
            constant_of(*from.mutable_t(), node.output_size() > 0 && node.op_type() == "Constant"
                                               ? node.output(0)
                                               : fmt::format("{}.{}", node.name(), from.name()));
        break;
      case pb::AttributeProto::GRAPH:
        read.kind = Kind::Graph;
        read.graph = std::make_shared<const OnnxGraph>(graph_of(*from.mutable_g(), depth + 1));
        break;
      case pb::AttributeProto::FLOATS:
        read.kind = Kind::Floats;
        read.numbers.assign(from.floats().begin(), from.floats().end());
        break;
      case pb::AttributeProto::INTS:
        read.kind = Kind::Ints;
        read.integers.assign(from.ints().begin(), from.ints().end());
        break;
      case pb::AttributeProto::STRINGS:
        read.kind = Kind::Strings;
        read.texts.assign(from.strings().begin(), from.strings().end());
        break;
      default:
        break;
    }
    return read;
  }

  /// Files of IR versions 1 and 2 do not say it.
  static pb::AttributeProto::AttributeType kind_of(const pb::AttributeProto& from) {
    if (from.type() != pb::AttributeProto::UNDEFINED) {
      return from.type();
    }
    if (from.has_f()) {
      return pb::AttributeProto::FLOAT;
    }
    if (from.has_i()) {
      return pb::AttributeProto::INT;
    }
    if (from.has_s()) {
      return pb::AttributeProto::STRING;
    }
    if (from.has_t()) {
      return pb::AttributeProto::TENSOR;
    }
    if (from.ints_size() > 0) {
      return pb::AttributeProto::INTS;
    }
    return from.floats_size() > 0 ? pb::AttributeProto::FLOATS : pb::AttributeProto::UNDEFINED;
  }

  [[nodiscard]] OnnxValueInfo value_info_of(const pb::ValueInfoProto& from) const {
    OnnxValueInfo read{.name = from.name(), .is_tensor = from.type().has_tensor_type()};
    if (!read.is_tensor) {
      return read;
    }
    const pb::TypeProto::Tensor& tensor = from.type().tensor_type();
    read.type = type_named(tensor.elem_type());
    if (tensor.has_shape()) {
      read.axes.emplace();
      for (const pb::TensorShapeProto::Dimension& axis : tensor.shape().dim()) {
        OnnxValueInfo::Axis& to = read.axes->emplace_back();
        if (axis.has_dim_value()) {
          // Some exporters write 0 or -1 for an axis of any size.
          if (axis.dim_value() > 0) {
            to.size = axis.dim_value();
          }
        } else {
          to.name = axis.dim_param();
        }
      }
    }
    return read;
  }

  OnnxConstant constant_of(pb::TensorProto& tensor, const std::string& name) {
    const std::string path = fmt::format("tensor {}", in_quotes(name));
    OnnxShape shape(tensor.dims().begin(), tensor.dims().end());
    std::int64_t elements = 1;
    for (const std::int64_t size : shape) {
      if (size < 0 || (size > 0 && elements > kMaxElements / size)) {
        fail_model(
            file_, path,
            fmt::format("expected a shape of at most 2^40 elements, got {}", text_of(shape)));
      }
      elements *= size;
    }
    const OnnxType type = type_named(tensor.data_type());
    if (bytes_of(type) == 0) {
      if (type == OnnxType::String) {
        return {OnnxType::String, {0}, std::string{}};  // who needs its texts will say so
      }
      fail_model(
          file_, path,
          fmt::format("expected a known type of elements, got number {}", tensor.data_type()));
    }
    const std::int64_t wanted = elements * bytes_of(type);
    if (tensor.data_location() == pb::TensorProto::EXTERNAL) {
      return external_of(tensor, path, type, std::move(shape), wanted);
    }
    std::string bytes =
        tensor.has_raw_data() ? std::move(*tensor.mutable_raw_data()) : typed_bytes(tensor, type);
    if (static_cast<std::int64_t>(bytes.size()) != wanted) {
      fail_model(file_, path,
                 fmt::format("expected {} bytes for {} elements of {}, got {}", wanted,
                             text_of(shape), name_of(type), bytes.size()));
    }
    return {type, std::move(shape), std::move(bytes)};
  }

  /// The numbers of a tensor that is not written as bytes.
  static std::string typed_bytes(const pb::TensorProto& tensor, OnnxType type) {
    switch (type) {
      case OnnxType::Float:
      case OnnxType::Complex64:
        return packed<float>(tensor.float_data());
      case OnnxType::Double:
      case OnnxType::Complex128:
        return packed<double>(tensor.double_data());
      case OnnxType::Int64:
        return packed<std::int64_t>(tensor.int64_data());
      case OnnxType::Uint64:
        return packed<std::uint64_t>(tensor.uint64_data());
      case OnnxType::Uint32:
        return packed<std::uint32_t>(tensor.uint64_data());
      case OnnxType::Int32:
        return packed<std::int32_t>(tensor.int32_data());
      case OnnxType::Uint16:
      case OnnxType::Int16:
      case OnnxType::Float16:
      case OnnxType::Bfloat16:
        return packed<std::uint16_t>(tensor.int32_data());
      case OnnxType::Uint8:
      case OnnxType::Int8:
      case OnnxType::Bool:
        return packed<std::uint8_t>(tensor.int32_data());
      case OnnxType::Undefined:
      case OnnxType::String:
        break;
    }
    return {};
  }

  [[nodiscard]] OnnxConstant external_of(const pb::TensorProto& tensor, const std::string& path,
                                         OnnxType type, OnnxShape shape,
                                         std::int64_t wanted) const {
    std::string location;
    std::uint64_t offset = 0;
    std::uint64_t length = static_cast<std::uint64_t>(wanted);
    for (const pb::StringStringEntryProto& entry : tensor.external_data()) {
      if (entry.key() == "location") {
        location = entry.value();
      } else if (entry.key() == "offset") {
        offset = number_of(entry, path);
      } else if (entry.key() == "length") {
        length = number_of(entry, path);
      }
    }
    const fs::path place = fs::path(location).lexically_normal();
    if (location.empty() || place.is_absolute() || *place.begin() == "..") {
      fail_model(file_, path,
                 fmt::format("expected external numbers in the folder of the model, got {}",
                             in_quotes(location)));
    }
    const std::string file = (fs::path(folder_) / place).string();
    std::error_code error;
    const std::uint64_t size = fs::file_size(file, error);
    if (error) {
      fail_model(file_, path,
                 fmt::format("expected external numbers in {}, got {}", path_in_quotes(file),
                             error.message()));
    }
    if (length != static_cast<std::uint64_t>(wanted) || offset > size || length > size - offset) {
      fail_model(file_, path,
                 fmt::format("expected {} bytes from byte {} of {}, got {} bytes of a file of {}",
                             wanted, offset, path_in_quotes(file), length, size));
    }
    note_file_read(file);
    return OnnxConstant::external(type, std::move(shape), file, offset);
  }

  [[nodiscard]] std::uint64_t number_of(const pb::StringStringEntryProto& entry,
                                        const std::string& path) const {
    std::uint64_t number = 0;
    const std::string& text = entry.value();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number > (1ULL << 62U)) {
      fail_model(file_, path,
                 fmt::format("expected a number of bytes as {} of external numbers, got {}",
                             entry.key(), in_quotes(text)));
    }
    return number;
  }

  std::string file_;
  std::string folder_;
};

}  // namespace

OnnxModel parse_onnx_model(std::string_view bytes, const std::string& file) {
  google::protobuf::SetLogHandler(nullptr);  // libraries never print
  check_outline(bytes, file);
  pb::ModelProto model;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(static_cast<int>(bytes.size()));
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    fail_model(file, "",
               "expected an ONNX model (a ModelProto of protobuf), got something else or a "
               "file that was cut short");
  }
  return Reader(file).read(model);
}

OnnxModel read_onnx_model(const std::string& file) {
  note_file_read(file);
  const MappedFile mapped(file);
  return parse_onnx_model(mapped.bytes(), file);
}

}  // namespace systole
