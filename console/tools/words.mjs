// Every sentence exists in both languages with the same slots, is used somewhere, and every key used exists.
// A key is used when it stands as a whole string in the source; keys that are put together (`phase.${x}`) name their
// beginning in the source (`phase.`), and whatever begins so counts as used.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("../src/", import.meta.url));
const problems = [];

function flat(value, before = "") {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === "string" ? [[before + key, inner]] : flat(inner, `${before}${key}.`),
  );
}

function read(language) {
  const words = new Map();
  for (const file of readdirSync(join(SOURCE, "locales", language)).sort()) {
    const space = file.replace(/\.json$/, "");
    for (const [key, text] of flat(JSON.parse(readFileSync(join(SOURCE, "locales", language, file), "utf8"))))
      words.set(`${space}.${key}`, text);
  }
  return words;
}

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== "locales") yield* sources(path);
    } else if (/\.tsx?$/.test(entry.name) && !/\.(test|gen)\.tsx?$/.test(entry.name)) yield path;
  }
}

const slots = (text) =>
  [...text.matchAll(/{{\s*(\w+)/g)]
    .map((found) => found[1])
    .sort()
    .join(",");
const bare = (key) => key.replace(/_(one|other|zero)$/, "");
const zh = read("zh");
const en = read("en");
const zhBare = new Map([...zh].map(([key, text]) => [bare(key), text]));
const enBare = new Map([...en].map(([key, text]) => [bare(key), text]));
for (const [key, text] of enBare) {
  if (!zhBare.has(key)) problems.push(`zh lacks ${key}`);
  else if (slots(text) !== slots(zhBare.get(key)))
    problems.push(`${key}: other slots in zh (${slots(zhBare.get(key))}) than in en (${slots(text)})`);
  if (text.trim() === "") problems.push(`en is empty at ${key}`);
}
for (const [key, text] of zhBare) {
  if (!enBare.has(key)) problems.push(`en lacks ${key}`);
  if (text.trim() === "") problems.push(`zh is empty at ${key}`);
}

const used = new Set();
const begun = new Set();
for (const path of sources(SOURCE)) {
  const text = readFileSync(path, "utf8");
  for (const found of text.matchAll(/["'`]([a-z][\w]*\.[\w.-]+)["'`]/g)) used.add(found[1]);
  for (const found of text.matchAll(/`([a-z][\w]*\.[\w.-]*)\$\{/g)) begun.add(found[1]);
  for (const found of text.matchAll(/\bt\(\s*["']([^"']+)["']/g))
    if (!enBare.has(found[1]))
      problems.push(`${path.slice(SOURCE.length)} uses ${found[1]}, which no language has`);
}
for (const key of enBare.keys())
  if (!used.has(key) && ![...begun].some((beginning) => key.startsWith(beginning)))
    problems.push(`nothing uses ${key}`);

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`${enBare.size} sentences in both languages`);
