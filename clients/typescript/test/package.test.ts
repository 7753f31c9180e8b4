import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { transformSync } from 'esbuild';

const root = new URL('..', import.meta.url).pathname;
const project = mkdtempSync(join(tmpdir(), 'onestroke-package-'));
const installed = join(project, 'node_modules/onestroke-client');
let files: string[];

// What others get: packed, and installed in a project that has nothing else.
before(() => {
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const tarball = /"filename": "(.+?)"/.exec(packed)![1]!;
  files = execFileSync('tar', ['-tf', join(project, tarball)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(name => name.replace('package/', ''));
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', join(project, tarball)], {
    cwd: project,
    stdio: 'ignore',
  });
});
after(() => rmSync(project, { recursive: true }));

test('the package holds both module kinds with their types, the licence, and nothing of the workshop', () => {
  for (const name of ['LICENSE', 'README.md', 'package.json']) assert.ok(files.includes(name), name);
  for (const kind of ['esm', 'cjs']) {
    for (const name of ['index.js', 'index.d.ts', '2017.js', '2017.d.ts', 'contract.d.ts'])
      assert.ok(files.includes(`dist/${kind}/${name}`), name);
  }
  assert.deepEqual(
    files.filter(
      name => !/^(LICENSE|README\.md|package\.json|dist\/(esm|cjs)\/([\w-]+\.(js|d\.ts)|package\.json))$/.test(name),
    ),
    [],
  );
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    dependencies?: object;
  };
  assert.equal(dependencies, undefined);
});

test('the client is less than 8.5 KB, minified and gzipped', () => {
  for (const kind of ['esm', 'cjs']) {
    const { code } = transformSync(readFileSync(join(installed, `dist/${kind}/index.js`), 'utf8'), { minify: true });
    assert.ok(gzipSync(code, { level: 9 }).length < 8.5 * 1024, String(gzipSync(code).length));
  }
});

test('the client is ES2018', () => {
  for (const name of ['esm/index.js', 'cjs/index.js', 'esm/2017.js', 'cjs/2017.js']) {
    const code = readFileSync(join(installed, 'dist', name), 'utf8');
    assert.equal(transformSync(code, { target: 'es2018' }).code, transformSync(code).code, name);
  }
});

const used = `
const client = createClient({ baseUrl: 'http://127.0.0.1:1', transport: fetchTransport(fetch), login: () => 'code' });
if (typeof client.putDrawing !== 'function' || typeof request !== 'function') throw new Error('not as expected');
`;
test('the package is imported', () => {
  writeFileSync(
    join(project, 'a.mjs'),
    `import { createClient, fetchTransport } from 'onestroke-client';\nimport { request } from 'onestroke-client/2017';\n${used}`,
  );
  execFileSync('node', ['a.mjs'], { cwd: project });
});

test('the package is required', () => {
  writeFileSync(
    join(project, 'a.cjs'),
    `const { createClient, fetchTransport } = require('onestroke-client');\nconst { request } = require('onestroke-client/2017');\n${used}`,
  );
  execFileSync('node', ['a.cjs'], { cwd: project });
});

test('the package is typed for both module kinds, for bundlers, and for old programs', () => {
  const source = `
import { createClient, type DrawingState, type ErrorCode, memoryStorage, pages } from 'onestroke-client';
import { request } from 'onestroke-client/2017';
export const gone: ErrorCode = 'ERR_NOT_FOUND';
export const open = (limit?: number, cursor?: string) => {
  const client = createClient({ baseUrl: '', transport: undefined!, login: () => '', storage: limit ? memoryStorage() : undefined });
  return client.listDrawings({ limit, cursor }, { timeoutMs: limit, signal: undefined });
};
export const all = async (client: ReturnType<typeof createClient>): Promise<string[]> => {
  const found: string[] = [];
  for await (const page of pages(client.listDrawings, { limit: 100 })) if (page.ok) found.push(...page.data.items.map(drawing => drawing.id));
  for await (const drawing of client.exportDrawings()) if (drawing.ok) found.push(drawing.data.id);
  return found;
};
export const titles = async (client: ReturnType<typeof createClient>): Promise<string[]> => {
  const page = await client.listDrawings();
  return page.ok ? page.data.items.map(drawing => drawing.title) : [];
};
export const label = (state: DrawingState): string => (state.status === 'conflict' ? state.mine?.title || '' : state.status);
request({ url: '', login: true, success: ({ statusCode }) => statusCode.toFixed() });
// @ts-expect-error the field is called title
export const wrong = (client: ReturnType<typeof createClient>) => client.listDrawings().then(page => page.ok && page.data.items[0]!.name);
`;
  for (const name of ['b.mts', 'b.cts', 'b.ts']) writeFileSync(join(project, name), source);
  const tsc = (...args: string[]) =>
    execFileSync(
      join(root, 'node_modules/.bin/tsc'),
      ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'ES2018', '--lib', 'ES2018', ...args],
      { cwd: project, stdio: ['ignore', 'inherit', 'inherit'] },
    );
  tsc('--module', 'node16', 'b.mts', 'b.cts');
  tsc('--module', 'esnext', '--moduleResolution', 'bundler', 'b.ts');
  tsc('--module', 'commonjs', '--moduleResolution', 'node10', 'b.ts');
});
