"""What `cutoff_len` leaves of a row. Numbers of tokens only.

Source: LLaMA Factory `data/processor/*.py` (0.9.3 to 0.9.5).
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Row(NamedTuple):
    """One row as it is trained on, in tokens.

    `length` is that of its longest sequence, `whole` the same before it is cut. `answer` are those
    of the answers that are learned from, `kept` what is left of them. `second` is the other
    sequence that goes with it through the model: the rejected answer of rm and dpo.
    """

    length: int
    whole: int
    answer: int
    kept: int
    second: int = 0


class Cut(NamedTuple):
    """What decides how rows are cut."""

    stage: str
    cutoff_len: int
    efficient_eos: bool = False
    mask_history: bool = False
    joined: bool = False
    """Documents of stage pt are joined first, so that nothing of them is cut off."""


def infer_seqlen(source: int, target: int, cutoff: int) -> tuple[int, int]:
    """Return what is left of a prompt and its answer."""
    if target * 2 < cutoff:
        most = cutoff
    elif source * 2 < cutoff:
        most = cutoff - source
    else:
        most = int(cutoff * (target / (source + target)))
    kept = min(most, target)
    return min(max(cutoff - kept, 0), source), kept


def cut(parts: Sequence[int], how: Cut) -> Row:
    """Return a row from the tokens of its parts (`writing.Writer.parts`)."""
    if how.stage == "sft":
        return _turns(parts, how)
    if how.stage == "pt":
        length = parts[0] if how.joined else min(parts[0], how.cutoff_len)
        return Row(length, parts[0], parts[0], length)
    end = 1 if how.efficient_eos else 0
    if how.stage == "rm":
        prompt, chosen, rejected = parts[0], parts[1] + end, parts[2] + end
        source, target = infer_seqlen(prompt, max(chosen, rejected), how.cutoff_len)
        ours, theirs = min(chosen, target), min(rejected, target)
        whole = prompt + max(chosen, rejected)
        return Row(source + max(ours, theirs), whole, chosen + rejected, ours + theirs,
                   source + min(ours, theirs))  # fmt: skip
    if how.stage == "kto":
        prompt, answer = parts[0] + parts[1], parts[2] + end
        source, target = infer_seqlen(prompt, answer, how.cutoff_len)
        return Row(source + target, prompt + answer, answer, target)
    source, target = infer_seqlen(parts[0], parts[1] + end, how.cutoff_len)  # the model answers
    return Row(source, parts[0], parts[1] + end, target)


def _turns(parts: Sequence[int], how: Cut) -> Row:
    end = total = 1 if how.efficient_eos else 0
    turns = list(zip(parts[::2], parts[1::2]))
    answer = kept = 0
    if how.mask_history:  # the last turn comes first, and it alone is learned from
        turns.reverse()
    for place, (source, target) in enumerate(turns):
        learned = not how.mask_history or place == 0
        answer += target if learned else 0
        if total >= how.cutoff_len:
            continue
        ours, theirs = infer_seqlen(source, target, how.cutoff_len - total)
        total += ours + theirs
        kept += theirs if learned else 0
    return Row(total, sum(parts) + end, answer, kept)


def kl_lengths(rows: Sequence[Sequence[int]], how: Cut) -> list[int]:
    """Return the second sequence of each row of kto: its prompt with the answer of the row before.

    `rows` are the parts of those that one map call takes together; the first gets the last answer.
    """
    end = 1 if how.efficient_eos else 0
    found = []
    for place, parts in enumerate(rows):
        before = rows[place - 1]
        lengths = parts[0] + before[1], before[2] + end
        found.append(sum(infer_seqlen(*lengths, how.cutoff_len)))
    return found
