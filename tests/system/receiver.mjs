// receiver.mjs - a webhook receiver that answers as told and records every request.
//
//   node receiver.mjs --log FILE [--port N] [--host ADDRESS] [--answers LIST] [--path PATH=LIST]… [--tls DIR]
//
// Prints "listening PORT" once it can be asked.  The LIST of answers is separated by commas; the last
// one is repeated for ever:
//
//   200 404 500 …       that status, with a short JSON body
//   429+30  503+30      with Retry-After in seconds
//   429@30  503@30      with Retry-After as an HTTP date so many seconds ahead
//   302                 with a Location at this server (/redirected, always 200)
//   slow:30000          200 after so many milliseconds
//   hang                no answer, the connection stays
//   close               the connection ends without an answer
//   reset               it is reset
//   truncated           200, with less body than announced
//   garbage             bytes that are no HTTP
//   huge                200 with 50 MB of body
//   huge-head           200 with 8 MB of header fields
//   random:N            a die of N sides: one of 500, close, reset, truncated, slow:50, or 200
//
// "500*5,200" repeats one entry.  A path may have a LIST of its own.  PUT /.answers with a LIST as
// body starts a new one (PUT /.answers/PATH for one path, PUT /.answers also forgets those of
// paths), GET /.count tells how many requests came; these are not recorded.
//
// With --tls DIR the server speaks TLS, HTTP/2 where the client offers it, with a certificate for
// localhost and 127.0.0.1 by a CA made on the first run: DIR/ca.pem, cert.pem, key.pem.
//
// A line of the log: {"n":1,"time":MS,"method":"POST","url":"/hook","http":"1.1","headers":{…},
// "body":"…","utf8":true,"answer":"200","connection":1}

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import path from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    log: { type: "string" },
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    answers: { type: "string", default: "200" },
    path: { type: "string", multiple: true, default: [] },
    tls: { type: "string" },
  },
});
if (!options.log) {
  console.error("usage: receiver.mjs --log FILE [--port N] [--answers LIST] [--path PATH=LIST]… " +
    "[--tls DIR]");
  process.exit(2);
}

const log = openSync(options.log, "a");
let general = readAnswers(options.answers);
const ofPath = new Map(options.path.map((option) => {
  const at = option.indexOf("=");
  return [option.slice(0, at), readAnswers(option.slice(at + 1))];
}));
let count = 0;
let connections = 0;

function readAnswers(list) {
  const entries = list.trim().split(",").flatMap((entry) => {
    const [, answer, times] = /^(.*?)(?:\*(\d+))?$/.exec(entry.trim());
    return Array(Number(times ?? 1)).fill(answer);
  });
  return { entries, position: 0 };
}

function nextAnswer(url) {
  const list = ofPath.get(url.split("?")[0]) ?? general;
  const answer = list.entries[Math.min(list.position++, list.entries.length - 1)];
  const die = /^random:(\d+)$/.exec(answer);
  if (!die) return answer;
  const faces = ["500", "close", "reset", "truncated", "slow:50"];
  return faces[Math.floor(Math.random() * Number(die[1]))] ?? "200";
}

function change(path, list) {
  if (path) return ofPath.set(path, list);
  ofPath.clear();
  general = list;
}

function makeCertificates(directory) {
  const file = (name) => path.join(directory, name);
  if (existsSync(file("ca.pem"))) return;
  mkdirSync(directory, { recursive: true });
  const openssl = (...args) => execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...ec, "-keyout", file("ca.key"), "-out", file("ca.pem"), "-days", "7",
    "-subj", "/CN=leadmilter test CA", "-addext", "basicConstraints=critical,CA:TRUE");
  openssl("req", ...ec, "-keyout", file("key.pem"), "-out", file("cert.csr"), "-subj", "/CN=localhost");
  writeFileSync(file("cert.ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  openssl("x509", "-req", "-in", file("cert.csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"),
    "-CAcreateserial", "-days", "7", "-extfile", file("cert.ext"), "-out", file("cert.pem"));
}

function record(request, body, answer) {
  const text = body.toString("utf8");
  const utf8 = Buffer.from(text, "utf8").equals(body);
  const headers = Object.fromEntries(Object.entries(request.headers)
    .filter(([name]) => !name.startsWith(":")));
  const line = {
    n: ++count, time: Date.now(), method: request.method, url: request.url,
    http: request.httpVersion, headers, body: text, utf8, answer,
    connection: request.socket.number ?? 0,
  };
  if (!utf8) line.base64 = body.toString("base64");
  writeSync(log, JSON.stringify(line) + "\n");
}

function reply(response, status, headers, body) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body ?? JSON.stringify({ status }));
}

// What no HTTP library sends: raw bytes on the connection.
function raw(request, response, bytes, then) {
  if (request.httpVersionMajor >= 2) {
    response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    return;
  }
  const socket = request.socket;
  if (bytes) socket.write(bytes, () => socket[then]());
  else socket[then]();
}

const special = {
  hang: () => {},
  close: (request, response) => raw(request, response, null, "destroy"),
  reset: (request, response) => raw(request, response, null, "resetAndDestroy"),
  truncated: (request, response) =>
    raw(request, response, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", "end"),
  garbage: (request, response) =>
    raw(request, response, "\x00\x01 no HTTP at all \xff\r\n\r\n", "end"),
  huge: (request, response) => reply(response, 200, {}, Buffer.alloc(50 << 20, "x")),
  "huge-head": (request, response) =>
    raw(request, response, "HTTP/1.1 200 OK\r\n" + "X-Noise: 0123456789\r\n".repeat(400000) + "\r\n", "end"),
  302: (request, response) => reply(response, 302, { location: "/redirected" }),
};

function act(answer, request, response) {
  if (special[answer]) return special[answer](request, response);
  const slow = /^slow:(\d+)$/.exec(answer);
  if (slow) return setTimeout(() => reply(response, 200, {}), Number(slow[1]));
  const [, status, form, seconds] = /^(\d{3})(?:([+@])(\d+))?$/.exec(answer) ?? [];
  if (!status) return reply(response, 500, {}, `unknown answer ${answer}`);
  const headers = {};
  if (form === "+") headers["retry-after"] = seconds;
  if (form === "@") headers["retry-after"] = new Date(Date.now() + seconds * 1000).toUTCString();
  if (status === "204") {
    response.writeHead(204, headers);
    return response.end();
  }
  reply(response, Number(status), headers);
}

function handle(request, response) {
  const chunks = [];
  request.on("error", () => {});
  response.on("error", () => {});
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    if (request.url === "/.count") return reply(response, 200, {}, JSON.stringify({ count }));
    if (request.url.startsWith("/.answers")) {
      change(request.url.slice("/.answers".length), readAnswers(body.toString()));
      return reply(response, 200, {});
    }
    const answer = request.url === "/redirected" ? "200" : nextAnswer(request.url);
    record(request, body, answer);
    act(answer, request, response);
  });
}

function makeServer() {
  if (!options.tls) return http.createServer({ keepAliveTimeout: 60000 }, handle);
  makeCertificates(options.tls);
  return http2.createSecureServer({
    allowHTTP1: true,
    key: readFileSync(path.join(options.tls, "key.pem")),
    cert: readFileSync(path.join(options.tls, "cert.pem")),
  }, handle);
}

const server = makeServer();
server.on(options.tls ? "secureConnection" : "connection", (socket) => {
  socket.number = ++connections;
  socket.on("error", () => {});
});
server.listen(Number(options.port), options.host, () => {
  console.log(`listening ${server.address().port}`);
});
process.on("SIGTERM", () => process.exit(0));
