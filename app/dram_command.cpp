#include "app/dram_command.h"

#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/catalogue.h"
#include "app/output.h"
#include "app/progress.h"
#include "arch/config/near_name.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "arch/read_dram.h"
#include "arch/read_dram_controller.h"
#include "report/dram.h"
#include "sim/dram/replay.h"
#include "sim/dram/trace_file.h"

namespace systole {

namespace {

/// A CSV file, whole or not at all; or none, where it has no name.
class Log {
 public:
  Log(const std::string& name, std::string_view header) {
    if (!name.empty()) {
      file_.emplace(name);
      file_->write(header);
    }
  }

  [[nodiscard]] bool is_wanted() const { return file_.has_value(); }
  template <class... Fields>
  void write(Fields... fields) {
    line_.clear();
    fmt::format_to(std::back_inserter(line_), "{}\n", fmt::join(std::tuple(fields...), ","));
    file_->write({line_.data(), line_.size()});
  }
  void finish() {
    if (file_) {
      file_->finish();
    }
  }

 private:
  std::optional<OutputFile> file_;
  fmt::memory_buffer line_;
};

std::string_view log_name(DramCommandKind kind) {
  switch (kind) {
    case DramCommandKind::Precharge:
      return "PREpb";
    case DramCommandKind::Activate:
      return "ACT";
    case DramCommandKind::Read:
      return "RD";
    case DramCommandKind::Write:
      return "WR";
    case DramCommandKind::Refresh:
      return "REFab";
    case DramCommandKind::PrechargeAll:
      return "PREab";
    case DramCommandKind::RefreshBank:
      return "REFpb";
    case DramCommandKind::PowerDown:
      return "PDE";
    case DramCommandKind::PowerUp:
      return "PDX";
  }
  return "";
}

void write_command(Log& log, const DramCommand& command, const DramOrganization& shape) {
  const auto bank = static_cast<std::int64_t>(command.bank);
  const std::int64_t group = bank / shape.banks_per_group;
  const bool of_rank = is_of_rank(command.kind);
  // A precharge names no row, though our model knows for which it makes way.
  const RowIndex row = command.kind == DramCommandKind::Precharge ? kNoRow : command.row;
  log.write(static_cast<std::int64_t>(command.channel), command.at.count(), log_name(command.kind),
            group / shape.bank_groups, of_rank ? -1 : group % shape.bank_groups,
            of_rank ? -1 : bank % shape.banks_per_group, static_cast<std::int64_t>(row));
}

RequestPattern pattern_of(const std::string& name) {
  if (const std::optional<RequestPattern> pattern = value_named<RequestPattern>(name)) {
    return *pattern;
  }
  std::vector<std::string_view> names;
  names.reserve(kEnumNames<RequestPattern>.size());
  for (const auto& [pattern, known] : kEnumNames<RequestPattern>) {
    names.push_back(known);
  }
  throw UserError(fmt::format("systole: --pattern: expected one of {}, got {}",
                              fmt::join(names, ", "), in_quotes(name)));
}

BitFieldMap map_of(const std::string& text, const DramStandard& standard) {
  const std::optional<AddressOrder> order = address_order(text);
  if (!order || !fits(standard, *order)) {
    throw UserError(fmt::format(
        "systole: --mapping: expected bgi, lin or an order of row, rank, bank, bank_group, column, "
        "pseudo_channel and channel such as "
        "row:rank:bank:column:bank_group:pseudo_channel:channel, "
        "got {}",
        in_quotes(text)));
  }
  return BitFieldMap(standard, *order);
}

}  // namespace

std::string run_dram(const DramRequest& request, Format format) {
  DramReport report;
  const std::string standard = find_entry(EntryKind::Dram, request.standard);
  report.standard =
      read_as(EntryKind::Dram, standard, [&] { return read_dram_standard(standard).standard; });
  const std::string controller = find_entry(EntryKind::DramController, request.controller);
  report.controller = read_as(EntryKind::DramController, controller,
                              [&] { return read_dram_controller(controller); });
  if (const std::string misfit = controller_misfit(report.controller, report.standard);
      !misfit.empty()) {
    throw UserError(fmt::format("systole: --controller: expected a controller that {}, got {}",
                                misfit, path_in_quotes(request.controller)));
  }
  if (request.channels > 0) {
    report.standard.channels = request.channels;
  }
  report.mapping = request.mapping;
  report.window = request.window;
  const BitFieldMap map = map_of(report.mapping, report.standard);
  OpenSource open;
  if (request.trace.empty()) {
    const RequestPattern pattern = pattern_of(request.pattern);
    report.train = request.pattern;
    open = [&map, &request, pattern] {
      return std::make_unique<PatternSource>(pattern, map, request.requests);
    };
  } else {
    report.train = request.trace;
    open = [&map, &request] { return std::make_unique<TraceFile>(request.trace, map.capacity()); };
  }
  Log commands(request.command_log, "channel,tick,command,rank_or_pc,bank_group,bank,row\n");
  Log completions(request.request_log, "channel,i,op,accept_tick,complete_tick\n");
  DramCommandObserver on_command;
  if (commands.is_wanted()) {
    on_command = [&](const DramCommand& command) {
      write_command(commands, command, report.standard.organization);
    };
  }
  CompletionObserver on_completion;
  if (completions.is_wanted()) {
    on_completion = [&](ChannelIndex channel, const CompletedBurst& burst) {
      completions.write(static_cast<std::int64_t>(channel), burst.id,
                        burst.operation == DramOperation::Read ? 'R' : 'W', burst.accepted.count(),
                        burst.at.count());
    };
  }
  {
    Progress progress(true);
    progress.stage(fmt::format("{} on {}", report.train, report.standard.name));
    report.result = replay(report.standard, report.controller, map, request.window, open,
                           on_command, on_completion);
  }
  if (report.result.read_requests + report.result.write_requests == 0) {
    throw UserError(fmt::format("{}: expected a request, got none", request.trace));
  }
  commands.finish();
  completions.finish();
  return format == Format::Json ? dram_json(report) : dram_text(report);
}

}  // namespace systole
