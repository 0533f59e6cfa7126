// openapi.mjs - hold what the inbound hook answered against conf/api/openapi.json with an
// independent validator.
//
//   LEADMILTER_NPM=DIR node openapi.mjs RECORDS TAG
//
// RECORDS: one JSON document a line {method, path, status, body, sent}; body and sent are texts.
// Each answer must be one the description names for that operation and status, with a body that its
// schema allows; a body we sent and that was taken (2xx) must be allowed, too.  Every operation
// with that tag must have been answered 2xx at least once.  Prints {"answers":N,"problems":[…]}.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(path.resolve(process.env.LEADMILTER_NPM, "openapi.cjs"));
const Ajv = require("ajv/dist/2020").default;
const here = path.dirname(fileURLToPath(import.meta.url));
const document = JSON.parse(readFileSync(path.join(here, "../../conf/api/openapi.json"), "utf8"));
const records = readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean).map((l) => JSON.parse(l));
const problems = [];

const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
ajv.addFormat("date-time", (text) => !Number.isNaN(Date.parse(text)));
ajv.addFormat("email", /^[^@\s]+@[^@\s]+$/);
ajv.addKeyword("components");
ajv.addSchema({ $id: "http://api.test/openapi", components: document.components });
const validators = new Map();
function validator(schema) {
  const key = JSON.stringify(schema);
  if (!validators.has(key))
    validators.set(key, ajv.compile(JSON.parse(key.replaceAll('"#/', '"http://api.test/openapi#/'))));
  return validators.get(key);
}

function resolve(value) {
  return value?.$ref ? value.$ref.slice(2).split("/").reduce((at, key) => at[key], document) : value;
}

function operation(method, url) {
  const name = url.split("?")[0];
  for (const [template, methods] of Object.entries(document.paths)) {
    const pattern = new RegExp("^" + template.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+") + "$");
    if (pattern.test(name) && methods[method.toLowerCase()])
      return methods[method.toLowerCase()];
  }
  return null;
}

function check(what, schema, text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    problems.push(`${what}: no JSON: ${text.slice(0, 100)}`);
    return;
  }
  const valid = validator(schema);
  if (!valid(value))
    problems.push(`${what}: ${ajv.errorsText(valid.errors)}: ${text.slice(0, 200)}`);
}

const answered = new Set();
for (const record of records) {
  const what = `${record.method} ${record.path} ${record.status}`;
  const described = operation(record.method, record.path);
  if (!described)
    continue; // 404 and 405 of what is not there
  const response = resolve(described.responses[record.status]);
  if (!response) {
    // before the operation is reached: no JSON at all, a header block that is too long …
    if (!["400", "413", "431"].includes(String(record.status)))
      problems.push(`${what}: not described`);
    continue;
  }
  const schema = response.content?.["application/json"]?.schema;
  if (schema)
    check(what, schema, record.body);
  if (record.status < 300) {
    answered.add(described.operationId);
    const sent = described.requestBody?.content?.["application/json"]?.schema;
    if (sent)
      check(`${what}: sent`, sent, record.sent);
  }
}
for (const methods of Object.values(document.paths))
  for (const { operationId, tags } of Object.values(methods))
    if (tags.includes(process.argv[3]) && !answered.has(operationId))
      problems.push(`${operationId}: never answered well`);
console.log(JSON.stringify({ answers: records.length, problems }));
process.exit(problems.length ? 1 : 0);
