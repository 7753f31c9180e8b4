import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fit, type Pointer, Pointers, Sketch } from '../src/index.ts';
import { chance, pen } from './support.ts';

const box = { width: 375, height: 500 };

/** A sketch that pointers draw on, and what has happened to its view. */
function desk() {
  const sketch = new Sketch();
  let view = fit(sketch.content.canvas, box);
  const onCanvas = (pointer: Pointer) => ({ ...pointer, ...view.toCanvas(pointer) });
  const pointers = new Pointers({
    begin: pointer => sketch.begin(onCanvas(pointer), pen),
    extend: (places, expected) => sketch.extend(places.map(onCanvas), expected.map(view.toCanvas)),
    end: () => sketch.end(),
    cancel: () => sketch.cancel(),
    move: (from, to, factor) => (view = view.moved(from, to, factor)),
  });
  return {
    sketch,
    pointers,
    get zoom() {
      return view.zoom;
    },
    /** How many strokes there are, and where each begins and ends, in pixels of the box. */
    get strokes() {
      return sketch.content.strokes.map(({ x, y }) => [
        x[0]! / 10,
        y[0]! / 10,
        x[x.length - 1]! / 10,
        y[y.length - 1]! / 10,
      ]);
    },
  };
}

let now = 0;
function at(kind: Pointer['kind'], id: number, x: number, y: number): Pointer {
  return { kind, id, x, y, time: (now += 8) };
}

test('a finger draws, and what it drew stays when the system takes it away', () => {
  const { pointers, sketch, strokes: none } = desk();
  assert.deepEqual(none, []);
  pointers.down(at('touch', 1, 100, 100));
  pointers.moved([at('touch', 1, 200, 100)]);
  pointers.up(1); // as on touchcancel
  assert.equal(sketch.content.strokes.length, 1);
  sketch.undo();
  assert.deepEqual(sketch.content.strokes, []);
});

test('a finger that was lifted unnoticed ends its line when it comes back', () => {
  const here = desk();
  here.pointers.down(at('touch', 0, 10, 10));
  here.pointers.moved([at('touch', 0, 100, 10)]);
  here.pointers.down(at('touch', 0, 300, 300)); // mini programs give each finger the least free number
  here.pointers.moved([at('touch', 0, 350, 300)]);
  here.pointers.up(0);
  assert.deepEqual(here.strokes, [
    [10, 10, 100, 10],
    [300, 300, 350, 300],
  ]);
});

test('one of two fingers that was lifted unnoticed draws when it comes back', () => {
  const here = desk();
  here.pointers.down(at('touch', 0, 100, 200));
  here.pointers.down(at('touch', 1, 200, 200));
  here.pointers.down(at('touch', 0, 10, 10));
  here.pointers.moved([at('touch', 0, 100, 10)]);
  here.pointers.up(0);
  assert.deepEqual(here.strokes, [[10, 10, 100, 10]]);
});

test('two fingers move the view and leave no line', () => {
  const here = desk();
  const { pointers } = here;
  pointers.down(at('touch', 1, 100, 200));
  pointers.moved([at('touch', 1, 103, 200)]);
  pointers.down(at('touch', 2, 200, 200));
  for (let i = 0; i < 20; i++) {
    pointers.moved([at('touch', 1, 100 - i, 200)]);
    pointers.moved([at('touch', 2, 200 + 5 * i, 200)]);
  }
  pointers.up(2);
  pointers.moved([at('touch', 1, 10, 300)]);
  pointers.up(1);
  assert.ok(here.zoom > 2);
  assert.deepEqual([here.strokes, here.sketch.canUndo], [[], false]);
  pointers.down(at('touch', 3, 100, 100));
  pointers.up(3);
  assert.equal(here.strokes.length, 1, 'the next finger draws');
});

test('a finger that comes when a line is under way changes nothing', () => {
  const here = desk();
  here.pointers.down(at('touch', 1, 10, 10));
  here.pointers.moved([at('touch', 1, 100, 10)]);
  here.pointers.down(at('touch', 2, 300, 300));
  here.pointers.moved([at('touch', 2, 350, 350)]);
  here.pointers.moved([at('touch', 1, 200, 10)]);
  here.pointers.up(2);
  here.pointers.moved([at('touch', 1, 300, 10)]);
  here.pointers.up(1);
  assert.deepEqual(here.strokes, [[10, 10, 300, 10]]);
  assert.equal(here.zoom, 1);
});

test('a pen draws whatever palm is there before, with or after it', () => {
  const here = desk();
  here.pointers.down(at('touch', 1, 300, 400));
  here.pointers.moved([at('touch', 1, 305, 402)]);
  here.pointers.down(at('pen', 2, 10, 10));
  here.pointers.down(at('touch', 3, 320, 420));
  here.pointers.moved([at('touch', 1, 100, 100)]);
  here.pointers.moved([at('pen', 2, 200, 10)]);
  here.pointers.up(1);
  here.pointers.up(2);
  here.pointers.down(at('touch', 4, 310, 410)); // the palm again, a moment after
  here.pointers.up(4);
  assert.deepEqual(here.strokes, [[10, 10, 200, 10]]);
  now += 2_000;
  here.pointers.down(at('touch', 5, 50, 50));
  here.pointers.up(5);
  assert.equal(here.strokes.length, 2, 'a finger draws again later');
});

test('a line that a finger has drawn stays when a pen comes', () => {
  const here = desk();
  now += 2_000;
  here.pointers.down(at('touch', 1, 10, 50));
  here.pointers.moved([at('touch', 1, 200, 50)]);
  here.pointers.down(at('pen', 2, 10, 10));
  here.pointers.moved([at('pen', 2, 100, 10)]);
  here.pointers.up(2);
  assert.deepEqual(here.strokes, [
    [10, 50, 200, 50],
    [10, 10, 100, 10],
  ]);
});

test('no ink is lost in a thousand gestures with cancels, palms and second fingers', () => {
  for (let seed = 0; seed < 1_000; seed++) {
    const random = chance(seed);
    const here = desk();
    now += 2_000;
    const kind = random() < 0.3 ? 'pen' : 'touch';
    const palm = (lifts: boolean) => {
      const pointer = at('touch', 20 + Math.floor(3 * random()), 300 + 3 * random(), 450 + 3 * random());
      if (lifts) here.pointers.up(pointer.id);
      else here.pointers.down(pointer);
    };
    if (kind === 'pen' && random() < 0.5) palm(false);
    let [x, y] = [40 + 100 * random(), 40 + 100 * random()];
    const start = [x, y];
    here.pointers.down(at(kind, 1, x, y));
    for (let i = 0; i < 20; i++) {
      [x, y] = [x + 30 * random(), y + 10 * random()];
      here.pointers.moved([at(kind, 1, x, y)]);
      // Nothing shows yet what the first finger of two is going to do.
      const drawing = kind === 'pen' || x > start[0]! + 24;
      if (drawing && random() < 0.3) palm(random() < 0.5);
      const current = here.sketch.tip[here.sketch.tip.length - 1]!;
      assert.ok(Math.hypot(current.x / 10 - x, current.y / 10 - y) < 0.01, `ink is behind, seed ${seed}`);
    }
    here.pointers.up(1); // lifted, or taken away by the system
    const found = here.strokes.filter(
      ([beginX, beginY, endX, endY]) =>
        Math.hypot(beginX! - start[0]!, beginY! - start[1]!) < 0.2 && Math.hypot(endX! - x, endY! - y) < 0.2,
    );
    assert.equal(found.length, 1, `a stroke is lost, seed ${seed}`);
    assert.equal(here.zoom, 1);
    assert.equal(here.strokes.length, 1, `a palm has left something, seed ${seed}`);
  }
});
