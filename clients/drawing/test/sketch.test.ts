import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stroke } from 'onestroke-client';
import { maxPoints, maxStrokePoints, maxStrokes, type Point, Sketch } from '../src/index.ts';
import { chance, content, distance, pen, placesOf, wandering } from './support.ts';

/** Draws a stroke through these points, some of them at a time. */
function draw(sketch: Sketch, points: Point[], atOnce = 3): boolean {
  if (!sketch.begin(points[0]!, pen)) return false;
  for (let i = 1; i < points.length; i += atOnce) sketch.extend(points.slice(i, i + atOnce));
  return sketch.end();
}

function line(...places: [number, number][]): Point[] {
  return places.map(([x, y], i) => ({ x, y, time: 1000 + 16 * i }));
}

const seeds = Array.from({ length: 50 }, (_, seed) => seed);

test('a stroke has what the contract asks for, wherever the finger goes', () => {
  for (const seed of seeds) {
    const random = chance(seed);
    const sketch = new Sketch();
    const points = wandering(random, 200).map(point => ({
      ...point,
      x: 50 * (point.x - 1000),
      pressure: 3 * random() - 1,
    }));
    draw(sketch, points);
    const { x, y, t, p } = sketch.content.strokes[0]!;
    assert.ok(t && p && y.length === x.length && t.length === x.length && p.length === x.length);
    for (const value of [...x, ...y]) assert.ok(Number.isInteger(value) && Math.abs(value) <= 65_535);
    for (const value of p) assert.ok(Number.isInteger(value) && value >= 0 && value <= 255);
    for (const [i, value] of t.entries()) assert.ok(Number.isInteger(value) && value >= (t[i - 1] ?? 0));
    assert.equal(t[0], 0);
    assert.equal(t[t.length - 1], Math.round(points[points.length - 1]!.time - points[0]!.time));
  }
});

test('the line begins where the finger touches, ends where it lifts, and is never far from its way', () => {
  for (const seed of seeds) {
    const points = wandering(chance(seed), 100);
    const sketch = new Sketch();
    draw(sketch, points);
    const places = placesOf(sketch.content.strokes[0]!);
    const round = ({ x, y }: Point) => ({ x: Math.round(x), y: Math.round(y) });
    assert.deepEqual(places[0], round(points[0]!));
    assert.deepEqual(places[places.length - 1], round(points[points.length - 1]!));
    for (const point of points) assert.ok(distance(point, places) < 3750 / 300 + 1, 'a point of the way is left aside');
    for (const place of places) assert.ok(distance(place, points) < 40, 'the line bulges');
  }
});

test('how the points arrive makes no difference', () => {
  for (const seed of seeds) {
    const points = wandering(chance(seed), 60);
    const strokes = [1, 2, 7, 100].map(atOnce => {
      const sketch = new Sketch();
      draw(sketch, points, atOnce);
      return sketch.content.strokes[0];
    });
    for (const stroke of strokes) assert.deepEqual(stroke, strokes[0]);
  }
});

test('a quick circle is round', () => {
  const points = Array.from({ length: 13 }, (_, i) => ({
    x: 2000 + 1000 * Math.cos((i * Math.PI) / 6),
    y: 2000 + 1000 * Math.sin((i * Math.PI) / 6),
    time: 16 * i,
  }));
  const sketch = new Sketch();
  draw(sketch, points);
  for (const { x, y } of placesOf(sketch.content.strokes[0]!))
    assert.ok(Math.abs(Math.hypot(x - 2000, y - 2000) - 1000) < 12);
});

test('straight lines and corners stay what they are', () => {
  const sketch = new Sketch();
  const square = line([500, 500], [2500, 500], [2500, 2500], [500, 2500], [500, 500]);
  draw(sketch, square);
  const { x, y, t } = sketch.content.strokes[0]!;
  assert.deepEqual(
    [x, y, t],
    [
      [500, 2500, 2500, 500, 500],
      [500, 500, 2500, 2500, 500],
      [0, 16, 32, 48, 64],
    ],
  );
});

test('a brush is thin where the finger is fast, whatever the canvas', () => {
  for (const size of [375, 3750]) {
    const sketch = new Sketch(content([], { width: size, height: size }));
    const at = (x: number, time: number) => ({ x: x * size, y: size / 2, time });
    sketch.begin(at(0, 0), pen, true);
    for (let i = 1; i <= 50; i++) sketch.extend([at(0.002 * i, 16 * i)]); // an eighth of the canvas in a second
    for (let i = 1; i <= 20; i++) sketch.extend([at(0.1 + 0.04 * i, 800 + 16 * i)]); // the rest in a third
    assert.ok(sketch.end());
    const { t, p } = sketch.content.strokes[0]!;
    const slow = p![t!.findIndex(time => time > 700)]!;
    const fast = p![p!.length - 1]!;
    assert.ok(slow > 200 && fast < 90, `${slow} when slow, ${fast} when fast`);
    for (let i = 1; i < p!.length; i++)
      assert.ok(Math.abs(p![i]! - p![i - 1]!) <= 2 * (t![i]! - t![i - 1]!), 'the width leaps');
  }
});

test('a pen that reports its pressure keeps it, with a brush or without', () => {
  for (const brush of [false, true]) {
    const sketch = new Sketch();
    sketch.begin({ x: 0, y: 0, time: 0, pressure: 0.2 }, pen, brush);
    sketch.extend([{ x: 500, y: 0, time: 10, pressure: 0.8 }]);
    sketch.end();
    const { p } = sketch.content.strokes[0]!;
    assert.deepEqual([p![0], p![p!.length - 1]], [51, 204]);
  }
});

test('a tap is a dot', () => {
  const sketch = new Sketch();
  draw(sketch, line([100, 200]));
  assert.deepEqual(sketch.content.strokes, [{ ...pen, x: [100], y: [200], t: [0] }]);
});

test('the stroke under way only grows at its end', () => {
  const sketch = new Sketch();
  const points = wandering(chance(7), 200);
  sketch.begin(points[0]!, pen);
  let before: number[] = [];
  for (const point of points.slice(1)) {
    sketch.extend([point]);
    const { x } = sketch.current!;
    assert.deepEqual(x.slice(0, before.length), before);
    before = x.slice();
  }
  sketch.end();
  assert.deepEqual(sketch.content.strokes[0]!.x.slice(0, before.length), before);
});

test('time goes on from stroke to stroke, and a second after the last where a drawing is taken up again', () => {
  const sketch = new Sketch();
  draw(sketch, line([0, 0], [100, 0]));
  draw(
    sketch,
    line([0, 50], [100, 50]).map(point => ({ ...point, time: point.time + 5_000 })),
  );
  assert.deepEqual(
    sketch.content.strokes.map(({ t }) => t),
    [
      [0, 16],
      [5_000, 5_016],
    ],
  );
  const later = new Sketch(sketch.content);
  draw(
    later,
    line([0, 90], [100, 90]).map(point => ({ ...point, time: point.time + 9e9 })),
  );
  assert.deepEqual(later.content.strokes[2]!.t, [6_016, 6_032]);
});

test('a stroke is never earlier than those before it', () => {
  const at = (time: number) => line([0, 50], [100, 50]).map(point => ({ ...point, time: point.time + time }));
  const inOrder = ({ content: { strokes } }: Sketch) => {
    const times = strokes.flatMap(({ t }) => t!);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
  };
  const cleared = new Sketch();
  draw(cleared, at(0));
  draw(cleared, at(60_000));
  cleared.clear();
  draw(cleared, at(70_000));
  cleared.undo();
  cleared.undo();
  draw(cleared, at(80_000));
  assert.equal(cleared.content.strokes.length, 3);
  inOrder(cleared);

  const replaced = new Sketch();
  draw(replaced, at(0));
  replaced.replace(cleared.content);
  draw(replaced, at(10_000));
  assert.equal(replaced.content.strokes.length, 4);
  inOrder(replaced);

  const setBack = new Sketch();
  draw(setBack, at(60_000));
  draw(setBack, at(70_000));
  draw(setBack, at(65_000));
  inOrder(setBack);
});

test('a clock that steps back does not', () => {
  const sketch = new Sketch();
  draw(sketch, [
    { x: 0, y: 0, time: 50 },
    { x: 100, y: 0, time: 60 },
    { x: 200, y: 0, time: 40 },
  ]);
  assert.deepEqual(sketch.content.strokes[0]!.t, [0, 10, 10]);
});

test('undo, redo and clear lead through all states and back', () => {
  for (const seed of seeds) {
    const random = chance(seed);
    const sketch = new Sketch();
    const states = [sketch.content.strokes];
    for (let i = 0; i < 20; i++) {
      if (random() < 0.2) sketch.clear();
      else draw(sketch, wandering(random, 5));
      if (sketch.content.strokes !== states[states.length - 1]) states.push(sketch.content.strokes);
    }
    const kept = JSON.stringify(states);
    for (let at = states.length - 1, i = 0; i < 200; i++) {
      const back = random() < 0.5;
      assert.equal(sketch.canUndo, at > 0);
      assert.equal(sketch.canRedo, at < states.length - 1);
      if (back) sketch.undo();
      else sketch.redo();
      at = Math.min(Math.max(at + (back ? -1 : 1), 0), states.length - 1);
      assert.equal(sketch.content.strokes, states[at]);
    }
    assert.equal(JSON.stringify(states), kept, 'what was given out has changed');
  }
});

test('a new stroke ends what could be done again', () => {
  const sketch = new Sketch();
  draw(sketch, line([0, 0]));
  sketch.undo();
  draw(sketch, line([5, 5]));
  assert.equal(sketch.canRedo, false);
  assert.deepEqual(
    sketch.content.strokes.map(({ x }) => x),
    [[5]],
  );
});

test('a drawing of one stroke ends when the finger lifts, until that is taken back', () => {
  const sketch = new Sketch({ ...content([]), oneStroke: true });
  assert.equal(draw(sketch, line([0, 0], [100, 100])), true);
  assert.equal(sketch.finished, true);
  assert.equal(draw(sketch, line([0, 0], [100, 100])), false);
  sketch.undo();
  assert.equal(sketch.finished, false);
  assert.equal(draw(sketch, line([0, 0], [100, 100])), true);
});

test('a drawing becomes one of one stroke, or one of many, as long as its strokes allow it', () => {
  const sketch = new Sketch();
  draw(sketch, line([0, 0], [100, 100]));
  assert.equal(sketch.limitToOneStroke(true), true);
  assert.deepEqual([sketch.finished, sketch.content.oneStroke], [true, true]);
  assert.equal(sketch.limitToOneStroke(false), true);
  sketch.begin(line([0, 0])[0]!, pen);
  assert.equal(sketch.limitToOneStroke(true), false); // the second has begun
  sketch.cancel();
  assert.equal(draw(sketch, line([0, 0], [50, 50])), true);
  assert.equal(sketch.limitToOneStroke(true), false);
  sketch.undo();
  sketch.limitToOneStroke(true);
  sketch.redo(); // the second stroke is back
  assert.deepEqual([sketch.content.strokes.length, sketch.content.oneStroke], [2, false]);
});

test('a cancelled touch leaves nothing', () => {
  const sketch = new Sketch();
  sketch.begin(line([0, 0])[0]!, pen);
  sketch.extend(line([50, 50], [90, 90]));
  sketch.cancel();
  assert.equal(sketch.current, undefined);
  assert.equal(sketch.end(), false);
  assert.deepEqual([sketch.content.strokes, sketch.canUndo], [[], false]);
});

test('the drawing changes elsewhere during a stroke, which goes on in it', () => {
  const theirs = (oneStroke: boolean) => {
    const other = new Sketch({ ...content([]), oneStroke });
    draw(other, line([0, 0], [900, 0]));
    return other.content;
  };
  const sketch = new Sketch();
  draw(sketch, line([0, 500], [900, 500]));
  sketch.begin({ x: 0, y: 900, time: 5000 }, pen);
  sketch.replace(theirs(false));
  assert.equal(sketch.canUndo, false);
  sketch.extend(line([450, 900], [900, 900]));
  assert.ok(sketch.end());
  assert.deepEqual(
    sketch.content.strokes.map(({ y }) => y[0]),
    [0, 900],
  );
  sketch.begin({ x: 0, y: 500, time: 9000 }, pen);
  sketch.replace(theirs(true));
  assert.equal(sketch.current, undefined);
  assert.equal(sketch.end(), false);
  assert.equal(sketch.content.strokes.length, 1);
});

test('a second finger does not begin a stroke during another', () => {
  const sketch = new Sketch();
  assert.equal(sketch.begin(line([0, 0])[0]!, pen), true);
  assert.equal(sketch.begin(line([9, 9])[0]!, pen), false);
});

test('a straight line needs few points, and keeps its pace', () => {
  const sketch = new Sketch();
  // A second with one pace, a pause, and a second with another.
  const way = [...Array(241)].map((_, i) => ({ x: 500 + 5 * i, y: 700 + i, time: (1000 * i) / 240 }));
  const rest = [...Array(240)].map((_, i) => ({ x: 1700 + 5 * (i + 1), y: 940 + i + 1, time: 2000 + (500 * i) / 240 }));
  draw(sketch, [...way, ...rest]);
  const { x, t } = sketch.content.strokes[0]!;
  assert.ok(x.length < 40, `${x.length} points`);
  const placeAt = (time: number) => {
    const next = t!.findIndex(value => value >= time);
    const part = (time - t![next - 1]!) / (t![next]! - t![next - 1]!);
    return x[next - 1]! + (x[next]! - x[next - 1]!) * part;
  };
  for (const [time, expected] of [
    [250, 800],
    [750, 1400],
    [2250, 2300],
  ] as const)
    assert.ok(Math.abs(placeAt(time) - expected) < 50, `${placeAt(time)} after ${time} ms`);
});

test('a stroke as long as anybody draws follows the finger to its end, within the limits of the contract', () => {
  const sketch = new Sketch({ ...content([]), oneStroke: true });
  // Five minutes of loops at 240 points a second.
  const points = [...Array(5 * 60 * 240)].map((_, i) => ({
    x: 1875 + 900 * Math.cos(i / 31) + 700 * Math.cos(i / 1009),
    y: 2500 + 900 * Math.sin(i / 31) + 1400 * Math.sin(i / 1741),
    time: (1000 * i) / 240,
  }));
  let warned = false;
  sketch.begin(points[0]!, pen);
  for (const [i, point] of points.entries()) {
    sketch.extend([point]);
    warned ||= sketch.nearlyFull;
    if (sketch.current!.x.length > 4_500) assert.ok(warned, 'no warning before the limit');
    if (i % 2400) continue;
    const [end] = sketch.tip.slice(-1);
    assert.deepEqual([end!.x, end!.y], [point.x, point.y], 'the ink is not where the finger is');
  }
  sketch.end();
  assert.ok(sketch.finished && warned);
  const places = placesOf(sketch.content.strokes[0]!);
  assert.ok(places.length <= maxStrokePoints && places.length > maxStrokePoints / 2);
  const last = points[points.length - 1]!;
  assert.deepEqual(places[places.length - 1], { x: Math.round(last.x), y: Math.round(last.y) });
  const apart = points.filter((_, i) => i % 97 === 0).map(point => distance(point, places));
  assert.ok(Math.max(...apart) < 45, `${Math.max(...apart)} tenths of a pixel beside the finger's way`);
});

test('the limits of the contract are kept, a warning comes before them, and no ink is lost', () => {
  const zigzag = (points: number) =>
    line(...Array.from({ length: points }, (_, i): [number, number] => [i % 2 ? 0 : 900, i]));
  const sketch = new Sketch();
  const pointsOf = () => sketch.content.strokes.reduce((sum, { x }) => sum + x.length, 0);
  let warned = false;
  let strokes = 0;
  while (!sketch.full) {
    const points = zigzag(maxStrokePoints + 50);
    assert.ok(sketch.begin(points[0]!, pen));
    sketch.extend(points.slice(1));
    warned ||= sketch.nearlyFull;
    assert.ok(sketch.end());
    const { x, y } = sketch.content.strokes[strokes++]!;
    assert.deepEqual([x[0], y[0]], [900, 0]);
    assert.deepEqual([x[x.length - 1], y[y.length - 1]], [0, points.length - 1]);
    assert.ok(x.length <= maxStrokePoints && pointsOf() <= maxPoints);
  }
  assert.ok(warned && strokes >= 4);
  assert.equal(draw(sketch, zigzag(2)), false);

  const dot: Stroke = { ...pen, x: [1], y: [1] };
  const many = new Sketch(content(Array.from({ length: maxStrokes - 1 }, () => dot)));
  assert.ok(many.nearlyFull && !many.full);
  assert.ok(draw(many, zigzag(2)));
  assert.ok(many.full);
  assert.equal(draw(many, zigzag(2)), false);
});

test('the end that may still change reaches the finger, and what the device expects', () => {
  for (const seed of seeds) {
    const points = wandering(chance(seed), 60);
    const sketch = new Sketch();
    sketch.begin(points[0]!, pen);
    for (const point of points.slice(1)) {
      const expected = { x: point.x + 9, y: point.y };
      sketch.extend([point], [expected]);
      const { x, y } = sketch.current!;
      const { tip } = sketch;
      assert.deepEqual([Math.round(tip[0]!.x), Math.round(tip[0]!.y)], [x[x.length - 1], y[y.length - 1]]);
      assert.deepEqual(tip.slice(-2), [point, expected]);
    }
    sketch.end();
    assert.deepEqual(sketch.tip, []);
  }
});

test('it tells of every change, until it need not any more', () => {
  const sketch = new Sketch();
  let told = 0;
  const stop = sketch.subscribe(() => told++);
  const changes = [
    () => sketch.begin(line([0, 0])[0]!, pen),
    () => sketch.extend(line([0, 0], [99, 99])),
    () => sketch.end(),
    () => sketch.undo(),
    () => sketch.redo(),
    () => sketch.clear(),
    () => sketch.rename('猫'),
  ];
  for (const [i, change] of changes.entries()) {
    change();
    assert.equal(told, i + 1);
  }
  assert.equal(sketch.content.title, '猫');
  stop();
  sketch.undo();
  assert.equal(told, changes.length);
});
