import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const source = (client: string) => fileURLToPath(new URL(`../${client}/src/index.ts`, import.meta.url));

export default defineConfig({
  base: './',
  resolve: { alias: { 'onestroke-client': source('typescript'), 'onestroke-drawing': source('drawing') } },
  build: {
    target: 'es2020',
    assetsInlineLimit: 0, // no data: URLs but for pictures of drawings
    modulePreload: false, // parts that are loaded later have no styles or parts of their own
  },
});
