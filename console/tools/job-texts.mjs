// Reads `{name: {body, tags}}` from stdin and writes `{name: {body, cli, sdk, yaml}}`: what the console offers to copy, so
// that the Python tests can run it. `--samples` prints the bodies that the tests of both sides go through, `--limits` what the form is
// checked against.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const { module } = await runnerImport(fileURLToPath(new URL("../src/create/texts/all.ts", import.meta.url)), {
  configFile: false,
  logLevel: "error",
  root: fileURLToPath(new URL("..", import.meta.url)),
});
const [, , asked] = process.argv;
const known = { "--samples": module.SAMPLES, "--limits": module.LIMITS };
const answer =
  known[asked] ??
  Object.fromEntries(
    Object.entries(JSON.parse(readFileSync(0, "utf8"))).map(([name, given]) => [name, module.textsOf(given)]),
  );
process.stdout.write(JSON.stringify(answer));
