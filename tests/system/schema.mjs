// schema.mjs - hold JSON documents against conf/schemas with an independent validator.
//
//   LEADMILTER_NPM=DIR node schema.mjs SCHEMA FILE…
//
// SCHEMA is a name in conf/schemas without ".schema.json", or "event": then each document's type
// names its schema.  FILEs hold one document, or one a line.  A document must be valid, and every
// key it has must be described, so that nothing is shown that is not documented.  Prints one JSON
// document: {"documents":N,"problems":[…]}; exit 0 when there is no problem, 1 otherwise.

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [schema, ...files] = process.argv.slice(2);
if (!files.length || !process.env.LEADMILTER_NPM) {
  console.error("usage: LEADMILTER_NPM=DIR schema.mjs SCHEMA FILE…");
  process.exit(2);
}
const require = createRequire(path.resolve(process.env.LEADMILTER_NPM, "schema.cjs"));
const Ajv = require("ajv/dist/2020").default;
const directory = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../conf/schemas");
const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
const schemas = new Map();
for (const file of readdirSync(directory)) {
  const parsed = JSON.parse(readFileSync(path.join(directory, file), "utf8"));
  schemas.set(file.replace(".schema.json", ""), parsed);
  ajv.addSchema(parsed);
}

// The part of a schema that describes a key, through the references we use.
function describe(part, root, key) {
  if (part.$ref?.startsWith("#/$defs/"))
    return describe(root.$defs[part.$ref.slice(8)], root, key);
  if (key === undefined)
    return part;
  return part.properties?.[key] ?? (part.additionalProperties || undefined);
}

function undescribed(value, part, root, at) {
  if (Array.isArray(value))
    return value.flatMap((item) => undescribed(item, describe(part, root).items, root, `${at}[]`));
  if (value === null || typeof value !== "object")
    return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const found = describe(part, root, key);
    return found ? undescribed(inner, found, root, `${at}.${key}`) : [`${at}.${key} is not described`];
  });
}

function check(document) {
  const name = schema === "event" ? `event-${document.type}` : schema;
  const wanted = schemas.get(name);
  if (!wanted)
    return [`no schema ${name}`];
  const validate = ajv.getSchema(wanted.$id);
  const root = wanted.$ref === "event.schema.json" ? schemas.get("event") : wanted;
  const wrong = validate(document) ? [] : validate.errors.map((e) => `${e.instancePath} ${e.message}`);
  return [...wrong, ...undescribed(document, root, root, "")];
}

function read(file) {
  const text = readFileSync(file, "utf8");
  try {
    return [JSON.parse(text)];
  } catch {
    return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }
}

let documents = 0;
const problems = [];
for (const file of files)
  for (const document of read(file)) {
    documents++;
    problems.push(...check(document).map((problem) => `${file}: ${problem}`));
  }
console.log(JSON.stringify({ documents, problems }));
process.exit(problems.length ? 1 : 0);
