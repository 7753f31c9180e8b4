// Lists the modules that a built program is made of, with versions, checksums and licences, as a
// CycloneDX document, and fails if a licence is unknown or not allowed. The same program gives the
// same bytes.
//
//   node tools/parts.mjs PROGRAM VERSION FILE
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/** Licences that ask for no more than their text beside the program, or for changes to their own files. */
const allowed = ['Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0', 'MPL-2.0'];

/** The licences of what is no module in the cache. */
const known = { std: 'BSD-3-Clause' };

const [program, version, file] = process.argv.slice(2);
const options = ['-json', '-licenses', '-std', '-noserial', '-notimestamp', '-version', version, '-output', file];
const tool = ['tool', `-modfile=${import.meta.dirname}/audit/go.mod`, 'cyclonedx-gomod', 'bin', ...options, program];
execFileSync('go', tool, { stdio: ['ignore', 'ignore', 'pipe'] });

const document = JSON.parse(readFileSync(file, 'utf8'));
for (const made of document.metadata.tools ?? []) delete made.hashes; // differ by where the tool was built
const counts = new Map();
let refused = 0;
for (const part of document.components) {
  if (known[part.name]) part.evidence = { licenses: [{ license: { id: known[part.name] } }] };
  const ids = (part.evidence?.licenses ?? []).map(({ license, expression }) => expression ?? license.id ?? license.name);
  if (!ids.length || !ids.every(id => allowed.includes(id))) {
    console.error(`${part.name} ${part.version}: licence ${ids.join(', ') || 'unknown'}, which is not allowed in tools/parts.mjs`);
    refused++;
  }
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
}
writeFileSync(file, JSON.stringify(document, null, 2) + '\n');
const list = [...counts].sort().map(([id, count]) => `${count} ${id}`);
console.log(`${document.components.length} modules: ${list.join(', ')}`);
process.exitCode = refused ? 1 : 0;
