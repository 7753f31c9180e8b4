/**
 * Drawing, on any canvas: strokes as the contract has them, from the finger to
 * the picture and back as a replay.
 *
 * @module
 */

export { maxPoints, maxStrokePoints, maxStrokes, maxTitle } from './limits.js';
export { Brush, paint, type Surface } from './paint.js';
export { type Color, colors, nib, paperFor, papers, widths } from './palette.js';
export { picture } from './picture.js';
export { type Pointer, type PointerActions, Pointers } from './pointers.js';
export { type Clock, Replay, type ReplayOptions } from './replay.js';
export { type Point, Sketch, type SketchOptions, type Style } from './sketch.js';
export { fit, type Place, type Size, type View } from './view.js';
