// How the server is started. Both settings belong to the machine: a folder that is opened cannot say
// which program runs.
import * as path from "node:path";

export interface Machine {
  path: string;
  interpreter: string;
}

export interface Command {
  command: string;
  args: string[];
}

export function serverCommand(machine: Machine, platform: string = process.platform): Command {
  if (machine.path !== "") {
    return { command: machine.path, args: ["server"] };
  }
  if (machine.interpreter !== "") {
    const join = platform === "win32" ? path.win32 : path.posix;
    const name = platform === "win32" ? "ftlint.exe" : "ftlint";
    return { command: join.join(join.dirname(machine.interpreter), name), args: ["server"] };
  }
  return { command: "ftlint", args: ["server"] };
}
