#include "tests/compiler/frontend/onnx/model_builder.h"

#include <fstream>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define ONNX_API
#include <onnx/onnx-ml.pb.h>
#pragma GCC diagnostic pop

namespace systole {

struct ModelBuilder::Model {
  onnx::ModelProto proto;
};

ModelBuilder::ModelBuilder(std::int64_t opset) : model_(std::make_unique<Model>()) {
  model_->proto.set_ir_version(7);
  model_->proto.add_opset_import()->set_version(opset);
  model_->proto.mutable_graph()->set_name("test");
}

ModelBuilder::~ModelBuilder() = default;

ModelBuilder& ModelBuilder::input(const std::string& name, const Shape& shape,
                                  const std::vector<std::string>& names, int type) {
  onnx::ValueInfoProto* info = model_->proto.mutable_graph()->add_input();
  info->set_name(name);
  onnx::TypeProto::Tensor* tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  onnx::TensorShapeProto* axes = tensor->mutable_shape();
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    onnx::TensorShapeProto::Dimension* size = axes->add_dim();
    if (shape[axis] >= 0) {
      size->set_dim_value(shape[axis]);
    } else if (axis < names.size() && !names[axis].empty()) {
      size->set_dim_param(names[axis]);
    }
  }
  return *this;
}

ModelBuilder& ModelBuilder::output(const std::string& name) {
  model_->proto.mutable_graph()->add_output()->set_name(name);
  return *this;
}

ModelBuilder& ModelBuilder::floats(const std::string& name, const Shape& shape,
                                   const std::vector<float>& values) {
  onnx::TensorProto* tensor = model_->proto.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(1);
  for (const std::int64_t size : shape) {
    tensor->add_dims(size);
  }
  for (const float value : values) {
    tensor->add_float_data(value);
  }
  return *this;
}

ModelBuilder& ModelBuilder::integers(const std::string& name, const Shape& shape,
                                     const std::vector<std::int64_t>& values) {
  onnx::TensorProto* tensor = model_->proto.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(7);
  for (const std::int64_t size : shape) {
    tensor->add_dims(size);
  }
  for (const std::int64_t value : values) {
    tensor->add_int64_data(value);
  }
  return *this;
}

ModelBuilder& ModelBuilder::stored(const std::string& name, const Shape& shape, int type,
                                   const std::vector<std::int64_t>& values) {
  onnx::TensorProto& tensor = *model_->proto.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const std::int64_t size : shape) {
    tensor.add_dims(size);
  }
  for (const std::int64_t value : values) {
    tensor.add_int32_data(static_cast<std::int32_t>(value));
  }
  return *this;
}

ModelBuilder& ModelBuilder::external(const std::string& name, const Shape& shape,
                                     const std::string& location, const std::string& offset,
                                     const std::string& length) {
  onnx::TensorProto* tensor = model_->proto.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(1);
  tensor->set_data_location(onnx::TensorProto::EXTERNAL);
  for (const std::int64_t size : shape) {
    tensor->add_dims(size);
  }
  const auto add = [&](const std::string& key, const std::string& value) {
    if (!value.empty()) {
      onnx::StringStringEntryProto* entry = tensor->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
  };
  add("location", location);
  add("offset", offset);
  add("length", length);
  return *this;
}

ModelBuilder& ModelBuilder::node(const std::string& op, const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs,
                                 const std::vector<Attribute>& attributes, const std::string& name,
                                 const std::string& domain) {
  onnx::NodeProto* node = model_->proto.mutable_graph()->add_node();
  node->set_op_type(op);
  node->set_name(name);
  node->set_domain(domain);
  for (const std::string& input : inputs) {
    node->add_input(input);
  }
  for (const std::string& output : outputs) {
    node->add_output(output);
  }
  for (const auto& [key, value] : attributes) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(key);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      attribute->set_type(onnx::AttributeProto::INT);
      attribute->set_i(*integer);
    } else if (const auto* number = std::get_if<float>(&value)) {
      attribute->set_type(onnx::AttributeProto::FLOAT);
      attribute->set_f(*number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      attribute->set_type(onnx::AttributeProto::STRING);
      attribute->set_s(*text);
    } else {
      attribute->set_type(onnx::AttributeProto::INTS);
      for (const std::int64_t each : std::get<std::vector<std::int64_t>>(value)) {
        attribute->add_ints(each);
      }
    }
  }
  return *this;
}

ModelBuilder& ModelBuilder::bodies(
    const std::string& op, const std::vector<std::string>& inputs,
    const std::vector<std::string>& outputs,
    const std::vector<std::pair<std::string, const ModelBuilder*>>& graphs, const std::string& name,
    const std::vector<Attribute>& attributes) {
  node(op, inputs, outputs, attributes, name);
  onnx::GraphProto* graph = model_->proto.mutable_graph();
  onnx::NodeProto* made = graph->mutable_node(graph->node_size() - 1);
  for (const auto& [key, body] : graphs) {
    onnx::AttributeProto* attribute = made->add_attribute();
    attribute->set_name(key);
    attribute->set_type(onnx::AttributeProto::GRAPH);
    *attribute->mutable_g() = body->model_->proto.graph();
  }
  return *this;
}

std::string ModelBuilder::bytes() const {
  return model_->proto.SerializeAsString();
}

void ModelBuilder::write(const std::string& file) const {
  std::ofstream(file, std::ios::binary) << bytes();
}

}  // namespace systole
