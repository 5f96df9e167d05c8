#include "tests/rtl/rtl_array.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <systemc>
#include <type_traits>

#include <Vrtl_16x16.h>
#include <Vrtl_5x19.h>
#if VM_TRACE
#include <verilated_vcd_sc.h>
#endif

#include "arch/diag/check.h"

namespace systole::testing {

namespace {

/// The bits of error_t in array_types.sv, lowest first.
constexpr std::array<std::string_view, 5> kErrors{
    "a tile overwrote a shadow register that no phase had taken",
    "a phase took a shadow register that no tile had filled",
    "a final sum was overwritten before it left",
    "an offer breaks the rules of the interface",
    "an operand does not fit the slice that its phase names",
};

std::string errors_in(std::uint32_t bits) {
  std::string text;
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    if ((bits >> i & 1U) != 0) {
      text += text.empty() ? "" : "; ";
      text += kErrors[i];
    }
  }
  return text;
}

/// The Verilated module with a signal on each of its ports.
template <class Model>
class RtlArrayOf final : public RtlArray {
 public:
  static constexpr std::size_t kRows =
      std::extent_v<std::remove_reference_t<decltype(Model::phase_left)>>;
  static constexpr std::size_t kCols =
      std::extent_v<std::remove_reference_t<decltype(Model::phase_top)>>;

  explicit RtlArrayOf(const char* name) : model_(name) {
    bind_control();
    bind_lanes();
#if VM_TRACE
    Verilated::traceEverOn(true);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    model_.trace(&waves_, 99);
    waves_.open((std::string(name) + ".vcd").c_str());
#endif
  }

  [[nodiscard]] int physical_rows() const override {
    return static_cast<int>(kRows);
  }
  [[nodiscard]] int physical_cols() const override {
    return static_cast<int>(kCols);
  }

  void reset(const ArrayConfig& config) override {
    SYSTOLE_CHECK(config.rows >= 1 && config.rows <= physical_rows() && config.cols >= 1 &&
                      config.cols <= physical_cols(),
                  "an active array of {}x{} does not fit the RTL's {}x{}", config.rows, config.cols,
                  kRows, kCols);
    config_ = config;
    cycle_ = 0;
    output_stationary_ = config.dataflow == ArrayDataflow::OutputStationary;
    floating_ = config.floating;
    overlap_none_ = config.overlap_none;
    rows_ = static_cast<std::uint32_t>(config.rows);
    cols_ = static_cast<std::uint32_t>(config.cols);
    offer_load(nullptr);
    offer_phase(nullptr);
    reset_ = true;
    settle();
    clock_edge();
    reset_ = false;
  }

  CycleOutput cycle(const std::vector<std::uint32_t>* load_row, const PhaseInput* phase) override {
    offer_load(load_row);
    offer_phase(phase);
    settle();
    check_errors();
    CycleOutput output{.load_taken = load_row != nullptr && load_ready_.read(),
                       .phase_taken = phase != nullptr && phase_ready_.read(),
                       .results = {},
                       .fold_completed = fold_done_.read(),
                       .undrained_fold_completed = undrained_fold_done_.read()};
    for (std::size_t c = 0; c < kCols; ++c) {
      if (result_valid_[c].read()) {
        output.results.push_back({static_cast<int>(c), result_value_[c].read()});
      }
    }
    clock_edge();
    ++cycle_;
    return output;
  }

 private:
  using Bit = sc_core::sc_signal<bool>;
  using Lane = sc_core::sc_signal<std::uint32_t>;

  void bind_control() {
    model_.clock(clock_);
    model_.reset(reset_);
    model_.output_stationary(output_stationary_);
    model_.floating(floating_);
    model_.overlap_none(overlap_none_);
    model_.rows(rows_);
    model_.cols(cols_);
    model_.load_valid(load_valid_);
    model_.load_ready(load_ready_);
    model_.phase_valid(phase_valid_);
    model_.phase_ready(phase_ready_);
    model_.phase_first(first_);
    model_.phase_last(last_);
    model_.phase_takes_shadow(takes_shadow_);
    model_.phase_clears(clears_);
    model_.phase_drains(drains_);
    model_.phase_sliced_left(sliced_left_);
    model_.phase_left_slice(left_slice_);
    model_.phase_sliced_other(sliced_other_);
    model_.phase_other_slice(other_slice_);
    model_.fold_done(fold_done_);
    model_.undrained_fold_done(undrained_fold_done_);
    model_.error(error_);
  }

  void bind_lanes() {
    for (std::size_t r = 0; r < kRows; ++r) {
      model_.phase_left[r](left_[r]);
    }
    for (std::size_t c = 0; c < kCols; ++c) {
      model_.load_value[c](load_value_[c]);
      model_.phase_top[c](top_[c]);
      model_.result_valid[c](result_valid_[c]);
      model_.result_value[c](result_value_[c]);
    }
  }

  void offer_load(const std::vector<std::uint32_t>* row) {
    load_valid_ = row != nullptr;
    if (row != nullptr) {
      write_lanes(load_value_, *row, config_.cols);
    }
  }

  void offer_phase(const PhaseInput* phase) {
    phase_valid_ = phase != nullptr;
    if (phase == nullptr) {
      return;
    }
    first_ = phase->first;
    last_ = phase->last;
    takes_shadow_ = phase->takes_shadow;
    clears_ = phase->clears;
    drains_ = phase->drains;
    sliced_left_ = phase->sliced_left;
    sliced_other_ = phase->sliced_other;
    left_slice_ = phase->left_slice != 0;
    other_slice_ = phase->other_slice != 0;
    write_lanes(left_, phase->left, config_.rows);
    if (output_stationary_.read()) {
      write_lanes(top_, phase->top, config_.cols);
    }
  }

  /// The lanes of what is not active keep what they have: the hardware must not look at them.
  template <std::size_t kCount>
  static void write_lanes(std::array<Lane, kCount>& lanes, const std::vector<std::uint32_t>& values,
                          int active) {
    SYSTOLE_CHECK(values.size() == static_cast<std::size_t>(active),
                  "{} lanes for {} active rows or columns", values.size(), active);
    for (std::size_t i = 0; i < values.size(); ++i) {
      lanes[i] = values[i];
    }
  }

  void check_errors() {
    const std::uint32_t bits = error_.read();
    SYSTOLE_CHECK(bits == 0, "cycle {}: {}", cycle_, errors_in(bits));
  }

  /// Half a period each; a cycle begins with the clock low.
  void settle() {
    sc_core::sc_start(kHalfPeriod);
  }
  void clock_edge() {
    clock_ = true;
    sc_core::sc_start(kHalfPeriod);
    clock_ = false;
  }

  const sc_core::sc_time kHalfPeriod{500, sc_core::SC_PS};

  ArrayConfig config_;
  std::int64_t cycle_ = 0;

  Bit clock_, reset_, output_stationary_, floating_, overlap_none_;
  Lane rows_, cols_;
  Bit load_valid_, load_ready_, phase_valid_, phase_ready_;
  Bit first_, last_, takes_shadow_, clears_, drains_;
  Bit sliced_left_, left_slice_, sliced_other_, other_slice_;
  Bit fold_done_, undrained_fold_done_;
  Lane error_;
  std::array<Lane, kRows> left_;
  std::array<Lane, kCols> load_value_, top_, result_value_;
  std::array<Bit, kCols> result_valid_;
  Model model_;
#if VM_TRACE
  VerilatedVcdSc waves_;
#endif
};

}  // namespace

std::unique_ptr<RtlArray> make_rtl_array(RtlSize size) {
  switch (size) {
    case RtlSize::Square16x16:
      return std::make_unique<RtlArrayOf<Vrtl_16x16>>("rtl_16x16");
    case RtlSize::Wide5x19:
      return std::make_unique<RtlArrayOf<Vrtl_5x19>>("rtl_5x19");
  }
  return nullptr;
}

}  // namespace systole::testing
