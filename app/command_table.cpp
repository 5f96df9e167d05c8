#include "app/command_table.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/catalogue.h"
#include "app/common_options.h"
#include "app/compare_options.h"
#include "app/dram_options.h"
#include "app/measure_options.h"

namespace systole {

namespace {

constexpr std::string_view kExamples = R"(
Examples:
  systole list                                     what ships
  systole describe tpu_v1                          a chip: peaks, capacities, sources
  systole run tpu_v1 resnet50                      simulate, print a report
  systole run tpu_v1 resnet50 --check              and prove every number of it
  systole run tpu_v1 mlp0 --batch 200 --format json --output mlp0.json
  systole run my_chip.yaml my_network.yaml         your own files
  systole compare resnet50                         on ten kinds of hardware, side by side
  systole diff before.json after.json              what changed between two runs
  systole compile tpu_v1 mlp0 | less               the program, one instruction a line
  systole explain edge resnet50                    how it is mapped, and what else there was
  systole map edge resnet50 --front --search 16    time, energy and DRAM traffic of mappings
  systole import net.onnx --explain                what an ONNX model becomes
  systole dram DDR4-2400 --pattern rand_rd         a DRAM alone, on a train of requests
  systole measure cpu resnet50                     the same network on this machine's CPU
  systole serve tpu_v3 gpt2 --rate 20              a language model under load
  systole study run edge_vision                    explore a design space, print its front

Exit code: 0 done; 1 --check or --compare found wrong numbers; 2 a mistake in the command line or
in a file, or no room on the disk, no memory, no process left; 3 a mistake in systole.
)";

constexpr std::string_view kRunExamples = R"(
CHIP and NETWORK are files, or names from 'systole list'.

--check carries data through the simulated chip and compares every tensor with the
reference kernels, bit for bit. The cycles are the same with and without it.

Numbers: --save-tensors writes the outputs as the chip computed them, NAME.npy as they are stored
(int8, or the 16 bits of a bf16) and NAME.float32.npy as the real numbers that they mean, images
first, channels last; --tensors all writes every tensor. --compare DIR compares tensors with your
own numbers, files DIR/NAME.npy from your framework: floats, or the integers that are stored. Exit
code 1 where the largest error is more than --tolerance of a tensor's largest number. --input
replaces the input file of the network. docs/validate.md goes through an example.

--mode training simulates a step forward, backward and of the optimiser (docs/training.md);
with --steps the losses of several, each behind the one before, are part of the report.

--timeline writes what every engine did when: open the file at https://ui.perfetto.dev
(it stays on your machine) or in chrome://tracing. Each engine is a track; a slice is an
instruction, named by operation and layer, with operands and cycles as its arguments;
the slices before it say what it waited for. --vcd writes the states of engines, counts
of semaphores and levels of buffers as a waveform: gtkwave FILE. docs/timeline.md says
what everything in both means. Neither changes a cycle.

Examples:
  systole run tpu_v1 resnet50
  systole run tpu_v1 resnet50 --batch 8 --check
  systole run tpu_v3 gemm --dim m=2048,k=2048,n=2048
  systole run tpu_v3 gpt2 --phase decode --context 1024 --io device
  systole run tpu_v3 gpt2 --phase generate --prompt 512 --generate 128 --io device
  systole run tpu_v3 mlp0 --mode training --batch 200
  systole run tpu_v1 mlp0 --format csv --output mlp0.csv
  systole run tpu_v1 resnet50 --format html --output resnet50.html
  systole run tpu_v1 resnet50 --layers 10 --by energy
  systole run tpu_v1 resnet50 --timeline resnet50.json
  systole run edge my_network.yaml --check --vcd my_network.vcd
  systole run edge mobilenet_v1 --set matrix_unit.rows=64 --set 'unified_buffer.capacity=2 MiB'
  systole run edge my_network.yaml --input image=cat.npy --save-tensors out --tensors all
  systole run edge my_network.yaml --check --compare from_pytorch --tolerance 0.02
)";

constexpr std::string_view kDiffExamples = R"(
BEFORE and AFTER are what 'systole run' wrote with --format json or html.

Examples:
  systole run edge resnet50 --format json --output before.json
  systole run edge resnet50 --set matrix_unit.rows=64 --format json --output after.json
  systole diff before.json after.json
)";

constexpr std::string_view kCompileExamples = R"(
Prints layers, tensors, weight tiles, semaphores and one stream of instructions per
engine; the format is described in docs/program.md.

Examples:
  systole compile tpu_v1 mlp0 | less
  systole compile tpu_v1 resnet50 --batch 8 --output resnet50.program
)";

constexpr std::string_view kServeExamples = R"(
A language model under load: requests arrive one by one (a Poisson stream), each with a prompt and
a number of tokens that it wants. The chip takes the prompt of the oldest request that waits where
a slot is free, else makes a step, a token for every sequence that it holds. Times of prompts and
steps are simulated at some points, with straight lines between them; the report says how far off
these are. docs/serving.md has what is modelled, every figure, and what is not.

Examples:
  systole serve tpu_v5e llama2_7b --rate 1 --prompts 512 --outputs 128
  systole serve tpu_v3 gpt2 --rate 20 --prompts 64..512 --outputs 1..256 --slots 8
  systole serve tpu_v3 gpt2 --rate 20 --first-token 200ms --each-token 20ms --format json
  systole serve tpu_v3 gpt2 --rate 5 --prompts requests.txt
)";

constexpr std::string_view kImportExamples = R"(
FILE is an ONNX model (.onnx), a module of StableHLO (.mlir), a topology of SCALE-Sim (.csv) or a
problem of Timeloop (.yaml with `problem:`). The description runs to the same results as the file
itself; docs/onnx.md and docs/stablehlo.md say what is recognised and what is refused.

Examples:
  systole import resnet50.onnx -o resnet50.yaml --weights resnet50_weights
  systole import resnet50.onnx --explain
  systole import mlp.mlir --parameters 0-3 -o mlp.yaml --weights mlp_weights
  systole import topology.csv -o topology.yaml
)";

constexpr std::string_view kDescribeExamples = R"(
NAME is a chip, network, DRAM standard, device or FPGA card: a file, or a name from 'systole list'.

Examples:
  systole describe tpu_v1
  systole describe resnet50 --format json
  systole describe ddr4_2400
  systole describe tpu_v1 --set matrix_unit.rows=128 --set 'clock=900 MHz'
)";

constexpr std::string_view kHelpExamples = R"(
TOPIC is a command, a page, or a word that pages write of; without one the pages are listed.
man is the manual's page; bash and zsh are the completions of these shells.

Examples:
  systole help run                                 as 'systole run --help'
  systole help timing                              a page
  systole help wait_vector                         where the pages say what that is
  systole help bash > ~/.local/share/bash-completion/completions/systole
)";

std::string version_text() {
  return fmt::format(
      "systole {}\nA cycle-level simulator of TPU-style accelerators.\n"
      "Chips and networks are looked up in: {}\n",
      SYSTOLE_VERSION, fmt::join(data_directories(), ", "));
}

void add_explain(CLI::App& app, Request& request, OptionWords& words) {
  CLI::App* command = app.add_subcommand(
      "explain", "Say how a network is mapped to a chip, and what else there was");
  add_inputs(*command, request, words);
  add_mapping_options(*command, words.mapping);
  add_explain_options(*command, words.explain);
  command
      ->add_option("--layers", words.layers,
                   "Loop nests in the text: all, none or the first N of those that lose most "
                   "(default: 3)")
      ->type_name("N");
  command->add_option("--format", words.format, "text, json, html or svg (default: text)")
      ->type_name("FORMAT");
  add_output(*command, request, words);
  command->footer(kExplainFooter);
}

void add_map(CLI::App& app, Request& request, OptionWords& words) {
  CLI::App* command = app.add_subcommand("map", "Look for mappings of a network to a chip");
  add_inputs(*command, request, words);
  add_map_options(*command, words.mapping);
  command->add_flag("--front", words.mapping.front, "Those alone that no other beats");
  command->add_option("--format", words.format, "text, json or csv (default: text)")
      ->type_name("FORMAT");
  add_output(*command, request, words);
  command->footer(kMapFooter);
}

void add_serve(CLI::App& app, Request& request, OptionWords& words) {
  CLI::App* command = app.add_subcommand("serve", "Put a language model under load");
  add_chip_and_network(*command, request);
  add_serve_options(*command, words.serve);
  add_type_and_io(*command, words);
  add_storage(*command, words);
  command
      ->add_option("--dim", words.dims,
                   "Sizes by name in place of the network's own; may be repeated")
      ->type_name("NAME=N,...")
      ->allow_extra_args(false);
  add_set(*command, request);
  command->add_option("--seed", words.seed, "Seed of the requests (default: 1)")->type_name("S");
  command->add_option("--format", words.format, "text or json (default: text)")
      ->type_name("FORMAT");
  add_output(*command, request, words);
  command->footer(std::string(kServeExamples));
}

void add_diff(CLI::App& app, Request& request, OptionWords& words) {
  CLI::App* command = app.add_subcommand("diff", "Say what changed from one run to another");
  command->add_option("BEFORE", request.diff.before, "Report of a run: JSON or HTML")
      ->required()
      ->type_name("");
  command->add_option("AFTER", request.diff.after, "Report of the other run")
      ->required()
      ->type_name("");
  command
      ->add_option("--layers", words.layers,
                   "Changed layers: all, none or the first N "
                   "(default: 30)")
      ->type_name("N");
  command->add_option("--format", words.format, "text or json (default: text)")
      ->type_name("FORMAT");
  add_output(*command, request, words);
  command->footer(std::string(kDiffExamples));
}

void add_list_and_help(CLI::App& app, Request& request, OptionWords& words) {
  CLI::App* list =
      app.add_subcommand("list", "Print what ships: chips, devices, networks, memories, sites");
  list->footer("");
  list->add_option("--format", words.list, "text, json, or names: a line of kind and name each")
      ->type_name("FORMAT");
  CLI::App* help = app.add_subcommand("help", "Print a page of the documentation");
  help->add_option("TOPIC", request.topic, "A command, a page or a word; none: the pages")
      ->type_name("");
  add_output(*help, request, words);
  help->footer(std::string(kHelpExamples));
}

void add_commands(CLI::App& app, Request& request, OptionWords& words) {
  CLI::App* run = app.add_subcommand("run", "Simulate a network on a chip and report");
  add_inputs(*run, request, words);
  run->add_option("--generate", words.generate,
                  "Tokens of --phase generate: one behind the prompt, each other one by a step")
      ->type_name("N");
  add_training_options(*run, words.training);
  run->add_flag("--check", request.check,
                "Compute real data as well, and compare it with reference kernels");
  run->add_option("--input", words.inputs, "Numbers of an input from FILE.npy (may be repeated)")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  run->add_option("--save-tensors", words.save_tensors,
                  "Also write the outputs' numbers to files of DIR")
      ->type_name("DIR");
  run->add_option("--tensors", words.tensors,
                  "Which to write: outputs, all, or NAME,NAME,... (default: outputs)")
      ->type_name("WHICH");
  run->add_option("--compare", words.compare_with,
                  "Also compare tensors with your own numbers, DIR/NAME.npy")
      ->type_name("DIR");
  run->add_option("--tolerance", words.tolerance,
                  "Largest error that passes, over the tensor's largest number (default: 0.05)")
      ->type_name("SHARE");
  run->add_option("--seed", words.seed, "Seed of generated weights and inputs (default: 1)")
      ->type_name("S");
  run->add_option("--format", words.format, "text, json, csv or html (default: text)")
      ->type_name("FORMAT");
  run->add_option("--layers", words.layers,
                  "Layers of the text report: all, none or the first N (default: all of up to 150, "
                  "else 30)")
      ->type_name("N");
  run->add_option("--by", words.by,
                  "Their order: network, time, energy, loss (cycles beyond the bound) or name "
                  "(default: network where all are shown, else loss)")
      ->type_name("ORDER");
  run->add_option("--deadline", words.deadline,
                  "Say whether the run meets TIME, at what margin, and in the worst case")
      ->type_name("TIME");
  run->add_option("--timeline", words.timeline,
                  "Also write to FILE what every engine did when, for ui.perfetto.dev")
      ->type_name("FILE");
  run->add_option("--vcd", words.waveform,
                  "Also write to FILE states, semaphores and levels by cycle, for GTKWave")
      ->type_name("FILE");
  add_mapping_options(*run, words.mapping);
  add_output(*run, request, words);
  run->footer(std::string(kRunExamples));

  add_compare(app, request, words);
  add_diff(app, request, words);

  CLI::App* compile = app.add_subcommand("compile", "Print the program of a network for a chip");
  add_inputs(*compile, request, words);
  add_mapping_options(*compile, words.mapping);
  add_output(*compile, request, words);
  compile->footer(std::string(kCompileExamples));

  add_explain(app, request, words);
  add_map(app, request, words);

  CLI::App* import = app.add_subcommand("import", "Write a file of another program as a network");
  import
      ->add_option("FILE", request.network,
                   "An ONNX model, a module of StableHLO, a topology of SCALE-Sim or a problem of "
                   "Timeloop")
      ->required()
      ->type_name("");
  import->add_option("--weights", words.weights, "Write weights to files of DIR")->type_name("DIR");
  import->add_option("-b,--batch", words.batch, "Inputs at a time, where the file leaves it open")
      ->type_name("N");
  add_dims(*import, words);
  add_parameters(*import, words);
  import->add_flag("--explain", request.import.explain,
                   "Say what was recognised and what is missing, write nothing else");
  add_output(*import, request, words);
  import->footer(std::string(kImportExamples));

  CLI::App* describe = app.add_subcommand(
      "describe", "Print what a chip, network, DRAM, device or card is, every figure's source");
  describe->add_option("NAME", request.chip, "Chip, network, DRAM standard, device or FPGA card")
      ->required()
      ->type_name("");
  add_set(*describe, request);
  describe->add_option("--format", words.format, "text or json (default: text)")
      ->type_name("FORMAT");
  add_output(*describe, request, words);
  describe->footer(std::string(kDescribeExamples));

  add_dram(app, request.dram, words, request);
  add_measure(app, request, words);
  add_serve(app, request, words);
  add_study(app, request.study, words.study, [&](CLI::App& command, const char* formats) {
    if (formats != nullptr) {
      command.add_option("--format", words.format, formats)->type_name("FORMAT");
    }
    add_output(command, request, words);
  });
  add_list_and_help(app, request, words);
}

}  // namespace

void add_table(CLI::App& app, Request& request, OptionWords& words) {
  app.set_version_flag("--version", version_text, "Print version and data directories");
  app.require_subcommand(1);
  app.footer(std::string(kExamples));
  add_commands(app, request, words);
}

}  // namespace systole
