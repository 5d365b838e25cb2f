// The server as the extension's client meets it: over stdio, with the JSON-RPC of vscode-languageclient.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const protocol = require("vscode-languageserver-protocol/node");
const { TextDocument } = require("vscode-languageserver-textdocument");

const HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n";

async function connected(settings, run) {
  const folder = mkdtempSync(join(tmpdir(), "ftlint-"));
  const child = spawn(process.env.FTLINT ?? "ftlint", ["server"], { cwd: folder });
  const connection = protocol.createProtocolConnection(
    new protocol.StreamMessageReader(child.stdout),
    new protocol.StreamMessageWriter(child.stdin),
  );
  const waiting = [];
  connection.onNotification(protocol.PublishDiagnosticsNotification.type, (told) => {
    const next = waiting.shift();
    if (next) next(told);
  });
  connection.onRequest(protocol.ConfigurationRequest.type, (params) => params.items.map(() => settings));
  connection.onRequest("client/registerCapability", () => null);
  connection.onRequest("workspace/codeLens/refresh", () => null);
  connection.listen();
  const diagnostics = () => new Promise((resolve) => waiting.push(resolve));
  const root = pathToFileURL(folder).href;
  const ready = await connection.sendRequest(protocol.InitializeRequest.type, {
    processId: process.pid,
    rootUri: root,
    workspaceFolders: [{ uri: root, name: "configs" }],
    initializationOptions: settings,
    capabilities: {
      textDocument: {
        codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix", "source.fixAll"] } } },
        publishDiagnostics: { relatedInformation: true, codeDescriptionSupport: true },
      },
      workspace: { configuration: true, workspaceFolders: true },
    },
  });
  connection.sendNotification(protocol.InitializedNotification.type, {});
  try {
    await run({ connection, folder, root, ready, diagnostics });
  } finally {
    await connection.sendRequest(protocol.ShutdownRequest.type);
    const left = new Promise((resolve) => child.once("exit", resolve));
    connection.sendNotification(protocol.ExitNotification.type);
    assert.equal(await left, 0);
    connection.dispose();
  }
}

function open(connection, root, text, name = "sft.yaml") {
  const uri = `${root}/${name}`;
  connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "yaml", version: 1, text },
  });
  return uri;
}

test("a finding is shown, its quick fix applied, and it is gone", { timeout: 60_000 }, () =>
  connected({ trusted: true }, async ({ connection, root, diagnostics }) => {
    const told = diagnostics();
    const text = `${HEAD}lr: 1.0e-4\n`;
    const uri = open(connection, root, text);
    const { diagnostics: found } = await told;
    const one = found.find((each) => each.code === "FT101");
    assert.equal(one.source, "ftlint");
    assert.deepEqual(one.range, { start: { line: 3, character: 0 }, end: { line: 3, character: 2 } });
    const actions = await connection.sendRequest(protocol.CodeActionRequest.type, {
      textDocument: { uri },
      range: one.range,
      context: { diagnostics: [one], only: ["quickfix"] },
    });
    const { edit } = actions.find((each) => each.isPreferred);
    const edits = edit.changes ? Object.values(edit.changes)[0] : edit.documentChanges[0].edits;
    const document = TextDocument.create(uri, "yaml", 1, text);
    assert.equal(TextDocument.applyEdits(document, edits), `${HEAD}learning_rate: 1.0e-4\n`);
    const after = diagnostics();
    connection.sendNotification(protocol.DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version: 2 },
      contentChanges: [{ text: TextDocument.applyEdits(document, edits) }],
    });
    assert.deepEqual((await after).diagnostics.filter((each) => each.code === "FT101"), []);
  }));

test("hover and completion speak of the release that the settings name", { timeout: 60_000 }, () =>
  connected({ target: "0.9.0" }, async ({ connection, root, diagnostics }) => {
    const told = diagnostics();
    const uri = open(connection, root, `${HEAD}cutoff_len: 10\nlora_\n`);
    await told;
    const at = { textDocument: { uri }, position: { line: 3, character: 3 } };
    const hover = await connection.sendRequest(protocol.HoverRequest.type, at);
    assert.match(JSON.stringify(hover.contents), /1024/);
    const offered = await connection.sendRequest(protocol.CompletionRequest.type, {
      textDocument: { uri },
      position: { line: 4, character: 5 },
    });
    const items = Array.isArray(offered) ? offered : offered.items;
    assert.ok(items.some((each) => each.label === "lora_rank"));
  }));

test("settings of the project count", { timeout: 60_000 }, () =>
  connected({}, async ({ connection, folder, root, diagnostics }) => {
    writeFileSync(join(folder, "ftlint.toml"), 'severity = {FT101 = "info"}\n[per-file-ignores]\n"old*" = ["ALL"]\n');
    let told = diagnostics();
    open(connection, root, `${HEAD}foo: 1\n`);
    const [one] = (await told).diagnostics.filter((each) => each.code === "FT101");
    assert.equal(one.severity, protocol.DiagnosticSeverity.Information);
    told = diagnostics();
    open(connection, root, `${HEAD}foo: 1\n`, "old.yaml");
    assert.deepEqual((await told).diagnostics, []);
  }));
