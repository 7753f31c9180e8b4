import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { parse } from 'yaml';
import * as limits from '../../drawing/src/limits.ts';
// @ts-expect-error it has no types
import { typesOf } from '../generate.js';
import { routes } from '../src/operations.ts';

const root = new URL('..', import.meta.url).pathname;
const contract = readFileSync(join(root, '../../openapi.yaml'), 'utf8');

interface Contract {
  paths: Record<
    string,
    Record<
      string,
      { operationId?: string; tags?: string[]; security?: unknown[]; responses: Record<string, { content?: object }> }
    >
  >;
}

/** What else sends them is said at OperationId. */
const otherwise = ['uploadAvatar', 'getSharedAvatar', 'verifyPush', 'receivePush', 'getCheckedPicture'];

test('every operation of the contract has its route', () => {
  const expected: Record<string, readonly string[]> = {};
  for (const [path, item] of Object.entries((parse(contract) as Contract).paths)) {
    for (const [method, { operationId, tags, security, responses }] of Object.entries(item)) {
      if (operationId && !otherwise.includes(operationId) && !tags?.includes('operator')) {
        const open = security?.length === 0 ? ['open'] : [];
        const bytes = Object.keys(responses['200']?.content ?? {}).join() === 'image/png' ? ['bytes'] : [];
        expected[operationId] = [method.toUpperCase(), path, ...open, ...bytes];
      }
    }
  }
  assert.deepEqual(routes, expected);
});

test('the limits of the drawing core are those of the contract', () => {
  const { schemas } = (parse(contract) as { components: { schemas: Record<string, any> } }).components;
  const { strokes } = schemas['DrawingContent'].properties;
  const { t } = schemas['Stroke'].properties;
  const points = /At most ([\d,]+) points in all/.exec(schemas['DrawingContent'].description)![1]!;
  assert.deepEqual(
    { ...limits },
    {
      maxTitle: schemas['Title'].maxLength,
      maxStrokes: strokes.maxItems,
      maxStrokePoints: t.maxItems,
      maxPoints: Number(points.replaceAll(',', '')),
      maxCoordinate: schemas['Coordinate'].maximum,
      maxTime: t.items.maximum,
    },
  );
});

// The sources of this package and a test of theirs, compiled against another contract.
const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'test/tsconfig.json'), ts.sys.readFile).config,
  ts.sys,
  join(root, 'test'),
);
const host = ts.createCompilerHost(options);
const read = host.getSourceFile;
const files = new Map<string, ts.SourceFile | undefined>();
let types = '';
host.getSourceFile = (name, version) => {
  if (name.endsWith('/src/contract.ts')) return ts.createSourceFile(name, types, version);
  if (!files.has(name)) files.set(name, read(name, version));
  return files.get(name);
};

/** What tsc says against types that are made of this contract. */
async function compile(changed: string): Promise<string[]> {
  types = await typesOf(changed);
  const program = ts.createProgram([join(root, 'src/index.ts'), join(root, 'test/client.test.ts')], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test('the committed types are those of the contract', async () => {
  assert.deepEqual(await compile(contract), []);
  assert.equal(types, readFileSync(join(root, 'src/contract.ts'), 'utf8'));
});

for (const [change, from, to] of [
  ['a renamed field of an answer', /(\n {4}DrawingList:[\s\S]*?\n {8})nextCursor:/, '$1following:'],
  ['a renamed field of a request', /(\n {4}DrawingContent:[\s\S]*?\n {8})strokes:/, '$1lines:'],
  [
    'a new member of a drawing',
    /(\n {4}DrawingContent:[\s\S]*?\n {6}properties:\n)/,
    '$1        mood: {type: string}\n',
  ],
  ['a new member of a stroke', /(\n {4}Stroke:[\s\S]*?\n {6}properties:\n)/, '$1        tilt: {type: string}\n'],
  ['a new member of a canvas', /(\n {4}Canvas:[\s\S]*?\n {6}properties:\n)/, '$1        unit: {type: string}\n'],
  ['a renamed parameter', /- name: limit\b/, '- name: most'],
  ['a renamed error code', /- ERR_PRECONDITION_FAILED\b/, '- ERR_OVERTAKEN'],
  ['a renamed operation', /operationId: putDrawing\b/, 'operationId: storeDrawing'],
  ['a moved path', /^ {2}\/v1\/export:/m, '  /v1/takeout:'],
] as const) {
  test(`${change} does not compile`, async () => {
    const changed = contract.replace(from, to);
    assert.notEqual(changed, contract);
    assert.notDeepEqual(await compile(changed), []);
  });
}
