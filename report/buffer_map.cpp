#include "report/buffer_map.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "report/format.h"
#include "report/markup.h"

namespace systole {

namespace {

constexpr std::size_t kRows = 16;
constexpr std::size_t kAxisWidth = 12;

/// When each layer was at work; views are when the layer before ended.
struct LayerTimes {
  std::vector<std::int64_t> begin;
  std::vector<std::int64_t> end;
};

LayerTimes layer_times(const Counters& counters) {
  LayerTimes times;
  std::int64_t before = 0;
  for (const LayerCounters& layer : counters.layers) {
    const bool worked = layer.last_end > CoreCycles(0);
    times.begin.push_back(worked ? layer.first_start.count() : before);
    times.end.push_back(worked ? layer.last_end.count() : before);
    before = times.end.back();
  }
  return times;
}

std::string name_of_block(const Result& result, const PlannedBlock& block) {
  const std::string& layer = result.graph.node(block.layer).name;
  switch (block.use) {
    case BlockUse::Resident:
      return on_one_line(result.graph.tensor(block.tensor).name);
    case BlockUse::Input:
    case BlockUse::Output:
      return on_one_line(
          fmt::format("band of {} in {}", result.graph.tensor(block.tensor).name, layer));
    case BlockUse::Maxima:
      return on_one_line(fmt::format("maxima of rows in {}", layer));
    case BlockUse::Constants:
      break;
  }
  return on_one_line(fmt::format("constants of {}", layer));
}

/// What each block is drawn with: a letter for each tensor that stays.
std::vector<char> letters_of(const std::vector<BufferBlock>& blocks) {
  std::vector<char> letters;
  char next = 'a';
  for (const BufferBlock& block : blocks) {
    if (block.planned.use == BlockUse::Resident) {
      letters.push_back(next);
      next = next == 'z' ? 'a' : static_cast<char>(next + 1);
    } else {
      letters.push_back(block.planned.use == BlockUse::Constants ? '#' : '~');
    }
  }
  return letters;
}

std::string legend(const std::vector<BufferBlock>& blocks, const std::vector<char>& letters,
                   std::size_t most) {
  std::vector<std::size_t> tensors;
  for (std::size_t index = 0; index < blocks.size(); ++index) {
    if (blocks[index].planned.use == BlockUse::Resident) {
      tensors.push_back(index);
    }
  }
  std::vector<std::size_t> largest = tensors;
  std::stable_sort(largest.begin(), largest.end(), [&](std::size_t a, std::size_t b) {
    return blocks[a].planned.bytes > blocks[b].planned.bytes;
  });
  largest.resize(std::min(largest.size(), most));
  std::string text;
  for (const std::size_t index : tensors) {
    if (std::find(largest.begin(), largest.end(), index) != largest.end()) {
      const BufferBlock& block = blocks[index];
      text +=
          fmt::format("  {} {}: {}, cycles {} to {}\n", letters[index], shortened(block.name, 40),
                      scaled(block.planned.bytes, "B"), grouped(block.begin), grouped(block.end));
    }
  }
  if (tensors.size() > largest.size()) {
    text += fmt::format("  and {} smaller\n", tensors.size() - largest.size());
  }
  return text;
}

}  // namespace

std::vector<BufferBlock> buffer_blocks(const Result& result, const MemoryPlan& plan) {
  const LayerTimes times = layer_times(result.counters);
  std::vector<BufferBlock> blocks;
  for (const PlannedBlock& block : plan.blocks) {
    blocks.push_back({.planned = block,
                      .begin = times.begin[static_cast<std::size_t>(block.life.first)],
                      .end = times.end[static_cast<std::size_t>(block.life.last)],
                      .name = name_of_block(result, block)});
  }
  std::stable_sort(blocks.begin(), blocks.end(), [](const BufferBlock& a, const BufferBlock& b) {
    return a.planned.life.first < b.planned.life.first;
  });
  return blocks;
}

std::string buffer_map_text(const Result& result, const MemoryPlan& plan, std::size_t width,
                            std::size_t most) {
  const std::vector<BufferBlock> blocks = buffer_blocks(result, plan);
  const std::vector<char> letters = letters_of(blocks);
  const auto elapsed = std::max<std::int64_t>(result.counters.elapsed.count(), 1);
  const auto used = std::max<std::int64_t>(plan.buffer_bytes, 1);
  const std::size_t cols = std::max<std::size_t>(width, 2 * kAxisWidth) - kAxisWidth;
  std::string text;
  for (std::size_t row = 0; row < kRows; ++row) {
    const auto upper = static_cast<std::int64_t>(kRows - row);
    const auto rows = static_cast<std::int64_t>(kRows);
    const std::int64_t address = (2 * upper - 1) * used / (2 * rows);
    std::string line(cols, '.');
    for (std::size_t col = 0; col < cols; ++col) {
      const std::int64_t at = (2 * static_cast<std::int64_t>(col) + 1) * elapsed /
                              (2 * static_cast<std::int64_t>(cols));
      for (std::size_t index = 0; index < blocks.size(); ++index) {
        const BufferBlock& block = blocks[index];
        const std::int64_t first = block.planned.address;
        if (block.begin <= at && at < block.end && first <= address &&
            address < first + block.planned.bytes) {
          line[col] = letters[index];
        }
      }
    }
    text += fmt::format("{:>{}} {}\n", scaled(upper * used / rows, "B"), kAxisWidth - 1, line);
  }
  text += fmt::format("{:>{}} 0{:>{}}\n", "cycle", kAxisWidth - 1, grouped(elapsed), cols - 1);
  return text + legend(blocks, letters, most);
}

std::string buffer_map_svg(const Result& result, const MemoryPlan& plan) {
  constexpr double kWidth = 1000;
  constexpr double kHeight = 400;
  constexpr double kLeft = 80;
  constexpr double kTop = 30;
  constexpr int kTicks = 4;
  constexpr std::array<std::string_view, 8> kColours{"#4e79a7", "#f28e2b", "#59a14f", "#e15759",
                                                     "#76b7b2", "#edc948", "#b07aa1", "#9c755f"};
  const std::vector<BufferBlock> blocks = buffer_blocks(result, plan);
  const auto elapsed = std::max<std::int64_t>(result.counters.elapsed.count(), 1);
  const auto capacity = std::max<std::int64_t>(result.chip.buffer.capacity.count(), 1);
  const auto x = [&](std::int64_t cycle) {
    return kLeft + kWidth * static_cast<double>(cycle) / static_cast<double>(elapsed);
  };
  const auto y = [&](std::int64_t address) {
    return kTop + kHeight * (1 - static_cast<double>(address) / static_cast<double>(capacity));
  };
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<title>Unified buffer of {} while it runs {}</title>\n<rect x=\"{}\" "
      "y=\"{}\" width=\"{}\" height=\"{}\" fill=\"#f4f4f4\" stroke=\"#888\"/>\n",
      kLeft + kWidth + 40, kTop + kHeight + 40, escaped_markup(on_one_line(result.chip.name)),
      escaped_markup(on_one_line(result.graph.name)), kLeft, kTop, kWidth, kHeight);
  std::size_t index = 0;
  for (const BufferBlock& block : blocks) {
    const bool stays = block.planned.use == BlockUse::Resident;
    const std::string_view colour = stays ? kColours[index++ % kColours.size()] : "#bbbbbb";
    const double wide = std::max(x(block.end) - x(block.begin), 0.2);
    const double high = y(block.planned.address) - y(block.planned.address + block.planned.bytes);
    svg += fmt::format(
        "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\" "
        "stroke=\"#fff\" stroke-width=\"0.3\"><title>{}: {}, cycles {} to {}</title></rect>\n",
        x(block.begin), y(block.planned.address + block.planned.bytes), wide, high, colour,
        escaped_markup(block.name), scaled(block.planned.bytes, "B"), grouped(block.begin),
        grouped(block.end));
    constexpr double kLetters = 7;
    constexpr double kLine = 14;
    if (stays && high > kLine && wide > kLetters * static_cast<double>(block.name.size())) {
      svg +=
          fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" fill=\"#fff\">{}</text>\n",
                      x(block.begin) + 3, y(block.planned.address) - 4, escaped_markup(block.name));
    }
  }
  for (int tick = 0; tick <= kTicks; ++tick) {
    const std::int64_t cycle = elapsed * tick / kTicks;
    const std::int64_t address = capacity * tick / kTicks;
    svg += fmt::format("<text x=\"{:.2f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", x(cycle),
                       kTop + kHeight + 18, grouped(cycle));
    svg += fmt::format("<text x=\"{}\" y=\"{:.2f}\" text-anchor=\"end\">{}</text>\n", kLeft - 6,
                       y(address) + 4, binary_bytes(address));
  }
  return svg + fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">cycles</text>\n</svg>\n",
                           kLeft + kWidth / 2, kTop + kHeight + 34);
}

}  // namespace systole
