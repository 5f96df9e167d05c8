#include "app/import_command.h"

#include <filesystem>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "app/output.h"
#include "arch/diag/error.h"
#include "arch/diag/printable.h"
#include "compiler/frontend/onnx/read_onnx_network.h"
#include "compiler/frontend/scale_sim.h"
#include "compiler/frontend/stablehlo/read_stablehlo_network.h"
#include "compiler/frontend/timeloop.h"
#include "compiler/frontend/write_description.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

bool has_parameters(const Graph& graph) {
  for (std::size_t tensor = 0; tensor < graph.tensors.size(); ++tensor) {
    if (graph.is_parameter(static_cast<GraphTensorId>(tensor))) {
      return true;
    }
  }
  return false;
}

void make_directory(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error || !fs::is_directory(directory, error)) {
    throw UserError(fmt::format("systole: --weights: expected a directory that can be made, got {}",
                                path_in_quotes(directory)));
  }
}

/// The directory as seen from the description.
std::string seen_from(const std::string& description, const std::string& directory) {
  const fs::path folder = fs::absolute(description.empty() ? "." : description);
  return fs::absolute(directory)
      .lexically_normal()
      .lexically_relative((description.empty() ? folder : folder.parent_path()).lexically_normal())
      .string();
}

}  // namespace

std::string run_import(const Request& request) {
  const std::string& file = request.network;
  if (!fs::exists(file)) {
    throw UserError(fmt::format("systole: no file {}", path_in_quotes(file)));
  }
  if (is_scale_sim_file(file)) {
    return scale_sim_description(topology_text(file), file);
  }
  if (file.ends_with(".yaml")) {
    const ConfigNode root = ConfigNode::open(file, ConfigNode::Kind::Workload);
    if (is_timeloop_problem(root)) {
      return timeloop_description(root);
    }
  }
  const bool is_hlo = !is_onnx_file(file) && is_stablehlo_file(file);
  if (!is_onnx_file(file) && !is_hlo) {
    throw UserError(fmt::format(
        "systole: import: expected a file that ends in .onnx, .mlir or .csv, or a problem of "
        "Timeloop (.yaml), got {}",
        path_in_quotes(file)));
  }
  const OnnxOptions options{{.batch = request.batch,
                             .dims = request.dims,
                             .type = DataType::Fp32,
                             .parameters = request.parameters},
                            {}};
  if (request.import.explain) {
    return is_hlo ? explain_stablehlo(file, options) : explain_onnx(file, options);
  }
  const Network network =
      is_hlo ? read_stablehlo_network(file, options) : read_onnx_network(file, options);
  std::string directory = request.import.weights;
  if (directory.empty()) {
    if (has_parameters(network.graph)) {
      throw UserError(
          "systole: --weights: expected a directory for the weights of the network, got none");
    }
    directory = ".";
  }
  std::string text = description_of(network, seen_from(request.output, directory));
  make_directory(directory);
  write_weights(network, [&](std::string_view name, const std::string& bytes) {
    write_file((fs::path(directory) / name).string(), bytes);
  });
  return text;
}

}  // namespace systole
