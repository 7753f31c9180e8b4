import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Brush, colors, fit, nib, paperFor, papers, picture, render, Sketch, widths } from '../src/index.ts';
import { chance, content, Notes, pen, wandering } from './support.ts';

const box = { width: 375, height: 500 };

test('a drawing is rendered in order on its paper, the eraser with the paper', () => {
  const drawing = content([
    { ...pen, x: [1, 2], y: [3, 4] },
    { ...pen, tool: 'eraser', x: [5, 6], y: [7, 8] },
    { ...pen, color: '#FF000080', x: [9], y: [9] },
  ]);
  drawing.canvas.background = '#FFEEDD';
  const notes = new Notes();
  render(notes, drawing, fit(drawing.canvas, box, 2));
  assert.deepEqual(notes.rendered, [
    { what: 'paper', color: '#FFEEDD', path: [[0, 0, 3750, 5000]] },
    {
      what: 'line',
      color: '#666666',
      path: [
        [1, 3],
        [2, 4],
      ],
    },
    {
      what: 'line',
      color: '#FFEEDD',
      path: [
        [5, 7],
        [6, 8],
      ],
    },
    {
      what: 'dot',
      color: `rgba(255,0,0,${128 / 255})`,
      path: [
        [34, 9],
        [9, 9, 25],
      ],
    },
  ]);
  assert.deepEqual([notes.transform, notes.depth, notes.clips], [[0.2, 0, 0, 0.2, 0, 0], 0, 1]);
});

test('a brush renders every piece of an opaque stroke once, and the end to the finger beside it', () => {
  const sketch = new Sketch();
  const [notes, ahead] = [new Notes(), new Notes()];
  const brush = new Brush(notes, ahead, sketch.content, fit(sketch.content.canvas, box));
  const points = wandering(chance(1), 80);
  sketch.begin(points[0]!, pen);
  brush.render(sketch);
  for (let i = 1; i < points.length; i += 4) {
    sketch.extend(points.slice(i, i + 4));
    brush.render(sketch);
    const { x, y } = points[Math.min(i + 3, points.length - 1)]!;
    assert.equal(ahead.rendered.length, 1);
    assert.deepEqual(ahead.rendered[0]!.path.slice(-1), [[x, y]]);
  }
  const { x, y } = sketch.current!;
  const [dot, ...lines] = notes.rendered;
  assert.equal(dot!.what, 'dot');
  let at = 0;
  for (const { path } of lines) {
    assert.deepEqual(
      path,
      path.map((_, i) => [x[at + i], y[at + i]]),
    );
    at += path.length - 1;
  }
  assert.equal(at, x.length - 1);
  brush.clear();
  assert.deepEqual(ahead.rendered, []);
});

test('a stroke with pressure is one shape, as wide at each point as it was pressed', () => {
  const notes = new Notes();
  const drawing = content([{ ...pen, width: 100, x: [0, 1000], y: [0, 0], p: [0, 255] }]);
  render(notes, drawing, fit(drawing.canvas, box));
  const [, shape, ...more] = notes.rendered;
  assert.deepEqual(more, []);
  const discs = shape!.path.filter(({ length }) => length === 3);
  assert.deepEqual(discs, [
    [0, 0, 15],
    [1000, 0, 50],
  ]);
  assert.deepEqual(
    shape!.path.slice(-4).map(place => place.map(Math.round)),
    [
      [-1, -15],
      [998, -50],
      [998, 50],
      [-1, 15],
    ],
  );
  assert.match(picture(drawing), /stroke-width="65"/);
});

test('a stroke that has lost points is rendered anew', () => {
  const beneath = content([{ ...pen, x: [1, 2], y: [3, 4] }]);
  const notes = new Notes();
  const brush = new Brush(notes, new Notes(), beneath, fit(beneath.canvas, box));
  brush.render({ current: { ...pen, x: [0, 10, 20], y: [0, 1, 0] }, tip: [] });
  brush.render({ current: { ...pen, x: [0, 20, 30], y: [0, 0, 0] }, tip: [] });
  const kinds = notes.rendered.map(({ what, path }) => `${what} ${path.length}`);
  assert.deepEqual(kinds, ['line 3', 'paper 1', 'line 2', 'line 3']);
});

test('a translucent stroke under way is one shape on what is beneath, to the finger', () => {
  const beneath = content([{ ...pen, x: [1, 2], y: [3, 4] }]);
  const [notes, ahead] = [new Notes(), new Notes()];
  const brush = new Brush(notes, ahead, beneath, fit(beneath.canvas, box));
  const current = { ...pen, color: '#FF000080', x: [0, 10], y: [0, 0] };
  brush.render({ current, tip: [{ x: 10, y: 0 }] });
  current.x.push(20);
  current.y.push(0);
  brush.render({ current, tip: [{ x: 25, y: 0 }] });
  const kinds = notes.rendered.map(({ what, path }) => `${what} ${path.length}`);
  assert.deepEqual(kinds, ['paper 1', 'line 2', 'line 3', 'paper 1', 'line 2', 'line 4']);
  assert.deepEqual(ahead.rendered, []);
});

test('two fingers move and enlarge the paper, which always fills its place', () => {
  const room = { width: 475, height: 500 };
  const random = chance(3);
  let view = fit(papers.portrait, room, 2);
  const whole = view;
  for (let i = 0; i < 500; i++) {
    const [from, to] = [0, 1].map(() => ({ x: 50 + 375 * random(), y: 500 * random() }));
    const before = view.toCanvas(from!);
    view = view.moved(from!, to!, 0.5 + 1.2 * random());
    assert.ok(view.zoom >= 1 && view.zoom <= 8);
    const { x, y, width, height } = view.shown;
    assert.ok(x >= -1e-6 && y >= -1e-6 && x + width <= 3750 + 1e-6 && y + height <= 5000 + 1e-6);
    const corner = view.toBox({ x, y });
    assert.ok(Math.hypot(corner.x - whole.left, corner.y - whole.top) < 1e-6);
    const after = view.toBox(before);
    const free = Math.min(x, y, 3750 - x - width, 5000 - y - height) > 1e-6;
    if (free) assert.ok(Math.hypot(after.x - to!.x, after.y - to!.y) < 1e-6, 'the paper slips under the fingers');
  }
  const back = view.moved({ x: 0, y: 0 }, { x: 300, y: 300 }, 0.01);
  assert.deepEqual([back.left, back.top, back.scale, back.shown], [whole.left, whole.top, whole.scale, whole.shown]);
});

test('the paper of a new drawing fills an upright phone', () => {
  assert.deepEqual(paperFor({ width: 390, height: 650 }), { width: 3750, height: 6250 });
  assert.deepEqual(paperFor({ width: 300, height: 900 }), { width: 3750, height: 7500 });
  assert.deepEqual(paperFor({ width: 1200, height: 600 }), papers.landscape);
});

test('a canvas is shown as large as fits, in the middle, and places are found again', () => {
  for (const [width, height, left, top, scale] of [
    [750, 1000, 0, 0, 0.2],
    [1000, 500, 312.5, 0, 0.1],
    [375, 900, 0, 200, 0.1],
  ] as const) {
    const view = fit(papers.portrait, { width, height }, 3);
    assert.deepEqual([view.left, view.top, view.scale], [left, top, scale]);
    const random = chance(width);
    for (let i = 0; i < 20; i++) {
      const place = { x: 5000 * random() - 500, y: 5000 * random() - 500 };
      const again = view.toCanvas(view.toBox(place));
      assert.ok(Math.hypot(again.x - place.x, again.y - place.y) < 1e-6);
    }
  }
});

test('there are seven colours and a few widths, which suit every canvas', () => {
  assert.equal(new Set(colors.map(({ value }) => value)).size, 7);
  for (const { value } of colors) assert.match(value, /^#[0-9A-F]{6}$/);
  assert.deepEqual(
    widths.map(width => nib(width, papers.landscape)),
    widths,
  );
  assert.equal(nib(50, { width: 375, height: 667 }), 5);
  assert.equal(nib(20, { width: 10, height: 10 }), 1);
});

test('a picture shows lines and dots in order on the paper, as SVG', () => {
  const drawing = content([
    { ...pen, x: [1, 2, 3], y: [4, 5, 6] },
    { ...pen, tool: 'eraser', x: [7], y: [8] },
  ]);
  drawing.canvas.background = '#FFEEDD';
  assert.equal(
    picture(drawing),
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3750 5000"><rect width="3750" height="5000" fill="#FFEEDD"/>' +
      '<g fill="none" stroke-linecap="round" stroke-linejoin="round"><path d="M1 4L2 5 3 6" stroke="#666666" stroke-width="50"/>' +
      '<path d="M7 8L7 8" stroke="#FFEEDD" stroke-width="50"/></g></svg>',
  );
});

test('the picture of the largest drawing is small, and every stroke of it is there', () => {
  const long = wandering(chance(5), 5_000);
  const stroke = { ...pen, x: long.map(({ x }) => Math.round(x)), y: long.map(({ y }) => Math.round(y)) };
  const svg = picture(content([stroke, stroke, stroke, { ...pen, x: [1, 2], y: [3, 4] }]));
  assert.ok(svg.length < 20_000, `${svg.length} characters`);
  assert.equal(svg.match(/<path/g)!.length, 4);
  for (const place of [long[0]!, long[4_999]!])
    assert.ok(svg.includes(`${Math.round(place.x)} ${Math.round(place.y)}`), 'an end is missing');
});
