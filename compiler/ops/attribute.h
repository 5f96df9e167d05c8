#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "arch/isa/limits.h"
#include "compiler/ops/functions.h"
#include "compiler/ops/kernel.h"
#include "compiler/ops/place.h"
#include "compiler/ops/work.h"

namespace systole {

/// One attribute of an operator. Reading, printing and documentation share its row. Accessors take
/// the operator's own struct.
struct Attribute {
  template <class Value>
  using At = Value& (*)(void* op);

  // --- values of the operator ---
  /// least..most.
  struct Integer {
    At<std::int64_t> at;
    std::int64_t most = kMaxSize;
    std::int64_t least = 1;
  };
  struct Text {
    At<std::string> at;
  };
  /// [n, ...], up to five of them.
  struct Sizes {
    At<Extents> at;
  };
  struct Flag {
    At<bool> at;
  };
  /// least..most.
  struct Real {
    At<double> at;
    double least = 0;
    double most = 0;
  };
  /// One number for rows and columns, or [rows, cols].
  struct Sides {
    At<Kernel> at;
    std::int64_t Kernel::*rows;
    std::int64_t Kernel::*cols;
  };
  /// One number, [top, bottom, left, right] or `same`.
  struct Padding {
    At<Kernel> at;
  };
  struct Function {
    At<ActivationKind> at;
  };
  // --- wishes about the tensors around it ---
  /// The quantisation that a fused function looks up.
  struct Before {};
  /// Scale or gain of the weights.
  struct Weights {};
  /// The quantisation of the output; why it is not open to wishes, where it is not.
  struct Output {
    std::string_view settled;
  };

  enum class Presence : std::uint8_t { Optional, Required };

  std::string_view key;
  std::variant<Integer, Text, Sizes, Flag, Real, Sides, Padding, Function, Before, Weights, Output>
      value;
  std::string_view meaning;
  Presence presence = Presence::Optional;
};

template <auto kMember>
struct Accessor;
template <class Struct, class Value, Value Struct::*kMember>
struct Accessor<kMember> {
  static Value& at(void* op) { return static_cast<Struct*>(op)->*kMember; }
};
/// The accessor of a member of an operator.
template <auto kMember>
inline constexpr auto kAt = &Accessor<kMember>::at;

enum class Dilation : std::uint8_t { One, Possible };

/// `kernel`, `stride`, `dilation`, `padding` of an operator with a `kernel`.
template <class T>
std::vector<Attribute> kernel_attributes(Dilation dilation) {
  constexpr auto kKernel = kAt<&T::kernel>;
  std::vector<Attribute> rows{
      {"kernel", Attribute::Sides{kKernel, &Kernel::rows, &Kernel::cols}, "its size",
       Attribute::Presence::Required},
      {"stride", Attribute::Sides{kKernel, &Kernel::stride_rows, &Kernel::stride_cols},
       "from one output to the next"}};
  if (dilation == Dilation::Possible) {
    rows.push_back({"dilation",
                    Attribute::Sides{kKernel, &Kernel::dilation_rows, &Kernel::dilation_cols},
                    "from one element of the kernel to the next"});
  }
  rows.push_back({"padding", Attribute::Padding{kKernel}, "around the input"});
  return rows;
}

/// `batch_norm`, `bias`, `weights` of an operator with `weights`.
template <class T>
std::vector<Attribute> weight_attributes() {
  return {
      {"batch_norm",
       Attribute::Flag{[](void* op) -> bool& { return static_cast<T*>(op)->weights.batch_norm; }},
       "a batch normalisation behind the layer"},
      {"bias", Attribute::Flag{[](void* op) -> bool& { return static_cast<T*>(op)->weights.bias; }},
       "something is added per output channel"},
      {"weights", Attribute::Weights{}, "scale, scales or per_channel, or gain of generated ones"}};
}

/// `activation`, `before` of an operator with an `activation`.
template <class T>
std::vector<Attribute> activation_attributes() {
  return {{"activation", Attribute::Function{[](void* op) -> ActivationKind& {
             return static_cast<T*>(op)->activation.kind;
           }},
           "fused behind the operator"},
          {"before", Attribute::Before{}, "the quantisation that a fused function looks up"}};
}

[[nodiscard]] Attribute output_attribute();
/// Of an operator whose output's quantisation follows from its nature.
[[nodiscard]] Attribute kept_output(std::string_view reason);

void append(std::vector<Attribute>& table, const std::vector<Attribute>& rows);

/// Throws for what contradicts itself: a bias beside a batch normalisation; a quantisation before
/// nothing that is looked up.
void check_weights(const WeightInfo& weights, const OpPlace& written);
void check_before(const FusedActivation& activation, const OpPlace& written);

}  // namespace systole
