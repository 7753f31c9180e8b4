// Writes what page and mini program need of brand.json. It needs Node only.
import { readFileSync, writeFileSync } from 'node:fs';

process.chdir(new URL('..', import.meta.url).pathname);
const { name, service, colors } = JSON.parse(readFileSync('brand/brand.json', 'utf8'));
const { light, dark } = colors;
const written = 'Written by clients/brand/build.js from brand.json.';

const variables = (mode, indent) =>
  Object.entries(mode)
    .map(([color, value]) => `${indent}--${color}: ${value};\n`)
    .join('');
const styles = root => `/* ${written} */
${root} {
${variables(light, '  ')}}

@media (prefers-color-scheme: dark) {
  ${root} {
${variables(dark, '    ')}  }
}
`;
writeFileSync('playground/src/style/brand.css', styles(':root'));
writeFileSync('miniprogram/miniprogram/brand.wxss', styles('page'));

const window = ({ ground }, bar, loading) => JSON.stringify({ ground, bar, loading });
writeFileSync(
  'miniprogram/miniprogram/theme.json',
  `{ "light": ${window(light, 'black', 'dark')}, "dark": ${window(dark, 'white', 'light')} }\n`,
);

writeFileSync(
  'miniprogram/miniprogram/config.ts',
  `// ${written}

/** Where the service answers: in production \`https://\` and a domain that is registered with WeChat. */
export const baseUrl = '${service}';
export const name = { zh: '${name.zh}', en: '${name.en}' };

/** The colour of what stands out, where a style sheet cannot say it. */
export const accent = '${light.accent}';
`,
);

const manifest = {
  name: `${name.zh} · ${name.en}`,
  short_name: name.zh,
  start_url: './',
  display: 'standalone',
  background_color: light.ground,
  theme_color: light.ground,
  icons: [{ src: 'icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' }],
};
writeFileSync('playground/public/manifest.webmanifest', `${JSON.stringify(manifest, null, 2)}\n`);
