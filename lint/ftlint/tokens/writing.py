"""A conversation as a template writes it: the texts that become tokens, turn by turn.

Source: LLaMA Factory `data/template.py`, `data/formatter.py`, `data/processor/*.py` (0.9.3 to
0.9.5).
"""

from __future__ import annotations

import json
import re

from ftlint.tokens.chat import GLM47, LLAMA2, REASONING, Chat, NotCounted
from ftlint.tokens.conversation import ASSISTANT, FUNCTION, OBSERVATION, USER, ChatMessage
from ftlint.tokens.tools import ToolCall, describe, written
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.tokens.chat import Slots
    from ftlint.tokens.conversation import Conversation

    Piece = str | int
    """Text that is made into tokens by itself, or so many tokens that need no text."""
    Pieces = list[Piece]


class Marks(NamedTuple):
    """What the tokenizer has of the marks that templates ask for."""

    bos: str | None
    eos: str | None
    adds_bos: bool = False
    """Whether a document of stage pt gets its bos token."""


class Writer:
    """Writes conversations as one release does for one config."""

    def __init__(self, chat: Chat, marks: Marks, stage: str, *, mask_history: bool = False) -> None:
        self.chat, self.marks, self.stage = chat, marks, stage
        self.discards = mask_history and chat.habits.discards and not chat.preserves_thinking
        self.reasons = chat.kind in (REASONING, GLM47)
        self._thought = re.compile("(.*?)".join(map(re.escape, chat.thought_words)), re.DOTALL)
        self._tools: dict[str, str] = {}

    def parts(self, said: Conversation) -> list[Pieces]:
        """Return the parts of a row that are cut apart from each other. Raises NotCounted.

        sft: question, answer, question, answer …; rm: prompt, chosen, rejected; kto: prompt, what
        the answer adds to the prompt, answer; ppo: prompt, answer.
        """
        try:
            return self._parts(said)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotCounted(f"a row cannot be written in this template: {error!r}") from error

    def document(self, text: str, end: str, *, joined: bool) -> list[Pieces]:
        """Return a document of stage pt; where documents are `joined` it has no token before it."""
        begin = self.marks.bos or "" if self.marks.adds_bos and not joined else ""
        return [[begin + text + end]]

    def _parts(self, said: Conversation) -> list[Pieces]:
        if self.stage == "sft":
            return self._turns([*said.prompt, *said.response], said)
        if self.stage == "rm":
            prompt, chosen = self._one([*said.prompt, said.response[0]], said)
            return [prompt, chosen, self._one([*said.prompt, said.response[1]], said)[1]]
        if self.stage == "kto":
            answer = said.response[0] if said.response[0].content else said.response[1]
            prompt, extra, response = self._pair([*said.prompt, answer], said)
            return [prompt, extra, response]
        answer = said.response[0] if len(said.response) == 1 else ChatMessage(ASSISTANT, "")
        return list(self._one([*said.prompt, answer], said))

    def _one(self, messages: list[ChatMessage], said: Conversation) -> tuple[Pieces, Pieces]:
        """Return prompt and answer, as `encode_oneturn` has them."""
        prompt, extra, response = self._pair(messages, said)
        return prompt + extra, response

    def _pair(
        self, messages: list[ChatMessage], said: Conversation
    ) -> tuple[Pieces, Pieces, Pieces]:
        if self.reasons:
            last = len(messages) - 1
            if not self.chat.preserves_thinking:
                messages = self._thoughtless(messages, range(1, last - 1, 2))
            if self.chat.thinking is False:
                messages = self._thoughtless(messages, (last,))
        turns = self._write(messages, said)
        prompt = [piece for turn in turns[:-1] for piece in turn]
        if not self.reasons or self._thinks(messages[-1].content):
            return prompt, [], turns[-1]
        if not self.chat.thinking:
            return prompt, [self._empty_thought()], turns[-1]
        return prompt, [], [self._empty_thought(), *turns[-1]]

    def _turns(self, messages: list[ChatMessage], said: Conversation) -> list[Pieces]:
        """Return questions and answers, as `encode_multiturn` has them."""
        if self.reasons:
            if self.chat.thinking is False:
                messages = self._thoughtless(messages, range(1, len(messages), 2))
            if self.discards:
                messages = self._thoughtless(messages, range(1, len(messages) - 2, 2))
        turns = self._write(messages, said)
        if self.reasons:
            first = len(messages) - 2 if self.discards else 0
            for place in range(first, len(messages), 2):
                if self._thinks(messages[place + 1].content):
                    continue
                if not self.chat.thinking:
                    turns[place].append(self._empty_thought())
                else:
                    turns[place + 1].insert(0, self._empty_thought())
        return turns

    def _thoughtless(self, messages: list[ChatMessage], places: Sequence[int]) -> list[ChatMessage]:
        """Return the messages with the thoughts of those at `places` taken out."""
        found = list(messages)
        for place in places:
            content = self._thought.sub("", found[place].content).lstrip("\n")
            found[place] = found[place]._replace(content=content)
        return found

    def _thinks(self, content: str) -> bool:
        words: Sequence[str] = self.chat.thought_words
        if self.chat.habits.strips_words:
            words = [word.strip() for word in words]
        return any(word in content for word in words)

    def _empty_thought(self) -> str:
        begin, end = self.chat.thought_words
        if self.chat.kind == GLM47:
            return end
        return f"{begin}\n\n{end}\n\n" if self.chat.habits.wide_thought else begin + end

    def _write(self, messages: list[ChatMessage], said: Conversation) -> list[Pieces]:
        """Return the pieces of each message, those above the first included."""
        chat, turns = self.chat, []
        for place, (role, content) in enumerate(messages):
            if not isinstance(content, str):
                raise TypeError("a turn is not a string")
            pieces: Pieces = []
            before = ""
            if not place:
                self._fill(pieces, chat.prefix)
                system = said.system or chat.default_system
                if (system or said.tools) and chat.kind == LLAMA2:
                    first = chat.system[0]
                    assert isinstance(first, str)
                    before = first.replace("{{content}}", system + self._offered(said.tools), 1)
                elif system or said.tools:
                    self._fill(pieces, chat.system, system + self._offered(said.tools))
            if role == USER:
                number = None if chat.kind == LLAMA2 else str(place // 2)
                self._fill(pieces, chat.user, before + content, number)
            elif role == ASSISTANT:
                self._fill(pieces, chat.assistant, content)
            elif role == OBSERVATION:
                self._fill(pieces, chat.observation, content)
            elif role == FUNCTION:
                self._fill(pieces, chat.function, self._called(content))
            else:
                raise KeyError(role)
            turns.append(pieces)
        return turns

    def _fill(
        self, pieces: Pieces, slots: Slots, content: str | None = None, number: str | None = None
    ) -> None:
        """Add slots, filled in: in each the first place of the content, then of the number."""
        for slot in slots:
            if isinstance(slot, str):
                if content is not None:
                    slot = slot.replace("{{content}}", content, 1)
                    if number is not None:
                        slot = slot.replace("{{idx}}", number, 1)
                if slot:
                    pieces.append(slot)
            elif "token" in slot or getattr(self.marks, slot["special"], None) is not None:
                pieces.append(1)

    def _offered(self, tools: str) -> str:
        """Return what is written of the tools of a row; rows mostly offer the same ones."""
        if not tools:
            return ""
        found = self._tools.get(tools)
        if found is None:
            listed = json.loads(tools)
            chat = self.chat
            found = describe(chat.tool_format, listed, chat.tools) if len(listed) else ""
            self._tools[tools] = found
        return found

    def _called(self, content: str) -> str:
        """Return a call of tools, with the thought before it."""
        chat, thought = self.chat, ""
        if not chat.habits.own_words:
            found = re.search(r"<think>(.*)</think>", content, re.DOTALL)
            thought, content = _taken_out(found, content)
        elif chat.kind != LLAMA2:  # which asks for neither words
            found = None
            if len(chat.tool_call_words) == 2:
                words = "(.*?)".join(map(re.escape, chat.tool_call_words))
                found = re.search(words, content, re.DOTALL)
            if found is not None:
                thought, content = content.replace(found[0], ""), found[1]
            else:
                thought, content = _taken_out(self._thought.search(content), content)
        parsed = json.loads(content)
        calls = [
            ToolCall(one["name"], json.dumps(one["arguments"], ensure_ascii=False))
            for one in (parsed if isinstance(parsed, list) else [parsed])
        ]
        return thought + written(chat.function_format, calls, chat.tools)


def _taken_out(found: re.Match[str] | None, content: str) -> tuple[str, str]:
    """Return what was found and the content without it."""
    return ("", content) if found is None else (found[0], content.replace(found[0], ""))
