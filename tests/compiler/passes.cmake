systole_test(compiler_passes_test
  SOURCES
    compile_test.cpp
    allocation/lifetimes_test.cpp
    allocation/placement_test.cpp
    allocation/residency_test.cpp
    lowering/check_operands_test.cpp
    lowering/emit_gemm_test.cpp
    lowering/gemm_loops_test.cpp
    lowering/quantize_test.cpp
    lowering/tiles_test.cpp
    mapping/gemm_cost_test.cpp
    mapping/layer_cost_test.cpp
    schedule/program_builder_test.cpp
    schedule/region_test.cpp
    tiling/band_test.cpp
  DEPENDS systole_compiler)
