import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const config = { config: { scanner_name: 'govulncheck' } };
const finding = (osv, module, version, fixed_version, symbol) => ({
  finding: { osv, fixed_version, trace: [{ module, version, ...(symbol ? { function: symbol } : {}) }] },
});
const called = finding('GO-1', 'example.com/a', 'v1.0.0', 'v1.0.1', 'Read');
const imported = finding('GO-2', 'example.com/b', 'v1.0.0', 'v1.0.1');
const ofGo = [finding('GO-3', 'stdlib', 'v1.26.8', 'v1.26.9', 'Read'), finding('GO-4', 'stdlib', 'v1.26.8', 'v1.26.10', 'Read')];

for (const [what, found, status, said] of [
  ['nothing', [config], 0, /none is known/],
  ['a called function', [config, called], 1, /GO-1: example.com\/a v1.0.0, fixed in v1.0.1/],
  ['a module whose function is not called', [config, imported], 0, /none is known/],
  ['the standard library', [config, ...ofGo], 0, /WARNING: Go 1.26.8 has 2 .* build with Go 1.26.10: GO-3, GO-4/],
  ['no answer', [imported], 1, /says nothing/],
]) {
  test(`vulnerabilities: ${what}`, t => {
    const folder = mkdtempSync(join(tmpdir(), 'onestroke-vulnerabilities-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'found.json');
    writeFileSync(file, found.map(message => JSON.stringify(message, null, 2) + '\n').join(''));
    const ran = spawnSync('node', [join(import.meta.dirname, 'vulnerabilities.mjs'), file], { encoding: 'utf8' });
    assert.equal(ran.status, status);
    assert.match(ran.stdout + ran.stderr, said);
  });
}
