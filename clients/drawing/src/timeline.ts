import type { DrawingContent, Stroke } from 'onestroke-client';

/** The longest pause between strokes in a replay, in milliseconds. */
const longestPause = 2_000;
/**
 * A stroke without times takes `pace` milliseconds for the length of the canvas' longer side, and at most `longest`, as
 * in the service's animations.
 */
const pace = 1_000;
const longest = 5_000;

/** When each stroke is drawn in a replay. */
export interface Timeline {
  /** In milliseconds, like all times here. */
  duration: number;
  /** The times of each stroke's points. */
  times: readonly (readonly number[])[];
}

const known = new WeakMap<DrawingContent, Timeline>();

/**
 * The times of a replay: those of the drawing without long pauses. A stroke without times is drawn at an even pace,
 * after those before it.
 */
export function timelineOf(content: DrawingContent): Timeline {
  let timeline = known.get(content);
  if (!timeline) known.set(content, (timeline = lay(content)));
  return timeline;
}

/** When the last point of these strokes was drawn. */
export function endOf(strokes: readonly Stroke[]): number {
  return strokes.reduce((end, { t }) => Math.max(end, t ? t[t.length - 1]! : 0), 0);
}

function lay({ canvas, strokes }: DrawingContent): Timeline {
  let duration = 0;
  let drawn = 0; // the latest time so far, pauses included
  let skipped = 0;
  const times = strokes.map(stroke => {
    let own: number[];
    if (stroke.t) {
      skipped += Math.max(0, stroke.t[0]! - drawn - longestPause);
      drawn = Math.max(drawn, stroke.t[stroke.t.length - 1]!);
      own = stroke.t.map(t => t - skipped);
    } else {
      own = evenly(stroke, Math.max(canvas.width, canvas.height), duration);
    }
    duration = Math.max(duration, own[own.length - 1]!);
    return own;
  });
  return { duration, times };
}

function evenly({ x, y }: Stroke, side: number, begin: number): number[] {
  let way = 0;
  const ways = x.map((_, i) => (way += i ? Math.hypot(x[i]! - x[i - 1]!, y[i]! - y[i - 1]!) : 0));
  const duration = Math.min((way / side) * pace, longest);
  return ways.map(sum => begin + (way ? (sum / way) * duration : 0));
}
