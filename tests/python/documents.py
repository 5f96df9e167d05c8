"""The commands of the documentation. documents.py tutorial: runs those of docs/tutorial.md in an
empty directory, its files beside them; documents.py parse: every command in a page's code is one
that `systole` understands. SYSTOLE_PROGRAM is the program."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

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


if __name__ == "__main__":
    {"tutorial": tutorial, "parse": parse}[sys.argv[1]]()
