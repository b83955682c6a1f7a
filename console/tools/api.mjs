// The types of the API, from its description. The server lets unknown fields pass (old clients send some); here a
// field that is not described is a mistake, so that freedom is left out.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTypescript, { astToString } from "openapi-typescript";

const description = JSON.parse(
  readFileSync(new URL("../../docs/reference/openapi.json", import.meta.url), "utf8"),
);
for (const schema of Object.values(description.components.schemas))
  if (schema.properties && schema.additionalProperties === true) delete schema.additionalProperties;
const types = await openapiTypescript(description, { defaultNonNullable: false });
writeFileSync(new URL("../src/api/schema.gen.ts", import.meta.url), astToString(types));
