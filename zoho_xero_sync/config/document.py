"""The file as YAML nodes, or the one reason why it cannot be read."""

from __future__ import annotations

import codecs
from pathlib import Path

import yaml
from yaml import MappingNode
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from zoho_xero_sync.config.section import line_of
from zoho_xero_sync.errors import ConfigError, ConfigProblem

_LARGEST = 1_000_000
_TABS = ("has a tab in its indentation.", "Use spaces.")
_NOT_CLOSED = ("has a [ or { that is not closed.", "Close it, or put text with brackets in quotes.")
_BRACES = 'Line it up with the keys around it; put text that holds braces in quotes, such as "{Deal_Name}".'

# What PyYAML says (left) in a person's words. Its own text is never shown: it may quote the file.
_SYNTAX = (
    ("mapping values are not allowed", "has a ': ' where none can stand.", "Check the indentation, or quote the text."),
    ("cannot start any token", "has a value that begins with a sign YAML keeps for itself.", "Put it in quotes."),
    ("could not find expected ':'", "has no ': ' between key and value.", "Write it as key: value."),
    ("expected ',' or", *_NOT_CLOSED),
    ("while scanning a quoted scalar", "opens a quote that is not closed.", "Close the quote."),
    ("while scanning a double-quoted scalar", "has a backslash inside double quotes.", "Use single quotes."),
    ("expected <block end>", "does not fit what is above it.", _BRACES),
    ("expected the node content", "has no value where one must be.", "Give the value, or put the text in quotes."),
    ("expected a single document", "is followed by a second document.", "Remove the line with ---."),
    ("undefined alias", "refers to an alias that is not there.", "Put text that begins with * in quotes."),
    ("duplicate anchor", "uses an anchor name twice.", "Put text that begins with & in quotes."),
    ("undefined tag handle", "has a tag, which is not understood here.", "Put text that begins with ! in quotes."),
)
# For these PyYAML's problem mark is where it gave up; what is wrong began at its context mark.
_SEEN_LATER = frozenset({"while scanning a quoted scalar", "expected ',' or", "could not find expected ':'"})


class UnreadableError(Exception):
    """The file cannot be read as a mapping: one problem, and nothing more can be said."""

    def __init__(self, line: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.hint = hint


def read_document(path: Path, shown: str) -> MappingNode:
    """The file's top mapping. Raises ConfigError with the one problem that keeps it from being read."""
    try:
        return _compose(_decode(_read_bytes(path)))
    except UnreadableError as problem:
        raise _refusal(problem, shown) from None


def parse_document(content: str, shown: str) -> MappingNode:
    """The same of a text that is not in a file yet."""
    try:
        return _compose(content)
    except UnreadableError as problem:
        raise _refusal(problem, shown) from None


def _refusal(problem: UnreadableError, shown: str) -> ConfigError:
    return ConfigError((ConfigProblem(shown, problem.line, "", problem.message, problem.hint),))


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise UnreadableError(0, "There is no such file.", "Run `zoho-xero-sync init` to write one.") from None
    except IsADirectoryError:
        raise UnreadableError(0, "This is a directory, not a file.", "Give the path of the file in it.") from None
    except PermissionError:
        raise UnreadableError(0, "This user may not read the file.", "Check its owner and mode.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not a file name"
        raise UnreadableError(0, f"The file cannot be read: {reason}.", "Check the path.") from None
    if len(content) > _LARGEST:
        raise UnreadableError(0, "The file is larger than 1 MB, so it is no configuration.", "Check the path.")
    return content


def _decode(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableError(0, "The file is saved as UTF-16.", "Save it as UTF-8.")
    before_binary = content.find(b"\0")
    if before_binary >= 0:
        raise UnreadableError(_line_at(content, before_binary), "The file is not text.", "Check the path.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_at(content, error.start)
        raise UnreadableError(line, "The file has a character that is not UTF-8.", "Save it as UTF-8.") from None


def _line_at(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def _compose(content: str) -> MappingNode:
    try:
        root = yaml.compose(content, Loader=yaml.SafeLoader)
    except ReaderError as error:
        line = content.count("\n", 0, int(error.position)) + 1
        raise UnreadableError(line, "The file has a control character.", "Remove it, or save the file again.") from None
    except MarkedYAMLError as error:
        raise _syntax(error, content) from None
    except RecursionError:
        raise UnreadableError(1, "The file is nested too deeply.", "Check the path.") from None
    except (ValueError, OverflowError):  # PyYAML hands \U escapes to chr() as they are
        message = "The file has a \\U escape of a character that does not exist."
        raise UnreadableError(_line_of_escape(content), message, "Use single quotes.") from None
    if root is None:
        raise UnreadableError(1, "The file is empty.", "Run `zoho-xero-sync init` to write one.")
    if not isinstance(root, MappingNode):
        raise UnreadableError(
            line_of(root), "The file is not a list of `key: value` lines.", "Compare it with config.example.yaml."
        )
    return root


def _line_of_escape(content: str) -> int:
    return content.count("\n", 0, max(content.find("\\U"), 0)) + 1


def _syntax(error: MarkedYAMLError, content: str) -> UnreadableError:
    mark = error.problem_mark or error.context_mark
    line = int(mark.line) + 1 if mark else 1
    lines = content.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return UnreadableError(line, f"Line {line} {_TABS[0]}", _TABS[1])
    said = f"{error.context or ''} {error.problem or ''}"
    for theirs, message, hint in _SYNTAX:
        if theirs in said:
            began = error.context_mark if theirs in _SEEN_LATER else None
            line = int(began.line) + 1 if began else line
            return UnreadableError(line, f"Line {line} {message}", hint)
    return UnreadableError(line, f"Line {line} is not valid YAML.", "Compare it with config.example.yaml.")
