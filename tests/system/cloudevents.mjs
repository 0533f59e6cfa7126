// cloudevents.mjs - hold recorded requests (receiver.mjs) against independent implementations: the
// reference libraries standardwebhooks and svix, Node's own ed25519, and the CloudEvents SDK.
//
//   LEADMILTER_NPM=DIR node cloudevents.mjs --secret whsec_… [--key whpk_…] FILE
//
// The path of a request says what it must be: /off, /binary, /structured or /batch.  Since the SDK is lax (it makes
// up missing ids, and takes any time), the bytes are looked at besides.  Prints one JSON document:
// {"requests":{path:N},"events":{path:N},"verified":{library:N},"problems":[…]}.

import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";

const { values: options, positionals: files } = parseArgs({
  options: { secret: { type: "string" }, key: { type: "string" } },
  allowPositionals: true,
});
if (files.length !== 1 || !options.secret || !process.env.LEADMILTER_NPM) {
  console.error("usage: LEADMILTER_NPM=DIR cloudevents.mjs --secret SECRET [--key KEY] FILE");
  process.exit(2);
}
const require = createRequire(path.resolve(process.env.LEADMILTER_NPM, "verify.cjs"));
const { HTTP } = require("cloudevents");
const libraries = {
  standardwebhooks: new (require("standardwebhooks").Webhook)(options.secret),
  svix: new (require("svix").Webhook)(options.secret),
};

const result = { requests: {}, events: {}, verified: {}, problems: [] };
const count = (group, name, by = 1) => (result[group][name] = (result[group][name] ?? 0) + by);

// Both libraries ask for the time: let it be the time the request came.
function at(time, work) {
  const now = Date.now;
  Date.now = () => time;
  try {
    return work();
  } finally {
    Date.now = now;
  }
}

function checkSymmetric(request, problem) {
  for (const [name, hook] of Object.entries(libraries)) {
    try {
      at(request.time, () => hook.verify(request.body, request.headers));
      count("verified", name);
    } catch (error) {
      problem(`${name}: ${error.message}`);
    }
    try {
      at(request.time, () => hook.verify(request.body + " ", request.headers));
      problem(`${name} takes a changed body`);
    } catch {}
  }
}

function publicKey(text) {
  const bytes = Buffer.from(text.replace(/^whpk_/, ""), "base64");
  const head = Buffer.from("302a300506032b6570032100", "hex"); // SubjectPublicKeyInfo of ed25519
  return createPublicKey({ key: Buffer.concat([head, bytes]), format: "der", type: "spki" });
}

function checkAsymmetric(request, key, problem) {
  const signatures = request.headers["webhook-signature"].split(" ")
    .filter((one) => one.startsWith("v1a,"))
    .map((one) => Buffer.from(one.slice(4), "base64"));
  const signed = (body) => Buffer.from(
    `${request.headers["webhook-id"]}.${request.headers["webhook-timestamp"]}.${body}`);
  if (signatures.length !== 1) problem(`${signatures.length} v1a signatures`);
  for (const signature of signatures) {
    if (!verify(null, signed(request.body), key, signature)) problem("v1a does not verify");
    else count("verified", "ed25519");
    if (verify(null, signed(request.body + " "), key, signature)) problem("v1a takes a changed body");
  }
}

const attributes = ["specversion", "id", "source", "type", "time", "subject"];
const types = {
  off: "application/json",
  binary: "application/json",
  structured: "application/cloudevents+json",
  batch: "application/cloudevents-batch+json",
};

// What the specification says of each attribute, and that it tells the same as the data.
function checkAttributes(found, data, problem) {
  const want = {
    specversion: "1.0", type: data.type, subject: data.data.lead.id, time: data.timestamp,
    source: "urn:leadmilter:mx.example.test",
  };
  for (const [name, value] of Object.entries(want))
    if (found[name] !== value) problem(`${name} is ${found[name]}, not ${value}`);
  if (!/^evt_[0-9A-Z]{26}$/.test(found.id ?? "")) problem(`id is ${found.id}`);
}

function rawEvents(mode, request) {
  const body = JSON.parse(request.body);
  if (mode === "off") return [];
  if (mode === "binary")
    return [{ ...Object.fromEntries(attributes.map((name) => [name, request.headers[`ce-${name}`]])), data: body }];
  return mode === "structured" ? [body] : body;
}

function checkBytes(mode, request, events, problem) {
  const ce = Object.keys(request.headers).filter((name) => name.startsWith("ce-")).sort();
  const wanted = mode === "binary" ? attributes.map((name) => `ce-${name}`).sort() : [];
  if (JSON.stringify(ce) !== JSON.stringify(wanted)) problem(`fields ${ce}`);
  if (request.headers["content-type"] !== types[mode]) problem(`type ${request.headers["content-type"]}`);
  if (request.method !== "POST" || !request.utf8) problem("method or encoding");
  if (mode === "batch" && !request.body.startsWith('[{"specversion":"1.0","id":"evt_')) problem("not an array");
  if (mode === "structured" && !request.body.startsWith('{"specversion":"1.0","id":"evt_')) problem("not an object");
  for (const event of events) {
    checkAttributes(event, event.data, problem);
    if (mode !== "binary" && event.datacontenttype !== "application/json") problem("datacontenttype");
  }
  const leads = events.map((event) => event.subject);
  if (new Set(leads).size !== leads.length) problem("two events of a lead in one batch");
  if (events.length === 1 && request.headers["webhook-id"] !== events[0].id) problem("webhook-id");
  if (events.length > 1 && !/^batch_[0-9a-f]{32}$/.test(request.headers["webhook-id"])) problem("webhook-id");
}

function checkSdk(request, events, problem) {
  try {
    const read = [HTTP.toEvent({ headers: request.headers, body: request.body })].flat();
    for (const event of read) event.validate();
    if (read.length !== events.length) problem(`the SDK reads ${read.length} of ${events.length} events`);
    read.forEach((event, i) => {
      if (event.id !== events[i].id || event.type !== events[i].data.type) problem("the SDK reads another event");
      if (JSON.stringify(event.data) !== JSON.stringify(events[i].data)) problem("the SDK reads other data");
    });
    count("verified", "cloudevents", read.length);
  } catch (error) {
    problem(`cloudevents: ${error.message} ${JSON.stringify(error.errors ?? "")}`);
  }
}

function check(request) {
  const mode = request.url.slice(1);
  const problem = (what) => result.problems.push(`request ${request.n} to ${request.url}: ${what}`);
  if (!types[mode]) return problem("no such path");
  const events = rawEvents(mode, request);
  count("requests", mode);
  count("events", mode, events.length);
  checkSymmetric(request, problem);
  if (options.key && mode === "off") checkAsymmetric(request, publicKey(options.key), problem);
  checkBytes(mode, request, events, problem);
  if (mode !== "off") checkSdk(request, events, problem);
}

for (const line of readFileSync(files[0], "utf8").split("\n"))
  if (line) check(JSON.parse(line));
console.log(JSON.stringify(result));
process.exit(result.problems.length ? 1 : 0);
