#include "sim/dram/traffic_sampler.h"

namespace systole {

namespace {

constexpr std::int64_t kFirstWidthInBursts = 16;

}  // namespace

TrafficSampler::TrafficSampler(const DramSpec& spec)
    : timing_(spec.standard.timing),
      burst_bytes_(spec.standard.organization.burst_bytes().count()),
      width_(timing_.nBL.count() * kFirstWidthInBursts) {
  traffic_.width = timing_.tCK * width_;
}

void TrafficSampler::add(const DramCommand& command) {
  const bool reads = command.kind == DramCommandKind::Read;
  if (!reads && command.kind != DramCommandKind::Write) {
    return;
  }
  const std::int64_t first_beat = (command.at + (reads ? timing_.nCL : timing_.nCWL)).count();
  while (first_beat / width_ >= kMostSamples) {
    halve();
  }
  const auto index = static_cast<std::size_t>(first_beat / width_);
  if (index >= traffic_.samples.size()) {
    traffic_.samples.resize(index + 1);
  }
  DramTraffic::Sample& sample = traffic_.samples[index];
  (reads ? sample.read_bytes : sample.write_bytes) += burst_bytes_;
}

/// Makes one sample of each two.
void TrafficSampler::halve() {
  auto& samples = traffic_.samples;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const DramTraffic::Sample sample = samples[i];
    samples[i] = {};
    samples[i / 2].read_bytes += sample.read_bytes;
    samples[i / 2].write_bytes += sample.write_bytes;
  }
  samples.resize((samples.size() + 1) / 2);
  width_ *= 2;
  traffic_.width = timing_.tCK * width_;
}

}  // namespace systole
