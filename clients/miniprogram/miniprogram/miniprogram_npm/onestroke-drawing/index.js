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
  Pointers: () => Pointers,
  Replay: () => Replay,
  Sketch: () => Sketch,
  colors: () => colors,
  commonWords: () => commonWords,
  convert: () => convert,
  fit: () => fit,
  maxPoints: () => maxPoints,
  maxStrokePoints: () => maxStrokePoints,
  maxStrokes: () => maxStrokes,
  maxTitle: () => maxTitle,
  nib: () => nib,
  paperFor: () => paperFor,
  papers: () => papers,
  picture: () => picture,
  render: () => render,
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

// ../drawing/src/convert.ts
function convert(strokes, options) {
  const { scale = 10, title, background } = options;
  const unit = (value) => clamp(value * scale, -maxCoordinate, maxCoordinate);
  const usable = strokes.map((one) => ({
    ...one,
    points: one.points.filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y))
  }));
  const start = usable.reduce(
    (first, one) => one.points.reduce((t, p) => isNumber(p.time) ? Math.min(t, p.time) : t, first),
    Infinity
  );
  const converted = [];
  for (const { points: points2, color = "#000000", width = 1, tool = "pen" } of usable) {
    const style = { tool, color: hexColor(color), width: clamp(width * scale, 1, maxCoordinate) };
    for (let from = 0; from === 0 ? points2.length > 0 : from < points2.length - 1; from += maxStrokePoints - 1) {
      const part = points2.slice(from, from + maxStrokePoints);
      const stroke = { ...style, x: part.map((p) => unit(p.x)), y: part.map((p) => unit(p.y)) };
      if (part.every((p) => isNumber(p.time))) stroke.t = part.map((p) => clamp(p.time - start, 0, maxTime));
      if (part.every((p) => isNumber(p.pressure))) stroke.p = part.map((p) => clamp(p.pressure * 255, 0, 255));
      converted.push(stroke);
    }
  }
  const points = converted.reduce((sum, one) => sum + one.x.length, 0);
  if (converted.length > maxStrokes || points > maxPoints) {
    throw new RangeError(
      `${converted.length} strokes of ${points} points; a drawing has at most ${maxStrokes} of ${maxPoints}`
    );
  }
  const side = (size2) => clamp(size2 * scale, 1, maxCoordinate);
  return {
    format: 1,
    ...title === void 0 ? {} : { title },
    canvas: {
      width: side(options.width),
      height: side(options.height),
      ...background === void 0 ? {} : { background: hexColor(background).slice(0, 7) }
    },
    strokes: converted
  };
}
function isNumber(value) {
  return value !== void 0 && Number.isFinite(value);
}
function clamp(value, least, most) {
  return Number.isNaN(value) ? least : Math.max(least, Math.min(Math.round(value), most)) + 0;
}
var names = {
  black: "#000000",
  silver: "#C0C0C0",
  gray: "#808080",
  white: "#FFFFFF",
  maroon: "#800000",
  red: "#FF0000",
  purple: "#800080",
  fuchsia: "#FF00FF",
  green: "#008000",
  lime: "#00FF00",
  olive: "#808000",
  yellow: "#FFFF00",
  navy: "#000080",
  blue: "#0000FF",
  teal: "#008080",
  aqua: "#00FFFF"
};
function hexColor(text) {
  var _a, _b, _c;
  const color = text.trim().toLowerCase();
  if (names[color]) return names[color];
  if (/^#([\da-f]{6}|[\da-f]{8})$/.test(color)) return color.toUpperCase();
  if (/^#[\da-f]{3,4}$/.test(color)) return color.toUpperCase().replace(/[\dA-F]/g, "$&$&");
  const parts = (_c = (_b = (_a = /^rgba?\(([^()]*)\)$/.exec(color)) == null ? void 0 : _a[1]) == null ? void 0 : _b.split(/[\s,/]+/).filter(Boolean)) != null ? _c : [];
  const values = parts.map(
    (part, i) => Number.parseFloat(part) * (i === 3 || part.endsWith("%") ? 255 : 1) / (part.endsWith("%") ? 100 : 1)
  );
  if (values.length < 3 || values.length > 4 || !values.every(Number.isFinite))
    throw new RangeError(`${text} is no color that can be converted`);
  const bytes = values.map((value) => clamp(value, 0, 255));
  if (bytes[3] === 255) bytes.pop();
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("").toUpperCase()}`;
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
var longest = 2;
function paperFor({ width, height }) {
  if (width > height) return papers.landscape;
  const side = papers.portrait.width;
  return { width: side, height: Math.round(side * Math.min(Math.max(height / width, 1), longest)) };
}
function nib(width, canvas) {
  return Math.max(1, Math.round(width * shorterSide(canvas) / shorterSide(papers.portrait)));
}
function shorterSide({ width, height }) {
  return Math.min(width, height);
}

// ../drawing/src/pressure.ts
var thinnest = 0.3;
function widthAt(full, pressure = 255) {
  return full * (thinnest + (1 - thinnest) * pressure / 255);
}

// ../drawing/src/simplify.ts
var tolerance = { distance: 0.1, time: 8, pressure: 0.01 };
function isStraight(from, between2, to) {
  return between2.every((point) => {
    const part = nearest(from, point, to);
    const at = (a = 0, b = 0) => a + (b - a) * part;
    return Math.hypot(at(from.x, to.x) - point.x, at(from.y, to.y) - point.y) <= tolerance.distance && Math.abs(at(from.time, to.time) - point.time) <= tolerance.time && Math.abs(at(from.pressure, to.pressure) - (point.pressure || 0)) <= tolerance.pressure;
  });
}
function thinned(stroke) {
  const { x, y } = stroke;
  const place = (i) => ({ x: x[i], y: y[i] });
  const candidates = [];
  for (let i = 1; i < x.length - 1; i += 2) {
    const [from, point, to] = [place(i - 1), place(i), place(i + 1)];
    const part = nearest(from, point, to);
    const at = (axis) => from[axis] + (to[axis] - from[axis]) * part - point[axis];
    candidates.push({ i, deviation: Math.hypot(at("x"), at("y")) });
  }
  candidates.sort((a, b) => a.deviation - b.deviation);
  const out = new Set(candidates.slice(0, Math.ceil(candidates.length / 2)).map(({ i }) => i));
  const left = (column) => column.filter((_, i) => !out.has(i));
  const { t, p } = stroke;
  return { ...stroke, x: left(x), y: left(y), ...t && { t: left(t) }, ...p && { p: left(p) } };
}
function nearest(from, place, to) {
  const [wayX, wayY] = [to.x - from.x, to.y - from.y];
  const length = wayX * wayX + wayY * wayY;
  const part = length && ((place.x - from.x) * wayX + (place.y - from.y) * wayY) / length;
  return Math.min(Math.max(part, 0), 1);
}

// ../drawing/src/picture.ts
var mostPoints = 1e3;
function picture({ canvas, strokes: all }) {
  const { width, height, background = "#FFFFFF" } = canvas;
  let strokes = all;
  while (countOf(strokes) > mostPoints + 2 * strokes.length) strokes = strokes.map(thinned);
  const lines = strokes.map(({ tool, color, width: width2, x, y, p }) => {
    const mean = p && p.reduce((sum, value) => sum + value, 0) / p.length;
    const points = x.map((value, i) => `${value} ${y[i]}`);
    return `<path d="M${points[0]}L${points.slice(1).join(" ") || points[0]}" stroke="${tool === "eraser" ? background : color}" stroke-width="${Math.round(widthAt(width2, mean) * 10) / 10}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"><rect width="${width}" height="${height}" fill="${background}"/><g fill="none" stroke-linecap="round" stroke-linejoin="round">${lines.join("")}</g></svg>`;
}
function countOf(strokes) {
  return strokes.reduce((sum, { x }) => sum + x.length, 0);
}

// ../drawing/src/curve.ts
var corner = Math.PI / 3;
var mostBetween = 15;
function between(a, b, c, d, tolerance2) {
  const way = minus(c, b);
  const out = a && tangent(minus(b, a), way);
  const into = d && tangent(minus(d, c), way);
  const from = out || free(way, into);
  const to = into || free(way, out);
  const bend = Math.max(bendOf(way, from, to), bendOf(way, to, from));
  const count = Math.min(Math.ceil(Math.sqrt(bend / (4 * tolerance2))), mostBetween + 1);
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

// ../drawing/src/pointers.ts
var restless = 24;
var palmTime = 1e3;
var Pointers = class {
  constructor(actions) {
    this.actions = actions;
    /** The two fingers that move the view. */
    this.pair = [];
    /** The time of the last event of a pen. */
    this.penTime = -Infinity;
  }
  down(pointer) {
    this.up(pointer.id);
    const { actions, drawing } = this;
    if (pointer.kind === "pen") this.penTime = pointer.time;
    else if (pointer.kind === "touch" && pointer.time - this.penTime < palmTime) return;
    if (drawing) {
      if (drawing.pointer.kind !== "touch" || pointer.kind === "mouse") return;
      const resting = drawing.far < restless;
      if (pointer.kind === "touch" && !resting) return;
      this.drawing = void 0;
      if (resting) actions.cancel();
      else actions.end();
      if (pointer.kind === "touch") {
        this.pair = [drawing.pointer, pointer];
        return;
      }
    } else if (this.pair.length && pointer.kind !== "pen") {
      return;
    }
    this.pair = [];
    this.drawing = { pointer, start: pointer, far: 0 };
    actions.begin(pointer);
  }
  /** A pointer has moved over these places. */
  moved(pointers, expected = []) {
    const [now] = pointers.slice(-1);
    if (!now) return;
    const { drawing } = this;
    if (now.kind === "pen") this.penTime = now.time;
    if (drawing && drawing.pointer.id === now.id) {
      drawing.pointer = now;
      for (const pointer of pointers) drawing.far = Math.max(drawing.far, size(minus(pointer, drawing.start)));
      this.actions.extend(pointers, expected);
    } else if (this.pair.some(({ id }) => id === now.id)) {
      const before = this.pair;
      this.pair = before.map((finger) => finger.id === now.id ? now : finger);
      const [from, to] = [before, this.pair].map(([a, b]) => ({
        middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 },
        apart: Math.max(1, size(minus(a, b)))
      }));
      this.actions.move(from.middle, to.middle, to.apart / from.apart);
    }
  }
  /** A pointer is lifted, or the system cancels it. */
  up(id) {
    if (this.drawing && this.drawing.pointer.id === id) {
      this.drawing = void 0;
      this.actions.end();
    }
    if (this.pair.some((finger) => finger.id === id)) this.pair = [];
  }
  /** Ends what all pointers do, as when the page is left. */
  release() {
    if (this.drawing) this.up(this.drawing.pointer.id);
    this.pair = [];
  }
};

// ../drawing/src/timeline.ts
var longestPause = 2e3;
var pace = 1e3;
var longest2 = 5e3;
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
  const duration = Math.min(way / side * pace, longest2);
  return ways.map((sum) => begin + (way ? sum / way * duration : 0));
}

// ../drawing/src/render.ts
function render(surface, content, view, until = Infinity, since = -Infinity) {
  const { times } = timelineOf(content);
  const drawn = content.strokes.map((stroke, i) => ({ stroke, own: times[i] })).filter(({ own }) => own[0] <= until && own[own.length - 1] > since);
  if (since > -Infinity && !drawn.every(({ stroke }) => isOpaque(stroke))) return render(surface, content, view, until);
  onPaper(surface, view, () => {
    if (since === -Infinity) {
      surface.fillStyle = paperOf(content);
      surface.fill();
    }
    for (const { stroke, own } of drawn) trace(surface, stroke, content, partAt(own, since), partAt(own, until));
  });
}
var Brush = class {
  constructor(surface, ahead, content, view) {
    this.surface = surface;
    this.ahead = ahead;
    this.content = content;
    this.view = view;
    this.rendered = 0;
  }
  /** Renders what has changed of the sketch's stroke since the last call. */
  render({ current, tip }) {
    const { surface, content, view } = this;
    if (!current) return;
    if (!isOpaque(current)) {
      render(surface, content, view);
      onPaper(surface, view, () => trace(surface, withTip(current, tip), content));
      return;
    }
    if (this.stroke && this.stroke !== current) {
      this.rendered = 0;
      render(surface, content, view);
    }
    if (current.x.length > this.rendered) {
      onPaper(surface, view, () => trace(surface, current, content, Math.max(0, this.rendered - 1)));
    }
    this.stroke = current;
    this.rendered = current.x.length;
    this.clear();
    onPaper(
      this.ahead,
      view,
      () => trace(this.ahead, withTip({ ...current, x: [], y: [], p: current.p && [] }, tip), content)
    );
  }
  /** Clears the surface above, when the stroke has ended or was dropped. */
  clear() {
    const { x, y, width, height } = this.view.shown;
    onPaper(this.ahead, this.view, () => this.ahead.clearRect(x, y, width, height));
  }
};
function withTip(stroke, tip) {
  const { x, y, p } = stroke;
  let last = 0;
  const pressures = tip.map(({ pressure = last }) => (last = pressure) * 255);
  return {
    ...stroke,
    x: x.concat(tip.map((place) => place.x)),
    y: y.concat(tip.map((place) => place.y)),
    ...p && { p: p.concat(pressures) }
  };
}
function onPaper(surface, { left, top, scale, pixelRatio, shown }, draw) {
  surface.save();
  surface.setTransform(scale * pixelRatio, 0, 0, scale * pixelRatio, left * pixelRatio, top * pixelRatio);
  surface.beginPath();
  surface.rect(shown.x, shown.y, shown.width, shown.height);
  surface.clip();
  draw();
  surface.restore();
}
function isOpaque({ tool, color }) {
  return tool === "eraser" || !/^#.{6}(?!ff)..$/i.test(color);
}
function trace(surface, stroke, content, from = 0, to = stroke.x.length - 1) {
  const color = stroke.tool === "eraser" ? paperOf(content) : cssOf(stroke.color);
  const spots = [spotAt(stroke, from)];
  for (let i = Math.floor(from) + 1; i < to; i++) spots.push(spotAt(stroke, i));
  spots.push(spotAt(stroke, to));
  const [first] = spots;
  surface.beginPath();
  if (!stroke.p && spots.some(({ x, y }) => x !== first.x || y !== first.y)) {
    surface.moveTo(first.x, first.y);
    for (const { x, y } of spots.slice(1)) surface.lineTo(x, y);
    surface.strokeStyle = color;
    surface.lineWidth = stroke.width;
    surface.lineCap = surface.lineJoin = "round";
    surface.stroke();
  } else {
    (stroke.p ? spots : [first]).forEach((spot, i) => disc(surface, spot, spots[i - 1]));
    surface.fillStyle = color;
    surface.fill();
  }
}
function disc(surface, { x, y, radius }, from) {
  surface.moveTo(x + radius, y);
  surface.arc(x, y, radius, 0, 2 * Math.PI);
  const way = from && minus({ x, y }, from);
  const length = way && size(way);
  if (!from || !way || !length) return;
  const tilt = Math.min(Math.max((from.radius - radius) / length, -1), 1);
  const across = Math.sqrt(1 - tilt * tilt);
  const touch = (spot, side) => [
    spot.x + (way.x * tilt - way.y * side * across) / length * spot.radius,
    spot.y + (way.y * tilt + way.x * side * across) / length * spot.radius
  ];
  const to = { x, y, radius };
  surface.moveTo(...touch(from, -1));
  surface.lineTo(...touch(to, -1));
  surface.lineTo(...touch(to, 1));
  surface.lineTo(...touch(from, 1));
}
function spotAt({ x, y, p, width }, part) {
  const i = Math.floor(part);
  const rest = part - i;
  const at = (column) => rest ? column[i] + (column[i + 1] - column[i]) * rest : column[i];
  return { x: at(x), y: at(y), radius: widthAt(width, p && at(p)) / 2 };
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

// ../drawing/src/replay.ts
var Replay = class {
  constructor(content, options) {
    this.options = options;
    /** The position at the clock's time `since`. */
    this.reached = 0;
    this.since = 0;
    this.pace = 1;
    this.duration = timelineOf(content).duration;
  }
  /** The position, in milliseconds. */
  get position() {
    if (!this.run) return this.reached;
    const passed = Math.max(this.options.clock.now() - this.since, 0);
    return Math.min(this.reached + passed * this.pace, this.duration);
  }
  get playing() {
    return !!this.run;
  }
  /** 1 is as fast as it was drawn, 2 is twice as fast. It may change during a replay. */
  get speed() {
    return this.pace;
  }
  set speed(speed) {
    this.hold();
    this.pace = speed;
  }
  /** Continues from the position, or from the beginning if it is at the end. */
  play() {
    if (this.run) return;
    if (this.reached >= this.duration) this.reached = 0;
    this.since = this.options.clock.now();
    const run = this.run = {};
    const show = () => {
      if (this.run !== run) return;
      this.hold();
      const position = this.reached;
      if (position >= this.duration) this.pause();
      else this.options.clock.frame(show);
      this.options.render(position);
    };
    show();
  }
  pause() {
    this.hold();
    this.run = void 0;
  }
  /** Goes to a position. A replay that plays continues from there. */
  seek(position) {
    this.hold();
    this.reached = Math.min(Math.max(position, 0), this.duration);
    this.options.render(this.reached);
  }
  hold() {
    this.reached = this.position;
    this.since = this.options.clock.now();
  }
};

// ../drawing/src/sketch.ts
var pauseBefore = 1e3;
var leastPoints = 500;
var nearly = 0.9;
var firstPressure = 0.5;
var halfSpeed = 1e3;
var inertia = 80;
var mostPending = 32;
var Sketch = class {
  constructor(content = { format: 1, canvas: papers.portrait, strokes: [] }) {
    this.past = [];
    this.future = [];
    /** The points after `anchor`. As long as the line is straight, only the last of them becomes part of the stroke. */
    this.pending = [];
    /** The places that the device predicts next. */
    this.expected = [];
    /** Whether the pressure of the stroke follows from its speed. */
    this.brush = false;
    this.listeners = /* @__PURE__ */ new Set();
    this.base = content;
    this.drawn = content;
  }
  /** The drawing without the current stroke. The service refuses it as long as it has no strokes. */
  get content() {
    return this.drawn;
  }
  /** The stroke that is being drawn. */
  get current() {
    return this.stroke;
  }
  /** Whether this is a drawing of one stroke that has its stroke. */
  get finished() {
    return !!this.drawn.oneStroke && this.drawn.strokes.length > 0;
  }
  /** The part of the stroke that may still change: from the end of `current` to the finger and the predicted places. */
  get tip() {
    const { anchor, pending, newest, finger, expected } = this;
    return [anchor, ...pending, newest, finger, ...expected].filter((place) => !!place);
  }
  /** Whether there is no room for another stroke. The current stroke can always continue. */
  get full() {
    return this.drawn.strokes.length >= maxStrokes || this.room() < leastPoints;
  }
  /** Whether the drawing or the current stroke is close to a limit. */
  get nearlyFull() {
    const { strokes } = this.drawn;
    const own = this.stroke ? this.stroke.x.length : 0;
    return strokes.length >= nearly * maxStrokes || own >= nearly * maxStrokePoints || maxPoints - this.room() + own >= nearly * maxPoints;
  }
  get canUndo() {
    return this.past.length > 0;
  }
  get canRedo() {
    return this.future.length > 0;
  }
  /**
   * The finger touches the canvas. Returns false, and begins no stroke, if the drawing is full or finished or another
   * stroke is being drawn. With `brush`, and without a device that reports pressure, the line is thinner where the
   * finger is faster.
   */
  begin(point, { tool, color, width }, brush = false) {
    if (this.stroke || this.finished || this.full) return false;
    this.brush = brush && point.pressure === void 0;
    if (this.brush) point = { ...point, pressure: firstPressure };
    const { strokes } = this.drawn;
    const end = endOf(strokes);
    if (this.origin === void 0 || !strokes.length || point.time - this.origin < end)
      this.origin = point.time - (strokes.length ? end + pauseBefore : 0);
    this.stroke = { tool, color, width, x: [], y: [], t: [] };
    if (point.pressure !== void 0) this.stroke.p = [];
    this.take(point);
    this.last = this.finger = point;
    this.changed();
    return true;
  }
  /** The finger has moved over these points. The device predicts `expected` as the next places. */
  extend(points, expected = []) {
    if (!this.stroke) return;
    const step = Math.max(1, shorterSide(this.drawn.canvas) / 300);
    for (const reported of points) {
      const point = this.brush ? { ...reported, pressure: this.pressureAt(reported) } : reported;
      this.finger = point;
      if (size(minus(point, this.newest || this.last)) < step) continue;
      if (this.newest) this.settle(point);
      this.newest = point;
    }
    this.expected = expected;
    this.changed();
  }
  /** The finger is lifted, or the system cancels the touch. Returns whether a stroke was added. */
  end() {
    if (!this.stroke) return false;
    const { finger } = this;
    if (finger !== this.newest && finger !== this.last) {
      if (this.newest) this.settle(finger);
      this.newest = finger;
    }
    if (this.newest) this.settle(void 0);
    const [end] = this.pending.slice(-1);
    if (end) this.take(end);
    const { stroke } = this;
    this.forget();
    this.change(this.drawn.strokes.concat([stroke]));
    return true;
  }
  /** Drops the current stroke: the touch was a palm, or the first of two fingers. */
  cancel() {
    this.forget();
    this.changed();
  }
  /** Undoes the last stroke, or `clear`. */
  undo() {
    this.step(this.past, this.future);
  }
  redo() {
    this.step(this.future, this.past);
  }
  /** Removes all strokes; `undo` restores them. */
  clear() {
    this.forget();
    if (this.drawn.strokes.length) this.change([]);
    else this.changed();
  }
  /** Makes it a drawing of one stroke, or one of many. Returns false, and changes nothing, if it has too many strokes. */
  limitToOneStroke(oneStroke) {
    if (oneStroke && this.drawn.strokes.length + (this.stroke ? 1 : 0) > 1) return false;
    this.base = { ...this.base, oneStroke };
    this.show(this.drawn.strokes);
    return true;
  }
  /**
   * Shows what the drawing has become elsewhere; no change before that can be undone. The current stroke goes on in it,
   * but is dropped if the drawing has no room for it now.
   */
  replace(content) {
    this.base = this.drawn = content;
    this.past = [];
    this.future = [];
    if (this.finished || this.full) this.forget();
    this.changed();
  }
  rename(title) {
    this.base = { ...this.base, title };
    this.show(this.drawn.strokes);
  }
  /** Calls `listener` after each change. Returns a function that ends this. */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
  /** The pressure of a brush that moves from where the finger was to this point: less the faster it is, and never in leaps. */
  pressureAt(point) {
    const { pressure = firstPressure, ...before } = this.finger;
    const time = point.time - before.time;
    if (time <= 0) return pressure;
    const speed = size(minus(point, before)) / shorterSide(this.drawn.canvas) / time;
    return pressure + (1 / (1 + speed * halfSpeed) - pressure) * (1 - Math.exp(-time / inertia));
  }
  /** How many points a new stroke may have. */
  room() {
    return maxPoints - this.drawn.strokes.reduce((sum, { x }) => sum + x.length, 0);
  }
  /** Adds the newest point to the line, and the points between. */
  settle(next) {
    const [from, to] = [this.last, this.newest];
    const tolerance2 = shorterSide(this.drawn.canvas) / 4e3;
    for (const { part, x, y } of between(this.before, from, to, next, tolerance2)) {
      const mix = (a, b) => a + (b - a) * part;
      const pressure = from.pressure === void 0 || to.pressure === void 0 ? void 0 : mix(from.pressure, to.pressure);
      this.add({ x, y, time: mix(from.time, to.time), pressure });
    }
    this.add(to);
    this.before = from;
    this.last = to;
    this.newest = void 0;
  }
  add(point) {
    const [end] = this.pending.slice(-1);
    if (end && (this.pending.length === mostPending || !isStraight(this.anchor, this.pending, point))) this.take(end);
    this.pending.push(point);
  }
  take(point) {
    const { x, y, time, pressure } = point;
    const stroke = this.stroke;
    const t = stroke.t;
    stroke.x.push(whole(x, -maxCoordinate, maxCoordinate));
    stroke.y.push(whole(y, -maxCoordinate, maxCoordinate));
    t.push(whole(time - this.origin, t[t.length - 1] || 0, maxTime));
    if (stroke.p) stroke.p.push(whole((pressure || 0) * 255, 0, 255));
    this.anchor = point;
    this.pending = [];
    if (stroke.x.length >= Math.min(maxStrokePoints, this.room())) this.stroke = thinned(stroke);
  }
  forget() {
    this.stroke = this.anchor = this.last = this.before = this.newest = this.finger = void 0;
    this.pending = [];
    this.expected = [];
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
    if (strokes.length > 1) this.base = { ...this.base, oneStroke: false };
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
var mostZoom = 8;
function fit(canvas, box, pixelRatio = 1) {
  const least = Math.min(box.width / canvas.width, box.height / canvas.height);
  const [width, height] = [canvas.width * least, canvas.height * least];
  const whole2 = { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height };
  return viewOf(1, whole2.left, whole2.top);
  function viewOf(zoom, left, top) {
    const scale = least * zoom;
    return {
      left,
      top,
      width: width * zoom,
      height: height * zoom,
      scale,
      pixelRatio,
      shown: {
        x: (whole2.left - left) / scale,
        y: (whole2.top - top) / scale,
        width: canvas.width / zoom,
        height: canvas.height / zoom
      },
      zoom,
      toCanvas: ({ x, y }) => ({ x: (x - left) / scale, y: (y - top) / scale }),
      toBox: ({ x, y }) => ({ x: x * scale + left, y: y * scale + top }),
      moved(from, to, factor) {
        const larger = within(zoom * factor, 1, mostZoom);
        const grown = larger / zoom;
        return viewOf(
          larger,
          within(to.x - (from.x - left) * grown, whole2.left + width - width * larger, whole2.left),
          within(to.y - (from.y - top) * grown, whole2.top + height - height * larger, whole2.top)
        );
      }
    };
  }
}
function within(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

// ../drawing/src/words.ts
var zh = {
  untitled: "\u672A\u547D\u540D",
  share: "\u5206\u4EAB",
  remove: "\u5220\u9664",
  removed: "\u5DF2\u5220\u9664",
  cancel: "\u53D6\u6D88",
  close: "\u5173\u95ED",
  more: "\u66F4\u591A",
  rename: "\u6539\u540D",
  loading: "\u52A0\u8F7D\u4E2D\u2026",
  oneStrokeDone: "\u4E00\u7B14\u753B\u6210",
  undo: "\u64A4\u9500",
  redo: "\u91CD\u505A",
  clear: "\u6E05\u7A7A",
  eraser: "\u6A61\u76AE",
  color: "\u989C\u8272",
  width: "\u7C97\u7EC6",
  otherColor: "\u5176\u4ED6\u989C\u8272",
  replay: "\u56DE\u653E",
  play: "\u64AD\u653E",
  pause: "\u6682\u505C",
  position: "\u8FDB\u5EA6",
  speed: "\u901F\u5EA6",
  by: "\u4F5C\u8005\uFF1A",
  incomplete: "\u8FD9\u5E45\u753B\u4E0D\u53EA\u6709\u7B14\u753B",
  incompleteSays: "2017 \u5E74\u7684\u5C0F\u7A0B\u5E8F\u5728\u8FD9\u5E45\u753B\u91CC\u8FD8\u753B\u4E86\u7B14\u753B\u4EE5\u5916\u7684\u5185\u5BB9\uFF0C\u6BD4\u5982\u6587\u5B57\u3002\u4FDD\u5B58\u4F60\u7684\u4FEE\u6539\u4F1A\u4E22\u6389\u8FD9\u4E9B\u5185\u5BB9\u3002",
  nearlyFull: "\u8FD9\u5E45\u753B\u5FEB\u753B\u6EE1\u4E86",
  full: "\u8FD9\u5E45\u753B\u5DF2\u7ECF\u753B\u6EE1\u4E86",
  wholePaper: "\u770B\u6574\u5F20\u753B",
  seal: "\u5230\u5E95",
  shareStates: {
    pending: "\u5FAE\u4FE1\u6B63\u5728\u68C0\u6D4B\u8FD9\u5E45\u753B\uFF1B\u901A\u8FC7\u4E4B\u540E\uFF0C\u522B\u4EBA\u624D\u80FD\u770B\u5230\u3002",
    refused: "\u8FD9\u5E45\u753B\u6CA1\u6709\u901A\u8FC7\u5FAE\u4FE1\u7684\u68C0\u6D4B\uFF0C\u522B\u4EBA\u770B\u4E0D\u5230\u3002\u4FEE\u6539\u540E\u4F1A\u91CD\u65B0\u68C0\u6D4B\u3002",
    review: "\u8FD9\u5E45\u753B\u9700\u8981\u4EBA\u5DE5\u5BA1\u6838\uFF1B\u901A\u8FC7\u4E4B\u540E\uFF0C\u522B\u4EBA\u624D\u80FD\u770B\u5230\u3002"
  },
  unshare: "\u505C\u6B62\u5206\u4EAB",
  report: "\u4E3E\u62A5",
  reportReason: "\u539F\u56E0",
  reportReasons: {
    abuse: "\u8FB1\u9A82\u6216\u6CC4\u9732\u4ED6\u4EBA\u4FE1\u606F",
    pornography: "\u8272\u60C5",
    vulgar: "\u4F4E\u4FD7",
    advertising: "\u5E7F\u544A",
    fraud: "\u6B3A\u8BC8",
    crime: "\u8FDD\u6CD5\u72AF\u7F6A",
    politics: "\u653F\u6CBB",
    copyright: "\u4FB5\u72AF\u7248\u6743",
    other: "\u5176\u4ED6"
  },
  reportNote: "\u8865\u5145\u8BF4\u660E\uFF08\u53EF\u4E0D\u586B\uFF09",
  reportSays: "\u7BA1\u7406\u5458\u4F1A\u67E5\u770B\u8FD9\u5E45\u753B\uFF0C\u4F5C\u8005\u4E0D\u4F1A\u77E5\u9053\u662F\u8C01\u4E3E\u62A5\u7684\u3002",
  reported: "\u5DF2\u6536\u5230\u4E3E\u62A5"
};
var en = {
  untitled: "Untitled",
  share: "Share",
  remove: "Delete",
  removed: "Deleted",
  cancel: "Cancel",
  close: "Close",
  more: "More",
  rename: "Rename",
  loading: "Loading\u2026",
  oneStrokeDone: "Drawn in one stroke",
  undo: "Undo",
  redo: "Redo",
  clear: "Clear",
  eraser: "Eraser",
  color: "Colour",
  width: "Width",
  otherColor: "Another colour",
  replay: "Replay",
  play: "Play",
  pause: "Pause",
  position: "Position",
  speed: "Speed",
  by: "by ",
  incomplete: "More than strokes",
  incompleteSays: "A program of 2017 drew more in this drawing than strokes, such as text. Saving your change would lose that.",
  nearlyFull: "This drawing is nearly full",
  full: "This drawing is full",
  wholePaper: "Show the whole paper",
  seal: "\u5230\u5E95",
  shareStates: {
    pending: "WeChat is checking this drawing. Others see it once it is approved.",
    refused: "WeChat did not approve this drawing, so others do not see it. Change it, and it is checked again.",
    review: "A person has to look at this drawing. Others see it once it is approved."
  },
  unshare: "Stop sharing",
  report: "Report",
  reportReason: "Reason",
  reportReasons: {
    abuse: "Insults, or personal data of others",
    pornography: "Pornography",
    vulgar: "Vulgar",
    advertising: "Advertising",
    fraud: "Fraud",
    crime: "Crime",
    politics: "Politics",
    copyright: "Copyright",
    other: "Something else"
  },
  reportNote: "More about it (optional)",
  reportSays: "A person who runs this service looks at the drawing. The author does not learn who reported it.",
  reported: "The report was received"
};
var commonWords = { zh, en };
