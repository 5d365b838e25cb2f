// Which program the extension starts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";

const made = await build({
  entryPoints: [new URL("../src/command.ts", import.meta.url).pathname],
  bundle: true, platform: "node", format: "esm", write: false,
});
const { serverCommand } = await import(
  `data:text/javascript;base64,${Buffer.from(made.outputFiles[0].contents).toString("base64")}`
);

test("the command that is named comes first, then the one beside the interpreter", () => {
  const args = ["server"];
  assert.deepEqual(serverCommand({ path: "/a/ftlint", interpreter: "/b/python" }), { command: "/a/ftlint", args });
  assert.deepEqual(serverCommand({ path: "", interpreter: "/b/bin/python" }, "linux"), { command: "/b/bin/ftlint", args });
  assert.deepEqual(serverCommand({ path: "", interpreter: "C:\\v\\python.exe" }, "win32"), { command: "C:\\v\\ftlint.exe", args });
  assert.deepEqual(serverCommand({ path: "", interpreter: "" }), { command: "ftlint", args });
});
