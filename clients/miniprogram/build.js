// Builds what the mini program uses of the other clients, each a file as the developer tool's "build npm" would
// make it.
import { build } from 'esbuild';

process.chdir(new URL('.', import.meta.url).pathname);
await build({
  entryPoints: {
    'onestroke-client/index': '../typescript/src/index.ts',
    'onestroke-drawing/index': '../drawing/src/index.ts',
  },
  outdir: 'miniprogram/miniprogram_npm',
  bundle: true,
  format: 'cjs',
  target: 'es2018',
  logLevel: 'warning',
});
