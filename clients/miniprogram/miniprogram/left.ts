/**
 * The drawing that was left without strokes; empty if there is none. The service refuses it in this state: the gallery
 * deletes it, and lets the user take that back.
 */
export const left = { empty: '' };
