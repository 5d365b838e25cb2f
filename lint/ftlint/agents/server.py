"""The server: which tools there are, and which command line each is."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Annotated, Any, TypeVar

from anyio import to_thread
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from ftlint import __version__
from ftlint.agents import commands
from ftlint.agents.commands import Answer, Refused

INSTRUCTIONS = """Judges LLaMA Factory configs (YAML, JSON) and scripts before a GPU is used.
Lint a config after each change; findings name key, reason and remedy. `fix` shows a diff unless
`write` is true. `steps` and `memory` need the number of rows: state `dataset_sizes` where files
cannot be counted. What a tool says cannot be known, do not guess. Paths are relative to the folder
that the server was started in; nothing outside it is read or written."""

Paths = Annotated[
    list[str], Field(description="Files or folders below the server's folder", min_length=1)
]
"""None named would be the whole folder to the command line, which nobody asked for here."""
Target = Annotated[
    str | None,
    Field(description="LLaMA Factory release (0.9.5), `main`, or the path of a checkout"),
]
Gpus = Annotated[int | None, Field(description="GPUs per node", ge=1)]
Nodes = Annotated[int | None, Field(description="Nodes of the run", ge=1)]
Gpu = Annotated[str | None, Field(description="GPU, as h100-80g, or its memory, as 24g")]
Sizes = Annotated[
    dict[str, int] | None, Field(description="Rows of datasets that cannot be counted, by name")
]
_Tool = TypeVar("_Tool", bound=Callable[..., Awaitable[dict[str, Any]]])
READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
WRITES = ToolAnnotations(destructive_hint=True, idempotent_hint=True, open_world_hint=False)


def server(root: str) -> MCPServer:
    """Return a server for what lies in a folder."""
    root = os.path.realpath(root)
    made = MCPServer("ftlint", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING")

    def tool(annotations: ToolAnnotations) -> Callable[[_Tool], _Tool]:
        """Return a decorator that makes a function a tool; why a call is refused is its answer."""

        def decorate(function: _Tool) -> _Tool:
            @wraps(function)
            async def answered(*given: Any, **named: Any) -> Any:
                try:
                    return await function(*given, **named)
                except Refused as error:
                    raise ToolError(str(error)) from None

            made.tool(annotations=annotations)(answered)
            return function

        return decorate

    async def call(*command: str, options: Sequence[str], paths: Sequence[str] = ()) -> Answer:
        """Run a command over paths below the folder."""
        named = commands.below(root, paths)
        arguments = (*command, *options, *(["--", *named] if named else []))
        return await to_thread.run_sync(commands.run, root, arguments)

    async def told(
        *command: str, options: Sequence[str] = (), paths: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return what a command says as JSON, and its notes."""
        answer = await call(*command, options=["--output-format=json", *options], paths=paths)
        return {"result": commands.data(answer), "notes": list(answer.notes)}

    @tool(READS)
    async def lint(
        paths: Paths,
        target: Target = None,
        gpus: Gpus = None,
        nodes: Nodes = None,
        gpu: Gpu = None,
        dataset_sizes: Sizes = None,
    ) -> dict[str, Any]:
        """Report what is wrong with configs: errors, ignored keys, wasted steps, data, memory."""
        options = commands.of_run(root, target, gpus, nodes, gpu, dataset_sizes)
        return await told("check", "--no-cache", options=options, paths=paths)

    @tool(WRITES)
    async def fix(
        paths: Paths,
        write: Annotated[bool, Field(description="Change the files; else a diff is shown")] = False,
        unsafe_rules: Annotated[
            list[str], Field(description="Codes of rules whose fixes change the run; only these")
        ] = [],  # noqa: B006
        target: Target = None,
    ) -> dict[str, Any]:
        """Repair configs, comments untouched: safe fixes, or the fixes of named rules.

        A safe fix leaves the run as it is or as it was plainly meant. An unsafe one changes it, so
        each of its rules has to be named.
        """
        options = commands.of_run(root, target)
        options += (
            ["--unsafe-fixes", f"--select={commands.single_rules(unsafe_rules)}"]
            if unsafe_rules
            else ["--fix"]
        )
        if not write:
            shown = await call("check", "--no-cache", "--diff", options=options, paths=paths)
            return {"diff": shown.out, "written": False, "notes": list(shown.notes)}
        done = await told("check", "--no-cache", options=options, paths=paths)
        return {**done, "written": True}

    @tool(READS)
    async def steps(
        paths: Paths,
        target: Target = None,
        gpus: Gpus = None,
        nodes: Nodes = None,
        gpu: Gpu = None,
        dataset_sizes: Sizes = None,
    ) -> dict[str, Any]:
        """Plan runs: samples, effective batch size, steps, epochs, evaluations, checkpoints."""
        options = commands.of_run(root, target, gpus, nodes, gpu, dataset_sizes)
        return await told("steps", options=options, paths=paths)

    @tool(READS)
    async def memory(
        paths: Paths,
        target: Target = None,
        gpus: Gpus = None,
        nodes: Nodes = None,
        gpu: Gpu = None,
        dataset_sizes: Sizes = None,
    ) -> dict[str, Any]:
        """Tell what each GPU holds at its peak, by part, and with `gpu` whether a run fits it."""
        options = commands.of_run(root, target, gpus, nodes, gpu, dataset_sizes)
        return await told("memory", options=options, paths=paths)

    @tool(READS)
    async def predict(
        path: Annotated[str, Field(description="A config below the server's folder")],
        gpu: Annotated[str | None, Field(description="A GPU that was calibrated, as h200")] = None,
        gpus: Gpus = None,
        nodes: Nodes = None,
    ) -> dict[str, Any]:
        """Predict how long a run takes, from calibrations of this machine or of a shared GPU."""
        options = commands.of_run(root, None, gpus, nodes, gpu)
        return await told("bench", "predict", options=options, paths=[path])

    @tool(READS)
    async def doctor(
        run_dirs: Annotated[list[str], Field(description="`output_dir` of runs, or checkpoints")],
        config: Annotated[str | None, Field(description="The config of the run")] = None,
        log: Annotated[str | None, Field(description="What the run printed")] = None,
    ) -> dict[str, Any]:
        """Judge runs by their logs: overfitting beyond noise, what to keep, why a run ended.

        Nothing is deleted.
        """
        options = [f"--plan={one}" for one in commands.below(root, [config] if config else [])]
        options += [f"--log={one}" for one in commands.below(root, [log] if log else [])]
        return await told("doctor", options=options, paths=run_dirs)

    @tool(READS)
    async def rule(
        code: Annotated[str, Field(description="Code or name of a rule, as FT101")],
    ) -> dict[str, Any]:
        """Explain a rule: what it checks, why, a bad and a good example."""
        return await told("rule", options=["--", commands.rules([code])])

    @tool(READS)
    async def key(
        name: Annotated[str, Field(description="A key of a config, as lora_rank")],
        target: Target = None,
    ) -> dict[str, Any]:
        """Tell what a key does: default, values, the commands and releases that have it."""
        if not name.isidentifier():
            raise Refused(f"{name!r} is not a key")
        options = commands.of_run(root, target)
        return await told("key", options=[*options, "--", name])

    return made
