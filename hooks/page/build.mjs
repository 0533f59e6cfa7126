// build.mjs - the page's sources become files to serve, and one C table of them.
//
//   node build.mjs [--out DIR] [--incbin DIR]
//
// Bundles src/main.tsx and src/style/main.css, names every asset by its content (it may be cached
// for ever), compresses each with gzip and brotli where that saves something, and writes
// DIR/files.c: the table that hooks/in/page.h declares, with the files' bytes taken in by the
// assembler from --incbin (DIR as the compiler's working directory sees it; DIR by default).
// The same sources give the same bytes.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = path.dirname(new URL(import.meta.url).pathname);
const { values: options } = parseArgs({
	options: {
		out: { type: 'string', default: path.join(here, 'dist') },
		incbin: { type: 'string' },
	},
});
const out = path.resolve(options.out);
const incbin = options.incbin ?? out;
const site = path.join(out, 'site');

const types = {
	'.css': 'text/css; charset=utf-8',
	'.html': 'text/html; charset=utf-8',
	'.ico': 'image/x-icon',
	'.js': 'text/javascript; charset=utf-8',
	'.svg': 'image/svg+xml',
	'.txt': 'text/plain; charset=utf-8',
	'.woff2': 'font/woff2',
};

rmSync(site, { recursive: true, force: true });
mkdirSync(path.join(site, 'assets'), { recursive: true });

const result = await build({
	absWorkingDir: here,
	entryPoints: { page: 'src/main.tsx', style: 'src/style/main.css' },
	outdir: path.join(site, 'assets'),
	entryNames: '[name]-[hash]',
	chunkNames: '[name]-[hash]',
	assetNames: '[name]-[hash]',
	bundle: true,
	splitting: true,
	minify: true,
	format: 'esm',
	target: ['chrome111', 'firefox115', 'safari16.4'],
	jsx: 'automatic',
	jsxImportSource: 'preact',
	loader: { '.woff2': 'file', '.svg': 'file' },
	legalComments: 'none',
	charset: 'utf8',
	metafile: true,
	logLevel: 'warning',
});

// --- index.html: names the hashed files ---

const outputs = Object.keys(result.metafile.outputs).map((name) => path.basename(name));
function asset(pattern) {
	const found = outputs.filter((name) => pattern.test(name));
	if (found.length !== 1) {
		throw new Error(`${pattern} names ${found.length} files: ${found.join(' ')}`);
	}
	return `/assets/${found[0]}`;
}

function copied(source) {
	const bytes = readFileSync(path.join(here, source));
	const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8).toUpperCase();
	const { name, ext } = path.parse(source);
	writeFileSync(path.join(site, 'assets', `${name}-${hash}${ext}`), bytes);
	return `/assets/${name}-${hash}${ext}`;
}

const names = {
	script: asset(/^page-\w+\.js$/),
	style: asset(/^style-\w+\.css$/),
	font: asset(/^inter-latin-wght-normal-\w+\.woff2$/),
	icon: copied('src/icon.svg'),
	theme: copied('src/theme.js'),
};
const html = readFileSync(path.join(here, 'src/index.html'), 'utf8').replace(/%(\w+)%/g, (_, key) => {
	if (!names[key]) {
		throw new Error(`index.html: nothing is called ${key}`);
	}
	return names[key];
});
const page = path.join(site, 'index.html');
writeFileSync(page, html);

// --- licences of what is in the bundle ---

function packageOf(input) {
	const match = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(input);
	return match && { name: match[2], folder: path.join(here, match[1]) };
}

const licences = new Map();
for (const input of Object.keys(result.metafile.inputs)) {
	const found = packageOf(input);
	if (!found || licences.has(found.name)) {
		continue;
	}
	const { version, license } = JSON.parse(readFileSync(path.join(found.folder, 'package.json'), 'utf8'));
	const file = readdirSync(found.folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
	if (!file) {
		throw new Error(`${found.name} has no licence text`);
	}
	const text = readFileSync(path.join(found.folder, file), 'utf8').trim();
	licences.set(found.name, `${found.name} ${version} (${license})\n\n${text}\n`);
}
const rule = `\n${'-'.repeat(78)}\n\n`;
writeFileSync(path.join(site, 'licences.txt'), [...licences.keys()].sort().map((name) => licences.get(name)).join(rule));

// --- the table ---

function walk(folder) {
	return readdirSync(folder, { withFileTypes: true })
		.sort((a, b) => (a.name < b.name ? -1 : 1))
		.flatMap((entry) => {
			const full = path.join(folder, entry.name);
			return entry.isDirectory() ? walk(full) : [full];
		});
}

function packed(file, suffix, bytes, length) {
	if (bytes.length > length * 0.95) {
		return null;
	}
	writeFileSync(file + suffix, bytes);
	return file + suffix;
}

const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
const files = walk(site).map((file) => {
	const bytes = readFileSync(file);
	const extension = path.extname(file);
	if (!types[extension]) {
		throw new Error(`${file}: of what type is ${extension}?`);
	}
	const entry = {
		path: file === page ? '/' : `/${path.relative(site, file)}`,
		type: types[extension],
		etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 20)}"`,
		immutable: path.relative(site, file).startsWith('assets/'),
		plain: file,
	};
	if (extension !== '.woff2') {
		entry.gzip = packed(file, '.gz', gzipSync(bytes, { level: 9 }), bytes.length);
		entry.brotli = packed(file, '.br', brotliCompressSync(bytes, brotli), bytes.length);
	}
	return entry;
});
files.sort((a, b) => (a.path < b.path ? -1 : 1));

const blobs = [];
function blob(file) {
	if (!file) {
		return '{ NULL, 0 }';
	}
	const symbol = `page_blob_${blobs.length}`;
	blobs.push({ symbol, name: path.join(incbin, path.relative(out, file)), length: statSync(file).size });
	return `{ ${symbol}, ${statSync(file).size} }`;
}

const quoted = (text) => JSON.stringify(text);
const rows = files.map(
	(file) =>
		`\t{ ${quoted(file.path)}, ${quoted(file.type)}, ${quoted(file.etag)}, ${file.immutable ? 'TRUE' : 'FALSE'},\n` +
		`\t  ${blob(file.plain)}, ${blob(file.gzip)}, ${blob(file.brotli)} },\n`,
);
const code = `/* Made by hooks/page/build.mjs. */
#include "hooks/in/page.h"

__asm__(".section .rodata\\n"
${blobs.map(({ symbol, name }) => `\t"${symbol}: .incbin \\"${name}\\"\\n"`).join('\n')}
\t".previous\\n");

${blobs.map(({ symbol, length }) => `extern const guint8 ${symbol}[${length}];`).join('\n')}

const struct page_file page_files[] = {
${rows.join('')}};
const guint page_file_count = G_N_ELEMENTS(page_files);
`;
writeFileSync(path.join(out, 'files.c'), code);

const total = files.reduce((sum, file) => sum + statSync(file.brotli ?? file.plain).size, 0);
console.log(`page: ${files.length} files, ${Math.round(total / 1024)} KiB compressed`);
