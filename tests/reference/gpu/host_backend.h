#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reference/gpu/element_types.h"
#include "reference/gpu/matrix_product.h"

namespace systole::gpu {

/// Stands in for a GPU: the host's memory, kernels as loops, matrix products as plain sums. Fresh
/// memory holds bytes that no kernel may rely on.
class HostBackend {
 public:
  struct Call {
    std::function<void(const void*, const void*, const void*, void*)> run;
    std::string name;
  };

  void* allocate(std::size_t bytes) {
    memory_.push_back(std::make_unique<unsigned char[]>(bytes + 1));
    constexpr int kNoise = 0x5A;
    std::memset(memory_.back().get(), kNoise, bytes + 1);
    return memory_.back().get();
  }
  static void upload(void* to, const void* from, std::size_t bytes) {
    std::memcpy(to, from, bytes);
  }
  static void download(void* to, const void* from, std::size_t bytes) {
    std::memcpy(to, from, bytes);
  }
  template <class Op>
  static void launch(const Op& op, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      op(i);
    }
  }
  static void wait() {}

  static Call multiply(const MatrixProduct& product) {
    switch (product.type) {
      case DataType::Int8:
        return {call_of<std::int8_t>(product), "host"};
      case DataType::Bf16:
        return {call_of<Bf16>(product), "host"};
      case DataType::Fp16:
        return {call_of<Fp16>(product), "host"};
      default:
        return {call_of<float>(product), "host"};
    }
  }
  static std::optional<Call> convolve(const FusedConvolution& /*convolution*/) {
    return std::nullopt;
  }

  void record(std::function<void()> work) { recorded_ = std::move(work); }
  double replay() {
    recorded_();
    return 1;
  }
  static std::vector<double> time_each(const std::vector<std::function<void()>>& work) {
    for (const auto& one : work) {
      one();
    }
    return std::vector<double>(work.size(), 1);
  }

 private:
  template <class T>
  static std::function<void(const void*, const void*, const void*, void*)> call_of(
      const MatrixProduct& product) {
    return [product](const void* a, const void* w, const void* bias, void* c) {
      multiply_into(product, static_cast<const T*>(a), static_cast<const T*>(w),
                    static_cast<const T*>(bias), c);
    };
  }

  static std::int32_t term(std::int8_t x, std::int8_t w) { return x * w; }
  template <class Real>
  static float term(Real x, Real w) {
    return to_float(x) * to_float(w);
  }

  template <class T>
  static void multiply_into(const MatrixProduct& product, const T* a, const T* w, const T* bias,
                            void* c) {
    for (std::int64_t m = 0; m < product.m; ++m) {
      for (std::int64_t n = 0; n < product.n; ++n) {
        Accumulator<T> sum = 0;
        for (std::int64_t k = 0; k < product.k; ++k) {
          sum += term(a[m * product.k + k], w[n * product.k + k]);
        }
        const std::int64_t at = m * product.n + n;
        if (product.epilogue == Epilogue::Sums) {
          static_cast<Accumulator<T>*>(c)[at] = sum;
        } else {
          fuse(product, static_cast<float>(sum) + to_float(bias[n]), static_cast<T*>(c) + at);
        }
      }
    }
  }
  static void fuse(const MatrixProduct& /*product*/, float /*sum*/, std::int8_t* /*c*/) {}
  template <class Real>
  static void fuse(const MatrixProduct& product, float sum, Real* c) {
    *c = FromFloat<Real>::convert(product.epilogue == Epilogue::BiasRelu && sum < 0 ? 0 : sum);
  }

  std::vector<std::unique_ptr<unsigned char[]>> memory_;
  std::function<void()> recorded_;
};

}  // namespace systole::gpu
