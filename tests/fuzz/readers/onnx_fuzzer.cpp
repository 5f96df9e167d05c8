// ONNX models: messages are mutated field by field, so that most are models still.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#define ONNX_API  // NOLINT: what the headers of the library want of who includes them
#include <onnx/onnx-ml.pb.h>

#include "compiler/frontend/onnx/read_onnx_network.h"
#include "tests/fuzz/readers/readers.h"

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// A field of a message that is there, or could be.
struct Place {
  Message* message = nullptr;
  const FieldDescriptor* field = nullptr;
};

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void mutate(Message& root) {
    const std::size_t times = 1 + below(4);
    for (std::size_t i = 0; i < times; ++i) {
      places_.clear();
      strings_.clear();
      collect(root, 0);
      if (!places_.empty()) {
        mutate(places_[below(places_.size())]);
      }
    }
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void collect(Message& message, int depth) {
    constexpr int kDeepest = 24;
    const Reflection& reflection = *message.GetReflection();
    const auto& descriptor = *message.GetDescriptor();
    for (int i = 0; depth < kDeepest && i < descriptor.field_count(); ++i) {
      const FieldDescriptor* field = descriptor.field(i);
      places_.push_back({&message, field});
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        for (int k = 0; k < count(message, field); ++k) {
          strings_.push_back(field->is_repeated() ? reflection.GetRepeatedString(message, field, k)
                                                  : reflection.GetString(message, field));
        }
      }
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        continue;
      }
      for (int k = 0; k < count(message, field); ++k) {
        collect(field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, k)
                                     : *reflection.MutableMessage(&message, field),
                depth + 1);
      }
    }
  }

  static int count(const Message& message, const FieldDescriptor* field) {
    const Reflection& reflection = *message.GetReflection();
    return field->is_repeated() ? reflection.FieldSize(message, field)
                                : (reflection.HasField(message, field) ? 1 : 0);
  }

  void mutate(const Place& place) {
    Message& message = *place.message;
    const Reflection& reflection = *message.GetReflection();
    const FieldDescriptor* field = place.field;
    if (field->is_repeated()) {
      const int size = reflection.FieldSize(message, field);
      switch (below(4)) {
        case 0:
          if (size > 0) {
            reflection.SwapElements(&message, field, static_cast<int>(below(size_of(size))),
                                    size - 1);
            reflection.RemoveLast(&message, field);
          }
          return;
        case 1:
          if (size > 1) {
            reflection.SwapElements(&message, field, static_cast<int>(below(size_of(size))),
                                    static_cast<int>(below(size_of(size))));
          }
          return;
        case 2:
          add(message, field, size);
          return;
        default:
          break;
      }
      if (size > 0) {
        set(message, field, static_cast<int>(below(size_of(size))));
      }
      return;
    }
    if (below(4) == 0) {
      reflection.ClearField(&message, field);
    } else {
      set(message, field, -1);
    }
  }

  static std::size_t size_of(int size) { return static_cast<std::size_t>(size); }

  /// One more of a repeated field; of messages a copy of another.
  void add(Message& message, const FieldDescriptor* field, int size) {
    const Reflection& reflection = *message.GetReflection();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT64:
        reflection.AddInt64(&message, field, integer());
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        reflection.AddInt32(&message, field, static_cast<std::int32_t>(integer()));
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        reflection.AddFloat(&message, field, number());
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        reflection.AddString(&message, field, string());
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (size > 0) {
          const auto from =
              reflection.GetRepeatedMessage(message, field, static_cast<int>(below(size_of(size))))
                  .New();
          from->CopyFrom(reflection.GetRepeatedMessage(message, field,
                                                       static_cast<int>(below(size_of(size)))));
          reflection.AddAllocatedMessage(&message, field, from);
        } else {
          reflection.AddMessage(&message, field);
        }
        break;
      default:
        break;
    }
  }

  void set(Message& message, const FieldDescriptor* field, int index) {
    const Reflection& reflection = *message.GetReflection();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT64:
        index < 0 ? reflection.SetInt64(&message, field, integer())
                  : reflection.SetRepeatedInt64(&message, field, index, integer());
        break;
      case FieldDescriptor::CPPTYPE_INT32: {
        const auto value = static_cast<std::int32_t>(integer());
        index < 0 ? reflection.SetInt32(&message, field, value)
                  : reflection.SetRepeatedInt32(&message, field, index, value);
        break;
      }
      case FieldDescriptor::CPPTYPE_FLOAT:
        index < 0 ? reflection.SetFloat(&message, field, number())
                  : reflection.SetRepeatedFloat(&message, field, index, number());
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        index < 0 ? reflection.SetString(&message, field, string())
                  : reflection.SetRepeatedString(&message, field, index, string());
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        if (index < 0) {
          const auto* values = field->enum_type();
          reflection.SetEnum(
              &message, field,
              values->value(static_cast<int>(below(size_of(values->value_count())))));
        }
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (index < 0) {
          static_cast<void>(reflection.MutableMessage(&message, field));
        }
        break;
      default:
        break;
    }
  }

  std::int64_t integer() {
    static constexpr std::int64_t kUsual[] = {0,
                                              1,
                                              2,
                                              3,
                                              4,
                                              5,
                                              6,
                                              7,
                                              8,
                                              9,
                                              10,
                                              11,
                                              13,
                                              16,
                                              17,
                                              64,
                                              224,
                                              65536,
                                              65537,
                                              -1,
                                              -2,
                                              -3,
                                              std::int64_t{1} << 20,
                                              std::int64_t{1} << 31,
                                              std::int64_t{1} << 40,
                                              INT64_MAX,
                                              INT64_MIN};
    return kUsual[below(std::size(kUsual))];
  }
  float number() {
    static constexpr float kUsual[] = {0, 1, -1, 0.5F, 1e-30F, 1e30F, 3.4e38F, -3.4e38F, 6};
    return kUsual[below(std::size(kUsual))];
  }
  /// One that stands elsewhere in the model, or an operator.
  std::string string() {
    static const char* const kOps[] = {"Add",       "Conv",         "MatMul",
                                       "Gemm",      "Reshape",      "Transpose",
                                       "Concat",    "Slice",        "Split",
                                       "Softmax",   "Resize",       "Pad",
                                       "Gather",    "LSTM",         "GRU",
                                       "If",        "Einsum",       "Where",
                                       "Expand",    "ReduceMean",   "QuantizeLinear",
                                       "Flatten",   "MaxPool",      "Cast",
                                       "Attention", "com.microsoft"};
    if (strings_.empty() || below(3) == 0) {
      return kOps[below(std::size(kOps))];
    }
    std::string chosen = strings_[below(strings_.size())];
    if (!chosen.empty() && below(8) == 0) {
      chosen[below(chosen.size())] = static_cast<char>(below(256));
    }
    return chosen;
  }

  std::minstd_rand random_;
  std::vector<Place> places_;
  std::vector<std::string> strings_;
};

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  onnx::ModelProto model;
  constexpr unsigned kOneInSoMany = 16;  // of bytes, as they come
  if (seed % kOneInSoMany == 0 || !model.ParseFromArray(data, static_cast<int>(size))) {
    return LLVMFuzzerMutate(data, size, most);
  }
  Mutator(seed).mutate(model);
  const std::string bytes = model.SerializePartialAsString();
  if (bytes.size() > most) {
    return size;
  }
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return systole::read_bytes(data, size, [](std::string_view bytes) {
    const std::string file = systole::file_of(bytes, ".onnx");
    for (const systole::DataType type : {systole::DataType::Bf16, systole::DataType::Int8}) {
      try {
        static_cast<void>(systole::explain_onnx(file, {{.type = type}, {}, false}));
        static_cast<void>(systole::read_onnx_network(file, {{.type = type}, {}, false}));
      } catch (const systole::UserError&) {
        continue;
      }
    }
  });
}
