// Gives each `assert.ok` a message. Without one, Node looks for the expression in what tsx has made of the file, a single
// line, and may not end: https://github.com/privatenumber/tsx/issues/548
import assert from 'node:assert/strict';

const { ok } = assert;
assert.ok = (value, message = `${String(value)} is not true`) => ok(value, message);
