// Writes src/contract.ts: the types of the contract, and the error codes that it lists. To the types an
// error code is any text, as codes are added in the course of time.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import { parse } from 'yaml';

export async function typesOf(contract) {
  const codes = parse(contract).components.schemas.ErrorCode['x-extensible-enum'];
  return `${COMMENT_HEADER}${astToString(await openapiTS(contract))}export type ErrorCode =\n${codes.map(code => `    | "${code}"`).join('\n')};\n`;
}

if (process.argv[1] === import.meta.filename) {
  const file = name => new URL(name, import.meta.url);
  writeFileSync(file('src/contract.ts'), await typesOf(readFileSync(file('../../openapi.yaml'), 'utf8')));
}
