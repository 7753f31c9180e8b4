import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from '../src/content.ts';
import type { DrawingContent, Stroke } from '../src/index.ts';
import { contentOf, createClient, isSameContent, memoryStorage } from '../src/index.ts';
import { Clock } from './support/clock.ts';
import { exchangeOf, MemoryService } from './support/memory-service.ts';

// Both tables name every member: a member that the contract gains does not compile until it is here.
type Every<T> = { [Member in keyof T]-?: NonNullable<T[Member]> };
type Content = Every<ReturnType<typeof contentOf>>;

const stroke: Every<Stroke> = { tool: 'pen', color: '#112233', width: 5, x: [1, 2], y: [3, 4], t: [0, 16], p: [9, 10] };
const content: Content = {
  format: 1,
  title: '一笔',
  oneStroke: true,
  canvas: { width: 300, height: 400, background: '#ffffff' },
  strokes: [stroke],
};
const otherStroke: Every<Stroke> = {
  tool: 'eraser',
  color: '#332211',
  width: 6,
  x: [1, 3],
  y: [3, 5],
  t: [0, 17],
  p: [9, 11],
};
const otherContent: Content = {
  format: 2 as 1, // a later format
  title: '两笔',
  oneStroke: false,
  canvas: { width: 301, height: 400, background: '#ffffff' },
  strokes: [],
};
const otherCanvas: Every<DrawingContent['canvas']> = { width: 301, height: 401, background: '#000000' };

const changes: [string, DrawingContent][] = [
  ...each(content, otherContent),
  ...each(content.canvas, otherCanvas).map(
    ([name, canvas]) => [`canvas.${name}`, { ...content, canvas }] as [string, DrawingContent],
  ),
  ...each(stroke, otherStroke).map(
    ([name, changed]) => [`stroke.${name}`, { ...content, strokes: [changed] }] as [string, DrawingContent],
  ),
];

for (const [name, changed] of changes) {
  test(`${name} is part of a drawing's content`, async () => {
    assert.notEqual(fingerprint(changed), fingerprint(content));
    assert.equal(isSameContent(changed, content), false);
    assert.deepEqual(contentOf({ ...changed, revision: 3 } as DrawingContent), changed);
    assert.deepEqual(await throughOutbox(changed), changed);
  });
}

test('members that a drawing has besides its content are left out, at every depth', () => {
  const received = {
    ...content,
    id: 'd1',
    canvas: { ...content.canvas, unit: 'px' },
    strokes: [{ ...stroke, seed: 7 }],
  };
  assert.deepEqual(contentOf(received), content);
});

test('content that means the same to the service has the same fingerprint', () => {
  const { title: _, ...untitled } = content;
  const { oneStroke: ___, ...many } = content;
  assert.equal(fingerprint({ ...content, oneStroke: false }), fingerprint(many));
  const { p: __, ...plain } = stroke;
  const canvas = { width: 300, height: 400 };
  assert.equal(fingerprint({ ...content, title: '' }), fingerprint(untitled));
  assert.equal(
    fingerprint({ ...content, strokes: [{ ...stroke, p: [] }] }),
    fingerprint({ ...content, strokes: [plain] }),
  );
  assert.equal(fingerprint({ ...content, canvas: { ...canvas, background: '' } }), fingerprint({ ...content, canvas }));
  const back = { ...content, strokes: [{ ...stroke, t: [16, 0] }] };
  assert.equal(fingerprint(back), fingerprint({ ...content, strokes: [{ ...stroke, t: [16, 16] }] }));
});

/** What the service receives when a restarted program sends what it had stored. */
async function throughOutbox(drawing: DrawingContent): Promise<unknown> {
  const service = new MemoryService();
  const storage = memoryStorage();
  const clock = new Clock();
  const program = (connected: boolean) =>
    createClient({
      baseUrl: 'http://service',
      login: () => 'xiaoming',
      storage,
      timer: clock.timer,
      transport: request =>
        exchangeOf(connected ? Promise.resolve(service.answer(request)) : Promise.reject(new Error('no network'))),
    });
  program(false).drawings.save('d1', drawing);
  await program(true).drawings.flush();
  clock.stop();
  const [put] = service.sent('PUT', /drawings/);
  return JSON.parse(put!.body!);
}

function each<T extends object>(value: T, other: T): [string, T][] {
  return (Object.keys(other) as (keyof T & string)[]).map(name => [name, { ...value, [name]: other[name] }]);
}
