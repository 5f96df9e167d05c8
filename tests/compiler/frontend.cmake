systole_test(compiler_activations_test
  SOURCES
    frontend/activations_test.cpp
  DEPENDS systole_compiler systole_reference)
systole_test(compiler_frontend_test SLOW *Fuzz.* Workloads.AllLoad*
  SOURCES
    frontend/description_errors_test.cpp
    frontend/dims_test.cpp
    frontend/file_data_test.cpp
    frontend/generated_data_test.cpp
    frontend/graph_errors_test.cpp
    frontend/infer_test.cpp
    frontend/npy_file_test.cpp
    frontend/quantized_network_test.cpp
    frontend/read_network_fuzz_test.cpp
    frontend/real_network_test.cpp
    frontend/stored_states_test.cpp
    frontend/stored_weights_test.cpp
    frontend/weight_quantization_test.cpp
    frontend/wide_weights_test.cpp
    frontend/workloads_test.cpp
    graph/graph_test.cpp
    graph/tensor_test.cpp
    graph/value_test.cpp
    ops/formula_test.cpp
    ops/gather_test.cpp
    ops/layer_norm_test.cpp
    ops/append_test.cpp
    ops/attention_test.cpp
    ops/composed_test.cpp
    ops/matmul_test.cpp
    ops/joined_pixels_test.cpp
    ops/listed_pixels_test.cpp
    ops/recurrent_test.cpp
    ops/op_test.cpp
    ops/rearrange_test.cpp
    ops/rows_test.cpp
  DEPENDS systole_compiler systole_test_support)
systole_test(compiler_training_test SLOW *OfLargeHeads *OfTransposedConvolutions
  SOURCES
    training/double_step.cpp
    training/holds_test.cpp
    training/narrow_test.cpp
    training/onednn_backward_test.cpp
    training/training_data_test.cpp
    training/training_graph_test.cpp
  DEPENDS systole_compiler systole_reference DNNL::dnnl)
systole_test(compiler_onnx_test
  SOURCES
    frontend/onnx/attributes_test.cpp
    frontend/onnx/import_test.cpp
    frontend/onnx/layout_test.cpp
    frontend/onnx/lower/products_test.cpp
    frontend/onnx/lower/rows_test.cpp
    frontend/onnx/model_builder.cpp
    frontend/onnx/passes/fold_scales_test.cpp
    frontend/onnx/passes/recognise_masks_test.cpp
    frontend/onnx/passes/recognise_rotary_test.cpp
    frontend/onnx/passes/share_heads_test.cpp
    frontend/onnx/passes/split_dense_test.cpp
    frontend/onnx/passes/take_caches_test.cpp
    frontend/onnx/passes/take_indices_test.cpp
    frontend/onnx/passes/take_integer_products_test.cpp
    frontend/onnx/passes/take_quantization_test.cpp
    frontend/onnx/read_model_test.cpp
    frontend/onnx/read_onnx_network_test.cpp
    frontend/onnx/rotary_table_test.cpp
    frontend/onnx/spell/attention_test.cpp
    frontend/onnx/spell/control_flow_test.cpp
    frontend/onnx/spell/fused_test.cpp
    frontend/onnx/spell/recurrent_test.cpp
    frontend/scale_sim_test.cpp
    frontend/timeloop_test.cpp
    frontend/write_description_test.cpp
  DEPENDS systole_compiler systole_reference systole_test_support ONNX::proto)
systole_test(compiler_stablehlo_test SLOW *Fuzz.*
  SOURCES
    frontend/onnx/passes/recognise_limits_test.cpp
    frontend/onnx/passes/recognise_means_test.cpp
    frontend/onnx/passes/recognise_softmax_test.cpp
    frontend/onnx/passes/recognise_variance_test.cpp
    frontend/onnx/passes/sink_transposes_test.cpp
    frontend/stablehlo/module_fuzz_test.cpp
    frontend/stablehlo/parse_module_test.cpp
    frontend/stablehlo/read_stablehlo_network_test.cpp
  DEPENDS systole_compiler systole_reference systole_test_support)
# Written as JAX prints them; NumPy computes the same.
add_test(NAME StablehloConformance
  COMMAND ${CMAKE_SOURCE_DIR}/scripts/stablehlo_conformance --systole $<TARGET_FILE:systole>)
set_tests_properties(StablehloConformance PROPERTIES
  SKIP_RETURN_CODE 77 LABELS "tool" TIMEOUT 600 PROCESSORS 2)
# Of outside: the models of Debian's libonnx-testdata, and what torch.onnx writes; skipped where packages lack.
add_test(NAME OnnxConformance
  COMMAND ${CMAKE_SOURCE_DIR}/scripts/onnx_conformance --systole $<TARGET_FILE:systole>)
add_test(NAME OnnxExporters
  COMMAND ${CMAKE_SOURCE_DIR}/scripts/onnx_exporters --systole $<TARGET_FILE:systole> resnet18 resnet18_int8)
add_test(NAME OnnxRuntime
  COMMAND ${CMAKE_SOURCE_DIR}/scripts/onnx_runtime --systole $<TARGET_FILE:systole>
          --packages ${CMAKE_BINARY_DIR}/npm)
set_tests_properties(OnnxConformance OnnxExporters OnnxRuntime PROPERTIES
  SKIP_RETURN_CODE 77 LABELS "tool;onnx" TIMEOUT 600 PROCESSORS 2)
