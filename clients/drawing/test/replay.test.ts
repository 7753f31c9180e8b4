import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fit, Replay, render } from '../src/index.ts';
import { chance, content, Notes, pen } from './support.ts';

/** A clock that stands until it is told to go on; it makes a picture every 10 ms. */
class Hand {
  time = 12_345;
  private due: (() => void) | undefined;
  now = (): number => this.time;
  frame = (run: () => void): void => void (this.due = run);
  go(ms: number): void {
    for (const end = this.time + ms; this.time < end; ) {
      this.time = Math.min(this.time + 10, end);
      const run = this.due;
      this.due = undefined;
      run?.();
    }
  }
}

function replayOf(strokes: Parameters<typeof content>[0]): { replay: Replay; clock: Hand; shown: number[] } {
  const clock = new Hand();
  const shown: number[] = [];
  const replay = new Replay(content(strokes), { clock, render: position => shown.push(position) });
  return { replay, clock, shown };
}

const second = { ...pen, x: [0, 100], y: [0, 0], t: [0, 1_000] };

test('it plays in the time that was needed, and comes to its end', () => {
  const { replay, clock, shown } = replayOf([second]);
  replay.play();
  clock.go(400);
  assert.equal(replay.position, 400);
  clock.go(590);
  assert.ok(replay.playing);
  clock.go(500);
  assert.deepEqual([replay.playing, replay.position, shown[0], shown[shown.length - 1]], [false, 1_000, 0, 1_000]);
  assert.deepEqual(
    shown,
    [...shown].sort((a, b) => a - b),
  );
});

test('it goes on when the clock is set back, and never goes back itself', () => {
  const { replay, clock, shown } = replayOf([second]);
  replay.play();
  clock.go(500);
  clock.time -= 3_600_000;
  assert.equal(replay.position, 500);
  clock.go(200);
  assert.equal(replay.position, 690); // but for the picture in which it was set back
  clock.go(500);
  assert.deepEqual([replay.playing, replay.position], [false, 1_000]);
  assert.deepEqual(
    shown,
    [...shown].sort((a, b) => a - b),
  );
});

test('it stands while it is paused, and begins anew after its end', () => {
  const { replay, clock } = replayOf([second]);
  replay.play();
  clock.go(300);
  replay.pause();
  clock.go(5_000);
  assert.equal(replay.position, 300);
  replay.play();
  clock.go(1_000);
  assert.equal(replay.position, 1_000);
  replay.play();
  clock.go(100);
  assert.equal(replay.position, 100);
});

test('its speed may change while it plays', () => {
  const { replay, clock } = replayOf([second]);
  replay.play();
  clock.go(100);
  replay.speed = 4;
  assert.equal(replay.position, 100);
  clock.go(100);
  assert.equal(replay.position, 500);
  replay.speed = 0.5;
  clock.go(100);
  assert.equal(replay.position, 550);
});

test('it goes where it is told to, playing or not', () => {
  const { replay, clock, shown } = replayOf([second]);
  replay.seek(700);
  assert.deepEqual([replay.position, replay.playing, shown], [700, false, [700]]);
  replay.play();
  clock.go(100);
  replay.seek(200);
  clock.go(100);
  assert.equal(replay.position, 300);
  replay.seek(99_999);
  assert.equal(replay.position, 1_000);
  replay.seek(-5);
  assert.equal(replay.position, 0);
});

test('paused and played again at once, it does not run twice', () => {
  const { replay, clock, shown } = replayOf([second]);
  replay.play();
  replay.pause();
  replay.play();
  clock.go(100);
  assert.equal(shown.length, 2 + 10);
});

test('a long pause is short', () => {
  const { replay } = replayOf([second, { ...second, t: [61_000, 62_000] }, { ...second, t: [62_500, 63_000] }]);
  assert.equal(replay.duration, 1_000 + 2_000 + 1_000 + 500 + 500);
});

test('strokes without times are drawn one after the other, the longer the slower, five seconds at most', () => {
  const side = 5_000;
  const bare = (length: number) => ({ ...pen, x: [0, length], y: [0, 0] });
  assert.equal(replayOf([bare(side), bare(side / 2)]).replay.duration, 1_500);
  assert.equal(replayOf([bare(side), bare(side * 10)]).replay.duration, 6_000);
  assert.equal(replayOf([bare(0)]).replay.duration, 0);
  assert.equal(replayOf([second, bare(side), { ...second, t: [1_500, 3_000] }]).replay.duration, 3_000);
});

test('a replay adds to the picture only, and ends as the whole of it', () => {
  const random = chance(3);
  const strokes = Array.from({ length: 8 }, (_, i) => {
    const x = Array.from({ length: 20 }, () => Math.round(3000 * random()));
    return { ...pen, x, y: x.map(value => 4000 - value), ...(i % 3 && { t: x.map((_, j) => 500 * i + 20 * j) }) };
  });
  const drawing = content(strokes);
  const at = (until?: number) => {
    const notes = new Notes();
    render(notes, drawing, fit(drawing.canvas, { width: 375, height: 500 }), until);
    return notes.rendered;
  };
  const { duration } = new Replay(drawing, { clock: new Hand(), render() {} });
  const amount = (rendered: ReturnType<typeof at>) => rendered.reduce((sum, { path }) => sum + path.length, 0);
  let before = 0;
  for (let position = 0; position <= duration; position += duration / 50) {
    assert.ok(amount(at(position)) >= before);
    before = amount(at(position));
  }
  assert.deepEqual(at(duration), at());
  assert.equal(at(0).length, 2, 'paper and a dot');
});

test('rendered piece by piece, a replay shows every piece once', () => {
  const stroke = { ...pen, x: [0, 1000, 1000, 0], y: [0, 0, 1000, 1000], t: [0, 100, 200, 300] };
  const drawing = content([stroke, { ...stroke, t: [400, 500, 600, 700] }]);
  const view = fit(drawing.canvas, { width: 375, height: 500 });
  const notes = new Notes();
  const random = chance(9);
  render(notes, drawing, view, 0);
  for (let since = 0; since < 700; ) {
    const until = Math.min(since + 120 * random(), 700);
    render(notes, drawing, view, until, since);
    since = until;
  }
  const length = (path: number[][]) =>
    path.reduce((sum, [x, y], i) => sum + (i ? Math.hypot(x! - path[i - 1]![0]!, y! - path[i - 1]![1]!) : 0), 0);
  const lines = notes.rendered.filter(({ what }) => what === 'line');
  assert.ok(Math.abs(lines.reduce((sum, { path }) => sum + length(path), 0) - 6000) < 1e-6);
  assert.equal(notes.rendered.filter(({ what }) => what === 'paper').length, 1);
});

test('a translucent stroke is not rendered in pieces', () => {
  const drawing = content([{ ...second, color: '#66666680' }]);
  const notes = new Notes();
  render(notes, drawing, fit(drawing.canvas, { width: 375, height: 500 }), 500, 250);
  assert.deepEqual(
    notes.rendered.map(({ what, path }) => [what, path[path.length - 1]]),
    [
      ['paper', [0, 0, 3750, 5000]],
      ['line', [50, 0]],
    ],
  );
});

test('between two points the line is as far as the time', () => {
  const drawing = content([second]);
  const notes = new Notes();
  render(notes, drawing, fit(drawing.canvas, { width: 375, height: 500 }), 250);
  assert.deepEqual(notes.rendered[1]!.path, [
    [0, 0],
    [25, 0],
  ]);
});
