// Each rule of redocly.yaml finds the contract that breaks it, and no other rule does.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const contract = readFileSync(join(here, '..', 'openapi.yaml'), 'utf8');

const broken = [
  { name: 'operation without operationId', rule: 'rule/operation-is-complete', cut: '      operationId: getSession\n', also: ['operation-operationId'] },
  { name: 'operation without description', rule: 'rule/operation-is-complete', cut: '      description: Ends all sessions of the caller except the session of this request.\n', also: ['operation-description'] },
  { name: 'operation without tags', rule: 'rule/operation-is-complete', cut: '      tags: [account]\n', also: ['operation-tag-defined'] },
  { name: 'operation without a security statement', rule: 'rule/operation-is-complete', cut: '      security: []\n', also: ['security-defined'] },
  { name: 'operation that leaves security to a default', rule: 'rule/operation-is-complete', cut: '      security:\n        - bearer: []\n        - wxCode: []\n        - wxCode: []\n          wxRawData: []\n          wxSignature: []\n', also: ['security-defined'] },
  { name: 'header without description', rule: 'rule/header-is-described', cut: '      description: The methods that the path supports (RFC 9110, section 10.2.1). Present with 405.\n' },
  { name: 'response without request id', rule: 'contract/response-headers', cut: "            X-Request-Id:\n              $ref: '#/components/headers/RequestId'\n" },
  { name: '503 without Retry-After', rule: 'contract/response-headers', cut: /(\n    Unavailable:\n(?:.*\n)*?)        Retry-After:\n.*\n/, put: '$1' },
  { name: '401 without WWW-Authenticate', rule: 'contract/response-headers', cut: "        WWW-Authenticate:\n          $ref: '#/components/headers/WWWAuthenticate'\n" },
  { name: 'default without Allow', rule: 'contract/response-headers', cut: "        Allow:\n          $ref: '#/components/headers/Allow'\n" },
  { name: 'operation without default', rule: 'contract/response-headers', cut: "        default:\n          $ref: '#/components/responses/Other'\n" },
  { name: 'closed object in an answer', rule: 'contract/growth', cut: '    Session:\n      type: object\n', put: '    Session:\n      type: object\n      additionalProperties: false\n' },
  { name: 'closed list of values in an answer', rule: 'contract/growth', cut: 'x-extensible-enum: [token, code]', put: 'enum: [token, code]' },
  { name: 'open object in a request', rule: 'contract/growth', cut: /(    LoginRequest:\n(?:.*\n){2})      additionalProperties: false\n/, put: '$1' },
  { name: 'open object in a request and in answers', rule: 'contract/growth', cut: '      x-closed-in-requests: true\n' },
  { name: 'string without a limit', rule: 'contract/bounded', cut: /(        nickname:\n          type: string\n)          maxLength: 64\n/, put: '$1' },
  { name: 'array without maximum', rule: 'contract/bounded', cut: '          maxItems: 101\n' },
  { name: 'integer without range', rule: 'contract/bounded', cut: '      maximum: 20000\n' },
  { name: 'integer without format', rule: 'contract/bounded', cut: /(    PointCount:\n      type: integer\n)      format: int32\n/, put: '$1' },
  { name: 'error response without codes', rule: 'contract/error-codes', cut: '      x-error-codes: [ERR_PRECONDITION_FAILED]\n' },
  { name: 'code that is not an ErrorCode', rule: 'contract/error-codes', cut: 'x-error-codes: [ERR_TOO_LARGE]', put: 'x-error-codes: [ERR_TOO_LARGE, ERR_TOO_SMALL]' },
  { name: 'ErrorCode that no response has', rule: 'contract/error-codes', cut: '        - ERR_INTERNAL\n', put: '        - ERR_INTERNAL\n        - ERR_NEVER\n' },
  { name: 'code without an example', rule: 'contract/error-codes', cut: /( {12}quota:\n(?: {14,}.*\n)+)/, put: '' },
  { name: 'code that the description does not name', rule: 'contract/error-codes', cut: '`ERR_METHOD_NOT_ALLOWED` (405): the', put: 'The' },
  { name: 'code that the Chinese description does not name', rule: 'contract/error-codes', cut: '`ERR_METHOD_NOT_ALLOWED`（405）：', put: '405：' },
  { name: 'operation described in English only', rule: 'contract/both-languages', cut: /      x-description-zh: 结束调用者的其他所有会话.*\n/ },
  { name: 'operation summed up in English only', rule: 'contract/both-languages', cut: '      x-summary-zh: 结束我的其他所有会话\n' },
  { name: 'parameter described in English only', rule: 'contract/both-languages', cut: /          x-description-zh: 会话的 id.*\n/ },
  { name: 'answer described in English only', rule: 'contract/both-languages', cut: '          x-description-zh: 其他会话都已结束。\n' },
  { name: 'header described in English only', rule: 'contract/both-languages', cut: /      x-description-zh: 不要缓存.*\n/ },
  { name: 'tag described in English only', rule: 'contract/both-languages', cut: '    x-description-zh: 登录，查看和结束会话。\n', put: '    x-description-zh: Sessions.\n' },
  { name: 'overview in English only', rule: 'contract/both-languages', cut: '  x-description-zh: |\n    微信小程序', put: '  x-overview-zh: |\n    微信小程序' },
  { name: 'body without example', rule: 'contract/examples', cut: '              example:\n                status: live\n' },
  { name: 'request example without a response example', rule: 'contract/examples', cut: '              signed:\n                summary: With signed', put: '              sealed:\n                summary: With signed' },
  { name: 'object without a name', rule: 'contract/named-schemas', cut: "        data:\n          type: object\n", put: '        data:\n          type: object\n          properties: {}\n' },
  { name: 'schema written twice', rule: 'contract/named-schemas', cut: "        id:\n          $ref: '#/components/schemas/UserId'\n", put: "        id:\n          type: string\n          maxLength: 22\n          pattern: '^[0-9A-Za-z_-]{22}$$'\n", also: ['contract/used'] },
  { name: 'component that nothing refers to', rule: 'contract/used', cut: "                  - $ref: '#/components/schemas/ExportedProfile'\n" },
  { name: 'drawing without ETag', rule: 'contract/entity-tags', cut: "            ETag:\n              $ref: '#/components/headers/ETag'\n" },
  { name: 'rate-limited operation without RateLimit', rule: 'contract/response-headers', cut: "            RateLimit:\n              $ref: '#/components/headers/RateLimit'\n" },
];

let folder;
let findings;

before(() => {
  folder = mkdtempSync(join(here, '..', '.build', 'contracts-'));
  const files = ['good', ...broken.keys()].map((name) => join(folder, `${name}.yaml`));
  writeFileSync(files[0], contract);
  broken.forEach(({ cut, put = '' }, i) => writeFileSync(files[i + 1], contract.replace(cut, put)));
  findings = lint(files);
});
after(() => rmSync(folder, { recursive: true }));

test('the contract follows every rule', () => {
  assert.deepEqual(findings.get('good') ?? [], []);
});

broken.forEach(({ name, rule, cut, put = '', also = [] }, i) => {
  test(`found: ${name}`, () => {
    assert.ok(contract.replace(cut, put) !== contract, 'the contract no longer has what this test breaks');
    const found = findings.get(String(i)) ?? [];
    assert.ok(found.includes(rule), `${rule} found nothing, only ${found}`);
    assert.deepEqual(found.filter((other) => ![rule, ...also].includes(other)), []);
  });
});

/** The rules that find something, by the name of the contract. */
function lint(files) {
  const cli = join(here, 'node_modules', '@redocly', 'cli', 'bin', 'cli.js');
  const args = [cli, 'lint', '--config', join(here, 'redocly.yaml'), '--format', 'github-actions', '--max-problems', '1000', ...files];
  // Into a file, because the program exits before a pipe has passed on all of its output.
  const output = join(folder, 'findings');
  const { error } = spawnSync(process.execPath, args, { stdio: ['ignore', openSync(output, 'w'), 'ignore'] });
  if (error) throw error;
  const found = new Map();
  for (const [, rule, file] of readFileSync(output, 'utf8').matchAll(/^::error title=([^,]+),file=[^,]*?(\w+)\.yaml,/gm)) {
    found.set(file, [...(found.get(file) ?? []), rule]);
  }
  return found;
}
