// The limits of the contract. A test of onestroke-client compares them with openapi.yaml.

/** Characters of a title. */
export const maxTitle = 80;
export const maxStrokes = 1_000;
/** Points of one stroke. */
export const maxStrokePoints = 5_000;
/** Points of all strokes together. */
export const maxPoints = 20_000;
/** How far from the origin a point may lie on either axis, in canvas units. */
export const maxCoordinate = 65_535;
/** The latest time of a point, in milliseconds. */
export const maxTime = 2_147_483_647;
