#include "tests/reference/devices/measured_points.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>

#include "compiler/frontend/read_network.h"
#include "reference/devices/read_device.h"

namespace systole::reference::testing {

namespace {

const std::string kRoot = SYSTOLE_SOURCE_DIR;
constexpr double kMillisecondsPerFemtosecond = 1e-12;
constexpr std::int64_t kLargestBatch = 256;

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; std::getline(stream, word, separator);) {
    words.push_back(word);
  }
  return words;
}

std::vector<DeviceOperation> gemm_operations(std::int64_t m, std::int64_t k, std::int64_t n) {
  return {{.name = "gemm",
           .kind = OperationKind::MatrixProduct,
           .shape = {.groups = 1, .m = m, .k = k, .n = n},
           .input = m * k,
           .output = m * n,
           .weights = k * n}};
}

std::vector<DeviceOperation> operations_of(const MeasuredPoint& point, bool fused) {
  const std::vector<std::string> words = split(point.workload, ' ');
  if (words[0] == "gemm") {
    return gemm_operations(std::stoll(words[1]), std::stoll(words[2]), std::stoll(words[3]));
  }
  if (words[0] == "bert_base") {
    return bert_operations(12, 768, 12, std::stoll(words[1]));
  }
  if (words[0] == "bert_large") {
    return bert_operations(24, 1024, 16, std::stoll(words[1]));
  }
  static std::map<std::pair<std::string, bool>, std::vector<DeviceOperation>> networks;
  const auto [entry, fresh] = networks.try_emplace({words[0], fused});
  if (fresh) {
    entry->second = device_operations(
        read_network(kRoot + "/workloads/" + words[0] + ".yaml", {.batch = 1}).graph, fused);
  }
  return entry->second;
}

double in_milliseconds(Femtoseconds time) {
  return static_cast<double>(time.count()) * kMillisecondsPerFemtosecond;
}

std::vector<MeasuredPoint> read_points() {
  std::ifstream file(kRoot + "/tests/reference/devices/data/measured_points.csv");
  std::string line;
  std::getline(file, line);
  std::vector<MeasuredPoint> points;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = split(line, ',');
    points.push_back({.group = cells.at(0),
                      .device = cells.at(1),
                      .workload = cells.at(2),
                      .type = value_named<DataType>(cells.at(3)).value(),
                      .batch = std::stoll(cells.at(4)),
                      .stack = cells.at(5),
                      .throughput = cells.at(6) == "throughput",
                      .limit_watts = std::stod(cells.at(7)),
                      .milliseconds = std::stod(cells.at(8)),
                      .calibration = cells.at(9) == "yes",
                      .measurement = cells.at(10)});
  }
  if (points.empty()) {
    throw std::runtime_error("no measured points");
  }
  return points;
}

DeviceOperation dense(const std::string& name, std::int64_t length, std::int64_t k,
                      std::int64_t n) {
  return {.name = name,
          .kind = OperationKind::MatrixProduct,
          .shape = {.groups = 1, .m = length, .k = k, .n = n},
          .input = length * k,
          .output = length * n,
          .weights = k * n};
}

DeviceOperation normalisation(std::int64_t length, std::int64_t width) {
  return {.name = "add and normalise", .input = 2 * length * width, .output = length * width};
}

}  // namespace

std::vector<DeviceOperation> bert_operations(std::int64_t layers, std::int64_t width,
                                             std::int64_t heads, std::int64_t length) {
  std::vector<DeviceOperation> operations;
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    operations.push_back(dense("query, key, value", length, width, 3 * width));
    operations.push_back({.name = "attention",
                          .kind = OperationKind::Attention,
                          .shape = {.groups = heads, .m = length, .k = width / heads},
                          .input = 3 * length * width,
                          .output = length * width});
    operations.push_back(dense("projection", length, width, width));
    operations.push_back(normalisation(length, width));
    operations.push_back(dense("wide", length, width, 4 * width));
    operations.push_back(dense("narrow", length, 4 * width, width));
    operations.push_back(normalisation(length, width));
  }
  return operations;
}

DeviceSpec shipped_device(const std::string& name) {
  return read_device(kRoot + "/configs/devices/" + name + ".yaml");
}

double MeasuredPoint::modelled_milliseconds() const {
  const DeviceSpec spec = shipped_device(device);
  const std::vector<DeviceOperation> operations = operations_of(*this, spec.stack(stack)->fused);
  DeviceRunOptions options{
      .type = type, .batch = batch, .stack = stack, .power_limit = Watts(limit_watts)};
  if (!throughput) {
    return in_milliseconds(model_device(spec, operations, options).time);
  }
  options.companion = true;
  double best = std::numeric_limits<double>::infinity();
  for (options.batch = 1; options.batch <= kLargestBatch; options.batch *= 2) {
    const Femtoseconds time = model_device(spec, operations, options).time;
    best = std::min(best, in_milliseconds(time) / static_cast<double>(options.batch));
  }
  return best;
}

const std::vector<MeasuredPoint>& measured_points() {
  static const std::vector<MeasuredPoint> points = read_points();
  return points;
}

}  // namespace systole::reference::testing
