"""What was asked of Datasphere and AWS, in one line for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def usage_line(usage: Mapping[str, int]) -> str:
    """Requests, calls and bytes, and what a full sync would have cost besides; empty where nothing was used or spared.

    `usage` is by the words of an answer: `aws_calls`, `aws_bytes_saved`, `datasphere_throttled` and their kin.
    """
    asked = _of(usage, "datasphere", "requests", "{} to Datasphere ({} bytes read)")
    called = _of(usage, "aws", "calls", "{} to AWS ({} bytes sent)")
    if asked and not called:
        called = "no call to AWS"  # the promise of a sync that finds nothing to do
    parts = (asked, called)
    used = "; ".join(filter(None, parts))
    calls = _amount(usage, "aws_calls_saved", "call", "calls")
    size = f" ({saved:,} bytes)" if (saved := usage.get("aws_bytes_saved")) else ""
    requests = _amount(usage, "datasphere_requests_saved", "request", "requests")
    spared = "; ".join(filter(None, (requests and f"{requests} to Datasphere", calls and f"{calls} to AWS{size}")))
    told = (f"Used: {used}." if used else "", f"Spared: {spared}." if spared else "")
    return " ".join(filter(None, told))


def _of(usage: Mapping[str, int], system: str, word: str, told: str) -> str:
    asked = _amount(usage, f"{system}_{word}", word.removesuffix("s"), word)
    if not asked:
        return ""
    return ", ".join([told.format(asked, f"{usage.get(f'{system}_bytes', 0):,}"), *_trouble(usage, system)])


def _trouble(usage: Mapping[str, int], system: str) -> Iterator[str]:
    if again := usage.get(f"{system}_retries"):
        yield f"{again:,} repeated"
    if throttled := usage.get(f"{system}_throttled"):
        yield f"{throttled:,} throttled"


def _amount(usage: Mapping[str, int], word: str, one: str, many: str) -> str:
    amount = usage.get(word, 0)
    return "" if not amount else f"{amount:,} {one if amount == 1 else many}"
