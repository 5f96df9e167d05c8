#include "app/common_options.h"

#include <CLI/CLI.hpp>

namespace systole {

void add_output(CLI::App& app, Request& request, OptionWords& words) {
  app.add_option("-o,--output", words.output,
                 "Write to FILE, whole or not at all, instead of standard output")
      ->type_name("FILE");
  app.add_flag("-q,--quiet", request.quiet, "No progress line on the terminal");
}

void add_set(CLI::App& app, Request& request) {
  app.add_option("--set", request.sets,
                 "Another value in place of one of the chip's file, such as matrix_unit.rows=64; "
                 "may be repeated")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
}

void add_dims(CLI::App& app, OptionWords& words) {
  app.add_option("--dim", words.dims,
                 "Sizes by name in place of the network's own, such as m=2048,k=512; "
                 "may be repeated")
      ->type_name("NAME=N,...")
      ->allow_extra_args(false);
  app.add_option("--phase", words.phase, "One of the network's phases, such as prefill or decode")
      ->type_name("NAME");
  app.add_option("--prompt", words.named_dims["prompt"], "Tokens of a prompt: --dim prompt=N")
      ->type_name("N");
  app.add_option("--context", words.named_dims["context"],
                 "Tokens that a decoded one attends to, itself included: --dim context=N")
      ->type_name("N");
}

void add_routing(CLI::App& app, Request& request) {
  app.add_option("--routing", request.routing,
                 "Experts that tokens go to: FILE has a line for each token, over and over")
      ->type_name("FILE");
}

void add_parameters(CLI::App& app, OptionWords& words) {
  app.add_option("--parameters", words.parameters,
                 "Arguments of a StableHLO module that are weights: names, numbers and ranges "
                 "(0-3,params), none, or a directory of their numbers, arg0.npy, ...")
      ->type_name("WHICH");
}

void add_chip_and_network(CLI::App& app, Request& request) {
  app.add_option("CHIP", request.chip, "Chip: a YAML file or a name from 'systole list'")
      ->required()
      ->type_name("");
  app.add_option("NETWORK", request.network,
                 "Network: a YAML, ONNX or StableHLO file, or a name from 'systole list'")
      ->required()
      ->type_name("");
}

void add_type_and_io(CLI::App& app, OptionWords& words) {
  app.add_option(
         "--type", words.type,
         "Type of tensors and weights: int8, bf16, fp16, fp8_e4m3 or fp8_e5m2 (default: the "
         "first of them that the chip multiplies)")
      ->type_name("TYPE");
  app.add_option("--io", words.io,
                 "Where inputs and outputs are: host (behind the host link) or device (in its "
                 "DRAM, as kernels are measured; default: what the chip says)")
      ->type_name("MEMORY");
}

void add_storage(CLI::App& app, OptionWords& words) {
  app.add_option(
         "--weights", words.stored,
         "Stores weights in fewer bits than the network computes with: int8, int4, fp8_e4m3 "
         "or fp8_e5m2, a scale for each output channel, or for GROUP elements of it "
         "(default of int4: 128); of a network of int8 in more: int16")
      ->type_name("TYPE[:GROUP]");
  app.add_option("--cache", words.cache,
                 "Stores states, such as keys and values, in fewer bits than the network computes "
                 "with: int8, fp8_e4m3 or fp8_e5m2")
      ->type_name("TYPE");
}

void add_inputs(CLI::App& app, Request& request, OptionWords& words) {
  add_chip_and_network(app, request);
  app.add_option("-b,--batch", words.batch, "Inputs at a time (default: what the network says)")
      ->type_name("N");
  add_type_and_io(app, words);
  app.add_option("--quantize", words.quantize,
                 "Runs a network of reals as int8, quantised by the ranges that its tensors have "
                 "on the inputs of the run: int8")
      ->type_name("TYPE");
  add_storage(app, words);
  add_dims(app, words);
  add_routing(app, request);
  add_parameters(app, words);
  add_set(app, request);
}

}  // namespace systole
