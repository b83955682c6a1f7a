// Beside each built file of some size its .br and .gz, so that the server need not compress at each request.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const SITE = fileURLToPath(new URL("../../src/trainwright/server/site/", import.meta.url));
const SMALLEST = 1024;
const TEXT = /\.(js|css|html|svg|json|map)$/;

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}

for (const path of [...files(SITE)]) {
  if (!TEXT.test(path) || path.endsWith("index.html") || statSync(path).size < SMALLEST) continue;
  const bytes = readFileSync(path);
  const options = {
    params: { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, options));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
