// Builds dist: both module kinds, each a file and its declarations.
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

process.chdir(new URL('.', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });
const outdir = kind => `dist/${kind}`;
execFileSync(
  'node_modules/.bin/tsc',
  ['-p', '.', '--noEmit', 'false', '--emitDeclarationOnly', '--outDir', outdir('esm')],
  { stdio: 'inherit' },
);
cpSync(outdir('esm'), outdir('cjs'), { recursive: true });
for (const format of ['esm', 'cjs']) {
  await build({
    entryPoints: ['src/index.ts', 'src/2017.ts'],
    outdir: outdir(format),
    format,
    bundle: true,
    target: 'es2018',
    logLevel: 'warning',
  });
}
writeFileSync(outdir('cjs') + '/package.json', '{ "type": "commonjs" }\n');
