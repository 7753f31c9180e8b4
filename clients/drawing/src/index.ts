/**
 * Drawing, on any canvas: strokes as the contract has them, from the finger to
 * the picture and back as a replay.
 *
 * @module
 */
export { Sketch, type Point, type SketchOptions, type Style } from './sketch.js';
export { Brush, paint, type Surface } from './paint.js';
export { picture } from './picture.js';
export { fit, type Place, type Size, type View } from './view.js';
export { Replay, type Clock, type ReplayOptions } from './replay.js';
export { colors, nib, papers, widths, type Color } from './palette.js';
export { maxPoints, maxStrokePoints, maxStrokes } from './limits.js';
