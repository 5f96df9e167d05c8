#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "arch/diag/check.h"
#include "arch/isa/chunked_list.h"
#include "arch/isa/instruction.h"

namespace systole {

using SemaphoreUses = std::vector<SemaphoreUse>;

/// The index of a kind among the alternatives of Operation.
template <class Kind>
inline constexpr std::size_t kKindOf = [] {
  std::size_t index = 0;
  const auto is_found = [&]<class... Kinds>(const std::variant<Kinds...>* /*of*/) {
    return ((std::is_same_v<Kinds, Kind> || (++index, false)) || ...);
  };
  (void)is_found(static_cast<const Operation*>(nullptr));
  return index;
}();

/// Of some numbers in turn.
class NumbersHash {
 public:
  void add(std::uint64_t number) {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // of the golden ratio: bits spread upwards
    hash_ = (hash_ ^ number) * kOdd;
    hash_ ^= hash_ >> 32U;
  }
  [[nodiscard]] std::size_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0;
};

/// Lists of semaphores, each once. The empty list is number 0.
class UseLists {
 public:
  [[nodiscard]] const SemaphoreUses& operator[](std::uint32_t number) const {
    return lists_[number];
  }
  /// The number of an equal list.
  std::uint32_t number_of(const SemaphoreUses& list);
  /// The number of that list with one more use at its end.
  std::uint32_t with(std::uint32_t number, const SemaphoreUse& use);

  [[nodiscard]] std::int64_t bytes() const;

 private:
  struct Hash {
    std::size_t operator()(const SemaphoreUses& list) const;
  };
  std::vector<SemaphoreUses> lists_{SemaphoreUses()};
  std::unordered_map<SemaphoreUses, std::uint32_t, Hash> numbers_;  ///< without the empty list
};

/// What an instruction says beside its operation, each combination once: a layer has few.
class Links {
 public:
  struct Link {
    std::int32_t layer = 0;
    std::uint32_t waits = 0;  ///< numbers of lists
    std::uint32_t signals = 0;

    bool operator==(const Link&) const = default;
  };
  [[nodiscard]] const Link& operator[](std::uint32_t number) const { return links_[number]; }
  /// The number of an equal link.
  std::uint32_t number_of(const Link& link);

  [[nodiscard]] std::int64_t bytes() const;

 private:
  struct Hash {
    std::size_t operator()(const Link& link) const;
  };
  std::vector<Link> links_{Link()};
  std::unordered_map<Link, std::uint32_t, Hash> numbers_{{Link(), 0}};
  std::uint32_t last_ = 0;  ///< that was asked for: one instruction is often like the one before
};

/// Where the last operation stands that is equal to one that may come again. Loads of a tile do:
/// a layer that is worked on in parts loads its tiles for each.
template <class Kind>
class Repeats {
 public:
  [[nodiscard]] std::optional<std::size_t> find(const ChunkedList<Kind>& /*of*/,
                                                const Kind& /*operation*/) const {
    return std::nullopt;
  }
  void note(const Kind& /*operation*/, std::size_t /*at*/) {}
  [[nodiscard]] std::int64_t bytes() const { return 0; }
};

template <>
class Repeats<LoadTile> {
 public:
  [[nodiscard]] std::optional<std::size_t> find(const ChunkedList<LoadTile>& of,
                                                const LoadTile& load) const;
  void note(const LoadTile& load, std::size_t at);
  [[nodiscard]] std::int64_t bytes() const;

 private:
  std::vector<std::int32_t> last_;  ///< by tile; -1: none yet
};

class Stream;

/// One instruction of a stream, good until the stream changes.
class StreamInstruction {
 public:
  StreamInstruction() = default;  ///< of no stream; asks nothing
  StreamInstruction(const Stream& stream, std::size_t index) : stream_(&stream), index_(index) {}

  [[nodiscard]] std::int32_t layer() const;
  [[nodiscard]] const SemaphoreUses& waits() const;
  [[nodiscard]] const SemaphoreUses& signals() const;

  /// The kKindOf of the operation's kind.
  [[nodiscard]] std::size_t kind() const;
  template <class Kind>
  [[nodiscard]] bool is() const {
    return kind() == kKindOf<Kind>;
  }
  /// Null when it is of another kind.
  template <class Kind>
  [[nodiscard]] const Kind* get_if() const;
  template <class Kind>
  [[nodiscard]] const Kind& get() const;
  /// Calls `visitor` with the operation, as std::visit does.
  template <class Visitor>
  decltype(auto) visit(Visitor&& visitor) const;

  [[nodiscard]] Operation operation() const;
  [[nodiscard]] Instruction whole() const;

 private:
  const Stream* stream_ = nullptr;
  std::size_t index_ = 0;
};

/// The instructions of one engine, in order. What they say is Instruction; here each takes few
/// bytes: its operation stands in a table of its kind, its layer and lists of semaphores, which it
/// has in common with others, stand once.
class Stream {
 public:
  Stream() = default;
  Stream(std::initializer_list<Instruction> instructions);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] StreamInstruction operator[](std::size_t index) const { return {*this, index}; }
  [[nodiscard]] StreamInstruction back() const { return {*this, size() - 1}; }

  void push_back(Instruction instruction);
  /// The instruction signals once more, behind its other signals.
  void add_signal(std::size_t index, const SemaphoreUse& use);
  /// Puts another instruction in that place.
  void set(std::size_t index, Instruction instruction);

  /// Of memory that an instruction takes, lists of semaphores and what operations share left out.
  template <class Kind>
  static constexpr std::size_t bytes_of() {
    return sizeof(Entry) + sizeof(Kind);
  }
  /// Of memory that all take, with the lists.
  [[nodiscard]] std::int64_t bytes() const;

  class Iterator;
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;

  bool operator==(const Stream& other) const;

 private:
  friend class StreamInstruction;

  struct Entry {
    std::uint32_t link = 0;       ///< its number
    std::uint32_t operation = 0;  ///< its place in the table of its kind, and the kind

    [[nodiscard]] std::size_t kind() const { return operation % kKinds; }
    [[nodiscard]] std::size_t at() const { return operation / kKinds; }
  };
  /// That an entry can tell apart.
  static constexpr std::size_t kKinds = 16;
  static_assert(std::variant_size_v<Operation> <= kKinds);

  template <class Kind>
  struct Table {
    ChunkedList<Kind> operations;
    Repeats<Kind> repeats;
  };
  template <class Variant>
  struct TablesOf;
  template <class... Kinds>
  struct TablesOf<std::variant<Kinds...>> {
    using Type = std::tuple<Table<Kinds>...>;
  };

  [[nodiscard]] Entry entry_of(Instruction instruction);
  [[nodiscard]] const Links::Link& link_of(std::size_t index) const {
    return links_[entries_[index].link];
  }
  template <class Kind>
  [[nodiscard]] std::size_t place(Kind operation);

  std::vector<Entry> entries_;
  TablesOf<Operation>::Type tables_;
  UseLists uses_;
  Links links_;
  /// What a link became when its instructions signalled once more: for many it is the same.
  struct MoreSignals {
    std::uint32_t before = 0;
    SemaphoreUse use;
    std::uint32_t behind = 0;  ///< 0: nothing
  };
  MoreSignals more_signals_;
};

class Stream::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = StreamInstruction;
  using difference_type = std::ptrdiff_t;
  using pointer = const StreamInstruction*;
  using reference = StreamInstruction;

  Iterator(const Stream& stream, std::size_t index) : stream_(&stream), index_(index) {}
  StreamInstruction operator*() const { return {*stream_, index_}; }
  Iterator& operator++() {
    ++index_;
    return *this;
  }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  const Stream* stream_;
  std::size_t index_;
};

inline Stream::Iterator Stream::begin() const {
  return {*this, 0};
}
inline Stream::Iterator Stream::end() const {
  return {*this, size()};
}

inline std::int32_t StreamInstruction::layer() const {
  return stream_->link_of(index_).layer;
}
inline const SemaphoreUses& StreamInstruction::waits() const {
  return stream_->uses_[stream_->link_of(index_).waits];
}
inline const SemaphoreUses& StreamInstruction::signals() const {
  return stream_->uses_[stream_->link_of(index_).signals];
}
inline std::size_t StreamInstruction::kind() const {
  return stream_->entries_[index_].kind();
}

template <class Kind>
const Kind* StreamInstruction::get_if() const {
  return is<Kind>() ? &get<Kind>() : nullptr;
}

template <class Kind>
const Kind& StreamInstruction::get() const {
  SYSTOLE_CHECK(is<Kind>(), "an operation of kind {}", kind());
  const auto& table = std::get<kKindOf<Kind>>(stream_->tables_);
  return table.operations[stream_->entries_[index_].at()];
}

template <class Visitor>
decltype(auto) StreamInstruction::visit(Visitor&& visitor) const {
  const Stream::Entry& entry = stream_->entries_[index_];
  const auto from = [&]<std::size_t I>(const auto& self,
                                       std::integral_constant<std::size_t, I>) -> decltype(auto) {
    if constexpr (I + 1 < std::variant_size_v<Operation>) {
      if (entry.kind() != I) {
        return self(self, std::integral_constant<std::size_t, I + 1>());
      }
    }
    return visitor(std::get<I>(stream_->tables_).operations[entry.at()]);
  };
  return from(from, std::integral_constant<std::size_t, 0>());
}

}  // namespace systole
