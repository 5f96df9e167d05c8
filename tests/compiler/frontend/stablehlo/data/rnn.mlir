module @jit_rnn attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<16xf32>, %arg1: tensor<16x16xf32>, %arg2: tensor<8x16xf32>, %arg3: tensor<6x2x8xf32>) -> (tensor<2x16xf32> {jax.result_info = "[0]"}, tensor<6x2x16xf32> {jax.result_info = "[1]"}) {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x16xf32>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<6x2x16xf32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %2:7 = stablehlo.while(%iterArg = %arg3, %iterArg_1 = %arg2, %iterArg_2 = %arg1, %iterArg_3 = %arg0, %iterArg_4 = %c, %iterArg_5 = %0, %iterArg_6 = %1) : tensor<6x2x8xf32>, tensor<8x16xf32>, tensor<16x16xf32>, tensor<16xf32>, tensor<i32>, tensor<2x16xf32>, tensor<6x2x16xf32>
     cond {
      %c_7 = stablehlo.constant dense<6> : tensor<i32>
      %3 = stablehlo.compare  LT, %iterArg_4, %c_7,  SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %3 : tensor<i1>
    } do {
      %c_7 = stablehlo.constant dense<0> : tensor<i32>
      %3 = stablehlo.compare  LT, %iterArg_4, %c_7,  SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_8 = stablehlo.constant dense<6> : tensor<i32>
      %4 = stablehlo.add %iterArg_4, %c_8 : tensor<i32>
      %5 = stablehlo.select %3, %4, %iterArg_4 : tensor<i1>, tensor<i32>
      %c_9 = stablehlo.constant dense<0> : tensor<i32>
      %6 = stablehlo.dynamic_slice %iterArg, %5, %c_9, %c_9, sizes = [1, 2, 8] : (tensor<6x2x8xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x2x8xf32>
      %7 = stablehlo.reshape %6 : (tensor<1x2x8xf32>) -> tensor<2x8xf32>
      %8:2 = func.call @None(%iterArg_1, %iterArg_2, %iterArg_3, %iterArg_5, %7) : (tensor<8x16xf32>, tensor<16x16xf32>, tensor<16xf32>, tensor<2x16xf32>, tensor<2x8xf32>) -> (tensor<2x16xf32>, tensor<2x16xf32>)
      %9 = stablehlo.broadcast_in_dim %8#1, dims = [1, 2] : (tensor<2x16xf32>) -> tensor<1x2x16xf32>
      %c_10 = stablehlo.constant dense<0> : tensor<i32>
      %10 = stablehlo.compare  LT, %iterArg_4, %c_10,  SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %c_11 = stablehlo.constant dense<6> : tensor<i32>
      %11 = stablehlo.add %iterArg_4, %c_11 : tensor<i32>
      %12 = stablehlo.select %10, %11, %iterArg_4 : tensor<i1>, tensor<i32>
      %13 = stablehlo.dynamic_update_slice %iterArg_6, %9, %12, %c_10, %c_10 : (tensor<6x2x16xf32>, tensor<1x2x16xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<6x2x16xf32>
      %c_12 = stablehlo.constant dense<1> : tensor<i32>
      %14 = stablehlo.add %iterArg_4, %c_12 : tensor<i32>
      stablehlo.return %iterArg, %iterArg_1, %iterArg_2, %iterArg_3, %14, %8#0, %13 : tensor<6x2x8xf32>, tensor<8x16xf32>, tensor<16x16xf32>, tensor<16xf32>, tensor<i32>, tensor<2x16xf32>, tensor<6x2x16xf32>
    }
    return %2#5, %2#6 : tensor<2x16xf32>, tensor<6x2x16xf32>
  }
  func.func private @None(%arg0: tensor<8x16xf32>, %arg1: tensor<16x16xf32>, %arg2: tensor<16xf32>, %arg3: tensor<2x16xf32>, %arg4: tensor<2x8xf32>) -> (tensor<2x16xf32>, tensor<2x16xf32>) {
    %0 = stablehlo.dot_general %arg4, %arg0, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<2x8xf32>, tensor<8x16xf32>) -> tensor<2x16xf32>
    %1 = stablehlo.dot_general %arg3, %arg1, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<2x16xf32>, tensor<16x16xf32>) -> tensor<2x16xf32>
    %2 = stablehlo.add %0, %1 : tensor<2x16xf32>
    %3 = stablehlo.broadcast_in_dim %arg2, dims = [1] : (tensor<16xf32>) -> tensor<1x16xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x16xf32>) -> tensor<2x16xf32>
    %5 = stablehlo.add %2, %4 : tensor<2x16xf32>
    %6 = stablehlo.tanh %5 : tensor<2x16xf32>
    return %6, %6 : tensor<2x16xf32>, tensor<2x16xf32>
  }
}
