import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { routes } from '../src/operations.ts';

const root = new URL('..', import.meta.url).pathname;
const contract = readFileSync(join(root, '../../openapi.yaml'), 'utf8');

interface Contract {
  paths: Record<string, Record<string, { operationId?: string; security?: unknown[] }>>;
}

test('every operation of the contract has its route', () => {
  const expected: Record<string, readonly string[]> = {};
  for (const [path, item] of Object.entries((parse(contract) as Contract).paths)) {
    for (const [method, { operationId, security }] of Object.entries(item)) {
      if (operationId) expected[operationId] = [method.toUpperCase(), path, ...(security?.length === 0 ? ['open'] : [])];
    }
  }
  assert.deepEqual(routes, expected);
});

// The sources of this package and a test of theirs, to be compiled against another contract.
const copy = mkdtempSync(join(root, '.contract-'));
after(() => rmSync(copy, { recursive: true }));
for (const name of ['src', 'test', 'tsconfig.json', 'package.json']) cpSync(join(root, name), join(copy, name), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
writeFileSync(join(copy, 'tsconfig.test.json'), JSON.stringify({ extends: './test/tsconfig.json', include: ['src', 'test/client.test.ts'] }));

function compile(changed: string): string {
  writeFileSync(join(copy, 'openapi.yaml'), changed);
  execFileSync(join(root, 'node_modules/.bin/openapi-typescript'), [join(copy, 'openapi.yaml'), '--output', join(copy, 'src/contract.ts')], { stdio: 'ignore' });
  return spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(copy, 'tsconfig.test.json')], { encoding: 'utf8' }).stdout;
}

test('the committed types are those of the contract', () => {
  assert.equal(compile(contract), '');
  assert.equal(readFileSync(join(copy, 'src/contract.ts'), 'utf8'), readFileSync(join(root, 'src/contract.ts'), 'utf8'));
});

for (const [change, from, to] of [
  ['a renamed field of an answer', /^( +)nextCursor:/m, '$1following:'],
  ['a renamed field of a request', /(\n    DrawingContent:[^]*?\n {8})strokes:/, '$1lines:'],
  ['a renamed parameter', /- name: limit\b/, '- name: most'],
  ['a renamed error code', /- ERR_PRECONDITION_FAILED\b/, '- ERR_OVERTAKEN'],
  ['a renamed operation', /operationId: putDrawing\b/, 'operationId: storeDrawing'],
  ['a moved path', /^ {2}\/v1\/export:/m, '  /v1/takeout:'],
] as const) {
  test(`${change} does not compile`, () => {
    const changed = contract.replace(from, to);
    assert.notEqual(changed, contract);
    assert.match(compile(changed), /error TS/);
  });
}
