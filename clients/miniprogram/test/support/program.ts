import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { TmplGroup } from 'glass-easel-template-compiler';
import type { Program } from './phone.ts';

/** The folder that project.config.json calls `miniprogramRoot`. */
export const root = fileURLToPath(new URL('../../miniprogram/', import.meta.url));

/**
 * Compiles the mini program as the developer tool does: types are stripped, templates and styles compiled, nothing
 * bundled.
 */
export function compile(edit: (path: string, text: string) => string = (_, text) => text): Program {
  const program: Program = { modules: {}, templates: '', styles: {}, configs: {} };
  const templates = new TmplGroup();
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const kind = extname(path);
    const name = path.slice(0, -kind.length);
    const text = () => edit(path, readFileSync(join(root, path), 'utf8'));
    if (kind === '.js') program.modules[name] = text();
    if (kind === '.ts' && !path.endsWith('.d.ts'))
      program.modules[name] = transformSync(text(), {
        loader: 'ts',
        format: 'cjs',
        target: 'es2018',
        sourcefile: path,
      }).code;
    if (kind === '.json') program.configs[name] = JSON.parse(text()) as object;
    if (kind === '.wxss') program.styles[name] = style(path);
    if (kind === '.wxml') {
      const warnings = templates.addTmpl(name, text()) as { message: string }[];
      if (warnings.length) throw new Error(`${path}: ${JSON.stringify(warnings)}`);
    }
  }
  program.templates = templates.getTmplGenObjectGroups();
  templates.free();
  return program;
}

/**
 * WXSS is CSS but for imports, `rpx`, of which a screen is 750 wide, and `page`; and the navigation bar is no part
 * of a page.
 */
function style(path: string): string {
  return readFileSync(join(root, path), 'utf8')
    .replace(/(-?[\d.]+)rpx/g, 'calc($1 * 100vw / 750)')
    .replace(/100vh/g, 'calc(100vh - var(--navigation-bar))')
    .replace(/(^|[\s,}])page(?=\s*[{,.])/g, '$1body')
    .replace(/@import\s+['"]([^'"]+)['"];/g, (_, name: string) => style(posix.join(dirname(path), name)));
}
