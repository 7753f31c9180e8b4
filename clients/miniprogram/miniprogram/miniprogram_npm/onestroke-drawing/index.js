"use strict";
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

// ../drawing/src/index.ts
var src_exports = {};
__export(src_exports, {
  Brush: () => Brush,
  Replay: () => Replay,
  Sketch: () => Sketch,
  colors: () => colors,
  fit: () => fit,
  maxPoints: () => maxPoints,
  maxStrokePoints: () => maxStrokePoints,
  maxStrokes: () => maxStrokes,
  maxTitle: () => maxTitle,
  nib: () => nib,
  paint: () => paint,
  papers: () => papers,
  picture: () => picture,
  widths: () => widths
});
module.exports = __toCommonJS(src_exports);

// ../drawing/src/limits.ts
var maxTitle = 80;
var maxStrokes = 1e3;
var maxStrokePoints = 5e3;
var maxPoints = 2e4;
var maxCoordinate = 65535;
var maxTime = 2147483647;

// ../drawing/src/timeline.ts
var longestPause = 2e3;
var pace = 1e3;
var longest = 5e3;
var known = /* @__PURE__ */ new WeakMap();
function timelineOf(content) {
  let timeline = known.get(content);
  if (!timeline) known.set(content, timeline = lay(content));
  return timeline;
}
function endOf(strokes) {
  return strokes.reduce((end, { t }) => Math.max(end, t ? t[t.length - 1] : 0), 0);
}
function lay({ canvas, strokes }) {
  let duration = 0;
  let drawn = 0;
  let skipped = 0;
  const times = strokes.map((stroke) => {
    let own;
    if (stroke.t) {
      skipped += Math.max(0, stroke.t[0] - drawn - longestPause);
      drawn = Math.max(drawn, stroke.t[stroke.t.length - 1]);
      own = stroke.t.map((t) => t - skipped);
    } else {
      own = evenly(stroke, Math.max(canvas.width, canvas.height), duration);
    }
    duration = Math.max(duration, own[own.length - 1]);
    return own;
  });
  return { duration, times };
}
function evenly({ x, y }, side, begin) {
  let way = 0;
  const ways = x.map((_, i) => way += i ? Math.hypot(x[i] - x[i - 1], y[i] - y[i - 1]) : 0);
  const duration = Math.min(way / side * pace, longest);
  return ways.map((sum) => begin + (way ? sum / way * duration : 0));
}

// ../drawing/src/paint.ts
function paint(surface, content, view, until = Infinity, since = -Infinity) {
  const { times } = timelineOf(content);
  const drawn = content.strokes.map((stroke, i) => ({ stroke, own: times[i] })).filter(({ own }) => own[0] <= until && own[own.length - 1] > since);
  if (since > -Infinity && !drawn.every(({ stroke }) => isOpaque(stroke))) return paint(surface, content, view, until);
  onPaper(surface, content, view, () => {
    if (since === -Infinity) {
      surface.fillStyle = paperOf(content);
      surface.fill();
    }
    for (const { stroke, own } of drawn) trace(surface, stroke, content, partAt(own, since), partAt(own, until));
  });
}
var Brush = class {
  constructor(surface, content, view) {
    this.surface = surface;
    this.content = content;
    this.view = view;
    this.painted = 0;
  }
  /** Paints what has been added to `stroke` since the last time. */
  paint(stroke) {
    const { surface, content, view } = this;
    if (stroke.x.length === this.painted) return;
    const opaque = isOpaque(stroke);
    if (!opaque) paint(surface, content, view);
    const from = opaque ? Math.max(0, this.painted - 1) : 0;
    onPaper(surface, content, view, () => trace(surface, stroke, content, from, stroke.x.length - 1));
    this.painted = stroke.x.length;
  }
};
function onPaper(surface, { canvas }, { left, top, scale, pixelRatio }, draw) {
  surface.save();
  surface.setTransform(scale * pixelRatio, 0, 0, scale * pixelRatio, left * pixelRatio, top * pixelRatio);
  surface.beginPath();
  surface.rect(0, 0, canvas.width, canvas.height);
  surface.clip();
  draw();
  surface.restore();
}
function isOpaque({ tool, color }) {
  return tool === "eraser" || !/^#.{6}(?!ff)..$/i.test(color);
}
function trace(surface, stroke, content, from, to) {
  const { width } = stroke;
  const color = stroke.tool === "eraser" ? paperOf(content) : cssOf(stroke.color);
  const first = placeAt(stroke, from);
  let moved = false;
  const go = ({ x, y }) => {
    moved = moved || x !== first.x || y !== first.y;
    surface.lineTo(x, y);
  };
  surface.beginPath();
  surface.moveTo(first.x, first.y);
  for (let i = Math.floor(from) + 1; i < to; i++) go(placeAt(stroke, i));
  go(placeAt(stroke, to));
  if (moved) {
    surface.strokeStyle = color;
    surface.lineWidth = width;
    surface.lineCap = surface.lineJoin = "round";
    surface.stroke();
  } else {
    surface.beginPath();
    surface.arc(first.x, first.y, width / 2, 0, 2 * Math.PI);
    surface.fillStyle = color;
    surface.fill();
  }
}
function placeAt({ x, y }, part) {
  const i = Math.floor(part);
  const rest = part - i;
  if (!rest) return { x: x[i], y: y[i] };
  return { x: x[i] + (x[i + 1] - x[i]) * rest, y: y[i] + (y[i + 1] - y[i]) * rest };
}
function partAt(times, moment) {
  const end = times.length - 1;
  if (moment >= times[end]) return end;
  if (moment <= times[0]) return 0;
  let [low, high] = [0, end];
  while (high - low > 1) {
    const middle = low + high >> 1;
    if (times[middle] <= moment) low = middle;
    else high = middle;
  }
  return low + (moment - times[low]) / (times[high] - times[low]);
}
function paperOf({ canvas }) {
  return canvas.background || "#FFFFFF";
}
function cssOf(color) {
  if (color.length < 9) return color;
  const [r, g, b, a] = [1, 3, 5, 7].map((at) => parseInt(color.slice(at, at + 2), 16));
  return `rgba(${r},${g},${b},${a / 255})`;
}

// ../drawing/src/palette.ts
var colors = [
  { value: "#666666", zh: "\u7070", en: "Grey" },
  { value: "#E5484D", zh: "\u7EA2", en: "Red" },
  { value: "#F76B15", zh: "\u6A59", en: "Orange" },
  { value: "#F2B90D", zh: "\u9EC4", en: "Yellow" },
  { value: "#2F9E5F", zh: "\u7EFF", en: "Green" },
  { value: "#0A84E0", zh: "\u84DD", en: "Blue" },
  { value: "#8E4EC6", zh: "\u7D2B", en: "Purple" }
];
var widths = [20, 50, 100, 200];
var papers = {
  portrait: { width: 3750, height: 5e3 },
  landscape: { width: 5e3, height: 3750 }
};
function nib(width, canvas) {
  return Math.max(1, Math.round(width * shorterSide(canvas) / shorterSide(papers.portrait)));
}
function shorterSide({ width, height }) {
  return Math.min(width, height);
}

// ../drawing/src/picture.ts
function picture({ canvas, strokes }) {
  const { width, height, background = "#FFFFFF" } = canvas;
  const lines = strokes.map(({ tool, color, width: width2, x, y }) => {
    const points = x.map((value, i) => `${value} ${y[i]}`);
    return `<path d="M${points[0]}L${points.slice(1).join(" ") || points[0]}" stroke="${tool === "eraser" ? background : color}" stroke-width="${width2}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"><rect width="${width}" height="${height}" fill="${background}"/><g fill="none" stroke-linecap="round" stroke-linejoin="round">${lines.join("")}</g></svg>`;
}

// ../drawing/src/replay.ts
var Replay = class {
  constructor(content, options) {
    this.options = options;
    /** Where it was at `since`, by the clock. */
    this.reached = 0;
    this.since = 0;
    this.pace = 1;
    this.duration = timelineOf(content).duration;
  }
  /** How much of it has been shown, in milliseconds. */
  get position() {
    if (!this.run) return this.reached;
    return Math.min(this.reached + (this.options.clock.now() - this.since) * this.pace, this.duration);
  }
  get playing() {
    return !!this.run;
  }
  /** 1 is as it was drawn, 2 is twice as fast. It may change while it plays. */
  get speed() {
    return this.pace;
  }
  set speed(speed) {
    this.hold();
    this.pace = speed;
  }
  /** Goes on from where it is; from the beginning when it has come to its end. */
  play() {
    if (this.run) return;
    if (this.reached >= this.duration) this.reached = 0;
    this.since = this.options.clock.now();
    const run = this.run = {};
    const show = () => {
      if (this.run !== run) return;
      const { position } = this;
      if (position >= this.duration) this.pause();
      else this.options.clock.frame(show);
      this.options.paint(position);
    };
    show();
  }
  pause() {
    this.hold();
    this.run = void 0;
  }
  /** Goes to a position and, if it plays, on from there. */
  seek(position) {
    this.hold();
    this.reached = Math.min(Math.max(position, 0), this.duration);
    this.options.paint(this.reached);
  }
  hold() {
    this.reached = this.position;
    this.since = this.options.clock.now();
  }
};

// ../drawing/src/curve.ts
var corner = Math.PI / 3;
var mostBetween = 15;
function between(a, b, c, d, tolerance) {
  const way = minus(c, b);
  const out = a && tangent(minus(b, a), way);
  const into = d && tangent(minus(d, c), way);
  const from = out || free(way, into);
  const to = into || free(way, out);
  const bend = Math.max(bendOf(way, from, to), bendOf(way, to, from));
  const count = Math.min(Math.ceil(Math.sqrt(bend / (4 * tolerance))), mostBetween + 1);
  const places = [];
  for (let i = 1; i < count; i++) {
    const part = i / count;
    const rest = 1 - part;
    const h = part * part * (3 - 2 * part);
    const at = (axis) => b[axis] + h * way[axis] + part * rest * (rest * from[axis] - part * to[axis]);
    places.push({ part, x: at("x"), y: at("y") });
  }
  return places;
}
function tangent(other, way) {
  const length = size(way);
  const otherLength = size(other);
  if (!length || !otherLength) return void 0;
  const cos = (way.x * other.x + way.y * other.y) / (length * otherLength);
  if (cos < Math.cos(corner)) return void 0;
  const share = length / (length + otherLength);
  const at = (axis) => other[axis] / otherLength * length * share + way[axis] * (1 - share);
  return { x: at("x"), y: at("y") };
}
function free(way, other = way) {
  return { x: (3 * way.x - other.x) / 2, y: (3 * way.y - other.y) / 2 };
}
function bendOf(way, near, far) {
  return Math.hypot(3 * way.x - 2 * near.x - far.x, 3 * way.y - 2 * near.y - far.y);
}
function minus(a, b) {
  return { x: a.x - b.x, y: a.y - b.y };
}
function size({ x, y }) {
  return Math.hypot(x, y);
}

// ../drawing/src/sketch.ts
var thought = 1e3;
var Sketch = class {
  constructor(content = { format: 1, canvas: papers.portrait, strokes: [] }, options = {}) {
    this.options = options;
    this.past = [];
    this.future = [];
    this.listeners = /* @__PURE__ */ new Set();
    this.base = content;
    this.drawn = content;
  }
  /** The drawing without the stroke under way. Without strokes it is none that the service takes. */
  get content() {
    return this.drawn;
  }
  /** The stroke under way. */
  get current() {
    return this.stroke;
  }
  /** Whether it was to be one stroke, and is drawn. */
  get finished() {
    return !!this.options.oneStroke && this.drawn.strokes.length > 0;
  }
  /** Whether a limit is reached: of the drawing, or of the stroke under way. Nothing more is taken up then. */
  get full() {
    return this.room() === 0;
  }
  get canUndo() {
    return this.past.length > 0;
  }
  get canRedo() {
    return this.future.length > 0;
  }
  /**
   * The finger touches the canvas. Returns whether a stroke has begun: not in a drawing that is full or finished,
   * nor during another.
   */
  begin(point, { tool, color, width }) {
    if (this.stroke || this.finished || this.full) return false;
    if (this.origin === void 0 || !this.drawn.strokes.length) {
      this.origin = point.time - (this.drawn.strokes.length ? endOf(this.drawn.strokes) + thought : 0);
    }
    this.stroke = { tool, color, width, x: [], y: [], t: [] };
    if (point.pressure !== void 0) this.stroke.p = [];
    this.add(point);
    this.last = point;
    this.changed();
    return true;
  }
  /** The finger has moved over these points. */
  extend(points) {
    if (!this.stroke) return;
    const step = Math.max(1, shorterSide(this.drawn.canvas) / 300);
    for (const point of points) {
      this.finger = point;
      if (size(minus(point, this.newest || this.last)) < step) continue;
      if (this.newest) this.settle(point);
      this.newest = point;
    }
    this.changed();
  }
  /** The finger lifts. Returns whether the drawing has a stroke more. */
  end() {
    if (!this.stroke) return false;
    const { stroke, finger } = this;
    if (finger !== this.newest) {
      if (this.newest) this.settle(finger);
      this.newest = finger;
    }
    if (this.newest) this.settle(void 0);
    this.forget();
    this.change(this.drawn.strokes.concat([stroke]));
    return true;
  }
  /** The touch was none: a second finger came, or a call. The stroke under way is gone. */
  cancel() {
    this.forget();
    this.changed();
  }
  /** Takes back the last stroke, or `clear`. */
  undo() {
    this.step(this.past, this.future);
  }
  redo() {
    this.step(this.future, this.past);
  }
  /** Takes all strokes away; `undo` brings them back. */
  clear() {
    this.forget();
    if (this.drawn.strokes.length) this.change([]);
    else this.changed();
  }
  rename(title) {
    this.base = { ...this.base, title };
    this.show(this.drawn.strokes);
  }
  /** Calls `listener` with each change, until what it returns is called. */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
  room() {
    const { strokes } = this.drawn;
    if (strokes.length >= maxStrokes) return 0;
    const own = this.stroke ? this.stroke.x.length : 0;
    const all = strokes.reduce((sum, { x }) => sum + x.length, own);
    return Math.max(0, Math.min(maxStrokePoints - own, maxPoints - all));
  }
  /** Takes the newest point into the stroke, and before it what lies between. */
  settle(next) {
    const [from, to] = [this.last, this.newest];
    const tolerance = shorterSide(this.drawn.canvas) / 4e3;
    for (const { part, x, y } of between(this.before, from, to, next, tolerance)) {
      const mix = (a, b) => a + (b - a) * part;
      const pressure = from.pressure === void 0 || to.pressure === void 0 ? void 0 : mix(from.pressure, to.pressure);
      this.add({ x, y, time: mix(from.time, to.time), pressure });
    }
    this.add(to);
    this.before = from;
    this.last = to;
  }
  add({ x, y, time, pressure }) {
    const stroke = this.stroke;
    if (!this.room()) return;
    const t = stroke.t;
    stroke.x.push(whole(x, -maxCoordinate, maxCoordinate));
    stroke.y.push(whole(y, -maxCoordinate, maxCoordinate));
    t.push(whole(time - this.origin, t[t.length - 1] || 0, maxTime));
    if (stroke.p) stroke.p.push(whole((pressure || 0) * 255, 0, 255));
  }
  forget() {
    this.stroke = this.last = this.before = this.newest = this.finger = void 0;
  }
  change(strokes) {
    this.past.push(this.drawn.strokes);
    this.future = [];
    this.show(strokes);
  }
  step(from, to) {
    this.forget();
    const strokes = from.pop();
    if (!strokes) return this.changed();
    to.push(this.drawn.strokes);
    this.show(strokes);
  }
  show(strokes) {
    this.drawn = { ...this.base, strokes };
    this.changed();
  }
  changed() {
    this.listeners.forEach((listener) => listener());
  }
};
function whole(value, least, most) {
  return Math.min(Math.max(Math.round(value), least), most);
}

// ../drawing/src/view.ts
function fit(canvas, box, pixelRatio = 1) {
  const scale = Math.min(box.width / canvas.width, box.height / canvas.height);
  const width = canvas.width * scale;
  const height = canvas.height * scale;
  const left = (box.width - width) / 2;
  const top = (box.height - height) / 2;
  return {
    left,
    top,
    width,
    height,
    scale,
    pixelRatio,
    toCanvas: ({ x, y }) => ({ x: (x - left) / scale, y: (y - top) / scale }),
    toBox: ({ x, y }) => ({ x: x * scale + left, y: y * scale + top })
  };
}
