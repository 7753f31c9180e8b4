/**
 * Drawing on any canvas: strokes in the form of the contract, from the finger to the picture, and replayed.
 *
 * @module
 */

export { type AnyPoint, type AnyStroke, type ConvertOptions, convert } from './convert.js';
export { maxPoints, maxStrokePoints, maxStrokes, maxTitle } from './limits.js';
export { type Color, colors, nib, paperFor, papers, widths } from './palette.js';
export { picture } from './picture.js';
export { type Pointer, type PointerActions, Pointers } from './pointers.js';
export { Brush, render, type Surface } from './render.js';
export { type Clock, Replay, type ReplayOptions } from './replay.js';
export { type Point, Sketch, type Style } from './sketch.js';
export { fit, type Place, type Size, type View } from './view.js';
export { commonWords } from './words.js';
