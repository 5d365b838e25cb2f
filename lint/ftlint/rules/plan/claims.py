"""What comments say about samples and steps: `63 samples, 5 epochs ≈ 315 steps`.

Loaded only for files with a comment that counts steps at all.
"""

from __future__ import annotations

import re

from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.syntax.nodes import Comment

_NUMBER = r"(?<![\d.,_/-])(\d[\d,_]*)\s*"
_EPOCH = r"(?:epochs?|轮|에포크)"
_SAMPLES = pattern(
    _NUMBER + r"(?:train(?:ing)?\s+)?"
    r"(?:samples|examples|rows|records|条|个?样本|개\s*(?:의\s*)?(?:샘플|데이터|예제)|샘플)", re.I
)  # fmt: skip
_STEPS = pattern(
    _NUMBER + r"(?:total\s+|training\s+|optimi[sz]er\s+)?(?:steps?(?![\w-])|步|스텝)"
    r"(?P<epoch>\s*(?:/|per|each|an|每)\s*" + _EPOCH + ")?", re.I
)  # fmt: skip
_BEFORE = pattern(r"(?:每轮|每个?epoch|에포크당|(?:per|each)\s+epoch)[^\d]*$", re.I)
_TOTAL = pattern(r"\b(?:total|overall|in all|altogether)\b|共|总|총|전체", re.I)
_INTERVAL = pattern(
    r"\bevery\b|\b(?:sav|log|eval|print|checkpoint|warm|resum)|每\s*隔?\s*\d|마다|保存|评估|日志|打印"
    r"|预热|저장|평가|워밍업", re.I
)  # fmt: skip
_TRAINING = pattern(r"epoch|batch|\bbs\b|轮|批|에포크|배치", re.I)
"""Words by which the steps beside some samples are the trainer's, not those of the data itself."""
_PAST = pattern(r"\b(?:was|were|before|previously|formerly|used to)\b|之前|原来|이전|예전", re.I)
_FACTOR = pattern(r"(?:[x×*]\s*[~≈]?\s*$)|(?:^\s*[x×*]\s*[~≈]?\d)", re.I)
"""A product on either side of a number: `26 rollouts x 84 steps` counts what the data hold."""


LONGEST = 1000
"""Characters of a comment that an author counts in; longer ones have such words by chance."""


class Claim(NamedTuple):
    """What a comment says: a total of steps, or steps an epoch, and for how many samples."""

    comment: Comment
    samples: int | None
    total: int | None
    per_epoch: int | None


def claims_of(comment: Comment) -> Iterator[Claim]:
    """Yield the counts in a comment, one claim for each number of steps.

    A lone number of samples is a claim, too: another comment may go on with it.
    """
    text = comment.text
    if len(text) > LONGEST:
        return
    if _INTERVAL.search(text) or _PAST.search(text):
        return
    rows = [_whole(match[1]) for match in _SAMPLES.finditer(text)]
    samples = rows[0] if len(rows) == 1 else None
    found = False
    for match in _STEPS.finditer(text):
        if any(map(_FACTOR.search, (text[: match.start()], text[match.end() :]))):
            continue
        number = _whole(match[1])
        by_epoch = bool(match["epoch"] or _BEFORE.search(text[: match.start()]))
        if by_epoch:
            yield Claim(comment, samples, None, number)
            found = True
        elif _TOTAL.search(text) or (samples is not None and _TRAINING.search(text)):
            yield Claim(comment, samples, number, None)
            found = True
    if samples is not None and not found:
        yield Claim(comment, samples, None, None)


def _whole(text: str) -> int:
    return int(text.replace(",", "").replace("_", ""))
