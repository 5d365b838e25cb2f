// Microsoft's validator on a SARIF log, with the rules of GitHub's code scanning; exits with 1 if it
// has an error or a warning.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve("@microsoft/sarif-multitool-linux/package.json"));
const command = join(folder, "Sarif.Multitool");
let told;
try {
  const rules = ["--rule-kind", "Sarif;Ghas"];
  told = execFileSync(command, ["validate", process.argv[2], ...rules], { encoding: "utf8" });
} catch (error) {
  told = String(error.stdout);
}
const found = told.split("\n").filter((line) => / (error|warning) [A-Z]+\d+:/.test(line));
console.log(found.join("\n") || told.trim());
process.exit(found.length > 0 || !told.includes("Analysis completed successfully") ? 1 : 0);
