import type { DrawingSummary, Unsent } from 'onestroke-client';
import { picture } from 'onestroke-drawing';
import { words } from '../../words';

/** A drawing as the gallery shows it. */
export interface Card {
  id: string;
  title: string;
  /** The title, or a text for an untitled drawing. */
  name: string;
  /** The URL of its image. */
  picture: string;
  /** The state of an unsent change; empty if there is none. */
  status: 'waiting' | 'conflict' | 'refused' | '';
  /** Whether it has the seal of a drawing in one stroke. */
  oneStroke: boolean;
}

/** The listed drawings with the unsent changes: new drawings first, changed ones in their place, deleted ones left out. */
export function cardsOf(listed: DrawingSummary[], unsent: Unsent[], removed?: string): Card[] {
  const here = new Map(unsent.map(drawing => [drawing.id, drawing]));
  for (const id of Array.from(madeUnsent.keys())) if (!here.has(id)) madeUnsent.delete(id);
  const known = new Set(listed.map(({ id }) => id));
  const drawings = unsent.filter(({ id }) => !known.has(id)).reverse();
  return [...drawings, ...listed.map(summary => here.get(summary.id) || summary)]
    .filter(({ id }) => id !== removed)
    .reduce<Card[]>((cards, drawing) => cards.concat('state' in drawing ? ofUnsent(drawing) : ofListed(drawing)), []);
}

/** The most cards of a page, and the most characters of their pictures. */
const mostCards = 40;
const mostCharacters = 250_000;

/**
 * The cards in pages, as equal as possible to the pages before: a page that began with a drawing still does, so that a
 * card that is added or removed changes one page only.
 */
export function pagesOf(cards: Card[], before: Card[][]): Card[][] {
  const starts = new Set(before.slice(1).map(([first]) => first && first.id));
  const pages: Card[][] = [];
  let characters = 0;
  for (const card of cards) {
    const page = pages[pages.length - 1];
    if (!page || starts.has(card.id) || page.length === mostCards || characters > mostCharacters) {
      pages.push([card]);
      characters = 0;
    } else {
      page.push(card);
    }
    characters += card.picture.length;
  }
  return pages;
}

/** The cards of listed drawings: the same object for the same drawing. */
const made = new WeakMap<DrawingSummary, Card>();

function ofListed(drawing: DrawingSummary): Card {
  const { id, title, thumbnail = '', oneStroke = false } = drawing;
  let card = made.get(drawing);
  if (!card)
    made.set(
      drawing,
      (card = { id, title, name: title || words.untitled, picture: addressOf(thumbnail), status: '', oneStroke }),
    );
  return card;
}

/** The cards of unsent drawings: the same object for the same state, of which `text` is the content. */
const madeUnsent = new Map<string, { text: string; card: Card }>();

function ofUnsent({ id, content, state }: Unsent): Card[] {
  if (!content) return [];
  const status: Card['status'] = state.status === 'conflict' || state.status === 'refused' ? state.status : 'waiting';
  const text = JSON.stringify(content);
  const made = madeUnsent.get(id);
  if (made && made.text === text && made.card.status === status) return [made.card];
  const { title = '', oneStroke = false } = content;
  const card: Card = {
    id,
    title,
    name: title || words.untitled,
    picture: addressOf(picture(content)),
    status,
    oneStroke,
  };
  madeUnsent.set(id, { text, card });
  return [card];
}

function addressOf(svg: string): string {
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
