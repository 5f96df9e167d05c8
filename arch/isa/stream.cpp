#include "arch/isa/stream.h"

#include <algorithm>
#include <limits>

namespace systole {

namespace {

/// So far beyond the tiles that are known another one is taken for a tile.
constexpr std::size_t kMostAhead = 4096;

}  // namespace

std::size_t UseLists::Hash::operator()(const SemaphoreUses& list) const {
  NumbersHash hash;
  for (const SemaphoreUse& use : list) {
    hash.add(static_cast<std::uint64_t>(use.semaphore));
    hash.add(static_cast<std::uint64_t>(use.count));
  }
  return hash.value();
}

std::uint32_t UseLists::number_of(const SemaphoreUses& list) {
  if (list.empty()) {
    return 0;
  }
  const auto [entry, fresh] = numbers_.try_emplace(list, static_cast<std::uint32_t>(lists_.size()));
  if (fresh) {
    lists_.push_back(list);
  }
  return entry->second;
}

std::uint32_t UseLists::with(std::uint32_t number, const SemaphoreUse& use) {
  SemaphoreUses list = lists_[number];
  list.push_back(use);
  return number_of(list);
}

std::int64_t UseLists::bytes() const {
  std::size_t bytes = 0;
  for (const SemaphoreUses& list : lists_) {
    bytes += 2 * (sizeof(list) + list.size() * sizeof(SemaphoreUse));  // here and as a key
  }
  return static_cast<std::int64_t>(bytes);
}

std::size_t Links::Hash::operator()(const Link& link) const {
  NumbersHash hash;
  hash.add(static_cast<std::uint64_t>(link.layer));
  hash.add(link.waits);
  hash.add(link.signals);
  return hash.value();
}

std::uint32_t Links::number_of(const Link& link) {
  if (links_[last_] != link) {
    const auto [entry, fresh] =
        numbers_.try_emplace(link, static_cast<std::uint32_t>(links_.size()));
    if (fresh) {
      links_.push_back(link);
    }
    last_ = entry->second;
  }
  return last_;
}

std::int64_t Links::bytes() const {
  return static_cast<std::int64_t>(2 * links_.size() * sizeof(Link));  // here and as a key
}

std::optional<std::size_t> Repeats<LoadTile>::find(const ChunkedList<LoadTile>& of,
                                                   const LoadTile& load) const {
  const auto tile = static_cast<std::size_t>(load.tile);
  if (tile >= last_.size() || last_[tile] < 0) {
    return std::nullopt;
  }
  const auto at = static_cast<std::size_t>(last_[tile]);
  return of[at] == load ? std::optional(at) : std::nullopt;
}

void Repeats<LoadTile>::note(const LoadTile& load, std::size_t at) {
  const auto tile = static_cast<std::size_t>(load.tile);
  if (tile > 2 * last_.size() + kMostAhead) {
    return;  // not worth the table, or no tile
  }
  if (tile >= last_.size()) {
    last_.resize(tile + 1, -1);
  }
  last_[tile] = static_cast<std::int32_t>(at);
}

std::int64_t Repeats<LoadTile>::bytes() const {
  return static_cast<std::int64_t>(last_.size() * sizeof(last_.front()));
}

Operation StreamInstruction::operation() const {
  return visit([](const auto& any) { return Operation(any); });
}

Instruction StreamInstruction::whole() const {
  return {.layer = layer(), .waits = waits(), .signals = signals(), .operation = operation()};
}

Stream::Stream(std::initializer_list<Instruction> instructions) {
  std::for_each(instructions.begin(), instructions.end(),
                [this](const Instruction& instruction) { push_back(instruction); });
}

template <class Kind>
std::size_t Stream::place(Kind operation) {
  auto& [operations, repeats] = std::get<Table<Kind>>(tables_);
  if (const auto at = repeats.find(operations, operation)) {
    return *at;
  }
  const std::size_t at = operations.size();
  repeats.note(operation, at);
  operations.push_back(std::move(operation));
  return at;
}

Stream::Entry Stream::entry_of(Instruction instruction) {
  const std::size_t kind = instruction.operation.index();
  const std::size_t at = std::visit([this](auto& operation) { return place(std::move(operation)); },
                                    instruction.operation);
  const std::size_t operation = at * kKinds + kind;
  SYSTOLE_CHECK(operation <= std::numeric_limits<std::uint32_t>::max(),
                "a stream has {} operations of a kind", at);
  return {.link = links_.number_of({.layer = instruction.layer,
                                    .waits = uses_.number_of(instruction.waits),
                                    .signals = uses_.number_of(instruction.signals)}),
          .operation = static_cast<std::uint32_t>(operation)};
}

void Stream::push_back(Instruction instruction) {
  entries_.push_back(entry_of(std::move(instruction)));
}

void Stream::add_signal(std::size_t index, const SemaphoreUse& use) {
  std::uint32_t& number = entries_[index].link;
  const bool is_same =
      more_signals_.behind != 0 && more_signals_.before == number && more_signals_.use == use;
  if (!is_same) {
    Links::Link link = links_[number];
    link.signals = uses_.with(link.signals, use);
    more_signals_ = {.before = number, .use = use, .behind = links_.number_of(link)};
  }
  number = more_signals_.behind;
}

void Stream::set(std::size_t index, Instruction instruction) {
  entries_[index] = entry_of(std::move(instruction));
}

std::int64_t Stream::bytes() const {
  std::int64_t bytes =
      static_cast<std::int64_t>(entries_.size() * sizeof(Entry)) + uses_.bytes() + links_.bytes();
  const auto add = [&]<class Kind>(const Table<Kind>& table) {
    bytes += static_cast<std::int64_t>(table.operations.size() * sizeof(Kind));
    bytes += table.repeats.bytes();
  };
  std::apply([&](const auto&... table) { (add(table), ...); }, tables_);
  return bytes;
}

bool Stream::operator==(const Stream& other) const {
  if (size() != other.size()) {
    return false;
  }
  for (std::size_t index = 0; index < size(); ++index) {
    const StreamInstruction one = (*this)[index];
    const StreamInstruction two = other[index];
    const bool same = one.layer() == two.layer() && one.waits() == two.waits() &&
                      one.signals() == two.signals() && one.operation() == two.operation();
    if (!same) {
      return false;
    }
  }
  return true;
}

}  // namespace systole
