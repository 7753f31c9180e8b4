// Builds dist: both module kinds, each a file and its declarations.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

process.chdir(new URL('.', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });
for (const format of ['esm', 'cjs']) {
  const outdir = `dist/${format}`;
  execFileSync('node_modules/.bin/tsc', ['-p', '.', '--noEmit', 'false', '--emitDeclarationOnly', '--outDir', outdir], {
    stdio: 'inherit',
  });
  await build({ entryPoints: ['src/index.ts'], outdir, format, bundle: true, target: 'es2018', logLevel: 'warning' });
}
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
