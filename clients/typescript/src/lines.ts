import { failure, type Result } from './result.js';
import type { Parts } from './sender.js';
import { decode } from './utf8.js';

/**
 * The JSON values of a body that has one on each line, as they arrive. A failure is the last result: of the connection,
 * or `BAD_ANSWER` for a line that is not JSON or not complete.
 */
export async function* jsonLines(parts: Parts): AsyncGenerator<Result<unknown>> {
  let begun: Uint8Array[] = []; // a line of which the end has not arrived
  try {
    for (;;) {
      const part = await parts.next();
      if (!part.ok) return yield part;
      if (!part.data) break;
      let from = 0;
      for (let end = 0; (end = part.data.indexOf(0x0a, from)) >= 0; from = end + 1) {
        const value = parse(joined([...begun, part.data.subarray(from, end)]));
        begun = [];
        yield value;
        if (!value.ok) return;
      }
      begun.push(part.data.subarray(from));
    }
    if (joined(begun).length) yield failure('BAD_ANSWER', 'the last line is not complete', 200);
  } finally {
    parts.close();
  }
}

export function joined(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function parse(line: Uint8Array): Result<unknown> {
  try {
    return { ok: true, data: JSON.parse(decode(line)) as unknown, etag: undefined };
  } catch (error) {
    return failure('BAD_ANSWER', String(error), 200);
  }
}
