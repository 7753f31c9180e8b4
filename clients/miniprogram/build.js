// Builds what the mini program uses of the other clients, each a file as the developer tool's "build npm" would make it.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** @param {string} folder */
export async function buildInto(folder) {
  await build({
    absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
    entryPoints: { 'onestroke-client/index': '../typescript/src/index.ts', 'onestroke-drawing/index': '../drawing/src/index.ts' },
    outdir: folder,
    bundle: true,
    format: 'cjs',
    target: 'es2018',
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildInto('miniprogram/miniprogram_npm');
