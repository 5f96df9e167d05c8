#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/frontend/onnx/constant.h"

namespace systole {

/// A line and column of the file, from 1.
struct HloPlace {
  int line = 0;
  int column = 0;
};

/// A type, as far as tensors of numbers go.
struct HloType {
  std::string text;                        ///< as messages write it: tensor<8x16xf32>
  bool is_tensor = false;                  ///< else a token, a tuple, ...
  OnnxType element = OnnxType::Undefined;  ///< of elements that are no plain numbers, too
  std::vector<std::int64_t> shape;         ///< -1: not fixed
  bool operator==(const HloType&) const = default;
};

/// An attribute: whatever of these it has.
struct HloAttribute {
  enum class Kind : std::uint8_t {
    Unit,
    Integer,
    Float,
    String,
    Symbol,
    Word,  ///< DEFAULT, f32, the name of #stablehlo.dot<...>
    Array,
    Dictionary,  ///< of #dialect.name<...>, too, with its name as text
    Dense,
    Resource  ///< dense_resource<text>
  };

  Kind kind = Kind::Unit;
  HloPlace place = {};
  std::int64_t integer = 0;
  double number = 0;
  std::string text = {};
  std::vector<HloAttribute> items = {};
  std::vector<std::pair<std::string, HloAttribute>> fields = {};
  OnnxConstant dense = {};  ///< of the shape of its type, or one number for all elements
  HloType type = {};        ///< of Dense and Resource

  [[nodiscard]] const HloAttribute* field(std::string_view key) const;
  /// Of an array of integers, a dense of such, or one integer; empty where it is neither.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers() const;
};

struct HloOperation;

/// Operations one behind the other; MLIR's further blocks are not read.
struct HloRegion {
  std::vector<std::pair<std::string, HloType>> arguments;
  std::vector<HloOperation> operations;
};

/// Which result of which name.
struct HloUse {
  std::string name;
  std::int64_t part = 0;
  HloPlace place;
};

struct HloOperation {
  std::string name;  ///< stablehlo.add; of functions func.call, func.return
  HloPlace place = {};
  std::vector<std::pair<std::string, std::int64_t>> results = {};  ///< names, with how many of each
  std::vector<HloUse> operands = {};
  std::map<std::string, HloAttribute, std::less<>> attributes = {};
  std::vector<HloRegion> regions = {};
  std::vector<HloType> result_types = {};

  [[nodiscard]] const HloAttribute* attribute(std::string_view key) const;
  /// The name without its dialect.
  [[nodiscard]] std::string_view short_name() const;
};

struct HloArgument {
  std::string name;   ///< arg0
  std::string label;  ///< what debug locations call it: params['dense']['kernel']
  HloType type;
  HloPlace place;
  std::map<std::string, HloAttribute, std::less<>> attributes;
};

struct HloResult {
  HloType type;
  std::map<std::string, HloAttribute, std::less<>> attributes;
};

struct HloFunction {
  std::string name;
  HloPlace place;
  bool is_private = false;
  std::vector<HloArgument> arguments;
  std::vector<HloResult> results;
  HloRegion body;
  bool is_declared_only = false;
};

/// The text of a module as plain values: nothing resolved, nothing inferred.
struct HloModule {
  std::string file;
  std::string name;
  std::vector<HloFunction> functions;
  std::map<std::string, std::string, std::less<>> resources;  ///< bytes by name

  [[nodiscard]] const HloFunction* function(std::string_view wanted) const;
  /// @main, or the only function that is not private. Null where there is none.
  [[nodiscard]] const HloFunction* entry() const;
};

/// Reads the text of a module of StableHLO, MHLO and CHLO, in the pretty and the generic form.
/// Locations are read for the names of arguments alone. Throws WorkloadError with line and column.
[[nodiscard]] HloModule parse_hlo_module(std::string_view text, const std::string& file);

}  // namespace systole
