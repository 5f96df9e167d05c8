# ONNX::proto: the messages of ONNX files, from the distribution's libonnx-dev, and protobuf under them.
find_package(Protobuf REQUIRED)
find_path(ONNX_INCLUDE_DIR onnx/onnx-ml.pb.h)
find_library(ONNX_PROTO_LIBRARY onnx_proto)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OnnxProto REQUIRED_VARS ONNX_PROTO_LIBRARY ONNX_INCLUDE_DIR)
if(NOT TARGET ONNX::proto)
  add_library(ONNX::proto UNKNOWN IMPORTED)
  set_target_properties(ONNX::proto PROPERTIES IMPORTED_LOCATION "${ONNX_PROTO_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${ONNX_INCLUDE_DIR}"
                        INTERFACE_LINK_LIBRARIES protobuf::libprotobuf)
endif()
