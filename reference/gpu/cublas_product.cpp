#include "reference/gpu/cublas_product.h"

#include <fmt/format.h>

#include "arch/diag/check.h"
#include "reference/gpu/cuda_check.h"

namespace systole::gpu {

namespace {

struct Types {
  cudaDataType_t operand;
  cudaDataType_t sum;
  cublasComputeType_t compute;
};

Types types_of(DataType type) {
  switch (type) {
    case DataType::Int8:
      return {.operand = CUDA_R_8I, .sum = CUDA_R_32I, .compute = CUBLAS_COMPUTE_32I};
    case DataType::Bf16:
      return {.operand = CUDA_R_16BF, .sum = CUDA_R_32F, .compute = CUBLAS_COMPUTE_32F};
    case DataType::Fp16:
      return {.operand = CUDA_R_16F, .sum = CUDA_R_32F, .compute = CUBLAS_COMPUTE_32F};
    case DataType::Fp32:
      return {.operand = CUDA_R_32F, .sum = CUDA_R_32F, .compute = CUBLAS_COMPUTE_32F};
    default:
      SYSTOLE_CHECK(false, "{} is not measured on a GPU", name_of(type));
  }
  return {};
}

/// Row-major c = a * w^T is column-major c^T = (w as stored, turned) * (a as stored): the form that
/// cuBLASLt's int8 kernels want.
class Product {
 public:
  Product(cublasLtHandle_t handle, const MatrixProduct& product, void* workspace,
          std::size_t workspace_bytes, cudaStream_t stream)
      : handle_(handle),
        is_integer_(product.type == DataType::Int8),
        epilogue_(product.epilogue),
        workspace_(workspace),
        workspace_bytes_(workspace_bytes),
        stream_(stream) {
    const Types types = types_of(product.type);
    const cudaDataType_t result = epilogue_ == Epilogue::Sums ? types.sum : types.operand;
    check(cublasLtMatmulDescCreate(&operation_, types.compute, types.sum), "cublasLtMatmulDesc");
    set(CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
    set(CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_N);
    if (epilogue_ != Epilogue::Sums) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE,
          epilogue_ == Epilogue::Bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_RELU_BIAS);
      set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, types.operand);
    }
    weights_ = layout(types.operand, product.k, product.n);
    input_ = layout(types.operand, product.k, product.m);
    result_ = layout(result, product.n, product.m);
    choose(product);
  }
  ~Product() {
    cublasLtMatrixLayoutDestroy(result_);
    cublasLtMatrixLayoutDestroy(input_);
    cublasLtMatrixLayoutDestroy(weights_);
    cublasLtMatmulDescDestroy(operation_);
  }
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;

  void run(const void* a, const void* w, const void* biases, void* c) {
    if (epilogue_ != Epilogue::Sums) {
      set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, biases);
    }
    const float real[2] = {1, 0};
    const std::int32_t integer[2] = {1, 0};
    const void* const alpha = is_integer_ ? static_cast<const void*>(&integer[0]) : &real[0];
    const void* const beta = is_integer_ ? static_cast<const void*>(&integer[1]) : &real[1];
    check(cublasLtMatmul(handle_, operation_, alpha, w, weights_, a, input_, beta, c, result_, c,
                         result_, &algorithm_, workspace_, workspace_bytes_, stream_),
          "cublasLtMatmul");
  }

 private:
  template <class Value>
  void set(cublasLtMatmulDescAttributes_t attribute, const Value& value) {
    check(cublasLtMatmulDescSetAttribute(operation_, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  }
  static cublasLtMatrixLayout_t layout(cudaDataType_t type, std::int64_t rows, std::int64_t cols) {
    cublasLtMatrixLayout_t made = nullptr;
    check(cublasLtMatrixLayoutCreate(&made, type, static_cast<std::uint64_t>(rows),
                                     static_cast<std::uint64_t>(cols), rows),
          "cublasLtMatrixLayoutCreate");
    return made;
  }
  void choose(const MatrixProduct& product) {
    cublasLtMatmulPreference_t preference = nullptr;
    check(cublasLtMatmulPreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate");
    const std::uint64_t bytes = workspace_bytes_;
    check(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                               &bytes, sizeof bytes),
          "cublasLtMatmulPreferenceSetAttribute");
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
        handle_, operation_, weights_, input_, result_, result_, preference, 1, &found, &count);
    cublasLtMatmulPreferenceDestroy(preference);
    check(count == 0 && status == CUBLAS_STATUS_SUCCESS ? CUBLAS_STATUS_NOT_SUPPORTED : status,
          fmt::format("no {} product of {} x {} x {}", name_of(product.type), product.m, product.k,
                      product.n)
              .c_str());
    algorithm_ = found.algo;
  }

  cublasLtHandle_t handle_;
  bool is_integer_;
  Epilogue epilogue_;
  void* workspace_;
  std::size_t workspace_bytes_;
  cudaStream_t stream_;
  cublasLtMatmulDesc_t operation_ = nullptr;
  cublasLtMatrixLayout_t weights_ = nullptr;
  cublasLtMatrixLayout_t input_ = nullptr;
  cublasLtMatrixLayout_t result_ = nullptr;
  cublasLtMatmulAlgo_t algorithm_{};
};

}  // namespace

LibraryCall cublas_product(cublasLtHandle_t handle, const MatrixProduct& product, void* workspace,
                           std::size_t workspace_bytes, cudaStream_t stream) {
  const auto shared =
      std::make_shared<Product>(handle, product, workspace, workspace_bytes, stream);
  return {.run = [shared](const void* a, const void* w, const void* biases,
                          void* c) { shared->run(a, w, biases, c); },
          .name = product.epilogue == Epilogue::Sums ? "cuBLASLt" : "cuBLASLt fused"};
}

}  // namespace systole::gpu
