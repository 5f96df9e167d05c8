"""The commands of the documentation. documents.py tutorial: runs those of docs/tutorial.md in an
empty directory, its files beside them; documents.py run: runs every other command in a page's code,
what a reader would have of his own made in small; documents.py parse: every command in a page's code
is one that `systole` understands. SYSTOLE_PROGRAM is the program."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import onnx_file

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ["SYSTOLE_PROGRAM"]


def tutorial():
    page = (ROOT / "docs" / "tutorial.md").read_text()
    script = f"set -euo pipefail\nsystole() {{ {shlex.quote(PROGRAM)} \"$@\"; }}\n"
    script += "".join(re.findall(r"^```sh\n(.*?)^```", page, re.S | re.M))
    with tempfile.TemporaryDirectory() as folder:
        for name, text in re.findall(r"^<!-- file: (\S+) -->\n```yaml\n(.*?)^```", page, re.S | re.M):
            Path(folder, name).write_text(text)
        done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"the tutorial ends with {done.returncode}: {done.stderr}")
        for name in ("run.json", "timeline.json", "study.html"):
            if not Path(folder, name).is_file():
                sys.exit(f"the tutorial wrote no {name}")


def commands(page):
    """Lines of code that call systole, without comments, pipes and redirections."""
    for block in re.findall(r"^```[a-z]*\n(.*?)^```", page, re.S | re.M):
        for line in block.splitlines():
            if line.startswith("systole ") and "[--" not in line and "..." not in line:
                words = shlex.split(line, comments=True)
                for end, word in enumerate(words):
                    if word in ("|", ">", "<", "&&"):
                        words = words[:end]
                        break
                yield line, words[1:]


def parse():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    checked, wrong = 0, []
    for page in pages:
        for line, words in commands(page.read_text()):
            # Help is answered behind a command line without mistakes, and nothing is executed.
            done = subprocess.run([PROGRAM, *words, "--help"], capture_output=True, text=True)
            checked += 1
            if done.returncode != 0:
                wrong.append(f"{page.name}: {line}\n  {done.stderr.strip()}")
    print(f"{checked} commands")
    if wrong or checked < 30:
        sys.exit("\n".join(wrong) or f"only {checked} commands")


# What takes minutes comes as a smaller one of its kind; the first that fits counts.
SMALLER = [
    ("mlp0 --mode training", "my_mlp.yaml --mode training"),
    ("run tpu_v1 resnet50", "run tpu_v1 mlp0"),
    ("--search full", "--search 2"),
    ("--search 16", "--search 2"),
    ("serve tpu_v5e llama2_7b", "serve tpu_v5e gpt2 --dim layers=1,vocabulary=128"),
    ("serve tpu_v3 gpt2", "serve tpu_v3 gpt2 --dim layers=1,vocabulary=128"),
    ("edge_vision 134", "small.yaml 1"),
    ("--output edge_vision.html", "--output study.html"),
    ("edge_vision", "small.yaml"),
]


# As JAX prints two dense layers.
MODULE = """module @jit_mlp {
  func.func public @main(%arg0: tensor<16x8xf32>, %arg1: tensor<8xf32>, %arg2: tensor<8x4xf32>, %arg3: tensor<4xf32>, %arg4: tensor<2x16xf32>) -> (tensor<2x4xf32>) {
    %0 = stablehlo.dot_general %arg4, %arg0, contracting_dims = [1] x [0] : (tensor<2x16xf32>, tensor<16x8xf32>) -> tensor<2x8xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<8xf32>) -> tensor<2x8xf32>
    %2 = stablehlo.add %0, %1 : tensor<2x8xf32>
    %3 = stablehlo.tanh %2 : tensor<2x8xf32>
    %4 = stablehlo.dot_general %3, %arg2, contracting_dims = [1] x [0] : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
    %5 = stablehlo.broadcast_in_dim %arg3, dims = [1] : (tensor<4xf32>) -> tensor<2x4xf32>
    %6 = stablehlo.add %4, %5 : tensor<2x4xf32>
    return %6 : tensor<2x4xf32>
  }
}
"""


def smaller(line):
    for words, fewer in SMALLER:
        line = line.replace(words, fewer)
    return line


def readers_files(folder):
    """What the commands read that does not ship, and a study of four points."""
    page = (ROOT / "docs" / "tutorial.md").read_text()
    for name, text in re.findall(r"^<!-- file: (\S+) -->\n```yaml\n(.*?)^```", page, re.S | re.M):
        Path(folder, name).write_text(text)
    Path(folder, "small.yaml").write_text(Path(folder, "my_study.yaml").read_text())
    Path(folder, "my_mlp.yaml").write_text(
        "network: my_mlp\ninputs: [{name: x, features: 64}]\nlayers:\n"
        "  - {name: hidden, op: dense, features: 128, activation: relu}\n"
        "  - {name: out, op: dense, features: 10}\n")
    onnx_file.write_model(Path(folder, "resnet50.onnx"), "image", [1, 3, 8, 8], "Conv", [16, 3, 1, 1])
    onnx_file.write_model(Path(folder, "model.onnx"), "x", ["tokens", 16], "MatMul", [16, 8])
    onnx_file.write_npy(Path(folder, "cat.npy"), (1, 3, 8, 8))
    for name in ("model.mlir", "mlp.mlir"):
        Path(folder, name).write_text(MODULE)
    Path(folder, "mlp_weights").mkdir()
    for number, extents in enumerate([(16, 8), (8,), (8, 4), (4,)]):
        onnx_file.write_npy(Path(folder, "mlp_weights", f"arg{number}.npy"), extents)
    onnx_file.write_npy(Path(folder, "x.npy"), (2, 16))


def run():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    lines = [(page.name, line, words) for page in pages if page.name != "tutorial.md"
             for line, words in commands(page.read_text())]
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        readers_files(folder)
        prepared = [
            "run edge mlp0 --batch 1 --format json -o before.json",
            "run edge mlp0 --batch 2 --format json -o after.json",
            "run my_chip.yaml my_network.yaml --save-tensors from_pytorch",
            "run tpu_v3 resnet50.onnx --input image=cat.npy --save-tensors from_pytorch",
            "run tpu_v3 mlp.mlir --parameters mlp_weights --input arg4=x.npy --save-tensors from_jax",
        ]
        for words in prepared:
            subprocess.run([PROGRAM, *words.split()], cwd=folder, check=True, capture_output=True)
        for page, line, words in lines:
            began = time.monotonic()
            small = shlex.split(smaller(shlex.join(words)))
            done = subprocess.run([PROGRAM, *small], cwd=folder, capture_output=True, text=True)
            if "--times" in sys.argv:
                print(f"{time.monotonic() - began:6.2f} s  {shlex.join(small)}")
            if done.returncode != 0:
                wrong.append(f"{page}: {line}\n  {done.returncode}: {done.stderr.strip()}")
    print(f"{len(lines)} commands")
    if wrong or len(lines) < 30:
        sys.exit("\n".join(wrong) or f"only {len(lines)} commands")


if __name__ == "__main__":
    {"tutorial": tutorial, "parse": parse, "run": run}[sys.argv[1]]()
