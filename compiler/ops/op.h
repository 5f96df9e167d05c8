#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "arch/enum_names.h"
#include "compiler/ops/activate.h"
#include "compiler/ops/add.h"
#include "compiler/ops/append.h"
#include "compiler/ops/attention.h"
#include "compiler/ops/attribute.h"
#include "compiler/ops/combine.h"
#include "compiler/ops/concat.h"
#include "compiler/ops/constant.h"
#include "compiler/ops/conv1d.h"
#include "compiler/ops/conv2d.h"
#include "compiler/ops/conv_transpose.h"
#include "compiler/ops/convolve.h"
#include "compiler/ops/cumulative.h"
#include "compiler/ops/dense.h"
#include "compiler/ops/depth_to_space.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/experts.h"
#include "compiler/ops/flatten.h"
#include "compiler/ops/formula.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/group_norm.h"
#include "compiler/ops/layer_norm.h"
#include "compiler/ops/mask.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/movement.h"
#include "compiler/ops/pool.h"
#include "compiler/ops/position.h"
#include "compiler/ops/ranking.h"
#include "compiler/ops/rearrange.h"
#include "compiler/ops/recurrent.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/reshape.h"
#include "compiler/ops/resize.h"
#include "compiler/ops/rotary.h"
#include "compiler/ops/slice.h"
#include "compiler/ops/softmax.h"
#include "compiler/ops/transpose.h"

namespace systole {

/// Every operator. One is a struct of attributes in a file of its own, with
///  - `entries()`: its names and the table of its attributes;
///  - `infer(in)`: the type and quantisation of its output, every error of its inputs; fills in
///    attributes that follow from them;
///  - `work()`: what it does;
///  - `complete(written)`, where attributes depend on one another.
/// Or in place of `infer` and `work`, of what it is made: `compose(composer)` (composer.h).
/// The order is that of names in messages.
using Op = std::variant<Conv2d, Dense, Matmul, AddTensors, Activate, PoolTensor, Concat, Flatten,
                        SoftmaxChannels, NormalizeRows, CombineTensors, ReduceRows, RotateRows,
                        SliceTensor, ResizeTensor, ReshapeTensor, EmbedPositions, CombineConstant,
                        RowFormula, Rearrange, AppendRows, DepthToSpace, TransposePixels,
                        ConvolveTensors, MaskScores, AddShifted, GatherRows, AttendTokens,
                        ConvTranspose, ConvTokens, NormalizeGroups, ScaleChannels, NamedFormula,
                        ArgExtreme, TopOfRows, OneHot, CumulativeSum, PadImage, ExpandTensor,
                        PermuteAxes, ScatterRows, ResizeLinear, MixExperts, RunCells>;

/// How many tensors an operator takes beside its parameters.
enum class InputCount : std::uint8_t { One, Two, Three, AtLeastOne, AtLeastTwo };

/// An operator under one of its names.
struct OpEntry {
  std::string_view name;  ///< in layer descriptions
  std::string_view onnx;
  Op prototype;  ///< what the name alone says
  InputCount inputs = InputCount::One;
  std::vector<Attribute> attributes;
};

/// All names, in the order of the variant.
[[nodiscard]] const std::vector<OpEntry>& op_entries();
/// The place of a name among op_entries().
enum class OpName : std::uint8_t {};
/// Names as readers of choices take them.
struct OpNames {
  [[nodiscard]] static const std::vector<EnumName<OpName>>& all();
  [[nodiscard]] auto begin() const { return all().begin(); }
  [[nodiscard]] auto end() const { return all().end(); }
  [[nodiscard]] std::size_t size() const { return all().size(); }
};
template <>
inline constexpr OpNames kEnumNames<OpName>{};

/// Null where no operator is called so.
[[nodiscard]] const OpEntry* find_entry(std::string_view name);

void complete(Op& op, const OpPlace& written);
[[nodiscard]] Inferred infer(Op& op, const InferInputs& in);
[[nodiscard]] Work work_of(const Op& op);
/// The operator's own struct, for the accessors of its attributes.
[[nodiscard]] void* attributes_of(Op& op);
/// Whether it writes into a state.
[[nodiscard]] bool changes_state(const Op& op);
/// Null for operators without one.
[[nodiscard]] FusedActivation* activation_of(Op& op);
[[nodiscard]] const FusedActivation* activation_of(const Op& op);

/// States which experts tokens go to, where the operator leaves that open; false where it does not.
bool state_routing(Op& op, const std::string& routing);
/// Gives an operator that looks rows up by the numbers of an input these, image by image; false
/// where it does no such thing.
bool state_rows(Op& op, std::shared_ptr<const std::vector<std::int64_t>> numbers);

/// As a layer of a network file writes it, attributes that are not as the name alone says:
/// `op: conv2d, channels: 64, kernel: [3, 3]`.
[[nodiscard]] std::string text_of(const OpEntry& entry, const Op& op);

}  // namespace systole
