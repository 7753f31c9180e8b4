import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './support/program.ts';

const json = (path: string): Record<string, any> =>
  JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, any>;
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(path =>
  statSync(join(root, path)).isFile(),
);

test('the developer tool finds all that is named', () => {
  const app = json('app.json');
  const project = json('../project.config.json');
  assert.equal(project['miniprogramRoot'], 'miniprogram/');
  assert.deepEqual(project['setting'].useCompilerPlugins, ['typescript']);
  for (const page of app['pages'])
    for (const kind of ['ts', 'json', 'wxml', 'wxss']) assert.ok(files.includes(`${page}.${kind}`), `${page}.${kind}`);
  for (const page of files.filter(path => /^pages\/.*\.json$/.test(path))) {
    for (const component of Object.values<string>(json(page)['usingComponents'] ?? {}))
      assert.ok(files.includes(`${component.slice(1)}.ts`), component);
  }
  assert.ok(files.includes(app['sitemapLocation']));
});

test('each colour of the window is there for light and dark', () => {
  const app = json('app.json');
  const theme = json(app['themeLocation']);
  const named = Object.values<string>(app['window']).filter(value => value.startsWith('@'));
  assert.ok(app['darkmode'] && named.length);
  for (const mode of ['light', 'dark'])
    for (const name of named) assert.ok(theme[mode][name.slice(1)], `${name}, ${mode}`);
});

test('it is far below the 2 MB that a mini program may have', () => {
  assert.ok(files.reduce((sum, path) => sum + statSync(join(root, path)).size, 0) < 200_000);
});
