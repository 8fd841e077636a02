"""Reading one YAML file as plain values, with the line of every key, and every problem instead of the first.

Only a part of YAML: no aliases (a few lines of them can stand for gigabytes), no duplicate keys (the last would win
silently), no tags of Python objects. Messages never quote the file, which may hold secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spheresync.config.reading.key_places import shown_key
from spheresync.config.reading.yaml_errors import explain
from spheresync.regular_files import read_regular

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 1_048_576
# `{secret: ${NAME}}` is what people write, and no YAML: braces end a plain text there. So the braces of references are
# masked, by characters of the private use area, until the file is parsed.
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*|[a-z]+:[^{}\n]*)\}")
_OPEN, _CLOSE = "\ue000", "\ue001"
_DEEPEST = 40


@dataclass(slots=True)
class Document:
    """What a file holds. Key paths are dotted, with the position (from 0) of an item in a list: `mapping.rules.0.set`.

    `lines` has the line (from 1) of each key path; `problems` names the file and the line of what is wrong with the
    file itself; `unread` are the key paths whose value is known to be wrong already.
    """

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def read_yaml(file: Path, called: str = "") -> Document:
    """What a file holds and what is wrong with it; nothing is raised. Problems name it as it is `called`."""
    document = _read(file, called or file.name)
    document.values, document.lines = _unmasked(document.values), _unmasked(document.lines)
    return document


def parse_yaml(text: str, called: str) -> Document:
    """What a text holds, as of a file; `${NAME}` in it stands for nothing."""
    return _parse(text, called)


def _read(file: Path, called: str) -> Document:
    try:
        data, _ = read_regular(file, MAX_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return Document(problems=[f"{called}: cannot be read ({reason}); check the path and its permissions"])
    if len(data) > MAX_BYTES:
        return Document(problems=[f"{called}: is larger than {MAX_BYTES} bytes; this is no configuration file"])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Document(problems=[f"{called}, line {line}: is not UTF-8; save the file as UTF-8"])
    return _parse(_REFERENCE.sub(f"{_OPEN}\\1{_CLOSE}", text), called)


def _unmasked(node: Any) -> Any:
    """The values with `${NAME}` as it was written."""
    if isinstance(node, dict):
        return {_unmasked(key): _unmasked(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_unmasked(value) for value in node]
    return node.replace(_OPEN, "${").replace(_CLOSE, "}") if isinstance(node, str) else node


def _parse(text: str, called: str) -> Document:
    import yaml

    document = Document()
    try:
        node = _composed(text, called, document)
        if node is not None:
            _Walk(called, document).root(node)
    except yaml.MarkedYAMLError as error:
        document.problems.append(f"{called}{explain(error)}")
    except yaml.YAMLError:
        document.problems.append(f"{called}: is not YAML: it holds a character that YAML does not allow; remove it")
    except RecursionError:
        document.problems.append(f"{called}: is nested too deeply; this is no configuration file")
    return document


def _composed(text: str, called: str, document: Document) -> yaml.Node | None:
    """The nodes of a text, by libyaml where that is there: it is ten times as fast, and its errors say less."""
    import yaml

    loaders: list[type[Any]] = [yaml.SafeLoader]
    if yaml.__with_libyaml__:
        loaders.insert(0, yaml.CSafeLoader)
    for loader in loaders:
        try:
            document.problems = [
                f"{called}, line {line}: uses a YAML alias (*), which is not supported; repeat the value"
                for line in _alias_lines(text, loader)
            ]
            node: yaml.Node | None = None if document.problems else loader(text).get_single_node()
            return node
        except yaml.YAMLError:
            if loader is loaders[-1]:
                raise
    return None


def _alias_lines(text: str, loader: Any) -> Iterator[int]:
    """The lines with an alias.

    Raises:
        RecursionError: collections are nested deeper than any configuration; what composing them costs grows with the
            square of their depth.
    """
    import yaml

    opens = (
        yaml.BlockSequenceStartToken,
        yaml.BlockMappingStartToken,
        yaml.FlowSequenceStartToken,
        yaml.FlowMappingStartToken,
    )
    closes = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
    depth = 0
    for token in yaml.scan(text, loader):
        depth += isinstance(token, opens) - isinstance(token, closes)
        if depth > _DEEPEST:
            raise RecursionError
        if isinstance(token, yaml.AliasToken):
            yield token.start_mark.line + 1


class _Walk:
    """From composed nodes to values, noting lines and duplicate keys on the way."""

    def __init__(self, called: str, document: Document) -> None:
        self._called = called
        self._document = document

    def root(self, node: yaml.Node) -> None:
        value = self._value(node, "", 0)
        if isinstance(value, dict):
            self._document.values = value
        elif value is not None:
            self._problem(node, "must hold keys and values at the top", "start with a key such as `installation:`")

    def _value(self, node: yaml.Node, path: str, depth: int) -> object:
        import yaml

        if depth > _DEEPEST:
            raise RecursionError
        self._document.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [
                self._value(item, f"{path}.{index}".lstrip("."), depth + 1) for index, item in enumerate(node.value)
            ]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, object]:
        import yaml

        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, "has a key that is no text", "write keys as plain words")
                continue
            key = str(key_node.value)
            inner = f"{path}.{key}".lstrip(".")
            if key in values:
                first = self._document.lines[inner]
                self._problem(
                    key_node, f"{shown_key(inner)}: stands there twice (first in line {first})", "keep one of them"
                )
            self._document.lines.setdefault(inner, key_node.start_mark.line + 1)
            values[key] = self._value(value_node, inner, depth + 1)
        return values

    def _scalar(self, node: yaml.Node, path: str) -> object:
        import yaml

        tag = node.tag.removeprefix("tag:yaml.org,2002:")
        text = str(node.value)
        if tag in {"timestamp", "str"}:
            return text
        if tag in {"int", "float"}:
            return _number(text)
        if tag == "null":
            return None
        if tag == "bool":
            return yaml.SafeLoader.bool_values[text.lower()]
        self._problem(
            node,
            f"{shown_key(path)}: has the YAML tag {shown_key(node.tag[:60])}, which is not supported",
            "write a plain value",
        )
        self._document.unread.add(path)
        return None

    def _problem(self, node: yaml.Node, what: str, fix: str) -> None:
        self._document.problems.append(f"{self._called}, line {node.start_mark.line + 1}: {what}; {fix}")


def _number(text: str) -> object:
    """The number, where it is spelled as numbers are; else the text.

    People mean what they wrote: 1:30 is sexagesimal and 0123 octal in YAML 1.1, and a secret `1.10` is not `1.1`.
    """
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        return value if str(value) == text else text
    return text
