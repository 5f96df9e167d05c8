#include "report/instruction_args.h"

#include <concepts>
#include <type_traits>

#include "arch/isa/program_fields.h"
#include "arch/isa/value_text.h"

namespace systole {

namespace {

/// Appends members of an object; one overload of `value` for each kind of field.
class ArgsPrinter {
 public:
  explicit ArgsPrinter(std::string& text) : text_(text) {}

  template <HasFields Struct>
  void members(const Struct& object) {
    const Struct defaults{};
    std::apply([&](const auto&... field) { (this->member(field, object, defaults), ...); },
               kFields<Struct>);
  }

  void semaphores(const Instruction& instruction) {
    const Instruction defaults;
    member(optional("wait", &Instruction::waits), instruction, defaults);
    member(optional("signal", &Instruction::signals), instruction, defaults);
  }

 private:
  template <class Struct, class Value>
  void member(const Field<Struct, Value>& field, const Struct& object, const Struct& defaults) {
    const Value& current = object.*field.member;
    if (field.presence == Presence::Optional && current == defaults.*field.member) {
      return;
    }
    if (!text_.empty() && text_.back() != '{') {
      text_.push_back(',');
    }
    text_.push_back('"');
    text_.append(field.key);
    text_.append("\":");
    value(current);
  }

  void value(std::integral auto integer) { append_value(text_, std::int64_t{integer}); }
  void value(bool flag) { text_.append(flag ? "true" : "false"); }

  template <class Enum>
  requires std::is_enum_v<Enum>
  void value(Enum choice) {
    text_.push_back('"');
    text_.append(name_of(choice));
    text_.push_back('"');
  }

  void value(float real) { words(real); }  // as text: JSON has no infinities
  void value(const Operand& operand) { words(operand); }
  void value(const OperandList& operands) { words(operands); }
  void value(const FixedPoint& scale) { words(scale); }
  void value(const std::vector<SemaphoreUse>& uses) { words(uses); }
  void value(const Window& window) { words(window.source); }
  void value(const Shared<Window>& window) { value(*window); }
  void value(const Shared<TileConversion>& conversion) { object(*conversion); }

  void value(const std::vector<Stage>& stages) {
    text_.push_back('[');
    for (const Stage& stage : stages) {
      text_.append(text_.back() == '[' ? "\"" : ",\"");
      text_.append(name_of(stage));
      text_.push_back('"');
    }
    text_.push_back(']');
  }

  void value(const SharedBody& body) { object(*body); }
  void value(const Store& to) { object(to); }

  template <HasFields Struct>
  void object(const Struct& of) {
    text_.push_back('{');
    members(of);
    text_.push_back('}');
  }

  template <class Value>
  void words(const Value& of) {
    text_.push_back('"');
    append_value(text_, of);
    text_.push_back('"');
  }

  std::string& text_;
};

}  // namespace

void append_args(std::string& text, const Instruction& instruction) {
  ArgsPrinter printer(text);
  std::visit([&](const auto& operation) { printer.members(operation); }, instruction.operation);
  printer.members(instruction);
}

void append_semaphore_args(std::string& text, const Instruction& instruction) {
  ArgsPrinter(text).semaphores(instruction);
}

}  // namespace systole
