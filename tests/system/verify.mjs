// verify.mjs - hold recorded requests (receiver.mjs) against the Standard Webhooks reference library.
//
//   LEADMILTER_NPM=DIR node verify.mjs --secret whsec_… [--secret …] FILE…
//
// DIR is where `npm ci` was run with tests/npm/package-lock.json.  Every request must verify under every
// secret given, at the time it came, and fail when a byte of its body is changed.  Prints one JSON
// document: {"requests":N,"verified":N,"ids":N,"events":[{id, type, lead, answers:[…]}],
// "problems":[…]}; exit 0 when there is no problem, 1 otherwise.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";

const { values: options, positionals: files } = parseArgs({
  options: { secret: { type: "string", multiple: true, default: [] } },
  allowPositionals: true,
});
if (!files.length || !options.secret.length || !process.env.LEADMILTER_NPM) {
  console.error("usage: LEADMILTER_NPM=DIR verify.mjs --secret SECRET… FILE…");
  process.exit(2);
}
const { Webhook } = createRequire(path.resolve(process.env.LEADMILTER_NPM, "verify.cjs"))("standardwebhooks");
const hooks = options.secret.map((secret) =>
  new Webhook(secret, { format: secret.startsWith("whsec_") ? undefined : "raw" }));

const problems = [];
const events = new Map();
let requests = 0;
let verified = 0;

// The library asks for the time: let it be the time the request came.
function at(time, work) {
  const now = Date.now;
  Date.now = () => time;
  try {
    return work();
  } finally {
    Date.now = now;
  }
}

function refuses(hook, body, headers) {
  try {
    hook.verify(body, headers);
    return false;
  } catch {
    return true;
  }
}

function check(request) {
  const id = request.headers["webhook-id"];
  const problem = (what) => problems.push(`request ${request.n} (${id}): ${what}`);
  requests++;
  if (request.method !== "POST") problem(`method ${request.method}`);
  if (!request.utf8) problem("body is not UTF-8");
  if (request.headers["content-type"] !== "application/json")
    problem(`content-type ${request.headers["content-type"]}`);
  at(request.time, () => {
    for (const hook of hooks) {
      try {
        hook.verify(request.body, request.headers);
        verified++;
      } catch (error) {
        problem(error.message);
      }
      if (!refuses(hook, request.body + " ", request.headers)) problem("a changed body verifies");
    }
  });
  note(request, id, problem);
}

function note(request, id, problem) {
  let body = {};
  try {
    body = JSON.parse(request.body);
  } catch {
    problem("body is not JSON");
  }
  for (const key of ["type", "timestamp", "data"])
    if (!(key in body)) problem(`body has no "${key}"`);
  const event = events.get(id) ?? { id, type: body.type, lead: body.data?.lead?.id, answers: [] };
  if (event.body !== undefined && event.body !== request.body) problem("same id, other body");
  Object.defineProperty(event, "body", { value: request.body, configurable: true });
  event.answers.push(request.answer);
  events.set(id, event);
}

for (const file of files)
  for (const line of readFileSync(file, "utf8").split("\n"))
    if (line) check(JSON.parse(line));

console.log(JSON.stringify({
  requests, verified, ids: events.size, events: [...events.values()], problems,
}));
process.exit(problems.length ? 1 : 0);
