class Outcome:
    """How a command ended, as a process tells it."""

    exit_code: int
    output: str
    error: str

def answer(words: list[str], program: str) -> Outcome | None:
    """How this command ended, or None where it has to be a process of its own. The data that were
    installed with the program are used."""
