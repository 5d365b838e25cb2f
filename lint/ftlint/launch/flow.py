"""Commands that may or may not be run: `&&` and `||`, `if`, `case` and loops.

Where a condition is not known both sides are followed, and what differs after them is unknown.
"""

from __future__ import annotations

from ftlint.launch.conditions import UNSURE
from ftlint.launch.state import Way, assigned_in, merged
from ftlint.launch.tree import Chain, ShellWord, Simple
from ftlint.launch.values import gap, matches
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ftlint.launch.conditions import Truth
    from ftlint.launch.shell import Outcome, Shell
    from ftlint.launch.tree import Case, Command, If, Loop
    from ftlint.launch.values import Field

ROUNDS = 64
"""Rounds of a loop over words."""


def chain(shell: Shell, command: Chain) -> Outcome:
    """Follow `&&`, `||`, `|` and `!`.

    A program is taken to succeed: what stands behind `||` is then a way out.
    """
    left, right = command.left, command.right
    if command.operator == "|":
        assert right is not None
        shell.aside(lambda: shell.one(left))
        shell.aside(lambda: shell.one(right))
        return None, (), ""
    holds, assumed, end = shell.one(left)
    if end or command.operator == "!":
        return None if holds is None else not holds, assumed, end
    assert right is not None
    wanted = command.operator == "&&"
    if holds is not None and not assumed:
        return shell.one(right) if holds == wanted else (holds, assumed, end)
    if holds is None and not _is_test(left):
        if wanted:
            return shell.one(right)
        likely: bool | None = False
    else:
        likely = None if holds is None else holds == wanted
    now = shell.state.copy()
    told: list[Outcome] = []

    def act() -> str:
        told.append(shell.one(right))
        return told[0][2]

    way = _way(shell, act, likely, assumed)
    end = _settle(shell, [way, Way(now, "", None if likely is None else not likely, assumed)])
    return (told[0][0] if likely and told else None), assumed, end


def _way(
    shell: Shell, act: Callable[[], str], likely: bool | None, assumed: tuple[str, ...]
) -> Way:
    """Follow what may not happen, and return to what was before it."""
    before = shell.state
    shell.steps += len(before.variables) // 50
    shell.state = before.copy()
    shell.doubtful += 1
    end = act()
    shell.doubtful -= 1
    after, shell.state = shell.state, before
    return Way(after, end, likely, assumed)


def branches(shell: Shell, command: If) -> str:
    """Follow `if`: the branch that is taken, or each that may be."""
    ways: list[Way] = []
    chosen: bool | None = False
    for condition, body in command.branches:
        holds, assumed = _holds(shell, condition)
        if holds is False and not assumed:
            continue
        if holds is True and not assumed and not ways:
            return shell.run(body)
        likely = None if holds is None or chosen is None else holds and not chosen
        ways.append(_way(shell, lambda body=body: shell.run(body), likely, assumed))  # type: ignore[misc]
        chosen = None if None in (chosen, holds) else chosen or holds
        if holds is True and not assumed:
            break
    else:
        said = ways[-1].assumed if ways else ()
        ways.append(Way(shell.state, "", None if chosen is None else not chosen, said))
    return _settle(shell, ways)


def case(shell: Shell, case: Case) -> str:
    """Follow the branch whose pattern matches, or each that may."""
    shell.testing += 1
    word = shell.text_of(case.word)
    shell.testing -= 1
    ways: list[Way] = []
    chosen: bool | None = False
    for patterns, body in case.branches:
        found = [matches(word.text, shell.text_of(one).text) for one in patterns]
        holds = True if True in found else None if None in found else False
        if holds is False and not word.assumed:
            continue
        if holds is True and not word.assumed and not ways:
            return shell.run(body)
        likely = None if holds is None or chosen is None else holds and not chosen
        ways.append(_way(shell, lambda body=body: shell.run(body), likely, word.assumed))  # type: ignore[misc]
        chosen = None if None in (chosen, holds) else chosen or holds
        if holds is True and not word.assumed:
            break
    else:
        left = None if chosen is None else not chosen
        ways.append(Way(shell.state, "", left, word.assumed))
    return _settle(shell, ways)


def _settle(shell: Shell, ways: Sequence[Way]) -> str:
    """Go on with what is likely of several ways, or with what they have in common."""
    going = [one for one in ways if one.end not in ("exit", "return")]
    if not going:
        shell.state = ways[0].state
        return ways[0].end
    for one in going:
        if one.likely:
            shell.state = one.state.copy()
            if len(ways) > 1:
                shell.presumed.update(dict.fromkeys(one.assumed))
            return one.end
    state = going[0].state.copy()
    for other in going[1:]:
        state = merged(state, other.state)
    shell.state = state
    ends = {one.end for one in going}
    return ends.pop() if len(ends) == 1 else ""


def _holds(shell: Shell, condition: Sequence[Command]) -> Truth:
    """Return whether a list of commands succeeds; that of a program nothing tells."""
    if not condition:
        return True, ()
    for command in condition[:-1]:
        shell.one(command)
    holds, assumed, _ = shell.one(condition[-1])
    return (holds, assumed) if _is_test(condition[-1]) else UNSURE


def loop(shell: Shell, loop: Loop) -> str:
    """Follow a loop: each word that is known, or one round of which little is known."""
    if loop.kind == "for":
        words = shell.state.positional if loop.words is None else shell.fields(loop.words)
        if words is not None and all(one.known for one in words) and len(words) <= ROUNDS:
            return _rounds(shell, loop, words)
    holds: bool | None = None
    assumed: tuple[str, ...] = ()
    if loop.condition:
        holds, assumed = _holds(shell, loop.condition)
        if loop.kind == "until" and holds is not None:
            holds = not holds
        if holds is False and not assumed:
            return ""
    before = shell.state.copy()
    unsure = assigned_in(loop.body) | ({loop.name} if loop.name else set())
    shell.assigned |= unsure

    def once() -> str:
        for name in unsure:
            shell.state.assign(name, gap(0))
        shell.run(loop.body)
        for name in unsure:
            shell.state.assign(name, gap(0))
        return ""

    way = _way(shell, once, None if holds is None else holds, assumed)
    return _settle(shell, [way, Way(before, "", holds is False or None, assumed)])


def _rounds(shell: Shell, loop: Loop, words: Sequence[Field]) -> str:
    """Follow a loop over words that are known."""
    for one in words:
        shell.state.assign(loop.name, one.value)
        shell.assigned.add(loop.name)
        end = shell.run(loop.body)
        if end in ("exit", "return"):
            return end
        if end == "break":
            break
    return ""


def _is_test(command: Command) -> bool:
    if isinstance(command, Chain):
        return _is_test(command.left)
    if not isinstance(command, Simple):
        return False
    if command.test:
        return True
    first = command.words[0] if command.words else None
    return isinstance(first, ShellWord) and first.literal in ("[", "test", "true", "false", ":")
