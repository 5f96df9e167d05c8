#include "study/compare.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "arch/diag/error.h"
#include "arch/units/seconds.h"
#include "compiler/frontend/read_network.h"
#include "compiler/network_type.h"
#include "reference/cpu/measure_cpu.h"
#include "reference/devices/device_model.h"
#include "reference/measured/measured_json.h"
#include "study/compare_chip.h"
#include "study/evaluate.h"
#include "study/workers.h"

namespace systole {

namespace {

/// The least load that is tried is that part of the capacity.
constexpr double kLeastShare = 1000;

ComparedKind kind_of(reference::DeviceClass kind) {
  switch (kind) {
    case reference::DeviceClass::Cpu:
      return ComparedKind::Cpu;
    case reference::DeviceClass::Gpu:
      return ComparedKind::Gpu;
    case reference::DeviceClass::Edge:
      return ComparedKind::Edge;
  }
  return ComparedKind::Gpu;
}

std::int64_t macs_of(const Graph& graph) {
  std::int64_t macs = 0;
  for (const Node& node : graph.nodes) {
    macs += macs_of(graph, node);
  }
  return macs;
}

ComparedDevice row_of(const MeasuredRun& run, const Graph& graph) {
  ComparedDevice row{.kind = run.kind == DeviceKind::Cpu ? ComparedKind::Cpu : ComparedKind::Gpu,
                     .type = run.type,
                     .time_obtained = run.obtained,
                     .macs = macs_of(graph)};
  row.time =
      Femtoseconds(static_cast<std::int64_t>(run.total.median * kFemtosecondsInASecond + 0.5));
  if (run.energy) {
    row.power = Watts(run.energy->watts);
    row.power_obtained = run.energy->obtained;
  }
  row.notes.push_back(run.device + ", " + run.date + ", " + run.software);
  row.notes.emplace_back("utilisation unknown: no peak rate is recorded");
  return row;
}

/// Of several types int8, else the first, unless one is wanted.
ComparedDevice compare_recording(const Recording& recording, const Graph& graph,
                                 std::optional<DataType> wanted) {
  const MeasuredRun* best = nullptr;
  for (const MeasuredRun& run : recording.runs) {
    const bool matches = run.network == graph.name && run.batch == graph.batch &&
                         run.type == wanted.value_or(run.type);
    if (matches && (best == nullptr || run.type == DataType::Int8)) {
      best = &run;
    }
  }
  return best == nullptr ? ComparedDevice{.error = "nothing is recorded of this network and batch"}
                         : row_of(*best, graph);
}

/// Powers of two below the largest batch, and that one.
std::vector<std::int64_t> served_sizes(std::int64_t largest) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t size = 1; size < largest; size *= 2) {
    sizes.push_back(size);
  }
  sizes.push_back(largest);
  return sizes;
}

/// Rows by subject and batch; each is made once.
class Rows {
 public:
  Rows(const std::string& network_file, const std::vector<CompareSubject>& subjects,
       const CompareOptions& options, const Site& site)
      : network_file_(network_file), subjects_(subjects), options_(options), site_(site) {}

  void make(const std::vector<std::int64_t>& batches) {
    std::vector<WorkerJob> jobs;
    std::vector<std::pair<std::size_t, std::int64_t>> asked;
    for (std::size_t index = 0; index < subjects_.size(); ++index) {
      for (const std::int64_t batch : batches) {
        if (subjects_[index].chip) {
          jobs.push_back(chip_job(subjects_[index], batch));
          asked.emplace_back(index, batch);
        }
      }
    }
    const std::vector<WorkerOutcome> outcomes = run_in_workers(jobs, options_.parallel);
    for (std::size_t job = 0; job < jobs.size(); ++job) {
      rows_[asked[job]] = of_outcome(outcomes[job]);
    }
    for (std::size_t index = 0; index < subjects_.size(); ++index) {
      for (const std::int64_t batch : batches) {
        if (!subjects_[index].chip) {
          rows_[{index, batch}] = made_here(subjects_[index], batch);
        }
      }
    }
    for (auto& [key, row] : rows_) {
      row.name = subjects_[key.first].name;
      row.batch = key.second;
      if (row.error.empty()) {
        set_given(row);
        add_dollars(row, site_);
      }
    }
  }

  [[nodiscard]] ComparedDevice& at(std::size_t subject, std::int64_t batch) {
    return rows_.at({subject, batch});
  }

 private:
  /// The user's figures.
  void set_given(ComparedDevice& row) const {
    if (const auto price = options_.prices.find(row.name); price != options_.prices.end()) {
      row.price = price->second;
      row.notes.erase(std::remove(row.notes.begin(), row.notes.end(), kModelledPrice),
                      row.notes.end());
    }
    if (const auto power = options_.powers.find(row.name); power != options_.powers.end()) {
      row.power = power->second;
      row.power_obtained = Obtained::Modelled;
      row.notes.emplace_back("its power is the one given");
    }
  }

  [[nodiscard]] WorkerJob chip_job(const CompareSubject& subject, std::int64_t batch) const {
    return [this, &subject, batch] {
      const ChipSpec& chip = *subject.chip;
      const DataType type = subject.type.value_or(default_network_type(chip));
      const Network network = read_network(network_file_, {.batch = batch,
                                                           .dims = options_.dims,
                                                           .phase = options_.phase,
                                                           .type = type,
                                                           .numbers = false});
      return print_chip_row(compared_run(evaluate(chip, network)));
    };
  }

  [[nodiscard]] static ComparedDevice of_outcome(const WorkerOutcome& outcome) {
    return outcome.error.empty() ? parse_chip_row(outcome.text)
                                 : ComparedDevice{.error = outcome.error};
  }

  /// In a process of its own, for the library's threads, and not beside another.
  [[nodiscard]] ComparedDevice measured_here(const Network& network, DataType type) const {
    constexpr std::int64_t kPasses = 5;
    const WorkerJob job = [&] {
      MeasureCpuOptions options;
      options.passes.type = type;
      options.passes.warm_up = 1;
      options.passes.repetitions = kPasses;
      options.compare = false;
      options.power_file = options_.power_file;
      const MeasuredRun run = measure_cpu(network.graph, *network.data, options);
      return measured_json({&run, 1});
    };
    const WorkerOutcome outcome = run_in_workers({job}, 1).front();
    if (!outcome.error.empty()) {
      return {.error = outcome.error};
    }
    ComparedDevice row =
        row_of(parse_recording(outcome.text, "measured").runs.front(), network.graph);
    row.time_obtained = Obtained::Measured;
    if (row.power && row.power_obtained == Obtained::Recorded) {
      row.power_obtained = Obtained::Measured;
    }
    return row;
  }

  [[nodiscard]] ComparedDevice made_here(const CompareSubject& subject, std::int64_t batch) const {
    if (subject.this_cpu) {
      const DataType type = subject.type.value_or(DataType::Int8);
      return measured_here(
          read_network(
              network_file_,
              {.batch = batch, .dims = options_.dims, .phase = options_.phase, .type = type}),
          type);
    }
    const Graph graph =
        read_network(
            network_file_,
            {.batch = batch, .dims = options_.dims, .phase = options_.phase, .numbers = false})
            .graph;
    if (subject.recording) {
      return compare_recording(*subject.recording, graph, subject.type);
    }
    SYSTOLE_CHECK(subject.device, "{} is nothing to run on", subject.name);
    return compare_device(*subject.device, graph, subject.type);
  }

  const std::string& network_file_;
  const std::vector<CompareSubject>& subjects_;
  const CompareOptions& options_;
  const Site& site_;
  std::map<std::pair<std::size_t, std::int64_t>, ComparedDevice> rows_;
};

/// What a batch of each size needs.
struct ServedSize {
  BatchTime batch;
  std::optional<Watts> power;
};

/// Joules of a request while the device works; nothing where a power is unknown.
std::optional<Joules> energy_while_busy(const LoadResult& load,
                                        const std::vector<ServedSize>& sizes) {
  double joules = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (load.by_size[i] == 0) {
      continue;
    }
    if (!sizes[i].power) {
      return std::nullopt;
    }
    joules += static_cast<double>(load.by_size[i]) * sizes[i].power->count() *
              seconds(stream_time(sizes[i].batch.time));
  }
  return Joules(joules / static_cast<double>(load.served));
}

StreamFigures stream_figures(const LoadResult& load, const std::vector<ServedSize>& sizes,
                             double rate, ComparedDevice& row, const Site& site) {
  StreamFigures stream;
  const double busy = seconds(load.busy) / static_cast<double>(load.served);
  stream.busy_share = std::min(1.0, busy * rate);
  stream.use.utilisation = row.utilisation * rate / row.inferences_per_second();
  if (const std::optional<Joules> working = energy_while_busy(load, sizes)) {
    if (!row.idle) {
      row.notes.emplace_back("its power while it waits is not known: taken as while it works");
    }
    const Watts idle = row.idle.value_or(*row.power);
    stream.use.energy_per_inference =
        *working + Joules(idle.count() * (1 - stream.busy_share) / rate);
    stream.use.power = Watts(stream.use.energy_per_inference->count() * rate);
  }
  add_stream_dollars(stream, rate, row, site);
  return stream;
}

void add_rate(ComparedDevice& row, ComparedLoad& load, const BatchServer& server,
              const std::vector<ServedSize>& sizes, const CompareOptions& options,
              const Site& site) {
  const double rate = *options.arrival_rate;
  const double most = capacity(server);
  if (rate >= most) {
    row.notes.push_back(fmt::format("more requests arrive than it can serve: it takes {}",
                                    static_cast<std::int64_t>(rate / most) + 1));
    return;
  }
  const StreamTime gap(static_cast<Wide>(kFemtosecondsInASecond / rate));
  load.at_rate = under_load(server, gap, options.load);
  row.stream = stream_figures(*load.at_rate, sizes, rate, row, site);
}

std::string milliseconds(Femtoseconds time) {
  constexpr double kMillisecondsPerSecond = 1e3;
  return fmt::format("{:.4g} ms", seconds(stream_time(time)) * kMillisecondsPerSecond);
}

void add_deadline(ComparedDevice& row, ComparedLoad& load, const BatchServer& server,
                  const CompareOptions& options) {
  load.largest = largest_load(server, *options.deadline, options.load);
  if (!load.largest) {
    const Femtoseconds alone = server.sizes.front().time;
    load.why_none = alone > *options.deadline
                        ? "one input alone takes " + milliseconds(alone)
                        : fmt::format("1 % wait too long at {:.3g} requests a second already",
                                      capacity(server) / kLeastShare);
    row.notes.push_back(fmt::format("cannot meet the deadline of {}: {}",
                                    milliseconds(*options.deadline), load.why_none));
    return;
  }
  constexpr double kAlmostAll = 0.98;
  const bool random = options.load.arrivals == ArrivalKind::Poisson;
  if (random && load.largest->per_second() > kAlmostAll * capacity(server)) {
    row.notes.emplace_back(
        "the largest rate is almost all that it can serve: a longer stream would wait longer");
  }
}

/// A device that is rarely busy, to one that is almost always.
std::vector<LoadPoint> load_curve(const BatchServer& server, LoadSpec spec) {
  constexpr auto kShares = std::to_array<double>(
      {0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.96, 0.98});
  spec.requests = kCurveRequests;
  std::vector<LoadPoint> curve;
  for (const double share : kShares) {
    const double rate = share * capacity(server);
    const StreamTime gap(static_cast<Wide>(kFemtosecondsInASecond / rate));
    if (gap <= kLongestGap) {
      const LoadResult load = under_load(server, gap, spec);
      curve.push_back({.per_second = rate, .p50 = load.p50, .p99 = load.p99});
    }
  }
  return curve;
}

void put_under_load(Rows& rows, std::size_t subject, ComparedDevice& row,
                    const CompareOptions& options, const Site& site) {
  std::vector<ServedSize> sizes;
  BatchServer server;
  for (const std::int64_t size : served_sizes(row.batch)) {
    const ComparedDevice& smaller = rows.at(subject, size);
    if (!smaller.error.empty()) {
      row.notes.push_back(fmt::format("not put under load: batch {}: {}", size, smaller.error));
      return;
    }
    server.sizes.push_back({.batch = size, .time = smaller.time});
    sizes.push_back({.batch = server.sizes.back(), .power = smaller.power});
  }
  ComparedLoad load{.largest_batch = row.batch};
  if (options.arrival_rate) {
    add_rate(row, load, server, sizes, options, site);
  }
  if (options.deadline) {
    add_deadline(row, load, server, options);
  }
  if (options.curves) {
    load.curve = load_curve(server, options.load);
  }
  row.load = std::move(load);
}

}  // namespace

ComparedDevice device_row(const reference::DeviceSpec& device, const reference::DeviceRun& run) {
  ComparedDevice row{.name = device.name,
                     .kind = kind_of(device.kind),
                     .type = run.type,
                     .batch = run.batch,
                     .time_obtained = Obtained::Modelled,
                     .time = run.time,
                     .macs = run.macs,
                     .calibrated = device.family.calibrated,
                     .utilisation = run.utilisation,
                     .power = run.power,
                     .power_obtained = Obtained::Modelled,
                     .idle = device.idle,
                     .tdp = device.tdp,
                     .price = device.price};
  if (device.rent) {
    row.rent = device.rent->price / static_cast<double>(device.rent->devices);
  }
  if (run.throttled) {
    row.notes.emplace_back("its power limit lowers the clock");
  }
  return row;
}

ComparedDevice compare_device(const reference::DeviceSpec& device, const Graph& graph,
                              std::optional<DataType> wanted) {
  const DataType type = wanted.value_or(device.preferred_type());
  try {
    return device_row(device, reference::model_device(device, graph, {.type = type}));
  } catch (const WorkloadError& error) {
    return {.name = device.name, .batch = graph.batch, .error = error.what()};
  }
}

Comparison compare(const std::string& network_file, const std::vector<CompareSubject>& subjects,
                   const CompareOptions& options, const Site& site) {
  SYSTOLE_CHECK(!subjects.empty(), "nothing to compare");
  const Graph graph =
      read_network(network_file, {.dims = options.dims, .phase = options.phase, .numbers = false})
          .graph;
  const std::vector<std::int64_t> batches =
      options.batches.empty() ? std::vector<std::int64_t>{graph.batch} : options.batches;
  std::vector<std::int64_t> wanted = batches;
  const bool loaded = options.arrival_rate || options.deadline || options.curves;
  for (const std::int64_t batch : batches) {
    const std::vector<std::int64_t> sizes =
        loaded ? served_sizes(batch) : std::vector<std::int64_t>{};
    wanted.insert(wanted.end(), sizes.begin(), sizes.end());
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());

  Rows rows(network_file, subjects, options, site);
  rows.make(wanted);
  Comparison comparison{
      .network = graph.name,
      .macs_per_input = macs_of(graph) / graph.batch,
      .baseline = options.baseline.empty() ? subjects.front().name : options.baseline,
      .site = site.summary(options.arrival_rate.has_value()),
      .arrival_rate = options.arrival_rate,
      .arrivals = options.load.arrivals,
      .deadline = options.deadline};
  for (std::size_t subject = 0; subject < subjects.size(); ++subject) {
    for (const std::int64_t batch : batches) {
      ComparedDevice row = rows.at(subject, batch);
      if (loaded && row.error.empty()) {
        put_under_load(rows, subject, row, options, site);
      }
      comparison.rows.push_back(std::move(row));
    }
  }
  return comparison;
}

}  // namespace systole
