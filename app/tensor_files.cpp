#include "app/tensor_files.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "app/output.h"
#include "arch/config/near_name.h"
#include "arch/config/text_file.h"
#include "arch/diag/error.h"
#include "report/npy.h"

namespace systole {

namespace {

namespace fs = std::filesystem;

std::string stored_file(const std::string& directory, const std::string& tensor) {
  return (fs::path(directory) / (file_stem(tensor) + ".npy")).string();
}

std::string float32_file(const std::string& directory, const std::string& tensor) {
  return (fs::path(directory) / (file_stem(tensor) + ".float32.npy")).string();
}

[[noreturn]] void cannot_write(const std::string& file, const std::error_code& error) {
  throw UserError(fmt::format("systole: cannot write {}: {}", in_quotes(file), error.message()));
}

/// What a run begins with and what its nodes make. A step of training has names of views besides,
/// which it dropped because nobody reads them.
std::vector<std::string_view> names_in(const Graph& graph) {
  std::vector<std::string_view> names;
  for (const GraphTensorId tensor : graph.given()) {
    names.push_back(graph.tensor(tensor).name);
  }
  for (const Node& node : graph.nodes) {
    for (const GraphTensorId tensor : node.outputs) {
      names.push_back(graph.tensor(tensor).name);
    }
  }
  return names;
}

void check_tensor_name(const std::string& name, const Graph& graph) {
  const std::vector<std::string_view> names = names_in(graph);
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw UserError(
        fmt::format("systole: --tensors: expected outputs, all, or names of layers and inputs, got "
                    "{}{}",
                    in_quotes(name), suggestion(name, names)));
  }
}

/// The directory is there and can be written to, or its parent is.
void check_directory(const std::string& directory) {
  std::error_code error;
  if (fs::exists(directory, error) && !fs::is_directory(directory, error)) {
    throw UserError(
        fmt::format("systole: --save-tensors: expected a directory, got {}, which is "
                    "something else",
                    in_quotes(directory)));
  }
  fs::path place = fs::path(directory);
  if (!fs::exists(place, error)) {
    place = fs::absolute(place, error).lexically_normal();
    place = place.has_filename() ? place.parent_path() : place.parent_path().parent_path();
  }
  if (::access(place.c_str(), W_OK | X_OK) != 0) {
    cannot_write(directory, std::error_code(errno, std::generic_category()));
  }
}

}  // namespace

std::set<std::string> saved_tensors(const TensorsRequest& request, const Graph& graph) {
  std::set<std::string> names;
  if (request.save.empty()) {
    return names;
  }
  for (const std::string& word : request.names) {
    if (word == "all") {
      const std::vector<std::string_view> all = names_in(graph);
      names.insert(all.begin(), all.end());
    } else if (word == "outputs") {
      for (const GraphTensorId output : graph.outputs) {
        names.insert(graph.tensor(output).name);
      }
    } else {
      check_tensor_name(word, graph);
      names.insert(word);
    }
  }
  return names;
}

std::vector<std::string> tensor_files(const std::string& directory,
                                      const std::set<std::string>& names) {
  std::vector<std::string> files;
  for (const std::string& name : names) {
    files.push_back(stored_file(directory, name));
    files.push_back(float32_file(directory, name));
  }
  return files;
}

void check_tensor_files(const std::string& directory, const std::set<std::string>& names) {
  check_directory(directory);
  std::error_code error;
  const bool is_new = !fs::exists(directory, error);
  std::set<std::string> files;
  for (const std::string& file : tensor_files(directory, names)) {
    if (!files.insert(file).second) {
      throw UserError(
          fmt::format("systole: --save-tensors: expected tensors whose files differ, got two that "
                      "are called {}",
                      in_quotes(file)));
    }
    if (!is_new) {
      check_output(file);
    }
  }
}

void save_tensors(const std::string& directory, const std::vector<RunTensor>& tensors,
                  const FileOrders& orders) {
  std::error_code error;
  fs::create_directory(directory, error);
  if (error) {
    cannot_write(directory, error);
  }
  for (const RunTensor& tensor : tensors) {
    const FileOrder* order = find_order(orders, tensor.name);
    write_file(stored_file(directory, tensor.name), stored_npy(tensor, order));
    write_file(float32_file(directory, tensor.name), float32_npy(tensor, order));
  }
}

}  // namespace systole
