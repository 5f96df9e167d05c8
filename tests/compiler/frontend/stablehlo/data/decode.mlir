module @jit_decode attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<32x4x8xf32>, %arg1: tensor<4x8x32xf32>, %arg2: tensor<i32>, %arg3: tensor<32x4x8xf32>, %arg4: tensor<32x4x8xf32>, %arg5: tensor<2x16x4x8xf32>, %arg6: tensor<2x16x4x8xf32>, %arg7: tensor<2x1x32xf32>) -> (tensor<2x1x32xf32> {jax.result_info = "result[0]"}, tensor<2x16x4x8xf32> {jax.result_info = "result[1]['key']"}, tensor<2x16x4x8xf32> {jax.result_info = "result[1]['value']"}, tensor<i32> {jax.result_info = "result[1]['index']"}) {
    %0 = stablehlo.dot_general %arg7, %arg3, contracting_dims = [2] x [0], precision = [DEFAULT, DEFAULT] : (tensor<2x1x32xf32>, tensor<32x4x8xf32>) -> tensor<2x1x4x8xf32>
    %1 = stablehlo.dot_general %arg7, %arg0, contracting_dims = [2] x [0], precision = [DEFAULT, DEFAULT] : (tensor<2x1x32xf32>, tensor<32x4x8xf32>) -> tensor<2x1x4x8xf32>
    %2 = stablehlo.dot_general %arg7, %arg4, contracting_dims = [2] x [0], precision = [DEFAULT, DEFAULT] : (tensor<2x1x32xf32>, tensor<32x4x8xf32>) -> tensor<2x1x4x8xf32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %c_0 = stablehlo.constant dense<0> : tensor<i32>
    %3 = stablehlo.compare LT, %arg2, %c_0, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %c_1 = stablehlo.constant dense<16> : tensor<i32>
    %4 = stablehlo.add %arg2, %c_1 : tensor<i32>
    %5 = stablehlo.select %3, %4, %arg2 : tensor<i1>, tensor<i32>
    %6 = stablehlo.dynamic_update_slice %arg5, %1, %c, %5, %c, %c : (tensor<2x16x4x8xf32>, tensor<2x1x4x8xf32>, tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<2x16x4x8xf32>
    %7 = stablehlo.dynamic_update_slice %arg6, %2, %c, %5, %c, %c : (tensor<2x16x4x8xf32>, tensor<2x1x4x8xf32>, tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<2x16x4x8xf32>
    %c_2 = stablehlo.constant dense<1> : tensor<i32>
    %8 = stablehlo.add %arg2, %c_2 : tensor<i32>
    %9 = stablehlo.iota dim = 0 : tensor<16xi32>
    %10 = stablehlo.broadcast_in_dim %arg2, dims = [] : (tensor<i32>) -> tensor<16xi32>
    %11 = stablehlo.compare LE, %9, %10, SIGNED : (tensor<16xi32>, tensor<16xi32>) -> tensor<16xi1>
    %12 = stablehlo.broadcast_in_dim %11, dims = [3] : (tensor<16xi1>) -> tensor<2x1x1x16xi1>
    %cst = stablehlo.constant dense<2.82842708> : tensor<f32>
    %13 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x1x4x8xf32>
    %14 = stablehlo.divide %0, %13 : tensor<2x1x4x8xf32>
    %15 = stablehlo.dot_general %14, %6, batching_dims = [0, 2] x [0, 2], contracting_dims = [3] x [3], precision = [DEFAULT, DEFAULT] : (tensor<2x1x4x8xf32>, tensor<2x16x4x8xf32>) -> tensor<2x4x1x16xf32>
    %cst_3 = stablehlo.constant dense<-3.40282347E+38> : tensor<f32>
    %16 = stablehlo.broadcast_in_dim %12, dims = [0, 1, 2, 3] : (tensor<2x1x1x16xi1>) -> tensor<2x4x1x16xi1>
    %17 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<2x4x1x16xf32>
    %18 = stablehlo.select %16, %15, %17 : tensor<2x4x1x16xi1>, tensor<2x4x1x16xf32>
    %cst_4 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %19 = stablehlo.reduce(%18 init: %cst_4) applies stablehlo.maximum across dimensions = [3] : (tensor<2x4x1x16xf32>, tensor<f32>) -> tensor<2x4x1xf32>
    %20 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<2x4x1xf32>
    %21 = stablehlo.maximum %20, %19 : tensor<2x4x1xf32>
    %22 = stablehlo.broadcast_in_dim %21, dims = [0, 1, 2] : (tensor<2x4x1xf32>) -> tensor<2x4x1x1xf32>
    %23 = stablehlo.broadcast_in_dim %22, dims = [0, 1, 2, 3] : (tensor<2x4x1x1xf32>) -> tensor<2x4x1x16xf32>
    %24 = stablehlo.subtract %18, %23 : tensor<2x4x1x16xf32>
    %25 = stablehlo.exponential %24 : tensor<2x4x1x16xf32>
    %cst_5 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %26 = stablehlo.reduce(%25 init: %cst_5) applies stablehlo.add across dimensions = [3] : (tensor<2x4x1x16xf32>, tensor<f32>) -> tensor<2x4x1xf32>
    %27 = stablehlo.broadcast_in_dim %26, dims = [0, 1, 2] : (tensor<2x4x1xf32>) -> tensor<2x4x1x1xf32>
    %28 = stablehlo.broadcast_in_dim %27, dims = [0, 1, 2, 3] : (tensor<2x4x1x1xf32>) -> tensor<2x4x1x16xf32>
    %29 = stablehlo.divide %25, %28 : tensor<2x4x1x16xf32>
    %30 = stablehlo.dot_general %7, %29, batching_dims = [0, 2] x [0, 1], contracting_dims = [1] x [3], precision = [DEFAULT, DEFAULT] : (tensor<2x16x4x8xf32>, tensor<2x4x1x16xf32>) -> tensor<2x4x8x1xf32>
    %31 = stablehlo.transpose %30, dims = [0, 3, 1, 2] : (tensor<2x4x8x1xf32>) -> tensor<2x1x4x8xf32>
    %32 = stablehlo.dot_general %31, %arg1, contracting_dims = [2, 3] x [0, 1], precision = [DEFAULT, DEFAULT] : (tensor<2x1x4x8xf32>, tensor<4x8x32xf32>) -> tensor<2x1x32xf32>
    return %32, %6, %7, %8 : tensor<2x1x32xf32>, tensor<2x16x4x8xf32>, tensor<2x16x4x8xf32>, tensor<i32>
  }
}
