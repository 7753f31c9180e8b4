import type { components } from './contract.js';
import { newId } from './id.js';

type Schemas = components['schemas'];

/** The members of `T` that are not read-only in the contract. */
type Writable<T> = {
  [M in keyof T as IsSame<Pick<T, M>, { -readonly [N in M]: T[N] }> extends true ? M : never]: T[M];
};
type IsSame<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** What a client says a drawing is. Its id is in the path of the request. What the service makes is left out. */
export type Content = Omit<Writable<Schemas['DrawingContent']>, 'id'>;

/**
 * The canonical form of each member of `T`: equal for members that mean the same to the service.
 * This file does not compile while a member of the contract is missing here.
 */
type Members<T> = { readonly [Member in keyof T]-?: (value: T[Member]) => unknown };

const stroke: Members<Schemas['Stroke']> = {
  tool: same,
  color: same,
  width: same,
  x: same,
  y: same,
  t: (t = []) => neverDecreasing(t),
  p: (p = []) => p,
};

const canvas: Members<Schemas['Canvas']> = {
  width: same,
  height: same,
  background: (color = '') => color,
};

const content: Members<Content> = {
  format: same,
  title: (title = '') => title,
  oneStroke: (oneStroke = false) => oneStroke,
  canvas: value => canonical(value, canvas),
  strokes: value => value.map(one => canonical(one, stroke)),
};

/** The content of a drawing that the service sent, or of anything that has the members of one. Other members are left out. */
export function contentOf(drawing: Content): Content {
  return {
    ...pick(drawing, content),
    canvas: pick(drawing.canvas, canvas),
    strokes: drawing.strokes.map(one => pick(one, stroke)),
  };
}

/** Whether two drawings have the same content, whatever the order of their members. */
export function isSameContent(a: Content, b: Content): boolean {
  return canonicalText(a) === canonicalText(b);
}

/**
 * A short text that is equal for equal content, sent or received. The service leaves out what is
 * empty, and raises a `t` that is lower than the one before. 64 bits, which is no protection against forgery.
 */
export function fingerprint(drawing: Content): string {
  const text = canonicalText(drawing);
  return hash(text, 0).toString(36) + hash(text, 0x9e3779b9).toString(36);
}

/** The id of a drawing that follows from a text: the same for the same text. */
export function idOf(text: string): string {
  let seed = 0;
  return newId(() => hash(text, seed++) / 2 ** 32);
}

function canonicalText(drawing: Content): string {
  return JSON.stringify(canonical(drawing, content));
}

function canonical<T extends object>(value: T, members: Members<T>): unknown[] {
  return namesOf(members).map(name => members[name](value[name]));
}

function pick<T extends object>(value: T, members: Members<T>): T {
  const picked: Partial<T> = {};
  for (const name of namesOf(members)) if (value[name] !== undefined) picked[name] = value[name];
  return picked as T;
}

function namesOf<T extends object>(members: Members<T>): (keyof T)[] {
  return Object.keys(members) as (keyof T)[];
}

function same(value: unknown): unknown {
  return value;
}

function neverDecreasing(t: readonly number[]): number[] {
  let latest = 0;
  return t.map(value => (latest = Math.max(latest, value)));
}

/** FNV-1a over UTF-16 units, mixed at the end as in MurmurHash3. */
function hash(text: string, seed: number): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
