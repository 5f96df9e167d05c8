#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arch/diag/printable.h"
#include "arch/isa/float_format.h"
#include "compiler/frontend/stablehlo/parser.h"

namespace systole {

namespace {

struct ElementName {
  std::string_view name;
  OnnxType type;
};

constexpr auto kElements = std::to_array<ElementName>({
    {"bf16", OnnxType::Bfloat16},
    {"f16", OnnxType::Float16},
    {"f32", OnnxType::Float},
    {"f64", OnnxType::Double},
    {"i1", OnnxType::Bool},
    {"i16", OnnxType::Int16},
    {"i32", OnnxType::Int32},
    {"i64", OnnxType::Int64},
    {"i8", OnnxType::Int8},
    {"index", OnnxType::Int64},
    {"si16", OnnxType::Int16},
    {"si32", OnnxType::Int32},
    {"si64", OnnxType::Int64},
    {"si8", OnnxType::Int8},
    {"ui16", OnnxType::Uint16},
    {"ui32", OnnxType::Uint32},
    {"ui64", OnnxType::Uint64},
    {"ui8", OnnxType::Uint8},
});

OnnxType element_named(std::string_view name) {
  const auto* const found =
      std::find_if(kElements.begin(), kElements.end(),
                   [&](const ElementName& each) { return each.name == name; });
  return found == kElements.end() ? OnnxType::Undefined : found->type;
}

bool is_element(std::string_view word) {
  return element_named(word) != OnnxType::Undefined || word.starts_with("f8") || word == "i4" ||
         word == "ui4" || word == "i2" || word == "ui2";
}

int hex_value(char letter) {
  return letter <= '9' ? letter - '0' : (letter | 0x20) - 'a' + 10;
}

/// The bytes of `0x0A1B`; empty where it is something else.
std::optional<std::string> hex_bytes(std::string_view text) {
  if (!text.starts_with("0x") || text.size() % 2 != 0) {
    return std::nullopt;
  }
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 2; i < text.size(); i += 2) {
    for (const char letter : {text[i], text[i + 1]}) {
      const bool is_hex = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f') ||
                          (letter >= 'A' && letter <= 'F');
      if (!is_hex) {
        return std::nullopt;
      }
    }
    bytes += static_cast<char>(hex_value(text[i]) * 16 + hex_value(text[i + 1]));
  }
  return bytes;
}

template <class Number>
std::string bytes_of_number(Number number, std::int64_t size) {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  std::memcpy(bytes.data(), &number, bytes.size());
  return bytes;
}

/// How numbers that are written one by one are kept: those of 16 bits as binary32.
OnnxType kept_type(OnnxType type) {
  return type == OnnxType::Float16 || type == OnnxType::Bfloat16 ? OnnxType::Float : type;
}

std::optional<std::string> bits_of_float(OnnxType type, std::string_view digits) {
  std::uint64_t bits = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
  const std::int64_t size = bytes_of(type);
  if (read.ec != std::errc() || (size < 8 && bits >> (8 * size) != 0)) {
    return std::nullopt;
  }
  if (size == 2) {
    const DataType format = type == OnnxType::Float16 ? DataType::Fp16 : DataType::Bf16;
    return bytes_of_number(decoded(float_format(format), static_cast<std::uint32_t>(bits)),
                           sizeof(float));
  }
  return bytes_of_number(bits, size);
}

/// Of a floating type, as the file writes it: a decimal number, or the bits.
std::optional<std::string> float_bytes(OnnxType type, std::string_view text) {
  if (text.starts_with("0x")) {
    return bits_of_float(type, text.substr(2));
  }
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec == std::errc::result_out_of_range) {
    number = 0;  // too small for a double
  } else if (read.ec != std::errc() || read.ptr != end) {
    return std::nullopt;
  }
  return type == OnnxType::Double ? bytes_of_number(number, sizeof number)
                                  : bytes_of_number(static_cast<float>(number), sizeof(float));
}

std::optional<std::string> integer_bytes(OnnxType type, std::string_view text) {
  if (text == "true" || text == "false") {
    return bytes_of_number(std::int64_t{text == "true" ? 1 : 0}, bytes_of(type));
  }
  const bool is_hex = text.starts_with("0x");
  text.remove_prefix(is_hex ? 2 : 0);
  std::uint64_t bits = 0;
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = text.starts_with("-")
                        ? std::from_chars(text.data(), end, number)
                        : std::from_chars(text.data(), end, bits, is_hex ? 16 : 10);
  if (read.ec != std::errc() || read.ptr != end) {
    return std::nullopt;
  }
  const std::uint64_t value = text.starts_with("-") ? static_cast<std::uint64_t>(number) : bits;
  return bytes_of_number(value, bytes_of(type));
}

std::string type_text(const std::vector<std::int64_t>& shape, std::string_view element) {
  std::string text = "tensor<";
  for (const std::int64_t size : shape) {
    text += size < 0 ? "?x" : fmt::format("{}x", size);
  }
  return fmt::format("{}{}>", text, element);
}

}  // namespace

const HloAttribute* HloAttribute::field(std::string_view key) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& each) { return each.first == key; });
  return found == fields.end() ? nullptr : &found->second;
}

std::optional<std::vector<std::int64_t>> HloAttribute::integers() const {
  switch (kind) {
    case Kind::Integer:
      return std::vector<std::int64_t>{integer};
    case Kind::Dense: {
      constexpr std::int64_t kMost = 4096;
      if (!is_integral(dense.type()) || dense.elements() > kMost) {
        return std::nullopt;
      }
      return dense.integers();
    }
    case Kind::Array: {
      std::vector<std::int64_t> numbers;
      for (const HloAttribute& item : items) {
        const auto inner = item.integers();
        if (!inner) {
          return std::nullopt;
        }
        numbers.insert(numbers.end(), inner->begin(), inner->end());
      }
      return numbers;
    }
    default:
      return std::nullopt;
  }
}

// --- types ---

HloType HloParser::tensor_type(const HloToken& word) {
  HloType made{.text = {}, .is_tensor = true, .element = {}, .shape = {}};
  if (!take("<")) {
    fail_at(peek(), "'<'");
  }
  std::int64_t elements = 1;
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  constexpr std::size_t kMostAxes = 12;
  while (const auto size = tokens_.size()) {
    made.shape.push_back(*size);
    if (*size > 0 && elements > kMost / *size) {
      fail(word, "expected a tensor of at most 2^40 elements, got more");
    }
    elements *= std::max<std::int64_t>(*size, 1);
  }
  if (made.shape.size() > kMostAxes) {
    fail(word,
         fmt::format("expected a tensor of at most {} axes, got {}", kMostAxes, made.shape.size()));
  }
  const HloToken element = tokens_.next();
  std::string name(element.text);
  if (element.is("*")) {  // of any rank
    made.shape = {-1};
    name = "*";
    tokens_.skip_to('<', '>');
    made.text = "tensor<*>";
    return made;
  }
  if (element.kind == HloToken::Kind::Bang) {
    name.insert(0, "!");
  } else if (element.kind != HloToken::Kind::Word) {
    fail_at(element, "the type of a tensor's elements");
  }
  if (take("<")) {  // complex<f32>, !quant.uniform<...>
    tokens_.skip_to('<', '>');
    name += "<...>";
  }
  made.element = element_named(name);
  made.text = type_text(made.shape, name);
  if (take(",")) {  // an encoding
    tokens_.skip_to('<', '>');
  } else {
    expect(">");
  }
  return made;
}

HloType HloParser::type() {
  const Deeper deeper(*this);
  const HloToken word = tokens_.next();
  if (word.is("tensor")) {
    return tensor_type(word);
  }
  HloType made{.text = std::string(word.text), .is_tensor = false, .element = {}, .shape = {}};
  if (word.is("(")) {  // a function, or several
    static_cast<void>(types_in_parentheses());
    if (take("->")) {
      static_cast<void>(next_is("(") ? (tokens_.next(), types_in_parentheses())
                                     : std::vector<HloType>{type()});
    }
    made.text = "function";
    return made;
  }
  if (word.kind != HloToken::Kind::Word && word.kind != HloToken::Kind::Bang) {
    fail_at(word, "a type");
  }
  if (is_element(word.text)) {
    made.element = element_named(word.text);
    return made;
  }
  if (take("<")) {
    tokens_.skip_to('<', '>');
  }
  return made;
}

std::vector<HloType> HloParser::types_in_parentheses() {
  std::vector<HloType> made;
  list(")", [&] { made.push_back(type()); });
  return made;
}

// --- attributes ---

std::string HloParser::key() {
  const HloToken token = tokens_.next();
  if (token.kind == HloToken::Kind::String) {
    return unquoted(token.text);
  }
  if (token.kind != HloToken::Kind::Word) {
    fail_at(token, "the name of an attribute");
  }
  return std::string(token.text);
}

void HloParser::entries(std::string_view closing, HloAttribute& into) {
  list(closing, [&] {
    const HloPlace place = place_of(peek());
    std::string name = key();
    HloAttribute value{.place = place};
    if (take("=")) {
      value = attribute();
    }
    into.fields.emplace_back(std::move(name), std::move(value));
  });
}

void HloParser::attributes(Attributes& into) {
  HloAttribute read;
  entries("}", read);
  for (auto& [name, value] : read.fields) {
    into.insert_or_assign(name, std::move(value));
  }
}

std::int64_t HloParser::integer() {
  const HloToken token = expect(HloToken::Kind::Integer, "an integer");
  std::int64_t value = 0;
  const auto read =
      std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
  if (read.ec != std::errc() || read.ptr != token.text.data() + token.text.size()) {
    fail_at(token, "an integer of 64 bits");
  }
  return value;
}

std::vector<std::int64_t> HloParser::integers_in_brackets() {
  std::vector<std::int64_t> numbers;
  expect("[");
  list("]", [&] { numbers.push_back(integer()); });
  return numbers;
}

HloAttribute HloParser::attribute() {
  const Deeper deeper(*this);
  const HloPlace place = place_of(peek());
  HloAttribute made = attribute_value();
  made.place = place;
  return made;
}

HloAttribute HloParser::attribute_value() {
  using Kind = HloAttribute::Kind;
  const HloToken& first = peek();
  HloAttribute made;
  switch (first.kind) {
    case HloToken::Kind::Integer:
    case HloToken::Kind::Float:
      return number_attribute();
    case HloToken::Kind::String:
      made.kind = Kind::String;
      made.text = unquoted(tokens_.next().text);
      if (take(":")) {
        static_cast<void>(type());
      }
      return made;
    case HloToken::Kind::Symbol:
      made.kind = Kind::Symbol;
      made.text = std::string(tokens_.next().text);
      while (take("::")) {
        static_cast<void>(expect(HloToken::Kind::Symbol, "a symbol"));
      }
      return made;
    case HloToken::Kind::Hash:
      return hash_attribute();
    case HloToken::Kind::Word:
      return word_attribute();
    default:
      break;
  }
  if (take("[")) {
    made.kind = Kind::Array;
    list("]", [&] { made.items.push_back(attribute()); });
    return made;
  }
  if (take("{")) {
    made.kind = Kind::Dictionary;
    entries("}", made);
    return made;
  }
  if (next_is("(") || first.kind == HloToken::Kind::Bang) {  // the type of a function
    made.kind = Kind::Word;
    made.text = type().text;
    return made;
  }
  fail_at(first, "an attribute");
}

HloAttribute HloParser::number_attribute(bool typed) {
  const HloToken token = tokens_.next();
  HloAttribute made;
  if (token.kind == HloToken::Kind::Integer && !token.text.starts_with("0x")) {
    made.kind = HloAttribute::Kind::Integer;
    const auto read =
        std::from_chars(token.text.data(), token.text.data() + token.text.size(), made.integer);
    if (read.ec != std::errc()) {  // one above those of int64, or none that anybody asks for
      made.integer = std::numeric_limits<std::int64_t>::max();
    }
    made.number = static_cast<double>(made.integer);
  } else {
    made.kind = HloAttribute::Kind::Float;
  }
  HloType of{.text = "f32", .is_tensor = false, .element = OnnxType::Float, .shape = {}};
  if (typed && take(":")) {
    of = type();
  }
  if (made.kind == HloAttribute::Kind::Float) {
    const OnnxType element = is_floating(of.element) ? of.element : OnnxType::Double;
    const auto bytes = float_bytes(element, token.text);
    if (!bytes) {
      fail_at(token, "a number");
    }
    made.number =
        static_cast<double>(OnnxConstant(kept_type(element), {}, *bytes).floats().front());
  }
  return made;
}

HloAttribute HloParser::word_attribute() {
  using Kind = HloAttribute::Kind;
  if (next_is("dense")) {
    return dense_attribute();
  }
  if (next_is("dense_resource")) {
    return resource_attribute();
  }
  if (next_is("array")) {
    return array_attribute();
  }
  HloAttribute made{.kind = Kind::Word};
  if (next_is("loc")) {
    static_cast<void>(location());
    return made;
  }
  if (next_is("tensor")) {
    made.text = type().text;
    return made;
  }
  made.text = std::string(tokens_.next().text);
  if (made.text == "true" || made.text == "false") {
    made.kind = Kind::Integer;
    made.integer = made.text == "true" ? 1 : 0;
  } else if (made.text == "unit") {
    made.kind = Kind::Unit;
  } else if (take("<")) {  // affine_map<...>, opaque<...>, #stablehlo.x without its sign
    tokens_.skip_to('<', '>');
  }
  return made;
}

HloAttribute HloParser::array_attribute() {
  static_cast<void>(tokens_.next());
  HloAttribute made{.kind = HloAttribute::Kind::Array};
  expect("<");
  static_cast<void>(expect(HloToken::Kind::Word, "the type of an array's elements"));
  if (take(":")) {
    list(">", [&] { made.items.push_back(attribute()); });
  } else {
    expect(">");
  }
  return made;
}

HloAttribute HloParser::convolution_axes() {
  HloAttribute made{.kind = HloAttribute::Kind::Dictionary};
  for (const std::string_view side : {"input", "kernel", "output"}) {
    if (side == "kernel") {
      expect("x");
    } else if (side == "output") {
      expect("->");
    }
    HloAttribute axes{.kind = HloAttribute::Kind::Array};
    expect("[");
    list("]", [&] {
      HloAttribute& axis = axes.items.emplace_back(HloAttribute{.kind = HloAttribute::Kind::Word});
      const HloToken token = tokens_.next();
      if (token.kind != HloToken::Kind::Word && token.kind != HloToken::Kind::Integer) {
        fail_at(token, "an axis of a convolution");
      }
      axis.text = std::string(token.text);
    });
    made.fields.emplace_back(side, std::move(axes));
  }
  return made;
}

HloAttribute HloParser::hash_attribute() {
  using Kind = HloAttribute::Kind;
  const HloToken name = tokens_.next();
  HloAttribute made{.kind = Kind::Word};
  made.text = std::string(name.text);
  const auto defined = definitions_.find(name.text);
  if (defined != definitions_.end()) {
    return defined->second;
  }
  if (!take("<")) {
    return made;
  }
  if (name.text.ends_with(".conv") && next_is("[")) {
    made = convolution_axes();
    made.text = std::string(name.text);
    expect(">");
    return made;
  }
  const bool is_known = name.text == "stablehlo" || name.text == "mhlo" || name.text == "chlo" ||
                        name.text.starts_with("stablehlo.") || name.text.starts_with("mhlo.") ||
                        name.text.starts_with("chlo.");
  if (!is_known) {
    tokens_.skip_to('<', '>');
    return made;
  }
  made.kind = Kind::Dictionary;
  const std::string first = key();
  if (peek().kind == HloToken::Kind::Word) {  // comparison_direction LT; raw input_batch_dimension
    if (first != "raw") {
      made.kind = Kind::Word;
      made.text = std::string(tokens_.next().text);
      expect(">");
      return made;
    }
    entries(">", made);
    return made;
  }
  HloAttribute value{.place = place_of(name)};
  if (take("=")) {
    value = attribute();
  }
  made.fields.emplace_back(first, std::move(value));
  if (take(",")) {
    entries(">", made);
  } else {
    expect(">");
  }
  return made;
}

// --- constants ---

/// What stands between the angle brackets of dense<...>.
struct HloParser::Literal {
  std::vector<HloToken> elements;
  std::vector<std::int64_t> shape;  ///< of nested brackets
  std::vector<bool> is_known;       ///< by axis
  bool is_nested = false;
  HloToken start;
};

void HloParser::dense_elements(Literal& literal, std::size_t axis) {
  const Deeper deeper(*this);
  if (!next_is("[")) {
    const HloToken token = tokens_.next();
    const bool is_number = token.kind == HloToken::Kind::Integer ||
                           token.kind == HloToken::Kind::Float || token.is("true") ||
                           token.is("false");
    if (!is_number) {
      fail_at(token, "a number");
    }
    if (axis < literal.shape.size()) {
      fail(token, "expected as many brackets around each number, got fewer");
    }
    literal.elements.push_back(token);
    return;
  }
  const HloToken bracket = tokens_.next();
  literal.is_nested = true;
  if (axis == literal.shape.size()) {
    if (!literal.elements.empty()) {
      fail(bracket, "expected as many brackets around each number, got more");
    }
    literal.shape.push_back(0);
    literal.is_known.push_back(false);
  }
  std::int64_t count = 0;
  list("]", [&] {
    dense_elements(literal, axis + 1);
    ++count;
  });
  if (literal.is_known[axis] && literal.shape[axis] != count) {
    fail(bracket, fmt::format("expected {} elements, as in the brackets before, got {}",
                              literal.shape[axis], count));
  }
  literal.shape[axis] = count;
  literal.is_known[axis] = true;
}

/// Truth values as bytes of 0 and 1; in files eight are a byte, or each is one.
std::string truth_bytes(std::string bytes, std::int64_t count) {
  if (std::ssize(bytes) == count) {
    for (char& byte : bytes) {
      byte = byte == 0 ? '\0' : '\1';
    }
    return bytes;
  }
  std::string unpacked;
  for (std::int64_t i = 0; i < count && i / 8 < std::ssize(bytes); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[static_cast<std::size_t>(i / 8)]);
    unpacked += static_cast<char>(byte >> (i % 8) & 1);
  }
  return unpacked;
}

OnnxConstant HloParser::hex_constant(const Literal& literal, const HloType& type) {
  auto bytes = hex_bytes(unquoted(literal.start.text));
  const std::int64_t wanted = elements_of(type.shape) * bytes_of(type.element);
  if (!bytes) {
    fail_at(literal.start, "a string of hexadecimal digits, \"0x...\"");
  }
  if (type.element == OnnxType::Bool) {
    bytes = truth_bytes(*std::move(bytes), wanted);
  }
  if (std::ssize(*bytes) == bytes_of(type.element)) {
    return {type.element, {}, *std::move(bytes)};
  }
  if (std::ssize(*bytes) != wanted) {
    fail(literal.start,
         fmt::format("expected {} bytes for {}, got {}", wanted, type.text, bytes->size()));
  }
  return {type.element, type.shape, *std::move(bytes)};
}

OnnxConstant HloParser::dense_constant(const Literal& literal, const HloType& type) {
  const bool is_number = is_floating(type.element) || is_integral(type.element);
  if (!is_number) {
    return {};  // whoever reads it says that it is none
  }
  if (literal.start.kind == HloToken::Kind::String) {
    return hex_constant(literal, type);
  }
  std::string bytes;
  for (const HloToken& token : literal.elements) {
    const auto element = is_floating(type.element) ? float_bytes(type.element, token.text)
                                                   : integer_bytes(type.element, token.text);
    if (!element) {
      fail_at(token, fmt::format("a number of {}", type.text));
    }
    bytes += *element;
  }
  const OnnxType kept = kept_type(type.element);
  if (!literal.is_nested && literal.elements.size() == 1) {
    return {kept, {}, std::move(bytes)};
  }
  const auto elements = static_cast<std::int64_t>(literal.elements.size());
  const bool is_empty = elements == 0 && elements_of(type.shape) == 0;
  if (!is_empty && (literal.shape != type.shape || elements != elements_of(type.shape))) {
    fail(literal.start, elements == 0 ? fmt::format("expected numbers of {}, got none", type.text)
                                      : fmt::format("expected numbers of {}, got {}", type.text,
                                                    text_of(literal.shape)));
  }
  return {kept, type.shape, std::move(bytes)};
}

HloAttribute HloParser::dense_attribute() {
  HloAttribute made{.kind = HloAttribute::Kind::Dense};
  static_cast<void>(tokens_.next());
  expect("<");
  Literal literal{.elements = {}, .shape = {}, .is_known = {}, .is_nested = false, .start = peek()};
  if (peek().kind == HloToken::Kind::String) {
    static_cast<void>(tokens_.next());
  } else if (!next_is(">")) {
    if (next_is("(")) {
      fail_at(peek(), "real numbers");
    }
    dense_elements(literal, 0);
  }
  expect(">");
  expect(":");
  const HloToken at = peek();
  made.type = type();
  if (!made.type.is_tensor || std::any_of(made.type.shape.begin(), made.type.shape.end(),
                                          [](std::int64_t size) { return size < 0; })) {
    fail(at, fmt::format("expected a tensor of fixed size, got {}", made.type.text));
  }
  made.dense = dense_constant(literal, made.type);
  return made;
}

HloAttribute HloParser::resource_attribute() {
  HloAttribute made{.kind = HloAttribute::Kind::Resource};
  static_cast<void>(tokens_.next());
  expect("<");
  made.text = key();
  expect(">");
  expect(":");
  made.type = type();
  return made;
}

// --- locations ---

std::string HloParser::location() {
  if (!next_is("loc")) {
    return {};
  }
  static_cast<void>(tokens_.next());
  expect("(");
  std::string label;
  const HloToken first = peek();
  if (first.kind == HloToken::Kind::Hash) {
    label = "#" + std::string(first.text);
  } else if (first.kind == HloToken::Kind::String) {
    label = unquoted(first.text);
    static_cast<void>(tokens_.next());
    if (next_is(":")) {  // a file and a line
      label.clear();
    }
  }
  tokens_.skip_to('(', ')');
  return label;
}

}  // namespace systole
