// The extension is thin: it starts `ftlint server` and tells it what VS Code knows. All judgement is
// the server's.
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import { serverCommand } from "./command";

const LANGUAGES = ["yaml", "json", "jsonc", "shellscript"];
let client: LanguageClient | undefined;

function options(): Record<string, unknown> {
  const settings = vscode.workspace.getConfiguration("ftlint");
  const target = settings.get<string>("target", "");
  return {
    ...(target === "" ? {} : { target }),
    lens: settings.get<boolean>("lens", true),
    trusted: vscode.workspace.isTrusted,
  };
}

async function start(): Promise<void> {
  const settings = vscode.workspace.getConfiguration("ftlint");
  const machine = {
    path: settings.get<string>("path", ""),
    interpreter: settings.get<string>("interpreter", ""),
  };
  const clientOptions: LanguageClientOptions = {
    documentSelector: LANGUAGES.map((language) => ({ scheme: "file", language })),
    initializationOptions: options(),
    middleware: {
      workspace: {
        // What is asked for is answered here: `trusted` is nothing that settings hold.
        configuration: (params) => params.items.map(options),
      },
    },
  };
  const command = serverCommand(machine);
  client = new LanguageClient("ftlint", "ftlint", command, clientOptions);
  try {
    await client.start();
  } catch {
    client = undefined;
    const install = "How to install";
    const chosen = await vscode.window.showErrorMessage(
      `ftlint could not be started (${command.command}). Install it with \`pip install ftlint\`, or set ftlint.interpreter.`,
      install,
    );
    if (chosen === install) {
      await vscode.env.openExternal(vscode.Uri.parse("https://github.com/ftlint/ftlint#install"));
    }
  }
}

async function restart(): Promise<void> {
  await client?.stop();
  client = undefined;
  await start();
}

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  context.subscriptions.push(
    vscode.commands.registerCommand("ftlint.restart", restart),
    vscode.commands.registerCommand("ftlint.fixAll", () =>
      vscode.commands.executeCommand("editor.action.codeAction", {
        kind: "source.fixAll.ftlint",
        apply: "first",
      }),
    ),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("ftlint")) {
        await restart();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}
