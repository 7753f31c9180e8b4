// Reads what govulncheck found, and fails for a called function of a module.
//
//   node tools/vulnerabilities.mjs FILE
import { readFileSync } from 'node:fs';

// The file has one JSON document after the other.
const messages = readFileSync(process.argv[2], 'utf8')
  .split(/^(?=\{)/m)
  .map(text => JSON.parse(text));
if (!messages.some(({ config }) => config)) throw new Error('govulncheck says nothing');

const called = new Map(); // by vulnerability, the first finding with a call
for (const { finding } of messages) if (finding?.trace[0].function) called.set(finding.osv, finding);
const ofModules = [...called.values()].filter(({ trace }) => trace[0].module !== 'stdlib');
const ofGo = [...called.values()].filter(({ trace }) => trace[0].module === 'stdlib');

for (const { osv, trace, fixed_version } of ofModules)
  console.error(`${osv}: ${trace[0].module} ${trace[0].version}, fixed in ${fixed_version ?? 'no version'}`);
if (ofGo.length) {
  const fixed = ofGo.map(({ fixed_version }) => fixed_version ?? 'no version').sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  console.warn(`WARNING: Go ${ofGo[0].trace[0].version.slice(1)} has ${ofGo.length} vulnerabilities that are called; build with ${fixed.at(-1).replace(/^v/, 'Go ')}: ${ofGo.map(({ osv }) => osv).join(', ')}`);
}
if (!called.size) console.log('none is known');
process.exitCode = ofModules.length ? 1 : 0;
