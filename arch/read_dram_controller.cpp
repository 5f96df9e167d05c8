#include "arch/read_dram_controller.h"

#include <filesystem>

#include <fmt/format.h>

#include "arch/config/config_node.h"
#include "arch/config/cross_check.h"
#include "arch/config/text_file.h"
#include "arch/read_dram.h"

namespace systole {

DramControllerSpec read_dram_controller(const std::string& file) {
  constexpr std::int64_t kMaxEntries = 1024;
  constexpr std::int64_t kMaxCycles = 1'000'000;
  constexpr std::int64_t kMaxPostponed = 8;  // JEDEC allows eight
  constexpr std::int64_t kWhole = 100;
  const ConfigNode node = ConfigNode::open(file);
  DramControllerSpec spec;
  spec.name = node.text("name");
  (void)node.text("description");
  spec.read_entries = node.integer("read_entries", {.min = 1, .max = kMaxEntries});
  spec.write_entries = node.integer("write_entries", {.min = 1, .max = kMaxEntries});
  spec.drain_above = node.integer("drain_above", {.min = 0, .max = kWhole});
  spec.drain_below = node.integer("drain_below", {.min = 0, .max = kWhole});
  spec.starvation_limit = node.dram_cycles("starvation_limit", {.min = 0, .max = kMaxCycles});
  spec.page_policy = node.choice<PagePolicy>("page_policy");
  if (spec.page_policy == PagePolicy::Timeout) {
    spec.page_timeout = node.dram_cycles("page_timeout", {.min = 1, .max = kMaxCycles});
  }
  spec.refresh = node.choice<RefreshKind>("refresh");
  spec.refresh_blocks = node.choice<RefreshBlocks>("refresh_blocks");
  spec.postponed_refreshes = node.integer("postponed_refreshes", {.min = 0, .max = kMaxPostponed});
  spec.rank_turnaround = node.choice<RankTurnaround>("rank_turnaround");
  if (node.has("power_down")) {
    spec.power_down = node.dram_cycles("power_down", {.min = 0, .max = kMaxCycles});
  }
  node.finish();

  const std::string file_name = std::filesystem::path(file).stem().string();
  if (spec.name != file_name) {
    node.fail("name", fmt::format("expected {}, as the file is named, got {}", file_name,
                                  in_quotes(spec.name)));
  }
  if (spec.drain_below > spec.drain_above) {
    fail_against(
        {.node = node, .key = "drain_below", .shown = fmt::format("{}", spec.drain_below)},
        "at most",
        {.node = node, .key = "drain_above", .shown = fmt::format("{}", spec.drain_above)});
  }
  return spec;
}

std::string find_dram_controller_file(const std::string& name,
                                      const std::vector<std::string>& directories) {
  return find_dram_file(name, directories);  // a file by its name, nothing of DRAM standards
}

std::string controller_misfit(const DramControllerSpec& controller, const DramStandard& standard) {
  if (controller.refresh == RefreshKind::PerBank && !has_bank_refresh(standard)) {
    return fmt::format("does not refresh per bank, which {} cannot (it has no nRFCpb)",
                       standard.name);
  }
  if (controller.power_down > DramCycles(0) && !has_power_down(standard)) {
    return fmt::format("does not power ranks down, which {} cannot (it has no nCKE and nXP)",
                       standard.name);
  }
  return {};
}

}  // namespace systole
